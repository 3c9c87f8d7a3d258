"""Complaints: raised about one's own, decided by an office that is no part of the merchant, refunded to the lots."""

from collections.abc import Awaitable, Callable
from datetime import date, timedelta

import pytest

from ledger.balances import wallet
from ledger.holds import reversal
from ledger.session import WriteTx
from ledger.values import Posted, Refused
from tests.timebank.offers.scene import NOW, Market
from timebank.access import Actor
from timebank.books.actions import reverse
from timebank.errors import RefusalError
from timebank.offers.acceptances import acceptances_of
from timebank.offers.actions import Accepted
from timebank.offers.complaints import (
    ComplaintDecision,
    complaints,
    complaints_of,
    decide_complaint,
    raise_complaint,
)

WORDS = "测试：没有给我打折"


async def accepted(market: Market, *, minutes: int = 0) -> int:
    at = NOW + timedelta(minutes=minutes)
    done = await market.take(market.shown_by("alice", at), at=at)
    assert isinstance(done, Accepted)
    return done.id


async def complain(market: Market, acceptance_id: int, *, by: str = "alice") -> int:
    raised = await market.act(
        by,
        lambda tx, actor: raise_complaint(tx, actor, acceptance_id=acceptance_id, statement=WORDS, now=NOW),
    )
    return raised.id


async def decide(
    market: Market,
    complaint_id: int,
    *,
    by: str = "olga",
    decision: str = "upheld",
    after: timedelta = timedelta(0),
) -> ComplaintDecision | Refused:
    return await market.act(
        by,
        lambda tx, actor: decide_complaint(
            tx,
            actor,
            complaint_id=complaint_id,
            decision=decision,  # type: ignore[arg-type]  # named in the test
            answer="测试：属实",
            now=NOW + after,
        ),
    )


async def refusal(work: Callable[[], Awaitable[object]]) -> str:
    with pytest.raises(RefusalError) as refused:
        await work()
    return refused.value.code


async def test_upheld_the_fufen_go_back_to_their_lots(market: Market) -> None:
    await market.give("alice", 5, expires_on=date(2026, 6, 30))
    id_ = await accepted(market)
    assert (await market.fufen("alice"), await market.taken()) == (85, 20)
    done = await decide(market, await complain(market, id_))
    assert isinstance(done, ComplaintDecision)
    assert (done.acceptance_id, done.decision) == (id_, "upheld")
    assert done.refund_id is not None
    assert (await market.fufen("alice"), await market.taken()) == (105, 0)
    lots = await market.read(lambda tx: wallet(tx, market.cast.people["alice"], "fufen"))
    assert {lot.expires_on: lot.balance for lot in lots} == {date(2026, 6, 30): 5, date(2026, 12, 31): 100}
    assert await market.told("alice") == ["fufen_taken", "complaint_decided"]
    (own,) = await market.read(
        lambda tx: acceptances_of(tx, market.cast.people["alice"], before_id=2**62, limit=9)
    )
    assert own.refunded_at == NOW


async def test_what_comes_back_to_a_lapsed_lot_lives_for_the_days_of_grace(market: Market) -> None:
    await market.give("alice", 20, expires_on=date(2026, 5, 20))
    complaint = await complain(market, await accepted(market))
    done = await decide(market, complaint, after=timedelta(days=20))
    assert isinstance(done, ComplaintDecision)
    lots = await market.read(lambda tx: wallet(tx, market.cast.people["alice"], "fufen"))
    found = {lot.expires_on: lot.balance for lot in lots if lot.balance}
    # 29 May and the policy's 30 days.
    assert found == {date(2026, 6, 28): 20, date(2026, 12, 31): 100}


async def test_nothing_is_refunded_twice(market: Market) -> None:
    id_ = await accepted(market)
    complaint = await complain(market, id_)
    assert isinstance(await decide(market, complaint), ComplaintDecision)
    assert await refusal(lambda: decide(market, complaint)) == "already_decided"
    assert await refusal(lambda: complain(market, id_)) == "already_refunded"
    assert (await market.fufen("alice"), await market.taken()) == (100, 0)


