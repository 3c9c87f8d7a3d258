"""The job that closes notices: what is over is credited, a run that died goes on, and twice is once."""

import asyncio
from datetime import date, timedelta

import pytest
import pytest_asyncio

from tests.api.cast import enter
from tests.timebank.notices.scene import LAST_DAY, OPENED, OVER, Scene, earning_pack
from tests.timebank.offices import assert_sound
from timebank.database import Bank, Database
from timebank.errors import RefusalError
from timebank.jobs.credit import run_credit
from timebank.jobs.run import Run
from timebank.jobs.running import run_now
from timebank.notices import queries
from timebank.notices.crediting import BATCH

DAY_AFTER = LAST_DAY + timedelta(days=1)
NOTHING = {"credited": 0, "refused": 0, "waiting": 0, "notices": 0}


@pytest_asyncio.fixture
async def scene(database: Database, bank: Bank) -> Scene:
    """Return the scene with its pack adopted."""
    scene = Scene(database, await enter(database, bank))
    await scene.adopt(earning_pack())
    return scene


async def run(scene: Scene, as_of: date = DAY_AFTER) -> dict[str, object]:
    return await run_now(scene.database, scene.cast.bank, "credit", as_of=as_of, now=OVER)


async def test_only_what_is_over_before_the_day_is_credited(scene: Scene) -> None:
    record = await scene.record("alice")
    notice_id = await scene.notice()
    assert await run(scene, LAST_DAY) == NOTHING
    assert (await scene.state(record))[0] == "noticed"
    assert await run(scene) == {"credited": 1, "refused": 0, "waiting": 0, "notices": 1}
    assert (await scene.read(lambda tx: queries.notice(tx, notice_id))).closed_at == OVER
    assert await run(scene) == NOTHING
    await assert_sound(scene.database, scene.cast.bank)


async def test_a_day_to_come_is_refused(scene: Scene) -> None:
    await scene.record("alice")
    await scene.notice()
    with pytest.raises(RefusalError, match="day_in_future"):
        await run(scene, DAY_AFTER + timedelta(days=1))


async def test_what_was_held_back_is_credited_by_a_later_run(scene: Scene) -> None:
    disputed, objected = await scene.record("alice"), await scene.record("bob")
    notice_id = await scene.notice()
    await scene.dispute(disputed)
    objection = await scene.object_to(notice_id, 2)
    assert await run(scene) == {"credited": 0, "refused": 0, "waiting": 0, "notices": 1}
    await scene.dispute(disputed, decided=True)
    assert await run(scene) == {"credited": 1, "refused": 0, "waiting": 0, "notices": 0}
    assert (await scene.decide(objection, "dismissed", now=OVER)).is_credited
    assert [(await scene.state(one))[0] for one in (disputed, objected)] == ["credited", "credited"]


async def test_where_the_policy_wants_no_notice_what_is_approved_is_credited(scene: Scene) -> None:
    await scene.adopt(earning_pack(notice_working_days=0), effective_from=OPENED.date())
    record = await scene.record("alice")
    disputed = await scene.record("bob")
    await scene.dispute(disputed)
    assert await run(scene, OPENED.date() - timedelta(days=1)) == NOTHING
    assert await run(scene) == {"credited": 1, "refused": 0, "waiting": 0, "notices": 0}
    assert [(await scene.state(one))[0] for one in (record, disputed)] == ["credited", "approved"]


async def test_a_run_for_a_day_without_notices_spares_none_of_today(scene: Scene) -> None:
    await scene.adopt(earning_pack(notice_working_days=0), effective_from=OPENED.date() - timedelta(days=30))
    await scene.adopt(earning_pack(notice_working_days=3), effective_from=OPENED.date())
    record = await scene.record("alice")
    assert await run(scene, OPENED.date() - timedelta(days=1)) == NOTHING
    assert (await scene.state(record))[0] == "approved"


class Died(Exception):  # noqa: N818 -- a death, not an error
    """The process is gone."""


async def copies(scene: Scene, record: int, count: int) -> None:
    """Enter a record so many times more, each at an activity and a session of its own."""

    async def work(tx):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202 -- a test's own
        await tx.connection.execute(
            """
with copied as (
  insert into activities (bank_id, code, name, category, is_volunteer_service, organisation_id, leader_code, place,
    starts_at, ends_at, rest_minutes, difficulty_permille)
  select a.bank_id, a.code || n, a.name, a.category, true, a.organisation_id, a.leader_code, a.place,
    a.starts_at, a.ends_at, 0, 1000
  from service_records r join activities a on a.bank_id = $1 and a.id = r.activity_id, generate_series(1, $3) n
  where r.bank_id = $1 and r.id = $2 returning id
)
insert into service_records (bank_id, activity_id, volunteer_id, check_in_at, check_out_at, served_from,
  served_until, minutes, points, policy_version, outcome, state)
select r.bank_id, c.id, r.volunteer_id, r.check_in_at, r.check_out_at, r.served_from, r.served_until, r.minutes,
  r.points, r.policy_version, r.outcome, 'approved'
from service_records r, copied c where r.bank_id = $1 and r.id = $2
""",
            tx.bank_id,
            record,
            count,
        )

    await scene.write(work)


async def test_a_run_that_dies_between_batches_is_gone_on_with(scene: Scene) -> None:
    record = await scene.record("alice", minutes=60, points=10)
    await copies(scene, record, 2 * BATCH + 9)
    notice_id = await scene.notice()
    seen: list[int] = []

    def die_after_two(done: int, total: int | None) -> None:
        assert total is None
        seen.append(done)
        if len(seen) == 2:
            raise Died

    with pytest.raises(Died):
        await run_now(
            scene.database, scene.cast.bank, "credit", as_of=DAY_AFTER, now=OVER, listener=die_after_two
        )
    assert seen == [BATCH, 2 * BATCH]
    assert await scene.read(lambda tx: queries.line_counts(tx, notice_id)) == {
        "credited": 2 * BATCH,
        "shown": 10,
    }
    assert await run(scene) == {"credited": 10, "refused": 0, "waiting": 0, "notices": 1}
    wallet = await scene.wallet("alice")
    assert wallet["minute", None] == (2 * BATCH + 10) * 60
    assert wallet["point", date(2026, 12, 31)] == (2 * BATCH + 10) * 10
    await assert_sound(scene.database, scene.cast.bank)


async def test_runs_at_once_credit_once(scene: Scene) -> None:
    record = await scene.record("alice", minutes=60, points=10)
    await copies(scene, record, 600)
    await scene.notice()
    unheld = Run(scene.database, scene.cast.bank, DAY_AFTER, OVER)
    done = await asyncio.gather(*(run_credit(unheld) for _ in range(3)))
    assert sum(int(str(one["credited"])) for one in done) == 601
    assert sum(int(str(one["notices"])) for one in done) == 1
    assert (await scene.wallet("alice"))["minute", None] == 601 * 60
    assert len(await scene.told("alice")) == 601
    await assert_sound(scene.database, scene.cast.bank)
