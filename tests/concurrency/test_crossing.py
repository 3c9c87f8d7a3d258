"""Crossings between two banks, in both directions at once: both sides stand or neither, and nobody waits for ever."""

import asyncio
from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from ledger.balances import balance, wallet
from ledger.clearing import CounterpartRefusedError, Crossing, cross
from ledger.periods import close_period
from ledger.values import CLEARING, WALLET, Conflict, Outcome, Place, Posted, Refused
from tests.concurrency.crowd import check_books, tally
from tests.conftest import END_OF_2026, SPRING, new_bank
from tests.ledger.drafts import award, post_one
from timebank.database import Bank, Database


def crossing(key: str, source: UUID, target: UUID, amount: int) -> Crossing:
    return Crossing(key, source, Place(WALLET, target, END_OF_2026), "point", amount, SPRING, "test", {})


async def send(database: Database, bank: Bank, other: Bank, what: Crossing) -> tuple[Outcome, Outcome | None]:
    return await database.write_between(bank, other, lambda tx, other_tx: cross(tx, other_tx, what))


async def clearing(database: Database, bank: Bank, other: Bank) -> int:
    return await database.read(bank, lambda tx: balance(tx, Place(CLEARING, other.owner), "point"))


async def points(database: Database, bank: Bank, owner: UUID) -> int:
    return sum(lot.balance for lot in await database.read(bank, lambda tx: wallet(tx, owner, "point")))


async def test_both_directions_at_once_between_the_same_people(database: Database, bank: Bank) -> None:
    other = await new_bank(database)
    ann, bob = uuid4(), uuid4()
    await post_one(database, bank, award(ann, 20))
    await post_one(database, other, award(bob, 20))
    results = await asyncio.gather(
        *(send(database, bank, other, crossing(f"there-{n}", ann, bob, 3)) for n in range(8)),
        *(send(database, other, bank, crossing(f"back-{n}", bob, ann, 2)) for n in range(8)),
    )
    there = tally(ours for ours, _ in results[:8])
    back = tally(ours for ours, _ in results[8:])
    assert there["posted"] + there["insufficient"] == 8
    assert back["posted"] + back["insufficient"] == 8
    assert all((theirs is None) == isinstance(ours, Refused) for ours, theirs in results)
    net = 3 * there["posted"] - 2 * back["posted"]
    assert (await points(database, bank, ann), await points(database, other, bob)) == (20 - net, 20 + net)
    assert await clearing(database, bank, other) == net
    assert await clearing(database, other, bank) == -net
    await check_books(database, bank)
    await check_books(database, other)


async def test_one_key_from_many_clients_crosses_once(database: Database, bank: Bank) -> None:
    other = await new_bank(database)
    ann, bob = uuid4(), uuid4()
    await post_one(database, bank, award(ann, 20))
    results = await asyncio.gather(
        *(send(database, bank, other, crossing("k", ann, bob, 5)) for _ in range(10))
    )
    assert tally(ours for ours, _ in results) == {"posted": 1, "replayed": 9}
    assert tally(theirs for _, theirs in results if theirs is not None) == {"posted": 1, "replayed": 9}
    assert await points(database, other, bob) == 5
    assert await clearing(database, bank, other) + await clearing(database, other, bank) == 0
    changed, _ = await send(database, bank, other, crossing("k", ann, bob, 6))
    assert isinstance(changed, Conflict)


async def test_neither_side_stands_when_the_receiver_refuses(database: Database, bank: Bank) -> None:
    other = await new_bank(database)
    ann, bob = uuid4(), uuid4()
    await post_one(database, bank, award(ann, 20))
    await database.write(other, lambda tx: close_period(tx, before=SPRING + timedelta(days=1), actor="test"))
    with pytest.raises(CounterpartRefusedError) as error:
        await send(database, bank, other, crossing("k", ann, bob, 5))
    assert isinstance(error.value.outcome, Refused)
    assert error.value.outcome.code == "period_closed"
    assert await points(database, bank, ann) == 20
    assert await clearing(database, bank, other) == 0
    later = Crossing(
        "k", ann, Place(WALLET, bob, END_OF_2026), "point", 5, SPRING + timedelta(days=2), "test", {}
    )
    ours, theirs = await send(database, bank, other, later)
    assert isinstance(ours, Posted)
    assert isinstance(theirs, Posted)
    await check_books(database, bank)
    await check_books(database, other)
