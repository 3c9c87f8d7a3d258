"""How what is on record is looked up."""

from ledger.session import WriteTx
from tests.timebank.scans.scene import Scene
from timebank.scans import loading


async def test_a_sign_up_is_found_without_reading_all_of_its_session(scene: Scene) -> None:
    people = await scene.members(300)
    volunteers = [row["id"] for row in await scene.database.read(scene.bank, lambda tx: tx.connection.fetch(
        "select id from volunteers where bank_id = $1 and owner = any($2)", tx.bank_id, people
    ))]  # fmt: skip
    plan = await scene.database.write(
        scene.bank,
        lambda tx: tx.connection.fetch(
            f"explain {loading._TAKEN}",
            tx.bank_id,
            [scene.session] * 300,
            volunteers,
            *([], [], [], [], [], []),
        ),
    )
    lines = "\n".join(row[0] for row in plan)
    assert "sign_ups_volunteer_" in lines
    assert "sign_ups_queue_idx" not in lines


async def test_a_few_are_looked_up_without_planning_anew(scene: Scene) -> None:
    async def work(tx: WriteTx) -> int:
        for _ in range(10):
            assert await loading.load_sessions(tx, [scene.session])
        planned: int = await tx.connection.fetchval(
            "select custom_plans from pg_prepared_statements where statement = $1", loading._SESSIONS
        )
        return planned

    # So often the server tries before it keeps a plan.
    assert await scene.database.write(scene.bank, work) == 5
