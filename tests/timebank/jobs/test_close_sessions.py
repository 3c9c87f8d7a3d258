"""Closing sessions by the calendar: when their check-out is over, once, and again for what arrived later."""

from datetime import date, timedelta

import pytest

from tests.api.cast import enter
from tests.timebank.records.scene import EVENING, NINE, Scene
from timebank.database import Bank, Database
from timebank.jobs.running import run_now

DAY = NINE.date()


@pytest.fixture
async def scene(database: Database, bank: Bank) -> Scene:
    """Return the scene with its pack adopted."""
    scene = Scene(database, await enter(database, bank))
    await scene.adopt()
    return scene


async def run(scene: Scene, *, as_of: date = DAY, hours: float = 11) -> dict[str, object]:
    now = NINE + timedelta(hours=hours)
    return await run_now(scene.database, scene.cast.bank, "close_sessions", as_of=as_of, now=now)


NOTHING = {"closed": 0, "records": 0, "missing_time": 0, "reconsidered": 0, "refused": 0}


async def test_a_session_is_closed_when_its_check_out_is_over(scene: Scene) -> None:
    session = await scene.session()
    await scene.attend(session, "alice", 9, None)
    await scene.scan(session, "bob", "out", 11)
    # It ends at 11, and takes check-outs until 13.
    assert await run(scene, hours=3.9) == NOTHING
    assert await run(scene, hours=4) == NOTHING | {"closed": 1, "records": 1, "missing_time": 1}
    assert await run(scene) == NOTHING
    (record,) = await scene.records()
    assert (record["grade"], record["minutes"], record["made_by"]) == ("D", 90, "job:close_sessions")


async def test_by_hand_for_a_day_that_is_past(scene: Scene) -> None:
    today, tomorrow = await scene.session(), await scene.session(starts_at=NINE + timedelta(days=1))
    assert (await run(scene, hours=240))["closed"] == 1
    assert (await run(scene, as_of=DAY - timedelta(days=1), hours=240))["closed"] == 0
    assert (await run(scene, as_of=DAY + timedelta(days=1), hours=240))["closed"] == 1
    states = "select id, closed_by from activity_sessions where bank_id = $1 order by id"
    rows = await scene.read(lambda tx: tx.connection.fetch(states, tx.bank_id))
    assert [tuple(row) for row in rows] == [(id_, "job:close_sessions") for id_ in (today, tomorrow)]


async def test_what_arrived_later_is_made_good(scene: Scene) -> None:
    session = await scene.session()
    await scene.attend(session, "alice", 9, None)
    await run(scene)
    await scene.scan(session, "alice", "out", 11, received_at=EVENING + timedelta(hours=2))
    assert await run(scene, hours=14) == NOTHING | {"reconsidered": 1, "records": 1}
    assert await run(scene, hours=14) == NOTHING
    assert [row["state"] for row in await scene.records()] == ["voided", "pending"]


async def test_what_was_stored_just_after_the_closing_is_made_good(scene: Scene) -> None:
    session = await scene.session()
    await scene.attend(session, "alice", 9, 11)
    await run(scene, hours=4)
    # Received a second before the closing; its transaction ended after it.
    just_before = NINE + timedelta(hours=4) - timedelta(seconds=1)
    await scene.scan(session, "bob", "in", 9, received_at=just_before)
    await scene.scan(session, "bob", "out", 11, received_at=just_before)
    await scene.scan(session, "alice", "out", 10.9, outcome="repeat", received_at=just_before)
    assert await run(scene, hours=5) == NOTHING | {"reconsidered": 1, "records": 1}
    assert await run(scene, hours=6) == NOTHING


async def test_one_that_cannot_be_closed_keeps_no_other_from_it(scene: Scene) -> None:
    before_any_pack = await scene.session(starts_at=NINE.replace(year=2020))
    session = await scene.session()
    await scene.attend(session, "alice")
    assert before_any_pack < session
    assert await run(scene) == NOTHING | {"closed": 1, "records": 1, "refused": 1}


async def test_drafts_and_cancelled_sessions_are_left_alone(scene: Scene) -> None:
    await scene.session()
    draft = "update activities set state = 'draft' where bank_id = $1"
    await scene.write(lambda tx: tx.connection.execute(draft, tx.bank_id))
    cancelled = await scene.session()
    cancel = "update activity_sessions set state = 'cancelled' where bank_id = $1 and id = $2"
    await scene.write(lambda tx: tx.connection.execute(cancel, tx.bank_id, cancelled))
    assert await run(scene) == NOTHING
