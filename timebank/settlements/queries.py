"""Reading monthly statements: what each shop and merchant took, and what it comes to in money."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal, TypeAlias
from uuid import UUID

from ledger.session import ReadTx
from timebank.errors import RefusalError

State: TypeAlias = Literal["drafted", "approved", "paid"]

_COLUMNS = """s.id, s.shop_id, s.merchant_id, coalesce(h.name, h.code, m.name) as payee,
  coalesce(h.owner, m.owner) as owner, coalesce(h.organisation_id, m.organisation_id) as organisation_id,
  s.unit, s.month_on, s.amount, s.unit_cents, s.cents, s.state, s.policy_version, s.drafted_at, s.drafted_person_id,
  s.approved_at, s.approved_by, s.fund_id, s.paid_at, s.transaction_id, s.version"""
_JOINED = f"""
select {_COLUMNS} from settlements s
left join shops h on h.bank_id = $1 and h.id = s.shop_id
left join merchants m on m.bank_id = $1 and m.id = s.merchant_id
"""  # noqa: S608 -- columns only
_ONE = f"{_JOINED} where s.bank_id = $1 and s.id = $2"
_LIST = f"""
{_JOINED}
where s.bank_id = $1 and s.id > $2 and ($4::bigint[] is null
    or coalesce(h.organisation_id, m.organisation_id) = any($4))
  and ($5::date is null or s.month_on = $5) and ($6::text is null or s.state = $6)
  and ($7::bigint is null or s.shop_id = $7) and ($8::bigint is null or s.merchant_id = $8)
order by s.id limit $3
"""
# What was taken is a redemption or an acceptance; a refund of either carries what it reverses.
_ITEMS = """
select i.transaction_id, t.kind, t.effective_at, i.amount, r.receipt, a.id as acceptance_id
from settlement_items i
join transactions t on t.bank_id = $1 and t.id = i.transaction_id
left join redemptions r on r.bank_id = $1 and r.transaction_id = coalesce(t.reverses_id, t.id)
left join acceptances a on a.bank_id = $1 and a.transaction_id = coalesce(t.reverses_id, t.id)
where i.bank_id = $1 and i.settlement_id = $2 and i.transaction_id > $3
order by i.transaction_id limit $4
"""

_PAID = """
select s.unit, sum(s.amount)::bigint from settlements s where s.bank_id = $1 and s.state = 'paid' group by s.unit
"""


_REACHED = """
from settlements s
left join shops h on h.bank_id = $1 and h.id = s.shop_id
left join merchants m on m.bank_id = $1 and m.id = s.merchant_id
where s.bank_id = $1 and ($2::bigint[] is null or coalesce(h.organisation_id, m.organisation_id) = any($2))
"""
_SUMS = f"select s.state, count(*)::bigint, sum(s.cents)::bigint {_REACHED} group by s.state"
_MONTHS = f"""
select s.month_on, sum(s.cents)::bigint {_REACHED} group by s.month_on order by s.month_on desc limit $3
"""


@dataclass(frozen=True, slots=True)
class Settlement:
    """A payee's statement of a month: `amount` of a unit, settled with `cents`; `owner` is who it is in the ledger."""

    id: int
    shop_id: int | None
    merchant_id: int | None
    payee: str
    owner: UUID
    organisation_id: int | None
    unit: str
    month_on: date
    amount: int
    unit_cents: int
    cents: int
    state: State
    policy_version: int
    drafted_at: datetime
    drafted_person_id: UUID | None
    approved_at: datetime | None
    approved_by: UUID | None
    fund_id: int | None
    paid_at: datetime | None
    transaction_id: int | None
    version: int


@dataclass(frozen=True, slots=True)
class Item:
    """A transaction that a statement counts: what it took, negative for what was given back."""

    transaction_id: int
    kind: str
    effective_at: datetime
    amount: int
    receipt: str | None
    acceptance_id: int | None


@dataclass(frozen=True, slots=True)
class Filter:
    """Which statements are asked for; None asks for any."""

    month_on: date | None = None
    state: State | None = None
    shop_id: int | None = None
    merchant_id: int | None = None


async def settlement(tx: ReadTx, settlement_id: int) -> Settlement:
    """Return one statement.

    Raises:
        RefusalError: `unknown_settlement`.
    """
    row = await tx.connection.fetchrow(_ONE, tx.bank_id, settlement_id)
    if row is None:
        raise RefusalError("unknown_settlement")
    return Settlement(*row)


async def settlements(
    tx: ReadTx, wanted: Filter, *, organisations: Sequence[int] | None, after_id: int, limit: int
) -> list[Settlement]:
    """Return statements of payees of some organisations, or of all, by id."""
    rows = await tx.connection.fetch(
        _LIST,
        tx.bank_id,
        after_id,
        limit,
        None if organisations is None else list(organisations),
        wanted.month_on,
        wanted.state,
        wanted.shop_id,
        wanted.merchant_id,
    )
    return [Settlement(*row) for row in rows]


async def paid_amounts(tx: ReadTx) -> dict[str, int]:
    """Return what was taken in all and is paid, by unit: the ledger has it among what was converted, into money."""
    return {row[0]: row[1] for row in await tx.connection.fetch(_PAID, tx.bank_id)}


async def sums(tx: ReadTx, organisations: Sequence[int] | None) -> dict[str, tuple[int, int]]:
    """Return how many statements of payees of some organisations, or of all, are in each state, and their cents."""
    within = None if organisations is None else list(organisations)
    return {row[0]: (row[1], row[2]) for row in await tx.connection.fetch(_SUMS, tx.bank_id, within)}


async def cents_by_month(
    tx: ReadTx, organisations: Sequence[int] | None, *, limit: int
) -> list[tuple[date, int]]:
    """Return what the statements of the last months come to, the earliest first."""
    within = None if organisations is None else list(organisations)
    rows = await tx.connection.fetch(_MONTHS, tx.bank_id, within, limit)
    return [(row[0], row[1]) for row in reversed(rows)]


async def items(tx: ReadTx, settlement_id: int, *, after_id: int, limit: int) -> list[Item]:
    """Return what a statement counts, by transaction."""
    rows = await tx.connection.fetch(_ITEMS, tx.bank_id, settlement_id, after_id, limit)
    return [Item(*row) for row in rows]
