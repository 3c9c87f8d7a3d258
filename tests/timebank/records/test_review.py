"""Reviewing: who may not, when a second approver is needed, and a batch in which each row has its own answer."""

import asyncio
from datetime import timedelta

import pytest

from tests.api.books import add_activity, add_record
from tests.timebank.records.scene import EVENING, NINE, Scene
from timebank.errors import RefusalError
from timebank.records.disputes import raise_dispute
from timebank.records.queue import waiting
from timebank.records.review import ReviewRequest, evaluate_record, review_records


async def test_one_approval_is_enough_for_a_plain_record(scene: Scene) -> None:
    record = await scene.served("alice")
    assert await scene.review("wen", record) == ["approved"]
    found = await scene.record(record)
    assert (found["state"], found["entries"], found["version"]) == ("approved", ["made", "approved"], 2)
    assert await scene.review("wen", record) == ["record_state_refused"]


async def test_a_rejection_needs_a_reason_and_is_told(scene: Scene) -> None:
    record = await scene.served("alice")
    assert await scene.review("wen", record, decision="reject") == ["reason_missing"]
    assert await scene.review("wen", record, decision="reject", reason="not_there") == ["rejected"]
    assert await scene.told("alice") == ["records_made", "record_rejected"]


async def test_long_service_needs_two_people(scene: Scene) -> None:
    record = await scene.served("alice", hours=6.5)
    assert await scene.review("wen", record) == ["second_review"]
    assert await scene.review("wen", record) == ["second_approver_same"]
    assert await scene.review("olga", record) == ["approved"]
    assert (await scene.record(record))["entries"] == ["made", "approved", "approved_second"]


@pytest.mark.parametrize("as_guardian", [False, True])
async def test_who_acts_for_somebody_does_not_approve_of_theirs(scene: Scene, as_guardian: bool) -> None:
    record, other = await scene.served("alice"), await scene.served("bob", at="apple")
    await scene.represent("wen", "alice", as_guardian=as_guardian)
    assert await scene.review("wen", record, other) == ["review_of_own", "approved"]
    with pytest.raises(RefusalError, match="review_of_own"):
        await scene.do(
            "wen",
            lambda tx, actor: evaluate_record(
                tx, actor, record_id=record, evaluation="excellent", now=EVENING
            ),
        )
    assert await scene.review("olga", record) == ["approved"]


async def test_six_hours_need_one(scene: Scene) -> None:
    assert await scene.review("wen", await scene.served("alice", hours=6)) == ["approved"]


async def test_the_second_may_reject(scene: Scene) -> None:
    record = await scene.served("alice", hours=6.5)
    await scene.review("wen", record)
    assert await scene.review("olga", record, decision="reject", reason="staged") == ["rejected"]


async def test_late_papers_need_two_people_and_a_reason(scene: Scene) -> None:
    record = await scene.served("alice", mode="late_entry")
    assert await scene.review("wen", record) == ["reason_missing"]
    assert await scene.review("wen", record, reason="papers_seen") == ["second_review"]
    assert await scene.review("olga", record, reason="papers_seen") == ["approved"]


async def test_an_import_over_the_daily_cap_is_reviewed_by_two(scene: Scene) -> None:
    activity = await add_activity(scene.database, scene.cast, "A1", "apple")
    record = await add_record(scene.database, scene.cast, activity, "alice", outcome="needs_review")
    assert await scene.review("wen", record) == ["second_review"]
    assert await scene.review("olga", record) == ["approved"]


async def test_the_creator_does_not_approve_but_may_reject(scene: Scene) -> None:
    record = await scene.served("alice", creator="wen")
    assert await scene.review("wen", record) == ["review_by_creator"]
    assert await scene.review("olga", record) == ["approved"]
    other = await scene.served("bob", creator="wen")
    assert await scene.review("wen", other, decision="reject", reason="not_there") == ["rejected"]


async def test_nobody_approves_their_own_record(scene: Scene) -> None:
    await scene.volunteer("wen")
    record = await scene.served("wen")
    assert await scene.review("wen", record) == ["review_of_own"]
    assert await scene.review("olga", record) == ["approved"]


@pytest.mark.parametrize("mode", ["card", "roll_call", "late_entry"])
async def test_nobody_approves_what_they_entered_by_hand(scene: Scene, mode: str) -> None:
    session = await scene.session()
    wen = f"person:{scene.cast.people['wen']}"
    await scene.scan(session, "alice", "in", 9)
    await scene.scan(session, "alice", "out", 11, mode=mode, actor=wen)
    await scene.scan(session, "bob", "in", 9, mode=mode, actor="person:another")
    await scene.scan(session, "bob", "out", 11, actor=wen)
    first, second = (one.id for one in (await scene.close(session)).records)
    assert await scene.review("wen", first, reason="papers_seen") == ["review_of_own"]
    assert await scene.review("wen", second, reason="papers_seen") != ["review_of_own"]


async def test_an_emergency_is_approved_before_its_records(scene: Scene) -> None:
    record = await scene.served("alice", kind="emergency")
    assert await scene.review("wen", record) == ["emergency_unapproved"]
    approve = "update activities set approved_by = $2 where bank_id = $1 and kind = 'emergency'"
    olga = scene.cast.people["olga"]
    await scene.write(lambda tx: tx.connection.execute(approve, tx.bank_id, olga))
    assert await scene.review("wen", record) == ["approved"]


async def test_what_is_disputed_stands_still(scene: Scene) -> None:
    record = await scene.served("alice")
    await scene.do(
        "alice", lambda tx, actor: raise_dispute(tx, actor, record_id=record, statement="测试", now=EVENING)
    )
    assert await scene.review("wen", record) == ["record_disputed"]
    assert await scene.review("wen", record, decision="reject", reason="other") == ["record_disputed"]


