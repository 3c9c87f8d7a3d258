"""Closing, reviewing and taking back at once, on connections of their own: nothing is credited twice."""

import asyncio
from collections import Counter
from datetime import timedelta

from ledger.session import WriteTx
from tests.timebank.records.scene import EVENING, NINE, Scene
from tests.timebank.records.test_correcting import LATER, credited, void
from timebank.access import Actor
from timebank.errors import RefusalError
from timebank.records.correcting import Voided
from timebank.records.disputes import raise_dispute
from timebank.records.making import Closed, close_due, reconsider_due


async def close(scene: Scene, session: int) -> Closed | None:
    return await scene.write(lambda tx: close_due(tx, session_id=session, actor="job", now=LATER))


async def test_of_two_overlapping_sessions_closed_at_once_one_counts(scene: Scene) -> None:
    for day in range(6):
        starts_at = NINE - timedelta(days=day)
        sessions = [
            await scene.session(starts_at=starts_at + timedelta(minutes=30 * number)) for number in range(3)
        ]
        for number, session in enumerate(sessions):
            for who in ("alice", "bob") if number % 2 else ("bob", "alice"):
                came = 9 - 24 * day + number / 2
                await scene.attend(session, who, came, came + 2)
        await asyncio.gather(*(close(scene, session) for session in sessions))
    found = Counter((row["volunteer_id"], row["outcome"]) for row in await scene.records())
    assert sorted(found.values()) == [6, 6, 12, 12]
    assert {outcome for (_, outcome), times in found.items() if times == 6} == {"accepted"}


async def test_sessions_of_a_day_closed_at_once_share_its_tiers(scene: Scene) -> None:
    for day in range(4):
        starts_at = NINE.replace(hour=0) - timedelta(days=day)
        sessions = []
        for number in range(3):
            session = await scene.session(starts_at=starts_at + timedelta(hours=5 * number), hours=5)
            came = -24 * day + 5 * number
            await scene.attend(session, "alice", came, came + 5)
            sessions.append(session)
        await asyncio.gather(*(close(scene, session) for session in sessions))
    found = Counter(row["outcome"] for row in await scene.records())
    assert found == {"accepted": 4, "needs_review": 4, "day_full": 4}


async def test_one_session_is_closed_once(scene: Scene) -> None:
    session = await scene.session()
    await scene.attend(session, "alice")
    closed = await asyncio.gather(*(scene.close(session) for _ in range(6)), return_exceptions=True)
    refused = [one.code for one in closed if isinstance(one, RefusalError)]
    assert refused == ["already_closed_session"] * 5
    assert len(await scene.records()) == 1


async def test_later_scans_are_made_records_of_once(scene: Scene) -> None:
    session = await scene.session()
    await scene.attend(session, "alice", 9, 10)
    await scene.close(session)
    await scene.scan(session, "alice", "out", 11, outcome="repeat")
    await scene.attend(session, "bob")

    async def again() -> Closed | None:
        return await scene.write(lambda tx: reconsider_due(tx, session_id=session, actor="job", now=EVENING))

    await asyncio.gather(*(again() for _ in range(5)))
    states = Counter(row["state"] for row in await scene.records())
    assert states == {"voided": 1, "pending": 2}


async def test_a_record_is_approved_or_replaced(scene: Scene) -> None:
    for day in range(5):
        session = await scene.session(starts_at=NINE - timedelta(days=day))
        await scene.attend(session, "alice", 9 - 24 * day, 10 - 24 * day)
        closed = await close(scene, session)
        assert closed is not None
        record = closed.records[0].id
        await scene.scan(session, "alice", "out", 11 - 24 * day, outcome="repeat")

        async def again(session: int = session) -> Closed | None:
            return await scene.write(
                lambda tx: reconsider_due(tx, session_id=session, actor="job", now=EVENING)
            )

        (answer,), later = await asyncio.gather(scene.review("wen", record), again())
        assert later is not None
        if answer == "approved":
            assert (len(later.records), later.noted) == (0, [record])
        else:
            assert (answer, len(later.records)) == ("record_state_refused", 1)
    live = [row for row in await scene.records() if row["state"] != "voided"]
    assert len(live) == 5


async def test_a_credit_is_taken_back_once(scene: Scene) -> None:
    record = await credited(scene)
    done = await asyncio.gather(*(void(scene, record) for _ in range(5)), return_exceptions=True)
    assert sum(isinstance(one, Voided) for one in done) == 1
    assert [one.code for one in done if isinstance(one, RefusalError)] == ["already_voided"] * 4
    assert await scene.balance("alice", "minute") == 0
    await scene.assert_sound()


async def test_what_is_disputed_meanwhile_is_not_made_anew(scene: Scene) -> None:
    session = await scene.session()
    await scene.attend(session, "alice", 9, 10)
    (record,) = (await scene.close(session)).records
    await scene.scan(session, "alice", "out", 11, outcome="repeat")
    raised = asyncio.Event()

    async def dispute_slowly(tx: WriteTx, actor: Actor) -> None:
        await raise_dispute(tx, actor, record_id=record.id, statement="测试：来得早", now=EVENING)
        raised.set()
        await asyncio.sleep(0.5)

    async def reconsider_meanwhile() -> Closed:
        await raised.wait()
        return await scene.reconsider(session)

    _, again = await asyncio.gather(scene.do("alice", dispute_slowly), reconsider_meanwhile())
    assert (again.records, again.noted) == ([], [record.id])
    assert (await scene.record(record.id))["state"] == "pending"
