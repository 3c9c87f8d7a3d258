"""Expiring lots: many at once, each an ordinary transaction from the lot to the expired account.

A batch locks its lots, drains each, and appends; the next batch starts after the last lot. A run that dies
is simply started again: a drained lot has nothing left to expire.

Nothing is to be decided here, so the rows are made where the lots are, in one statement for the whole batch. They
are those that `post` would write for the same draft, fingerprint included (`tests/ledger/test_expiry.py`).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from ledger.appending import new_salts
from ledger.arrays import number_array, text_array
from ledger.session import WriteTx
from ledger.values import BANK, EXPIRE, EXPIRED, MAX_AMOUNT, WALLET, Draft, Move, Place

# Found by day, locked by id: every writer locks in that order, so none of them wait in a circle.
_LOCK_LOTS = """
with due as materialized (
  select a.id from accounts a
  where a.bank_id = $1 and (a.expires_on, a.id) > ($2, $3) and a.expires_on < $4
    and a.kind = 'wallet' and a.balance > a.floor
  order by a.expires_on, a.id limit $5
)
select a.id, a.expires_on, a.unit_id, a.balance > a.floor as is_due
from accounts a
where a.bank_id = $1 and a.id = any(array(select id from due))
order by a.id
for no key update of a
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
select a.id, a.unit_id, u.code
from accounts a join units u on u.bank_id = $1 and u.id = a.unit_id
where a.bank_id = $1 and a.owner = $2 and a.unit_id = any($3) and a.kind = 'expired'
"""

# The lots are found one by one and updated by their place, as in `ledger.appending`.
_EXPIRE = """
with lots as materialized (
  select a.place, a.id, a.owner, a.unit_id, a.expires_on, a.floor, a.balance - a.floor as amount, a.last_seq,
    s.sink_id, s.content_before, s.content_between, s.content_after, nextval('transaction_ids') as transaction_id,
    substr($12::bytea, 16 * (l.number - 1)::int + 1, 16) as salt
  from unnest($6::text::bigint[]) with ordinality as l (id, number),
    lateral (select a.ctid as place, a.* from accounts a where a.bank_id = $1 and a.id = l.id offset 0) a,
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
    """The lots would expire inside a closed period: expire them as of a later day."""


@dataclass(frozen=True, slots=True)
class ExpiryCursor:
    """Where the next batch starts: after this lot."""

    expires_on: date = date.min
    account_id: int = 0


@dataclass(frozen=True, slots=True)
class ExpiredBatch:
    """What one batch expired: lots and their amounts by unit code; `next` is None when nothing is left."""

    lots: int
    amounts: dict[str, int]
    next: ExpiryCursor | None


async def expire_lots(
    tx: WriteTx, *, as_of: date, actor: str, after: ExpiryCursor, limit: int = 5_000
) -> ExpiredBatch:
    """Expire what is left of the first `limit` lots, from after the cursor, whose last day is before `as_of`.

    Takes effect at the start of `as_of` in the bank's zone.

    Raises:
        PeriodClosedError: that instant lies in a closed period.
    """
    rows = await tx.connection.fetch(_LOCK_LOTS, tx.bank_id, after.expires_on, after.account_id, as_of, limit)
    if not rows:
        return ExpiredBatch(0, {}, None)
    ends = max((row["expires_on"], row["id"]) for row in rows)
    following = ExpiryCursor(*ends) if len(rows) == limit else None
    # Somebody may have emptied a lot while its lock was waited for.
    lot_ids = [row["id"] for row in rows if row["is_due"]]
    effective_at = tx.start_of(as_of)
    prelude = await tx.connection.fetchrow(_PRELUDE, tx.bank_id)
    assert prelude is not None  # noqa: S101 -- a SELECT without FROM has one row
    if prelude["closed_before"] is not None and effective_at < prelude["closed_before"]:
        raise PeriodClosedError
    sinks = await _sinks(tx, sorted({row["unit_id"] for row in rows}))
    codes = {sink.unit_id: sink.unit for sink in sinks}
    contents = zip(*(_content_around_lot(sink.unit, effective_at, actor) for sink in sinks), strict=True)
    expired = await tx.connection.fetch(
        _EXPIRE,
        tx.bank_id,
        effective_at,
        prelude["recorded_at"],
        tx.base + prelude["xid"],
        actor,
        number_array(lot_ids),
        number_array([sink.unit_id for sink in sinks]),
        number_array([sink.account_id for sink in sinks]),
        *map(text_array, contents),
        new_salts(len(lot_ids)),
    )
    amounts = {codes[row["unit_id"]]: row["amount"] for row in expired}
    return ExpiredBatch(len(lot_ids), amounts, following)


def _content_around_lot(unit: str, effective_at: datetime, actor: str) -> tuple[str, str, str]:
    """Return what the draft that empties a lot says before the lot, between it and the amount, and after that."""
    lot = Place(WALLET, UUID(int=0), date.max)
    draft = Draft(EXPIRE, "any", effective_at, actor, (Move(lot, Place(EXPIRED), unit, MAX_AMOUNT),))
    # Texts from outside have their quotes escaped, and a unit no bracket: neither can look like what is split at.
    before, _, rest = draft.content().partition(f'["{WALLET}","{lot.owner.hex}","{lot.expires_on}"]')
    between, _, after = rest.partition(f"{MAX_AMOUNT}]")
    return before, between, f"]{after}"


@dataclass(frozen=True, slots=True)
class _Sink:
    """The expired account of a unit."""

    account_id: int
    unit_id: int
    unit: str


async def _sinks(tx: WriteTx, unit_ids: Sequence[int]) -> list[_Sink]:
    await tx.connection.execute(_OPEN_SINKS, tx.bank_id, BANK, unit_ids)
    return [_Sink(*row) for row in await tx.connection.fetch(_SINKS, tx.bank_id, BANK, unit_ids)]
