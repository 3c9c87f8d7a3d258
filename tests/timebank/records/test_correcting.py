"""Voiding and correcting: the credit goes back, spent points leave a debt, and nothing is deleted."""

import asyncio
from datetime import date, datetime, timedelta

import pytest

from ledger.expiry import ExpiryCursor, expire_lots
from ledger.posting import post
from ledger.session import WriteTx
from ledger.values import TAKINGS, Conflict, Draft, Move, Outcome, Place, Posted, Refused, Wallet
from tests.api.books import add_activity, add_record, credit
from tests.timebank.records.scene import EVENING, NINE, Scene
from timebank.errors import RefusalError
from timebank.records.correcting import (
    Corrected,
    Times,
    Voided,
    VoidReason,
    correct_record,
    void_record,
)

LATER = EVENING + timedelta(days=1)


async def void(
    scene: Scene, record: int, who: str = "olga", *, reason: VoidReason = "mistake", now: datetime = LATER
) -> Voided | Refused:
    return await scene.do(
        who, lambda tx, actor: void_record(tx, actor, record_id=record, reason=reason, now=now)
    )


async def correct(
    scene: Scene, record: int, came: float, went: float, who: str = "olga"
) -> Corrected | Refused:
    times = Times(NINE + timedelta(hours=came - 9), NINE + timedelta(hours=went - 9))
    return await scene.do(
        who,
        lambda tx, actor: correct_record(
            tx, actor, record_id=record, times=times, reason="mistake", now=LATER
        ),
    )


async def credited(scene: Scene, who: str = "alice") -> int:
    record = await scene.served(who)
    await scene.review("wen", record)
    await scene.credit(record)
    return record


async def spend(scene: Scene, who: str, points: int, *, key: str = "spend") -> None:
    move = Move(Wallet(scene.cast.people[who]), Place(TAKINGS), "point", points)
    draft = Draft("redemption", key, EVENING, "test", (move,))
    (outcome,) = await scene.write(lambda tx: post(tx, [draft]))
    assert isinstance(outcome, Posted)


async def test_a_pending_record_is_voided(scene: Scene) -> None:
    record = await scene.served("alice")
    assert await void(scene, record) == Voided(record, None)
    found = await scene.record(record)
    assert (found["state"], found["entries"]) == ("voided", ["made", "voided"])
    assert await scene.told("alice") == ["records_made", "record_voided"]
    with pytest.raises(RefusalError, match="already_voided"):
        await void(scene, record)


async def test_what_was_credited_goes_back(scene: Scene) -> None:
    record = await credited(scene)
    assert (await scene.balance("alice", "minute"), await scene.balance("alice", "point")) == (120, 20)
    done = await void(scene, record, reason="fraud")
    assert isinstance(done, Voided)
    assert done.reversal_id is not None
    assert (await scene.balance("alice", "minute"), await scene.balance("alice", "point")) == (0, 0)
    await scene.assert_sound()


async def test_spent_points_leave_a_debt_and_no_wallet_below_nothing(scene: Scene) -> None:
    record = await credited(scene)
    await spend(scene, "alice", 15)
    done = await void(scene, record)
    assert isinstance(done, Voided)
    assert done.reversal_id is not None
    assert done.debt == {"point": 15}
    found = await scene.record(record)
    assert (found["state"], found["entries"]) == ("voided", ["made", "approved", "credited", "voided"])
    assert (await scene.balance("alice", "minute"), await scene.balance("alice", "point")) == (0, 0)
    issued = "select sum(p.amount) from postings p join transactions t on t.bank_id = $1 and t.id = p.transaction_id"
    where = " where p.bank_id = $1 and t.kind = 'debt' and t.metadata ->> 'record' = $2"
    assert await scene.read(lambda tx: tx.connection.fetchval(issued + where, tx.bank_id, str(record))) == 15
    await scene.assert_sound()


async def test_points_of_other_service_pay_no_debt(scene: Scene) -> None:
    record = await credited(scene)
    await spend(scene, "alice", 20)
    later = await scene.served("alice", starts_at=NINE.replace(year=2026))
    await scene.review("wen", later)
    await scene.credit(later)
    done = await void(scene, record)
    assert isinstance(done, Voided)
    assert done.debt == {"point": 20}
    assert (await scene.balance("alice", "minute"), await scene.balance("alice", "point")) == (120, 20)
    await scene.assert_sound()


async def test_points_that_have_ended_keep_no_hours_in_the_books(scene: Scene) -> None:
    record = await credited(scene)
    as_of = date(2027, 1, 1)
    await scene.write(lambda tx: expire_lots(tx, as_of=as_of, actor="test", after=ExpiryCursor()))
    assert await scene.balance("alice", "point") == 0
    done = await void(scene, record, now=LATER.replace(year=2027))
    assert isinstance(done, Voided)
    assert (await scene.balance("alice", "minute"), await scene.balance("alice", "point")) == (0, 0)
    await scene.assert_sound()


