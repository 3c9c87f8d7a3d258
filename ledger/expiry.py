"""What becomes of lots at their end: many at once, each an ordinary transaction.

What is left of a lot goes to the expired account or, where the caller renews it, to a lot of the same owner and unit
that ends later (`ledger.renewal`).

A batch finds its lots, locks them, drains each, and appends; the next batch starts after the last lot. A run that dies
is simply started again: a drained lot has nothing left to expire.

Nothing is to be decided here, so the rows are made where the lots are, in one statement for the whole batch. They
are those that `post` would write for the same draft, fingerprint included (`tests/ledger/test_expiry.py`).
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import TYPE_CHECKING
from uuid import UUID

from ledger.accounts import load_units
from ledger.appending import new_salts
from ledger.arrays import number_array, text_array
from ledger.renewal import Booking, Renewals, lock_lots, renew_lots
from ledger.session import WriteTx
from ledger.values import BANK, EXPIRE, EXPIRED, MAX_AMOUNT, WALLET, Draft, Move, Place, Renewal

if TYPE_CHECKING:
    import asyncpg

Renews = Callable[[str, date], Renewal | None]
"""What is to become of lots of a unit (its code) whose last day was a day: renewed, or, by None, expired."""

_DUE = """
select a.id, a.unit_id, a.expires_on from accounts a
where a.bank_id = $1 and (a.expires_on, a.id) > ($2, $3) and a.expires_on < $4
  and a.kind = 'wallet' and a.balance > a.floor
order by a.expires_on, a.id limit $5
"""

_PRELUDE = """
select pg_current_xact_id()::text::bigint as xid,
  clock_timestamp() as recorded_at,
  (select max(c.closed_before) from closures c where c.bank_id = $1) as closed_before
