"""Posting: each draft is decided on its own, in order, under the lock."""

from datetime import timedelta
from uuid import uuid4

from ledger.balances import balance, wallet
from ledger.posting import post
from ledger.values import (
    ISSUANCE,
    TAKINGS,
    WALLET,
    Conflict,
    Draft,
    Move,
    Place,
    Posted,
    Refused,
    Wallet,
)
from tests.conftest import END_OF_2026, SPRING
from timebank.database import Bank, Database


async def test_it_takes_from_the_lot_that_ends_first(database: Database, bank: Bank) -> None:
    owner = uuid4()
    later = END_OF_2026 + timedelta(days=365)
    drafts = [
        Draft(
            "award", "a", SPRING, "test", (Move(Place(ISSUANCE), Place(WALLET, owner, later), "point", 50),)
        ),
        Draft(
            "award",
            "b",
            SPRING,
            "test",
            (Move(Place(ISSUANCE), Place(WALLET, owner, END_OF_2026), "point", 30),),
        ),
        Draft("spend", "c", SPRING, "test", (Move(Wallet(owner), Place(TAKINGS), "point", 40),)),
    ]
    outcomes = await database.write(bank, lambda tx: post(tx, drafts))
    assert all(isinstance(outcome, Posted) for outcome in outcomes)
    lots = await database.read(bank, lambda tx: wallet(tx, owner, "point"))
    assert [(lot.expires_on, lot.balance) for lot in lots] == [(later, 40)]
    assert await database.read(bank, lambda tx: balance(tx, Place(TAKINGS), "point")) == 40
    assert await database.read(bank, lambda tx: balance(tx, Place(ISSUANCE), "point")) == -80


async def test_it_stores_a_refusal_under_its_key(database: Database, bank: Bank) -> None:
    owner = uuid4()
    spend = Draft("spend", "s", SPRING, "test", (Move(Wallet(owner), Place(TAKINGS), "point", 1),))
    (first,) = await database.write(bank, lambda tx: post(tx, [spend]))
    assert isinstance(first, Refused)
    assert (first.code, first.detail["available"]) == ("insufficient", 0)
    gift = Draft("award", "g", SPRING, "test", (Move(Place(ISSUANCE), Place(WALLET, owner), "point", 9),))
    _, again = await database.write(bank, lambda tx: post(tx, [gift, spend]))
    assert isinstance(again, Refused)
    assert again.replayed


async def test_it_names_what_differs_when_a_key_comes_back_with_other_content(
    database: Database, bank: Bank
) -> None:
    move = Move(Place(ISSUANCE), Place(WALLET, uuid4()), "point", 9)
    await database.write(bank, lambda tx: post(tx, [Draft("award", "k", SPRING, "test", (move,))]))
    others = [
        Draft("award", "k", SPRING, "test", (Move(move.source, move.target, "point", 8),)),
        Draft("award", "k", SPRING + timedelta(1), "test", (move,)),
        Draft("award", "k", SPRING, "test", (move,), memo="other"),
    ]
    outcomes = await database.write(bank, lambda tx: post(tx, others))
    assert [o.differs for o in outcomes if isinstance(o, Conflict)] == ["moves", "effective_at", "memo"]