async def test_spending_and_voiding_at_once_are_one_after_the_other(scene: Scene) -> None:
    for day in range(6):
        record = await scene.served("alice", starts_at=NINE + timedelta(days=day))
        await scene.review("wen", record)
        await scene.credit(record)
        outcomes = await asyncio.gather(
            spend(scene, "alice", 12, key=f"spend {day}"), void(scene, record), return_exceptions=True
        )
        assert isinstance(outcomes[1], Voided)
        assert sum(outcomes[1].debt.values()) == (0 if isinstance(outcomes[0], AssertionError) else 12)
        assert (await scene.balance("alice", "minute"), await scene.balance("alice", "point")) == (0, 0)
    await scene.assert_sound()


async def test_what_was_reversed_by_hand_is_voided_without_another(scene: Scene) -> None:
    record = await credited(scene)
    transaction = (await scene.record(record))["credited_transaction_id"]
    assert isinstance(transaction, int)
    by_hand = Draft("reversal", "by hand", LATER, "test", reverses=transaction)
    (outcome,) = await scene.write(lambda tx: post(tx, [by_hand]))
    assert isinstance(outcome, Posted)
    assert await void(scene, record) == Voided(record, None)
    await scene.assert_sound()


async def test_an_import_is_found_by_its_key(scene: Scene) -> None:
    activity = await add_activity(scene.database, scene.cast, "A1", "apple")
    record = await add_record(scene.database, scene.cast, activity, "alice", outcome="needs_review")
    await scene.review("wen", record)
    await scene.review("olga", record)
    await scene.credit(record)
    forget = "update service_records set credited_transaction_id = null where bank_id = $1"
    await scene.write(lambda tx: tx.connection.execute(forget, tx.bank_id))
    assert isinstance(await void(scene, record), Voided)
    assert await scene.balance("alice", "minute") == 0


async def test_what_an_import_has_not_booked_yet_is_never_booked_once_it_is_void(scene: Scene) -> None:
    activity = await add_activity(scene.database, scene.cast, "A1", "apple")
    record = await add_record(scene.database, scene.cast, activity, "alice")
    late = credit(f"record:{record}", scene.cast.people["alice"])
    assert isinstance(await void(scene, record), Voided)
    (outcome,) = await scene.write(lambda tx: post(tx, [late]))
    assert isinstance(outcome, Conflict)
    assert (await scene.balance("alice", "minute"), await scene.balance("alice", "point")) == (0, 0)
    await scene.assert_sound()


async def test_what_an_import_books_meanwhile_goes_back(scene: Scene) -> None:
    for day in range(6):
        starts_at = NINE + timedelta(days=day)
        activity = await add_activity(scene.database, scene.cast, f"A{day}", "apple", starts_at=starts_at)
        record = await add_record(scene.database, scene.cast, activity, "alice")
        late = credit(f"record:{record}", scene.cast.people["alice"])

        async def import_(tx: WriteTx, late: Draft = late) -> list[Outcome]:
            return await post(tx, [late])

        (booked,), done = await asyncio.gather(scene.write(import_), void(scene, record))
        # It is booked before and goes back, or comes after and finds its key taken.
        assert isinstance(booked, Posted | Conflict)
        assert isinstance(done, Voided)
        assert done.reversal_id is not None
        assert (await scene.balance("alice", "minute"), await scene.balance("alice", "point")) == (0, 0)
    await scene.assert_sound()


async def test_who_acts_for_somebody_takes_nothing_of_theirs_back(scene: Scene) -> None:
    record = await scene.served("alice")
    await scene.represent("olga", "alice")
    with pytest.raises(RefusalError, match="review_of_own"):
        await void(scene, record)
    assert isinstance(await void(scene, record, "adam"), Voided)


async def test_a_correction_is_a_new_record_under_review(scene: Scene) -> None:
    record = await scene.served("alice")
    done = await correct(scene, record, 9, 10.5)
    assert isinstance(done, Corrected)
    assert (done.corrects_id, done.outcome, done.state, done.minutes) == (record, "accepted", "pending", 90)
    old, new = await scene.records()
    assert (old["state"], old["entries"]) == ("voided", ["made", "voided", "corrected"])
    assert (new["corrects_id"], new["origin"], new["grade"]) == (record, "correction", "D")
    assert new["session_id"] == old["session_id"]
    assert await scene.review("olga", done.record_id) == ["review_of_own"]
    assert await scene.review("wen", done.record_id) == ["approved"]
    assert await scene.told("alice") == ["records_made", "record_corrected"]


