"""Token buckets in the database: shared by all processes, all or nothing, and silent about whom they limit."""

import asyncio
from datetime import UTC, datetime, timedelta

from timebank.database import Bank, Database
from timebank.throttles.actions import Limit, forget_full, give_back, limits_of, take
from timebank.throttles.rules import Bucket
from timebank.vault.blind import BlindIndex

NOON = datetime(2026, 3, 5, 4, 0, tzinfo=UTC)
BLIND = BlindIndex(b"v" * 32)
SMALL = Bucket("small", capacity=3, per_second=1 / 60)
LARGE = Bucket("large", capacity=5, per_second=1 / 600)


async def _take(database: Database, bank: Bank, limits: list[Limit], at: datetime = NOON) -> int:
    return await database.write(bank, lambda tx: take(tx, limits, now=at))


def _limits(bank: Bank, who: str = "somebody") -> list[Limit]:
    return limits_of(BLIND, bank.id, (SMALL, LARGE), who)


async def test_so_many_at_once_then_waits_that_grow(database: Database, bank: Bank) -> None:
    limits = _limits(bank)
    assert [await _take(database, bank, limits) for _ in range(4)] == [0, 0, 0, 60]
    later = NOON + timedelta(minutes=2)
    assert [await _take(database, bank, limits, later) for _ in range(2)] == [0, 0]
    # The large one is empty now but for the fifth of a token that two minutes brought.
    assert await _take(database, bank, limits, later + timedelta(minutes=3)) == 300


async def test_who_has_to_wait_takes_nothing(database: Database, bank: Bank) -> None:
    limits = _limits(bank)
    for _ in range(3):
        await _take(database, bank, limits)
    for _ in range(10):
        assert await _take(database, bank, limits) == 60
    assert await _take(database, bank, limits, NOON + timedelta(minutes=1)) == 0


async def test_many_at_once_get_no_more_than_there_is(database: Database, bank: Bank) -> None:
    limits = _limits(bank)
    waits = await asyncio.gather(*(_take(database, bank, limits) for _ in range(12)))
    assert sorted(waits)[:4] == [0, 0, 0, 60]


async def test_what_is_given_back_can_be_taken_again_and_no_more(database: Database, bank: Bank) -> None:
    limits = _limits(bank)
    await _take(database, bank, limits)
    for _ in range(5):
        await database.write(bank, lambda tx: give_back(tx, limits, now=NOON))
    assert [await _take(database, bank, limits) for _ in range(4)] == [0, 0, 0, 60]


async def test_others_are_not_limited(database: Database, bank: Bank) -> None:
    for _ in range(4):
        await _take(database, bank, _limits(bank))
    assert await _take(database, bank, _limits(bank, "somebody else")) == 0


def test_addresses_that_differ_by_their_points_only_have_different_keys() -> None:
    keys = {
        limit.key
        for who in ("1.23.4.5", "12.3.4.5", "12.34.5")
        for limit in limits_of(BLIND, 1, [SMALL], who)
    }
    assert len(keys) == 3
    assert all(b"12" not in key for key in keys)


async def test_what_is_full_again_is_forgotten(database: Database, bank: Bank) -> None:
    await _take(database, bank, _limits(bank, "old"))
    await _take(database, bank, _limits(bank, "new"), NOON + timedelta(days=2))
    await database.write(bank, lambda tx: forget_full(tx, now=NOON + timedelta(days=2, seconds=1)))
    rows = await database.read(
        bank,
        lambda tx: tx.connection.fetch("select key from throttles where bank_id = $1", bank.id),
    )
    assert {row["key"] for row in rows} == {limit.key for limit in _limits(bank, "new")}
