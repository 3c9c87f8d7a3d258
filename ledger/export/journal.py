"""What every export reads: the accepted transactions with their lines, and the accounts and units they name.

Rows come through a server-side cursor, so memory does not grow with the books. Days are the bank's own.
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING
from uuid import UUID

from ledger.session import ReadTx, Unit

if TYPE_CHECKING:
    import asyncpg

ROWS_PER_FETCH = 2_000

_ENTRIES = """
select t.id, t.kind, t.idempotency_key, t.effective_at, (t.effective_at at time zone $2)::date as effective_on,
  t.recorded_at, t.actor, t.memo, t.metadata::text as metadata, t.reverses_id, t.resolves_id, t.hold_until,
  p.amount, u.id as unit_id, u.code as unit,
  f.kind as from_kind, f.owner as from_owner, f.expires_on as from_expires_on,
  d.kind as to_kind, d.owner as to_owner, d.expires_on as to_expires_on
from transactions t
join postings p on p.bank_id = $1 and p.transaction_id = t.id
join units u on u.bank_id = $1 and u.id = p.unit_id
join accounts f on f.bank_id = $1 and f.id = p.from_account_id
join accounts d on d.bank_id = $1 and d.id = p.to_account_id
where t.bank_id = $1 and t.refusal is null
order by effective_on, t.id, p.line
"""

_ACCOUNTS = """
with used as (
  select m.account_id, (min(t.effective_at) at time zone $2)::date as first_on
  from (
    select p.from_account_id as account_id, p.transaction_id from postings p where p.bank_id = $1
    union all
    select p.to_account_id, p.transaction_id from postings p where p.bank_id = $1
  ) m
  join transactions t on t.bank_id = $1 and t.id = m.transaction_id
  group by m.account_id
)
select u.id as unit_id, u.code as unit, a.kind, a.owner, a.expires_on, used.first_on
from used
join accounts a on a.bank_id = $1 and a.id = used.account_id
join units u on u.bank_id = $1 and u.id = a.unit_id
order by a.guarded, a.kind, u.code, a.owner, a.expires_on nulls first
"""

_UNITS = "select id, code, class, spendable from units where bank_id = $1 order by id"

_KINDS = "select distinct kind from transactions where bank_id = $1 and refusal is null order by kind"


@dataclass(frozen=True, slots=True)
class JournalAccount:
    """An account by what it is: whose, of which unit and kind, ending when (None: never)."""

    unit_id: int
    unit: str
    kind: str
    owner: UUID
    expires_on: date | None


@dataclass(frozen=True, slots=True)
class JournalLine:
    """One posting: `amount` (integer, > 0) of the accounts' unit goes from `source` to `target`."""

    source: JournalAccount
    target: JournalAccount
    amount: int


@dataclass(frozen=True, slots=True)
class JournalEntry:
    """An accepted transaction with its lines in order; `metadata` is JSON text, `effective_on` the bank's day."""

    id: int
    kind: str
    key: str
    effective_at: datetime
    effective_on: date
    recorded_at: datetime
    actor: str
    memo: str
    metadata: str
    reverses_id: int | None
    resolves_id: int | None
    hold_until: datetime | None
    lines: tuple[JournalLine, ...]


async def entries(tx: ReadTx) -> AsyncIterator[JournalEntry]:
    """Yield every accepted transaction, ordered by effective day, then id."""
    await tx.plan_for_any_bank()
    lines: list[JournalLine] = []
    first: asyncpg.Record | None = None
    async for row in tx.connection.cursor(_ENTRIES, tx.bank_id, tx.zone.key, prefetch=ROWS_PER_FETCH):
        if first is not None and first["id"] != row["id"]:
            yield _entry(first, lines)
            lines = []
        if not lines:
            first = row
        lines.append(_line(row))
    if first is not None:
        yield _entry(first, lines)


async def accounts(tx: ReadTx) -> AsyncIterator[tuple[JournalAccount, date]]:
    """Yield every account that a posting names with its first effective day: open ones first, then by name."""
    await tx.plan_for_any_bank()
    async for row in tx.connection.cursor(_ACCOUNTS, tx.bank_id, tx.zone.key, prefetch=ROWS_PER_FETCH):
        account = JournalAccount(row["unit_id"], row["unit"], row["kind"], row["owner"], row["expires_on"])
        yield account, row["first_on"]


async def units(tx: ReadTx) -> list[Unit]:
    """Return every unit of the bank in the order in which they were declared."""
    rows = await tx.connection.fetch(_UNITS, tx.bank_id)
    return [Unit(row["id"], row["code"], row["class"], row["spendable"]) for row in rows]


async def kinds(tx: ReadTx) -> list[str]:
    """Return the kinds of transaction that the books hold, in alphabetical order."""
    return [row["kind"] for row in await tx.connection.fetch(_KINDS, tx.bank_id)]


def _line(row: "asyncpg.Record") -> JournalLine:
    unit_id, unit = row["unit_id"], row["unit"]
    return JournalLine(
        JournalAccount(unit_id, unit, row["from_kind"], row["from_owner"], row["from_expires_on"]),
        JournalAccount(unit_id, unit, row["to_kind"], row["to_owner"], row["to_expires_on"]),
        row["amount"],
    )


def _entry(row: "asyncpg.Record", lines: list[JournalLine]) -> JournalEntry:
    return JournalEntry(
        row["id"],
        row["kind"],
        row["idempotency_key"],
        row["effective_at"],
        row["effective_on"],
        row["recorded_at"],
        row["actor"],
        row["memo"],
        row["metadata"],
        row["reverses_id"],
        row["resolves_id"],
        row["hold_until"],
        tuple(lines),
    )
