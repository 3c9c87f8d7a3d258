"""The clock of ten working days, by the Chinese calendar."""

from datetime import UTC, date, datetime, timedelta

from tests.timebank.records.scene import NINE, Scene
from timebank.records.overdue import LateSession, late_sessions

# Thursday 8 May 2025: ten working days after it is Thursday the 22nd.
DUE = date(2025, 5, 22)
FIRST = (datetime(1900, 1, 1, tzinfo=UTC), 0)


async def late(
    scene: Scene, today: date, *, limit: int = 10, reach: list[int] | None = None
) -> list[LateSession]:
    return await scene.read(lambda tx: late_sessions(tx, today=today, after=FIRST, limit=limit, reach=reach))


async def test_a_session_that_is_not_closed_is_late_after_ten_working_days(scene: Scene) -> None:
    session = await scene.session()
    await scene.attend(session, "alice")
    assert await late(scene, DUE) == []
    (found,) = await late(scene, DUE + timedelta(days=1))
    assert (found.session_id, found.due_on, found.state) == (session, DUE, "planned")
    assert (found.attended, found.signed_up, found.waiting_records) == (1, 0, 0)


async def test_holidays_and_the_bank_s_own_days_count(scene: Scene) -> None:
    before_holidays = datetime(2025, 9, 30, 9, tzinfo=NINE.tzinfo)
    await scene.session(starts_at=before_holidays)
    # 9, 10, 11 (worked on in stead), 13 to 17, 20 and 21 October.
    due = date(2025, 10, 21)
    assert await late(scene, due) == []
    assert [one.due_on for one in await late(scene, due + timedelta(days=1))] == [due]
    own = "insert into calendar_days values ($1, '2025-10-21', false, '防台风', 'test', $2)"
    await scene.write(lambda tx: tx.connection.execute(own, tx.bank_id, NINE))
    assert await late(scene, due + timedelta(days=1)) == []


async def test_a_record_that_waits_for_approval_is_late_too(scene: Scene) -> None:
    record = await scene.served("alice")
    (found,) = await late(scene, DUE + timedelta(days=1))
    assert (found.state, found.waiting_records) == ("closed", 1)
    await scene.review("wen", record)
    assert await late(scene, DUE + timedelta(days=1)) == []


async def test_only_what_is_in_reach_and_page_by_page(scene: Scene) -> None:
    sessions = [await scene.session(starts_at=NINE + timedelta(days=day)) for day in range(3)]
    far = NINE.date() + timedelta(days=60)
    assert await late(scene, far, reach=[]) == []
    apple = [scene.cast.organisations["apple"]]
    found = await late(scene, far, limit=2, reach=apple)
    assert [one.session_id for one in found] == sessions[:2]
    last = found[-1]
    more = await scene.read(
        lambda tx: late_sessions(tx, today=far, after=(last.ends_at, last.session_id), limit=2)
    )
    assert [one.session_id for one in more] == sessions[2:]
