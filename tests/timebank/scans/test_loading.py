"""How what is on record is looked up."""

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
            f"explain {loading._SIGN_UPS}",
            tx.bank_id,
            [scene.session] * 300,
            volunteers,
        ),
    )
    lines = "\n".join(row[0] for row in plan)
    assert "sign_ups_volunteer_" in lines
    assert "sign_ups_queue_idx" not in lines