async def test_dismissed_nothing_moves_and_one_may_complain_again(market: Market) -> None:
    id_ = await accepted(market)
    first = await complain(market, id_)
    assert await refusal(lambda: complain(market, id_)) == "already_complained"
    done = await decide(market, first, decision="dismissed")
    assert isinstance(done, ComplaintDecision)
    assert done.refund_id is None
    assert (await market.fufen("alice"), await market.taken()) == (80, 20)
    assert isinstance(await decide(market, await complain(market, id_)), ComplaintDecision)
    assert await market.fufen("alice") == 100


async def test_an_administrator_takes_none_back_past_the_complaint(market: Market) -> None:
    transaction = await transaction_of(market, await accepted(market))

    async def work(tx: WriteTx, actor: Actor) -> object:
        return await reverse(tx, actor, key="k", transaction_id=transaction, reason="mistake", now=NOW)

    assert await refusal(lambda: market.act("adam", work)) == "reversal_of_acceptance"
    assert (await market.fufen("alice"), await market.taken()) == (80, 20)


async def test_what_is_taken_back_already_the_books_refuse_again(market: Market) -> None:
    id_ = await accepted(market)
    complaint = await complain(market, id_)
    draft = reversal("k", transaction_id=await transaction_of(market, id_), effective_at=NOW, actor="test")
    (outcome,) = await market.database.post(market.cast.bank, [draft])
    assert isinstance(outcome, Posted)
    other = await decide(market, complaint)
    assert isinstance(other, Refused)
    assert other.code == "already_reversed"
    (open_,) = await market.read(lambda tx: complaints(tx, reach=None, is_open=True, after=0, limit=9))
    assert open_.id == complaint
    assert await market.fufen("alice") == 100


async def transaction_of(market: Market, acceptance_id: int) -> int:
    (row,) = await market.rows(
        "select transaction_id from acceptances where bank_id = $1 and id = $2", acceptance_id
    )
    return int(str(row["transaction_id"]))


async def test_only_about_ones_own(market: Market) -> None:
    id_ = await accepted(market)
    for by in ("bob", "max", "olga", "wen"):
        assert await refusal(lambda by=by: complain(market, id_, by=by)) == "unknown_acceptance"  # type: ignore[misc]  # bound now
    assert await refusal(lambda: complain(market, id_ + 1_000)) == "unknown_acceptance"


async def test_who_is_concerned_does_not_decide(market: Market) -> None:
    complaint = await complain(market, await accepted(market))
    for by, role in (("alice", "office"), ("max", "office")):
        await market.act(
            "adam",
            lambda tx, _, by=by, role=role: tx.connection.execute(  # type: ignore[misc]  # bound now
                "insert into role_grants (bank_id, person_id, role, organisation_id, from_at, granted_by)"
                " values ($1, $2, $3, $4, $5, 'test')",
                tx.bank_id,
                market.cast.people[by],
                role,
                market.cast.organisations["root"],
                NOW - timedelta(days=300),
            ),
        )
    assert await refusal(lambda: decide(market, complaint, by="alice")) == "complaint_of_own"
    assert await refusal(lambda: decide(market, complaint, by="max")) == "decision_by_staff"
    assert await refusal(lambda: decide(market, complaint, by="wen")) == "forbidden"
    assert await refusal(lambda: decide(market, complaint + 1_000)) == "unknown_complaint"
    assert isinstance(await decide(market, complaint), ComplaintDecision)


async def test_an_office_finds_those_in_reach(market: Market) -> None:
    complaint = await complain(market, await accepted(market))

    async def ids(reach: list[int] | None, *, is_open: bool | None = None) -> list[int]:
        found = await market.read(lambda tx: complaints(tx, reach=reach, is_open=is_open, after=0, limit=9))
        return [one.id for one in found]

    places = market.cast.organisations
    assert await ids([places["apple"]]) == await ids(None, is_open=True) == [complaint]
    assert await ids([places["birch"]]) == await ids(None, is_open=False) == []
    (own,) = await market.read(lambda tx: complaints_of(tx, market.cast.people["alice"], after=0, limit=9))
    assert (own.statement, own.fufen, own.title, own.is_refunded) == (WORDS, 20, "理发八折", False)