async def test_a_correction_of_an_import_stands_beside_it(scene: Scene) -> None:
    activity = await add_activity(scene.database, scene.cast, "A1", "apple")
    record = await add_record(scene.database, scene.cast, activity, "alice", outcome="needs_review")
    spring = (await scene.record(record))["check_in_at"]
    assert isinstance(spring, datetime)
    times = Times(spring, spring + timedelta(hours=1))
    done = await scene.do(
        "olga",
        lambda tx, actor: correct_record(
            tx, actor, record_id=record, times=times, reason="mistake", now=LATER
        ),
    )
    assert isinstance(done, Corrected)
    assert (done.outcome, done.minutes) == ("accepted", 60)


async def test_a_correction_takes_the_credit_back_first(scene: Scene) -> None:
    record = await credited(scene)
    done = await correct(scene, record, 9, 11)
    assert isinstance(done, Corrected)
    assert done.reversal_id is not None
    assert await scene.balance("alice", "minute") == 0
    await scene.review("wen", done.record_id)
    await scene.credit(done.record_id)
    assert await scene.balance("alice", "minute") == 120


async def test_what_cannot_be_taken_back_is_not_corrected(scene: Scene) -> None:
    record = await credited(scene)
    await spend(scene, "alice", 20)
    assert isinstance(await correct(scene, record, 9, 10), Refused)
    assert [row["state"] for row in await scene.records()] == ["credited"]


async def test_a_correction_meets_the_rules_like_any_record(scene: Scene) -> None:
    record = await scene.served("alice")
    session = await scene.session(starts_at=NINE + timedelta(hours=2))
    await scene.attend(session, "alice", 11, 13)
    await scene.close(session)
    done = await correct(scene, record, 13, 14)
    assert isinstance(done, Corrected)
    assert (done.outcome, done.state) == ("too_short", "rejected")


async def test_scans_do_not_undo_a_correction(scene: Scene) -> None:
    record = await scene.served("alice")
    session = (await scene.record(record))["session_id"]
    assert isinstance(session, int)
    await correct(scene, record, 9, 10)
    await scene.scan(session, "alice", "out", 10.9, outcome="repeat")
    again = await scene.reconsider(session)
    assert (again.records, again.noted) == ([], [])


async def test_who_may_not_void(scene: Scene) -> None:
    record = await scene.served("alice")
    for who in ("alice", "wen", "stella", "audrey", "station"):
        with pytest.raises(RefusalError, match="forbidden"):
            await void(scene, record, who)
    with pytest.raises(RefusalError, match="unknown_record"):
        await void(scene, record + 1_000)
    south = await scene.served("bob", at="south")
    bob = scene.cast.people["bob"]
    move = "update volunteers set organisation_id = $3 where bank_id = $1 and owner = $2"
    await scene.write(
        lambda tx: tx.connection.execute(move, tx.bank_id, bob, scene.cast.organisations["south"])
    )
    with pytest.raises(RefusalError, match="unknown_record"):
        await void(scene, south, "ada")
    await scene.volunteer("olga")
    own = await scene.served("olga")
    with pytest.raises(RefusalError, match="review_of_own"):
        await void(scene, own)
    assert isinstance(await void(scene, own, "adam"), Voided)


async def test_a_correction_has_an_order(scene: Scene) -> None:
    record = await scene.served("alice")
    with pytest.raises(RefusalError, match="correction_span_invalid"):
        await correct(scene, record, 10, 10)


async def test_a_line_on_a_notice_is_struck(scene: Scene) -> None:
    record = await scene.served("alice")
    await scene.review("wen", record)
    place = scene.cast.organisations["apple"]

    async def show(tx: object) -> None:
        run = tx.connection  # type: ignore[attr-defined]  # a transaction
        notice = await run.fetchval(
            "insert into notices (bank_id, organisation_id, opened_on, closes_on, working_days, opened_by, opened_at)"
            " values ($1, $2, '2025-05-09', '2025-05-14', 3, 'test', $3) returning id",
            scene.cast.bank.id,
            place,
            EVENING,
        )
        await run.execute(
            "insert into notice_lines (bank_id, notice_id, record_id, line, masked_name, state)"
            " values ($1, $2, $3, 1, '测*', 'shown')",
            scene.cast.bank.id,
            notice,
            record,
        )
        await run.execute(
            "update service_records set state = 'noticed' where bank_id = $1 and id = $2",
            scene.cast.bank.id,
            record,
        )

    await scene.write(show)
    await void(scene, record)
    line = "select state from notice_lines where bank_id = $1"
    assert await scene.read(lambda tx: tx.connection.fetchval(line, tx.bank_id)) == "struck"