"""

_OPEN_SINKS = """
with opened as (
  insert into accounts (bank_id, owner, unit_id, kind, guarded)
  select $1, $2, u.id, 'expired', false from unnest($3::bigint[]) as u (id) order by u.id
  on conflict on constraint accounts_place_key do nothing
)
select 1
"""
_SINKS = """
select a.id, a.unit_id from accounts a
where a.bank_id = $1 and a.owner = $2 and a.unit_id = any($3) and a.kind = 'expired'
"""

# The lots are found one by one and updated by their place, as in `ledger.appending`.
_EXPIRE = """
with lots as materialized (
  select a.place, a.id, a.owner, a.unit_id, a.expires_on, a.floor, a.balance - a.floor as amount, a.last_seq,
    s.sink_id, s.content_before, s.content_between, s.content_after, nextval('transaction_ids') as transaction_id,
    substr($12::bytea, 16 * (l.number - 1)::int + 1, 16) as salt
  from unnest($6::text::bigint[]) with ordinality as l (id, number),
    lateral (select a.ctid as place, a.* from accounts a
      where a.bank_id = (select $1::bigint) and a.id = l.id offset 0) a,
    unnest($7::text::bigint[], $8::text::bigint[], $9::text::text[], $10::text::text[], $11::text::text[])
      as s (unit_id, sink_id, content_before, content_between, content_after)
  where s.unit_id = a.unit_id
), new_transactions as (
  insert into transactions
    (bank_id, id, kind, idempotency_key, fingerprint, effective_at, recorded_at, xact, actor, salt)
  select $1, l.transaction_id, 'expire', 'expire:' || l.id || ':' || l.last_seq,
    substr(sha256(convert_to(l.content_before
      || format('["wallet","%s","%s"]', replace(l.owner::text, '-', ''), to_char(l.expires_on, 'YYYY-MM-DD'))
      || l.content_between || l.amount || l.content_after, 'UTF8')), 1, 16),
    $2, $3, $4, $5, l.salt
  from lots l
  returning 1
), new_postings as (
  insert into postings (bank_id, transaction_id, xact, line, unit_id, from_account_id, to_account_id, amount,
    from_seq, from_balance)
  select $1, l.transaction_id, $4, 1, l.unit_id, l.id, l.sink_id, l.amount, l.last_seq + 1, l.floor
  from lots l
  returning 1
), drained as (
  update accounts a set balance = l.floor, last_seq = l.last_seq + 1
  from lots l where a.bank_id = $1 and a.ctid = l.place
  returning 1
)
select l.unit_id, count(*) as lots, sum(l.amount)::bigint as amount from lots l group by l.unit_id
"""


class PeriodClosedError(Exception):
    """The lots would end inside a closed period: let them end as of a later day."""


@dataclass(frozen=True, slots=True)
class ExpiryCursor:
    """Where the next batch starts: after this lot."""

    expires_on: date = date.min
    account_id: int = 0


@dataclass(frozen=True, slots=True)
class ExpiredBatch:
    """What one batch did: lots expired and renewed, and their amounts by unit code.

    `next` is None when nothing is left.
    """

    lots: int
    amounts: dict[str, int]
    next: ExpiryCursor | None
    renewed_lots: int = 0
    renewed_amounts: dict[str, int] = field(default_factory=dict)


async def expire_lots(
    tx: WriteTx,
    *,
    as_of: date,
    actor: str,
    after: ExpiryCursor,
    limit: int = 5_000,
    renews: Renews | None = None,
) -> ExpiredBatch:
    """Expire or renew what is left of the first lots, at most `limit`, whose last day is before `as_of`.

    Takes effect at the start of `as_of` in the bank's zone. A lot that is renewed until a day before `as_of` is
    dealt with again in a later batch of the same run.

    Raises:
        PeriodClosedError: that instant lies in a closed period.
        ValueError: a renewal does not end later than what it renews.
    """
    rows = await tx.connection.fetch(_DUE, tx.bank_id, after.expires_on, after.account_id, as_of, limit)
    if not rows:
        return ExpiredBatch(0, {}, None)
    await load_units(tx, (), {row["unit_id"] for row in rows})
    codes = {unit.id: unit.code for unit in tx.catalogue.units.values()}
    renewals = _renewals({(row["unit_id"], row["expires_on"]) for row in rows}, codes, renews)
    # So that no lot is filled and drained at once, and what is filled is never behind the cursor.
    first_filled = min((renewal.until for renewal in renewals.values()), default=date.max)
    batch = [row for row in rows if row["expires_on"] < first_filled]
    is_last = len(rows) < limit and first_filled >= as_of
    following = None if is_last else ExpiryCursor(batch[-1]["expires_on"], batch[-1]["id"])
    due = await lock_lots(tx, batch, renewals)
    booking = await _booking(tx, tx.start_of(as_of), actor)
    renewed = [row["id"] for row in due if (row["unit_id"], row["expires_on"]) in renewals]
    expired = [row for row in due if (row["unit_id"], row["expires_on"]) not in renewals]
    return ExpiredBatch(
        len(expired),
        await _expire(tx, expired, codes, booking) if expired else {},
        following,
        len(renewed),
        await renew_lots(tx, renewed, renewals, codes, booking) if renewed else {},
    )


def _renewals(ends: Iterable[tuple[int, date]], codes: dict[int, str], renews: Renews | None) -> Renewals:
    """Ask what becomes of lots, once for each unit and last day."""
    if renews is None:
        return {}
    asked = ((end, renews(codes[end[0]], end[1])) for end in ends)
    renewals = {end: renewal for end, renewal in asked if renewal is not None}
    if any(renewal.until <= last_day for (_, last_day), renewal in renewals.items()):
        raise ValueError("what is renewed ends later")
    return renewals


async def _booking(tx: WriteTx, effective_at: datetime, actor: str) -> Booking:
    """Return the booking of a batch whose lots are locked."""
    prelude = await tx.connection.fetchrow(_PRELUDE, tx.bank_id)
    assert prelude is not None  # noqa: S101 -- a SELECT without FROM has one row
    if prelude["closed_before"] is not None and effective_at < prelude["closed_before"]:
        raise PeriodClosedError
    return Booking(effective_at, prelude["recorded_at"], tx.base + prelude["xid"], actor)


async def _expire(
    tx: WriteTx, lots: "Sequence[asyncpg.Record]", codes: dict[int, str], booking: Booking
) -> dict[str, int]:
    """Expire lots that are locked and return the amounts by unit code."""
    unit_ids = sorted({row["unit_id"] for row in lots})
    sinks = await _sinks(tx, unit_ids)
    contents = [_content_around_lot(codes[unit_id], booking) for unit_id in unit_ids]
    expired = await tx.connection.fetch(
        _EXPIRE,
        tx.bank_id,
        booking.effective_at,
        booking.recorded_at,
        booking.xact,
        booking.actor,
        number_array([row["id"] for row in lots]),
        number_array(unit_ids),
        number_array([sinks[unit_id] for unit_id in unit_ids]),
        *map(text_array, zip(*contents, strict=True)),
        new_salts(len(lots)),
    )
    return {codes[row["unit_id"]]: row["amount"] for row in expired}


def _content_around_lot(unit: str, booking: Booking) -> tuple[str, str, str]:
    """Return what the draft that empties a lot says before the lot, between it and the amount, and after that."""
    lot = Place(WALLET, UUID(int=0), date.max)
    move = Move(lot, Place(EXPIRED), unit, MAX_AMOUNT)
    draft = Draft(EXPIRE, "any", booking.effective_at, booking.actor, (move,))
    # Texts from outside have their quotes escaped, and a unit no bracket: neither can look like what is split at.
    before, _, rest = draft.content().partition(f'["{WALLET}","{lot.owner.hex}","{lot.expires_on}"]')
    between, _, after = rest.partition(f"{MAX_AMOUNT}]")
    return before, between, f"]{after}"


async def _sinks(tx: WriteTx, unit_ids: Sequence[int]) -> dict[int, int]:
    """Return the expired accounts by the ids of their units."""
    await tx.connection.execute(_OPEN_SINKS, tx.bank_id, BANK, unit_ids)
    return {
        row["unit_id"]: row["id"] for row in await tx.connection.fetch(_SINKS, tx.bank_id, BANK, unit_ids)
    }
