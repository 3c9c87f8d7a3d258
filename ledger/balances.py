"""Balances: now, as recorded at a moment, and as effective at a moment; wallets lot by lot; the trial balance.

A guarded balance stands on its row, and its history is the numbered chain of its postings: as recorded at a
moment it is what the highest number up to that moment says, whatever order transactions began in. An open
balance is the folded sum plus the tail of postings after the fold, read in one statement.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING
from uuid import UUID

from ledger.questions import Question
from ledger.session import ReadTx
from ledger.values import Place

if TYPE_CHECKING:
    import asyncpg

_FIND = """
select a.id, a.guarded, a.balance from accounts a
where a.bank_id = $1 and a.owner = $2 and a.kind = $3 and a.expires_on is not distinct from $4
  and a.unit_id = (select u.id from units u where u.bank_id = $1 and u.code = $5)
"""

_OPEN_NOW = """
select (a.balance
  + coalesce((select sum(p.amount) from postings p where p.bank_id = $1 and p.to_account_id = a.id
      and p.to_seq is null and p.xact >= a.folded_before), 0)
  - coalesce((select sum(p.amount) from postings p where p.bank_id = $1 and p.from_account_id = a.id
      and p.from_seq is null and p.xact >= a.folded_before), 0))::bigint
from accounts a where a.bank_id = $1 and a.id = $2
"""

_GUARDED_RECORDED = """
select s.balance from (
  (select p.to_seq as seq, p.to_balance as balance
   from postings p join transactions t on t.bank_id = $1 and t.id = p.transaction_id
   where p.bank_id = $1 and p.to_account_id = $2 and p.to_seq is not null and t.recorded_at <= $3
   order by p.to_seq desc limit 1)
  union all
  (select p.from_seq, p.from_balance
   from postings p join transactions t on t.bank_id = $1 and t.id = p.transaction_id
   where p.bank_id = $1 and p.from_account_id = $2 and p.from_seq is not null and t.recorded_at <= $3
   order by p.from_seq desc limit 1)
) s order by s.seq desc limit 1
"""

_SUM_UNTIL = """
select coalesce(sum(m.amount), 0)::bigint from (
  select p.amount from postings p join transactions t on t.bank_id = $1 and t.id = p.transaction_id
  where p.bank_id = $1 and p.to_account_id = $2 and {column} <= $3
  union all
  select -p.amount from postings p join transactions t on t.bank_id = $1 and t.id = p.transaction_id
  where p.bank_id = $1 and p.from_account_id = $2 and {column} <= $3
) m
"""

_WALLET = """
select a.expires_on, a.balance from accounts a
where a.bank_id = $1 and a.owner = $2 and a.kind = $4
  and a.unit_id = (select u.id from units u where u.bank_id = $1 and u.code = $3)
  and a.balance <> 0
order by a.expires_on nulls last
"""

_HOLDINGS = """
select u.code, u.class, u.spendable, a.kind, a.expires_on, {balance} as balance
from accounts a join units u on u.bank_id = $1 and u.id = a.unit_id
where a.bank_id = $1 and a.owner = $2 and a.kind in ('wallet', 'held')
order by u.code, a.kind desc, a.expires_on nulls last
"""
_HOLDINGS_NOW = _HOLDINGS.format(balance="a.balance")
_HOLDINGS_RECORDED = _HOLDINGS.format(
    balance=f"coalesce(({_GUARDED_RECORDED.replace('$2', 'a.id')}), 0)::bigint"
)
_HOLDINGS_EFFECTIVE = _HOLDINGS.format(
    balance=f"({_SUM_UNTIL.format(column='t.effective_at').replace('$2', 'a.id')})"
)

_TRIAL_NOW = """
with open_sums as (
  select a.id, (a.balance
    + coalesce((select sum(p.amount) from postings p where p.bank_id = $1 and p.to_account_id = a.id
        and p.to_seq is null and p.xact >= a.folded_before), 0)
    - coalesce((select sum(p.amount) from postings p where p.bank_id = $1 and p.from_account_id = a.id
        and p.from_seq is null and p.xact >= a.folded_before), 0)) as balance
  from accounts a where a.bank_id = $1 and not a.guarded
)
select u.code as unit, a.kind, a.owner, a.expires_on,
  coalesce(o.balance, a.balance)::bigint as balance
from accounts a
join units u on u.bank_id = $1 and u.id = a.unit_id
left join open_sums o on o.id = a.id
where a.bank_id = $1
order by u.code, a.kind, a.owner, a.expires_on nulls last
"""

_TRIAL_UNTIL = """
with sums as (
  select m.account_id, sum(m.amount) as balance from (
    select p.to_account_id as account_id, p.amount
    from postings p join transactions t on t.bank_id = $1 and t.id = p.transaction_id
    where p.bank_id = $1 and t.effective_at < $2
    union all
    select p.from_account_id, -p.amount
    from postings p join transactions t on t.bank_id = $1 and t.id = p.transaction_id
    where p.bank_id = $1 and t.effective_at < $2
  ) m group by m.account_id
)
select u.code as unit, a.kind, a.owner, a.expires_on, s.balance::bigint as balance
from sums s
join accounts a on a.bank_id = $1 and a.id = s.account_id
join units u on u.bank_id = $1 and u.id = a.unit_id
order by u.code, a.kind, a.owner, a.expires_on nulls last
"""

# Summed by the server: a bank has as many accounts as it has people and years.
_BY_KIND = """
select x.unit, x.kind, sum(x.balance)::bigint from ({accounts}) x group by x.unit, x.kind order by x.unit, x.kind
"""


@dataclass(frozen=True, slots=True)
class Lot:
    """What a wallet holds that ends on one day (None: never), in the unit's whole numbers."""

    expires_on: date | None
    balance: int