async def test_a_batch_answers_each_row(scene: Scene) -> None:
    alice, bob = await scene.served("alice"), await scene.served("bob", at="birch", creator="wen")
    own = await scene.served("alice", creator="wen", starts_at=NINE + timedelta(days=1))
    requests = [
        ReviewRequest(10**12, "approve"),
        ReviewRequest(alice, "approve"),
        ReviewRequest(own, "approve"),
        ReviewRequest(bob, "approve"),
        ReviewRequest(alice, "reject", "other"),
    ]
    answers = await scene.do("wen", lambda tx, actor: review_records(tx, actor, requests, now=EVENING))
    assert [(one.record_id, one.state, one.refusal) for one in answers] == [
        (10**12, None, "unknown_record"),
        (alice, "approved", None),
        (own, None, "review_by_creator"),
        (bob, None, "unknown_record"),
        (alice, None, "record_state_refused"),
    ]


@pytest.mark.parametrize("who", ["alice", "stella", "adam", "audrey", "station"])
async def test_who_may_not_review(scene: Scene, who: str) -> None:
    record = await scene.served("alice")
    with pytest.raises(RefusalError, match="forbidden"):
        await scene.review(who, record)


async def test_many_reviewers_at_once_decide_once(scene: Scene) -> None:
    records = [
        await scene.served("alice", starts_at=NINE + timedelta(days=day), hours=6.5) for day in range(4)
    ]
    reviews = [scene.review(who, *ids) for who in ("wen", "olga") for ids in (records, records[::-1])]
    answers = await asyncio.gather(*reviews)
    # Each of the two approves each record once, whoever comes first; every other try finds that out.
    for place, record in enumerate(records):
        of_record = [
            answer[place] if number % 2 == 0 else answer[len(records) - 1 - place]
            for number, answer in enumerate(answers)
        ]
        assert of_record.count("second_review") == 1
        assert of_record.count("approved") == 1
        assert set(of_record) <= {
            "second_review",
            "approved",
            "second_approver_same",
            "record_state_refused",
        }
        found = await scene.record(record)
        assert found["entries"] == ["made", "approved", "approved_second"]


async def test_the_queue_says_why(scene: Scene) -> None:
    plain = await scene.served("alice")
    long = await scene.served("bob", hours=6.5, creator="wen")
    await scene.review("olga", long)
    done = await scene.served("alice", starts_at=NINE + timedelta(days=1))
    await scene.review("wen", done)
    found = await scene.read(lambda tx: waiting(tx, after_id=0, limit=10))
    assert [(one.record.id, one.why_second, one.approver_id, one.is_disputed) for one in found] == [
        (plain, (), None, False),
        (long, ("long_service",), scene.cast.people["olga"], False),
    ]
    assert await scene.read(lambda tx: waiting(tx, after_id=plain, limit=10, reach=[])) == []
    session_id = found[1].record.session_id
    only = await scene.read(lambda tx: waiting(tx, after_id=0, limit=10, session_id=session_id))
    assert [one.record.id for one in only] == [long]


async def test_the_queue_shows_what_looks_staged(scene: Scene) -> None:
    for name in ("wen", "carl", "max"):
        await scene.volunteer(name)
    session = await scene.session(capacity=2, creator="wen")
    for who in ("alice", "bob", "carl", "max"):
        await scene.attend(session, who, mode="roll_call")
    await scene.close(session, "wen")
    found = await scene.read(lambda tx: waiting(tx, after_id=0, limit=10))
    assert {one.signs for one in found} == {("all_low_grade", "over_capacity", "round_hours", "one_hand")}
    honest = await scene.session(capacity=2, starts_at=NINE + timedelta(days=1))
    await scene.attend(honest, "alice", 33.1, 35)
    await scene.close(honest, now=EVENING + timedelta(days=1))
    found = await scene.read(lambda tx: waiting(tx, after_id=0, limit=10, session_id=honest))
    assert [one.signs for one in found] == [()]


async def test_the_queue_shows_a_burst_before_the_quarter_ends(scene: Scene) -> None:
    for week in range(8):
        await scene.served("alice", starts_at=NINE - timedelta(days=7 * week))
    end_of_june = NINE.replace(month=6, day=25)
    last = [await scene.served("alice", starts_at=end_of_june - timedelta(days=day)) for day in range(4)]
    found = await scene.read(lambda tx: waiting(tx, after_id=last[0] - 1, limit=10))
    # Six sessions from 28 March to 15 June make 720 // 8 = 90 minutes usual; 480 are more than three times that.
    signs = {one.record.id: one.signs for one in found}
    assert signs[last[0]] == ("quarter_end_burst",)
    # Up to the 22nd it was one session of 120 minutes.
    assert signs[last[3]] == ()


async def test_evaluating(scene: Scene) -> None:
    record = await scene.served("alice")

    async def say(who: str, id_: int) -> None:
        await scene.do(
            who,
            lambda tx, actor: evaluate_record(tx, actor, record_id=id_, evaluation="excellent", now=EVENING),
        )

    await say("wen", record)
    found = await scene.record(record)
    assert (found["evaluation"], found["entries"]) == ("excellent", ["made", "evaluated"])
    for who, id_, code in (
        ("alice", record, "forbidden"),
        ("xu", record, "unknown_record"),
        ("wen", record + 1_000, "unknown_record"),
    ):
        with pytest.raises(RefusalError, match=code):
            await say(who, id_)
    await scene.volunteer("wen")
    own = await scene.served("wen")
    with pytest.raises(RefusalError, match="review_of_own"):
        await say("wen", own)
    await scene.review("wen", record, decision="reject", reason="not_there")
    with pytest.raises(RefusalError, match="record_state_refused"):
        await say("wen", record)
