"""Holds: set aside, captured or released once, let go when their time is up."""

from datetime import date, timedelta
from uuid import uuid4

from ledger.balances import balance, wallet
from ledger.holds import capture, hold, lapsed_holds, release, release_lapsed
from ledger.values import (
    HANDED_OUT,
    HELD,
    SHELF,
    SUPPLY,
    TAKINGS,
    Draft,
    Move,
    Place,
    Settlement,
    Twin,
    Wallet,
)
from tests.conftest import END_OF_2026, SPRING
from tests.ledger.drafts import award, post_all, post_one, refusal_of, spend
from timebank.database import Bank, Database

UNTIL = SPRING + timedelta(days=3)
POINTS_TAKEN = (Settlement("point", Place(TAKINGS)),)


async def test_it_sets_aside_what_can_then_not_be_spent(database: Database, bank: Bank) -> None:
    owner = uuid4()
    await post_all(database, bank, award(owner, 30))
    held = hold("h", owner=owner, unit="point", amount=20, until=UNTIL, effective_at=SPRING, actor="test")
    await post_one(database, bank, held)
    assert await refusal_of(database, bank, spend(owner, 11)) == "insufficient"
    lots = await database.read(bank, lambda tx: wallet(tx, owner, "point", kind=HELD))
    assert [(lot.expires_on, lot.balance) for lot in lots] == [(END_OF_2026, 20)]


async def test_it_captures_a_part_and_gives_the_rest_back_to_the_lots_it_came_from(
    database: Database, bank: Bank
) -> None:
    owner, first = uuid4(), date(2025, 12, 31)
    await post_all(database, bank, award(owner, 10, expires_on=first), award(owner, 10))
    id_ = await post_one(
        database,
        bank,
        hold("h", owner=owner, unit="point", amount=15, until=UNTIL, effective_at=SPRING, actor="test"),
    )
    part = (Settlement("point", Place(TAKINGS), 12),)
    await post_one(database, bank, capture("c", hold_id=id_, settle=part, effective_at=SPRING, actor="test"))
    lots = await database.read(bank, lambda tx: wallet(tx, owner, "point"))
    assert [(lot.expires_on, lot.balance) for lot in lots] == [(END_OF_2026, 8)]
    assert await database.read(bank, lambda tx: wallet(tx, owner, "point", kind=HELD)) == []


async def test_it_is_resolved_once(database: Database, bank: Bank) -> None:
    owner = uuid4()
    await post_all(database, bank, award(owner, 30))
    id_ = await post_one(
        database,
        bank,
        hold("h", owner=owner, unit="point", amount=20, until=UNTIL, effective_at=SPRING, actor="test"),
    )
    await post_one(database, bank, release("r", hold_id=id_, effective_at=SPRING, actor="test"))
    late = capture("c", hold_id=id_, settle=POINTS_TAKEN, effective_at=SPRING, actor="test")
    assert await refusal_of(database, bank, late) == "already_resolved"


async def test_it_is_not_captured_after_its_end_and_then_lapses(database: Database, bank: Bank) -> None:
    owner = uuid4()
    await post_all(database, bank, award(owner, 30))
    id_ = await post_one(
        database,
        bank,
        hold("h", owner=owner, unit="point", amount=20, until=UNTIL, effective_at=SPRING, actor="test"),
    )
    after = UNTIL + timedelta(seconds=1)
    late = capture("c", hold_id=id_, settle=POINTS_TAKEN, effective_at=after, actor="test")
    assert await refusal_of(database, bank, late) == "hold_expired"
    assert await database.read(bank, lambda tx: lapsed_holds(tx, UNTIL)) == []
    (lapsed,) = await database.read(bank, lambda tx: lapsed_holds(tx, after))
    await post_one(database, bank, release_lapsed(lapsed, effective_at=after, actor="test"))
    assert await database.read(bank, lambda tx: lapsed_holds(tx, after)) == []


async def test_it_holds_points_and_goods_together(database: Database, bank: Bank) -> None:
    owner, shop = uuid4(), uuid4()
    stock = Draft("receipt", "s", SPRING, "test", (Move(Place(SUPPLY), Place(SHELF, shop), "goods/rice", 1),))
    reserved = Draft(
        "hold",
        "h",
        SPRING,
        "test",
        (
            Move(Wallet(owner), Twin(HELD, owner), "point", 20),
            Move(Place(SHELF, shop), Twin(HELD, shop), "goods/rice", 1),
        ),
        hold_until=UNTIL,
    )
    await post_all(database, bank, award(owner, 30), stock)
    id_ = await post_one(database, bank, reserved)
    settle = (*POINTS_TAKEN, Settlement("goods/rice", Place(HANDED_OUT)))
    await post_one(
        database, bank, capture("c", hold_id=id_, settle=settle, effective_at=SPRING, actor="test")
    )
    assert await database.read(bank, lambda tx: balance(tx, Place(HANDED_OUT), "goods/rice")) == 1
    assert await database.read(bank, lambda tx: balance(tx, Place(TAKINGS), "point")) == 20
