"""Expiring lots: many at once, each an ordinary transaction from the lot to the expired account.

A batch locks its lots, drains each, and appends; the next batch starts after the last lot. A run that dies
is simply started again: a drained lot has nothing left to expire.
"""

from dataclasses import dataclass
from datetime import date, datetime

from ledger.appending import NewTransaction, append
from ledger.book import Account, Line
from ledger.session import WriteTx
from ledger.values import BANK, EXPIRE, EXPIRED, WALLET, Draft, Move, Place

# Found by day, locked by id: every writer locks in that order, so none of them wait in a circle.
_LOCK_LOTS = """
with due as materialized (
  select a.id from accounts a
  where a.bank_id = $1 and (a.expires_on, a.id) > ($2, $3) and a.expires_on < $4
    and a.kind = 'wallet' and a.balance > a.floor
  order by a.expires_on, a.id limit $5
)
select a.id, a.owner, a.unit_id, u.code, a.expires_on, a.floor, a.balance, a.last_seq
from accounts a join units u on u.bank_id = $1 and u.id = a.unit_id
where a.bank_id = $1 and a.id = any(array(select id from due))
order by a.id
for no key update of a
"""

_PRELUDE = """
select pg_current_xact_id()::text::bigint as xid,
  clock_timestamp() as recorded_at,
  (select max(c.closed_before) from closures c where c.bank_id = $1) as closed_before,
  array(select nextval('transaction_ids') from generate_series(1, $2)) as ids
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
    rows = [row for row in rows if row["balance"] > row["floor"]]
    effective_at = tx.start_of(as_of)
    prelude = await tx.connection.fetchrow(_PRELUDE, tx.bank_id, len(rows))
    assert prelude is not None  # noqa: S101 -- a SELECT without FROM has one row
    if prelude["closed_before"] is not None and effective_at < prelude["closed_before"]:
        raise PeriodClosedError
    sinks = await _sinks(tx, sorted({row["unit_id"] for row in rows}))
    decided: list[NewTransaction] = []
    lots: list[Account] = []
    amounts: dict[str, int] = {}
    for row, id_ in zip(rows, prelude["ids"], strict=True):
        id_lot, owner, unit_id, unit, expires_on, floor, balance, seq = row
        lot = Account(id_lot, owner, unit_id, WALLET, expires_on, floor, balance, seq)
        draft = _draft(lot, unit, effective_at, actor)
        line = Line(lot, sinks[unit_id], balance - floor)
        decided.append(NewTransaction(id_, draft, draft.fingerprint(), None, None, (line,)))
        lots.append(lot)
        amounts[unit] = amounts.get(unit, 0) + line.amount
    await append(tx, decided, lots, tx.base + prelude["xid"], prelude["recorded_at"])
    return ExpiredBatch(len(rows), amounts, following)


def _draft(lot: Account, unit: str, effective_at: datetime, actor: str) -> Draft:
    """Return the draft that empties the lot; its key names the lot and how often it had been posted to."""
    move = Move(Place(WALLET, lot.owner, lot.expires_on), Place(EXPIRED), unit, lot.balance - lot.floor)
    return Draft(EXPIRE, f"expire:{lot.id}:{lot.seq}", effective_at, actor, (move,))


async def _sinks(tx: WriteTx, unit_ids: list[int]) -> dict[int, Account]:
    await tx.connection.execute(_OPEN_SINKS, tx.bank_id, BANK, unit_ids)
    rows = await tx.connection.fetch(_SINKS, tx.bank_id, BANK, unit_ids)
    return {row["unit_id"]: Account(row["id"], BANK, row["unit_id"], EXPIRED, None) for row in rows}
