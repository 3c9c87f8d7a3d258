"""Disputes: one's own record only, it stands still, and who had a part in it does not decide."""

import asyncio
from datetime import timedelta

import pytest

from ledger.values import Refused
from tests.timebank.records.scene import EVENING, NINE, Scene
from tests.timebank.records.test_correcting import credited, spend, void
from timebank.errors import RefusalError
from timebank.notices.crediting import By, credit_records
from timebank.records.correcting import Times
from timebank.records.disputes import (
    Decision,
    Dispute,
    decide_dispute,
    disputes,
    disputes_of,
    raise_dispute,
)

LATER = EVENING + timedelta(days=1)
TIMES = Times(NINE, NINE + timedelta(hours=1))


async def dispute(scene: Scene, record: int, who: str = "alice") -> Dispute:
    return await scene.do(
        who,
        lambda tx, actor: raise_dispute(tx, actor, record_id=record, statement="测试：早走了", now=EVENING),
    )


async def decide(
    scene: Scene, dispute_id: int, decision: str = "upheld", who: str = "olga", times: Times | None = TIMES
) -> Decision | Refused:
    return await scene.do(
        who,
        lambda tx, actor: decide_dispute(
            tx,
            actor,
            dispute_id=dispute_id,
            decision=decision,  # type: ignore[arg-type]  # one of two
            answer="测试：核对签到表",
            times=times,
            now=LATER,
        ),
    )


async def test_upheld_with_times_it_is_corrected(scene: Scene) -> None:
    record = await scene.served("alice")
    raised = await dispute(scene, record)
    assert (raised.record_id, raised.person_id) == (record, scene.cast.people["alice"])
    done = await decide(scene, raised.id)
    assert isinstance(done, Decision)
    assert done.correction_id is not None
    new = await scene.record(done.correction_id)
    assert (new["minutes"], new["state"], new["corrects_id"]) == (60, "pending", record)
    assert await scene.told("alice") == ["records_made", "record_corrected", "dispute_decided"]
    with pytest.raises(RefusalError, match="already_decided"):
        await decide(scene, raised.id)


async def test_upheld_without_times_it_is_voided(scene: Scene) -> None:
    record = await scene.served("alice")
    done = await decide(scene, (await dispute(scene, record)).id, times=None)
    assert done == Decision((await listed(scene))[0].id, record, "upheld", None)
    assert (await scene.record(record))["state"] == "voided"


async def listed(scene: Scene, *, is_open: bool | None = None) -> list[Dispute]:
    return await scene.read(lambda tx: disputes(tx, after_id=0, limit=10, is_open=is_open))


async def test_dismissed_it_goes_on_as_before(scene: Scene) -> None:
    record = await scene.served("alice")
    raised = await dispute(scene, record)
    assert [each.record_id for each in await listed(scene, is_open=True)] == [record]
    with pytest.raises(RefusalError, match="correction_not_wanted"):
        await decide(scene, raised.id, "dismissed")
    await decide(scene, raised.id, "dismissed", times=None)
    assert await listed(scene, is_open=True) == []
    (found,) = await listed(scene, is_open=False)
    assert (found.decision, found.decided_by, found.answer) == (
        "dismissed",
        scene.cast.people["olga"],
        "测试：核对签到表",
    )
    assert await scene.review("wen", record) == ["approved"]
    assert (await dispute(scene, record)).id != raised.id


async def test_one_is_open_at_a_time(scene: Scene) -> None:
    record = await scene.served("alice")
    raised = await asyncio.gather(*(dispute(scene, record) for _ in range(4)), return_exceptions=True)
    refused = [one for one in raised if isinstance(one, RefusalError)]
    assert [one.code for one in refused] == ["already_disputed"] * 3


@pytest.mark.parametrize(
    ("who", "code"),
    [
        ("bob", "unknown_record"),
        ("wen", "unknown_record"),
        ("adam", "unknown_record"),
        ("station", "forbidden"),
    ],
)
async def test_only_one_s_own_record(scene: Scene, who: str, code: str) -> None:
    record = await scene.served("alice")
    for asked in (record, record + 1_000):
        with pytest.raises(RefusalError) as refused:
            await dispute(scene, asked, who)
        assert refused.value.code == code


async def test_a_voided_record_is_not_disputed(scene: Scene) -> None:
    record = await scene.served("alice")
    await void(scene, record)
    with pytest.raises(RefusalError, match="record_state_refused"):
        await dispute(scene, record)