@dataclass(frozen=True, slots=True)
class Holding:
    """One account of an owner that is theirs: a lot (`wallet`) or what is set aside of one (`held`)."""

    unit: str
    class_: str
    spendable: bool
    kind: str
    expires_on: date | None
    balance: int


@dataclass(frozen=True, slots=True)
class AccountBalance:
    """One line of the trial balance: an account and what came in less what went out."""

    unit: str
    kind: str
    owner: UUID
    expires_on: date | None
    balance: int


async def balance(tx: ReadTx, place: Place, unit: str) -> int:
    """Return the balance now; an account that was never opened has 0."""
    row = await _find(tx, place, unit)
    if row is None:
        return 0
    if row["guarded"]:
        return int(row["balance"])
    return int(await tx.connection.fetchval(_OPEN_NOW, tx.bank_id, row["id"]))


async def balance_recorded_at(tx: ReadTx, place: Place, unit: str, moment: datetime) -> int:
    """Return the balance that the books showed at a moment: what was recorded later does not count."""
    row = await _find(tx, place, unit)
    if row is None:
        return 0
    if row["guarded"]:
        return int(await tx.connection.fetchval(_GUARDED_RECORDED, tx.bank_id, row["id"], moment) or 0)
    return int(
        await tx.connection.fetchval(_SUM_UNTIL.format(column="t.recorded_at"), tx.bank_id, row["id"], moment)
    )


async def balance_effective_at(tx: ReadTx, place: Place, unit: str, moment: datetime) -> int:
    """Return the sum of what took effect up to and at a moment, whenever it was recorded."""
    row = await _find(tx, place, unit)
    if row is None:
        return 0
    return int(
        await tx.connection.fetchval(
            _SUM_UNTIL.format(column="t.effective_at"), tx.bank_id, row["id"], moment
        )
    )


async def wallet(tx: ReadTx, owner: UUID, unit: str, *, kind: str = "wallet") -> list[Lot]:
    """Return the lots of an owner that are not empty, oldest expiry first; `kind` may be `held`."""
    rows = await tx.connection.fetch(_WALLET, tx.bank_id, owner, unit, kind)
    return [Lot(row["expires_on"], row["balance"]) for row in rows]


def holdings() -> Question[list[Holding]]:
    """Ask for every lot of an owner, and what is held, in all units; empty ones too."""
    return Question(_HOLDINGS_NOW, (), _holdings)


def holdings_recorded_at(moment: datetime) -> Question[list[Holding]]:
    """Ask for an owner's holdings as the books showed them at a moment."""
    return Question(_HOLDINGS_RECORDED, (moment,), _holdings)


def holdings_effective_at(moment: datetime) -> Question[list[Holding]]:
    """Ask for an owner's holdings by what took effect up to and at a moment, whenever it was recorded."""
    return Question(_HOLDINGS_EFFECTIVE, (moment,), _holdings)


def _holdings(rows: "Sequence[asyncpg.Record]") -> list[Holding]:
    return [Holding(*row) for row in rows]


async def account_balances(tx: ReadTx, *, before: datetime | None = None) -> list[AccountBalance]:
    """Return every account with its balance now, or by what took effect before an instant."""
    await tx.plan_for_any_bank()
    if before is None:
        rows = await tx.connection.fetch(_TRIAL_NOW, tx.bank_id)
    else:
        rows = await tx.connection.fetch(_TRIAL_UNTIL, tx.bank_id, before)
    return [AccountBalance(*row) for row in rows]


async def trial_balance(tx: ReadTx, *, before: datetime | None = None) -> dict[str, dict[str, int]]:
    """Return balances by unit and kind of account; each unit's sum is 0."""
    await tx.plan_for_any_bank()
    if before is None:
        rows = await tx.connection.fetch(_BY_KIND.format(accounts=_TRIAL_NOW), tx.bank_id)
    else:
        rows = await tx.connection.fetch(_BY_KIND.format(accounts=_TRIAL_UNTIL), tx.bank_id, before)
    totals: dict[str, dict[str, int]] = {}
    for unit, kind, amount in rows:
        totals.setdefault(unit, {})[kind] = amount
    return totals


async def _find(tx: ReadTx, place: Place, unit: str) -> "asyncpg.Record | None":
    return await tx.connection.fetchrow(_FIND, tx.bank_id, place.owner, place.kind, place.expires_on, unit)
