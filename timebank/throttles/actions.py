"""Taking from token buckets, in a transaction that commits whether or not what follows is refused.

Locks: the rows of all buckets of one try, in key order. The table is unlogged: a crash forgives everybody.
"""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from ledger.session import WriteTx
from timebank.throttles.rules import Bucket, level_after, wait_seconds
from timebank.vault.blind import BlindIndex

_FILL = """
insert into throttles (bank_id, key, tokens, refilled_at)
select $1, x.key, x.tokens, $4 from unnest($2::bytea[], $3::float8[]) as x (key, tokens)
on conflict on constraint throttles_pkey do nothing
"""
_LOCK = """
select t.key, t.tokens, t.refilled_at
from throttles t where t.bank_id = $1 and t.key = any($2::bytea[]) order by t.key for update
"""
_SET = """
update throttles t set tokens = x.tokens, refilled_at = greatest(t.refilled_at, $4)
from unnest($2::bytea[], $3::float8[]) as x (key, tokens) where t.bank_id = $1 and t.key = x.key
"""
_FORGET = "delete from throttles where bank_id = $1 and refilled_at < $2"

FULL_AFTER = timedelta(days=2)
"""By then every bucket is full again, and its row says nothing."""


@dataclass(frozen=True, slots=True)
class Limit:
    """One bucket of one account or address, under a keyed digest."""

    key: bytes
    bucket: Bucket


def limits_of(blind: BlindIndex, bank_id: int, buckets: Iterable[Bucket], who: str) -> list[Limit]:
    """Return the buckets of whoever is limited; neither a phone nor an address can be read from the keys."""
    return [Limit(_key(blind, bank_id, bucket.name, who), bucket) for bucket in buckets]


async def take(tx: WriteTx, limits: Sequence[Limit], *, now: datetime) -> int:
    """Take one token of each bucket and return 0; or take none and return how many seconds to wait."""
    levels = await _levels(tx, limits, now)
    wait = max(wait_seconds(levels[limit.key], limit.bucket) for limit in limits)
    if wait == 0:
        await _set(tx, {key: level - 1 for key, level in levels.items()}, now)
    return wait


async def give_back(tx: WriteTx, limits: Sequence[Limit], *, now: datetime) -> None:
    """Give back what a try took that was no guess after all."""
    levels = await _levels(tx, limits, now)
    capacities = {limit.key: limit.bucket.capacity for limit in limits}
    await _set(tx, {key: min(capacities[key], level + 1) for key, level in levels.items()}, now)


async def forget_full(tx: WriteTx, *, now: datetime) -> None:
    """Delete what says nothing any more."""
    await tx.connection.execute(_FORGET, tx.bank_id, now - FULL_AFTER)


async def _levels(tx: WriteTx, limits: Sequence[Limit], now: datetime) -> dict[bytes, float]:
    by_key = {limit.key: limit.bucket for limit in limits}
    keys = sorted(by_key)
    await tx.connection.execute(_FILL, tx.bank_id, keys, [by_key[key].capacity for key in keys], now)
    rows = await tx.connection.fetch(_LOCK, tx.bank_id, keys)
    return {
        row["key"]: level_after(row["tokens"], (now - row["refilled_at"]).total_seconds(), by_key[row["key"]])
        for row in rows
    }


async def _set(tx: WriteTx, levels: dict[bytes, float], now: datetime) -> None:
    await tx.connection.execute(_SET, tx.bank_id, list(levels), list(levels.values()), now)


def _key(blind: BlindIndex, bank_id: int, name: str, who: str) -> bytes:
    # Hashed first, because the index takes points and colons for ways of writing, and addresses differ by them.
    return blind.digest(bank_id, "throttle", hashlib.sha256(f"{name}\0{who}".encode()).hexdigest())