async def test_who_reviewed_does_not_decide(scene: Scene) -> None:
    record = await scene.served("alice")
    await scene.review("wen", record)
    raised = await dispute(scene, record)
    with pytest.raises(RefusalError, match="dispute_by_approver"):
        await decide(scene, raised.id, who="wen")
    assert isinstance(await decide(scene, raised.id), Decision)


async def test_nobody_decides_over_their_own_record(scene: Scene) -> None:
    await scene.volunteer("wen")
    raised = await dispute(scene, await scene.served("wen"), "wen")
    with pytest.raises(RefusalError, match="review_of_own"):
        await decide(scene, raised.id, who="wen")


@pytest.mark.parametrize(
    ("who", "code"), [("alice", "forbidden"), ("adam", "forbidden"), ("xu", "unknown_dispute")]
)
async def test_who_may_not_decide(scene: Scene, who: str, code: str) -> None:
    raised = await dispute(scene, await scene.served("alice"))
    with pytest.raises(RefusalError) as refused:
        await decide(scene, raised.id, who=who)
    assert refused.value.code == code
    with pytest.raises(RefusalError) as refused:
        await decide(scene, raised.id + 1_000, who=who)
    assert refused.value.code == code


async def test_what_was_voided_meanwhile_is_only_answered(scene: Scene) -> None:
    record = await scene.served("alice")
    raised = await dispute(scene, record)
    await void(scene, record)
    with pytest.raises(RefusalError, match="already_voided"):
        await decide(scene, raised.id)
    assert isinstance(await decide(scene, raised.id, times=None), Decision)


async def test_a_debt_leaves_the_dispute_open(scene: Scene) -> None:
    record = await credited(scene)
    await spend(scene, "alice", 20)
    raised = await dispute(scene, record)
    refused = await decide(scene, raised.id)
    assert isinstance(refused, Refused)
    assert refused.code == "insufficient"
    assert len(await listed(scene, is_open=True)) == 1
    assert (await scene.record(record))["state"] == "credited"


async def test_a_debt_does_not_keep_hours_that_nobody_served(scene: Scene) -> None:
    record = await credited(scene)
    await spend(scene, "alice", 20)
    raised = await dispute(scene, record)
    assert isinstance(await decide(scene, raised.id, times=None), Decision)
    assert await scene.balance("alice", "minute") == 0
    await scene.assert_sound()


async def test_who_entered_or_corrected_it_or_acts_for_the_person_does_not_decide(scene: Scene) -> None:
    session = await scene.session()
    olga = f"person:{scene.cast.people['olga']}"
    await scene.scan(session, "alice", "in", 9, mode="roll_call", actor=olga)
    await scene.scan(session, "alice", "out", 11, mode="roll_call", actor=olga)
    (record,) = (await scene.close(session)).records
    raised = await dispute(scene, record.id)
    with pytest.raises(RefusalError, match="dispute_by_enterer"):
        await decide(scene, raised.id, "dismissed", times=None)
    await scene.represent("wen", "alice")
    with pytest.raises(RefusalError, match="review_of_own"):
        await decide(scene, raised.id, "dismissed", "wen", times=None)


async def test_one_s_own_disputes_are_listed(scene: Scene) -> None:
    raised = await dispute(scene, await scene.served("alice"))
    await dispute(scene, await scene.served("bob"), "bob")
    alice = scene.cast.people["alice"]
    assert await scene.read(lambda tx: disputes_of(tx, alice, after_id=0, limit=10)) == [raised]
    apple = [scene.cast.organisations["apple"]]
    found = await scene.read(lambda tx: disputes(tx, after_id=0, limit=10, reach=apple))
    assert len(found) == 2
    assert await scene.read(lambda tx: disputes(tx, after_id=0, limit=10, reach=[])) == []


async def test_what_is_disputed_is_not_credited_however_they_race(scene: Scene) -> None:
    for day in range(6):
        record = await scene.served("alice", starts_at=NINE + timedelta(days=day))
        await scene.review("wen", record)

        async def credit(record: int = record) -> int:
            done = await scene.write(
                lambda tx: credit_records(
                    tx, record_ids=[record], state="approved", by=By("test"), now=EVENING
                )
            )
            return done.credited

        count, raised = await asyncio.gather(credit(), dispute(scene, record))
        entries = (await scene.record(record))["entries"]
        assert isinstance(entries, list)
        assert (count == 1) == ("credited" in entries)
        assert raised.record_id == record
        assert await credit() == 0
