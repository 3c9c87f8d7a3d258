"""Captures that take part of a hold: the rest is its owner's again, whatever becomes of the part that was taken."""

from dataclasses import replace
from datetime import date, timedelta
from uuid import UUID, uuid4

import pytest

from ledger.balances import wallet
from ledger.holds import capture, hold, reversal
from ledger.values import (
    HELD,
    TAKINGS,
    WALLET,
    Conflict,
    Draft,
    InvalidDraftError,
    Move,
    Place,
    Settlement,
    Twin,
    Wallet,
)
from tests.conftest import END_OF_2026, SPRING
from tests.ledger.drafts import award, post_all, post_one, refusal_of, spend
from timebank.database import Bank, Database

LAST_DAY = date(2025, 3, 31)


async def take(database: Database, bank: Bank, owner: UUID, held: int, taken: int) -> int:
    """Hold so much, take part of it, and return the capture's id."""
    first = hold(
        "h",
        owner=owner,
        unit="point",
        amount=held,
        until=SPRING + timedelta(days=1),
        effective_at=SPRING,
        actor="test",
    )
    hold_id = await post_one(database, bank, first)
    settle = [Settlement("point", Place(TAKINGS), taken)]
    return await post_one(
        database, bank, capture("c", hold_id=hold_id, settle=settle, effective_at=SPRING, actor="test")
    )


async def lots_of(database: Database, bank: Bank, owner: UUID) -> list[tuple[date | None, int]]:
    lots = await database.read(bank, lambda tx: wallet(tx, owner, "point"))
    return [(lot.expires_on, lot.balance) for lot in lots]


async def test_what_was_taken_is_refunded_though_the_rest_is_spent(database: Database, bank: Bank) -> None:
    owner = uuid4()
    await post_one(database, bank, award(owner, 10))
    capture_id = await take(database, bank, owner, held=10, taken=4)
    await post_one(database, bank, spend(owner, 6))
    await post_one(
        database, bank, reversal("r", transaction_id=capture_id, effective_at=SPRING, actor="test")
    )
    assert await lots_of(database, bank, owner) == [(END_OF_2026, 4)]


async def test_only_what_was_taken_is_given_days_of_grace(database: Database, bank: Bank) -> None:
    owner = uuid4()
    await post_one(database, bank, award(owner, 10, expires_on=LAST_DAY))
    capture_id = await take(database, bank, owner, held=10, taken=4)
    later = SPRING + timedelta(days=60)
    grace = date(2025, 6, 1)
    refund = reversal("r", transaction_id=capture_id, effective_at=later, actor="test", grace_on=grace)
    await post_one(database, bank, refund)
    assert await lots_of(database, bank, owner) == [(LAST_DAY, 6), (grace, 4)]


async def test_a_capture_that_took_nothing_has_nothing_to_reverse(database: Database, bank: Bank) -> None:
    owner = uuid4()
    await post_one(database, bank, award(owner, 10))
    first = hold(
        "h",
        owner=owner,
        unit="point",
        amount=5,
        until=SPRING + timedelta(days=1),
        effective_at=SPRING,
        actor="test",
    )
    settle = [Settlement("point", Place(WALLET, owner, END_OF_2026))]
    back = capture(
        "c", hold_id=await post_one(database, bank, first), settle=settle, effective_at=SPRING, actor="test"
    )
    again = reversal(
        "r", transaction_id=await post_one(database, bank, back), effective_at=SPRING, actor="test"
    )
    assert await refusal_of(database, bank, again) == "not_reversible"


async def test_a_lapsed_lot_that_gives_nothing_does_not_stand_in_the_way(
    database: Database, bank: Bank
) -> None:
    ann, bob = uuid4(), uuid4()
    await post_all(database, bank, award(ann, 5), award(bob, 5, expires_on=LAST_DAY))
    moves = tuple(Move(Wallet(owner), Twin(HELD, owner), "point", 5) for owner in (ann, bob))
    after = SPRING + timedelta(days=40)
    hold_id = await post_one(
        database, bank, Draft("hold", "h", SPRING, "test", moves, hold_until=after + timedelta(days=1))
    )
    both = [Settlement("point", Place(TAKINGS), 7)]
    late = capture("c7", hold_id=hold_id, settle=both, effective_at=after, actor="test")
    assert await refusal_of(database, bank, late) == "lot_expired"
    await post_one(database, bank, replace(late, key="c5", settle=(Settlement("point", Place(TAKINGS), 5),)))
    assert await lots_of(database, bank, bob) == [(LAST_DAY, 5)]


async def test_a_reversal_of_what_is_not_there_is_refused_and_remembered(
    database: Database, bank: Bank
) -> None:
    wrong = reversal("r", transaction_id=2**40, effective_at=SPRING, actor="test")
    assert await refusal_of(database, bank, wrong) == "unknown_transaction"
    assert await refusal_of(database, bank, wrong) == "unknown_transaction"
    other, later = await post_all(
        database,
        bank,
        replace(wrong, reverses=2**40 + 1),
        replace(wrong, grace_on=END_OF_2026),
    )
    assert isinstance(other, Conflict)
    assert isinstance(later, Conflict)
    assert (other.differs, later.differs) == ("reverses_id", "moves")


def test_drafts_that_no_ledger_could_take() -> None:
    owner = uuid4()
    into = Settlement("point", Place(TAKINGS))
    with pytest.raises(InvalidDraftError, match="each unit once"):
        capture("c", hold_id=1, settle=[into, into], effective_at=SPRING, actor="test")
    held = Settlement("point", Place(HELD, owner))
    with pytest.raises(InvalidDraftError, match="leaves by capture"):
        capture("c", hold_id=1, settle=[held], effective_at=SPRING, actor="test")
    with pytest.raises(InvalidDraftError, match="ends after"):
        hold("h", owner=owner, unit="point", amount=1, until=SPRING, effective_at=SPRING, actor="test")
    with pytest.raises(InvalidDraftError, match="joins two"):
        Move(Wallet(owner), Place(WALLET, owner, END_OF_2026), "point", 1)
    with pytest.raises(InvalidDraftError, match="joins two"):
        Move(Wallet(owner), Twin(WALLET, owner), "point", 1)
