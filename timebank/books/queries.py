"""Reading transactions as an auditor does: pages of them, and one with its postings."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING
from uuid import UUID

from ledger.session import ReadTx
from timebank.errors import RefusalError

if TYPE_CHECKING:
    import asyncpg

_COLUMNS = """t.id, t.kind, t.effective_at, t.recorded_at, t.actor, t.memo, t.metadata::text as metadata, t.refusal,
  t.reverses_id, t.resolves_id, t.hold_until,
  (select r.id from transactions r where r.bank_id = $1 and r.reverses_id = t.id and r.refusal is null)"""

_ONE = f"select {_COLUMNS} from transactions t where t.bank_id = $1 and t.id = $2"  # noqa: S608 -- ours
_PAGE = f"""
select {_COLUMNS} from transactions t
where t.bank_id = $1 and t.id < $2
  and ($3::text is null or t.kind = $3)
  and ($4::timestamptz is null or t.effective_at >= $4) and ($5::timestamptz is null or t.effective_at < $5)
order by t.id desc limit $6
"""  # noqa: S608 -- ours
_POSTINGS = """
select p.line, u.code, p.amount, f.kind, f.owner, f.expires_on, g.kind, g.owner, g.expires_on
from postings p
join units u on u.bank_id = $1 and u.id = p.unit_id
join accounts f on f.bank_id = $1 and f.id = p.from_account_id
join accounts g on g.bank_id = $1 and g.id = p.to_account_id
where p.bank_id = $1 and p.transaction_id = $2 order by p.line
"""


@dataclass(frozen=True, slots=True)
class Transaction:
    """The head of a transaction; one that was refused has a `refusal` and moved nothing."""

    id: int
    kind: str
    effective_at: datetime
    recorded_at: datetime
    actor: str
    memo: str
    metadata: Mapping[str, object]
    refusal: str | None
    reverses_id: int | None
    resolves_id: int | None
    hold_until: datetime | None
    reversed_by: int | None


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two accounts of a posting."""

    kind: str
    owner: UUID
    expires_on: date | None


@dataclass(frozen=True, slots=True)
class Posting:
    """An amount of a unit from one account to another."""

    line: int
    unit: str
    amount: int
    source: Side
    target: Side


async def transactions(
    tx: ReadTx,
    *,
    before_id: int,
    limit: int,
    kind: str | None = None,
    from_at: datetime | None = None,
    until_at: datetime | None = None,
) -> list[Transaction]:
    """Return transactions, the last decided first, by what took effect from a moment up to before another."""
    rows = await tx.connection.fetch(_PAGE, tx.bank_id, before_id, kind, from_at, until_at, limit)
    return [_transaction(row) for row in rows]


async def transaction_with_postings(
    tx: ReadTx, transaction_id: int
) -> tuple[Transaction, tuple[Posting, ...]]:
    """Return one transaction with all that it moved.

    Raises:
        RefusalError: `unknown_transaction`.
    """
    row = await tx.connection.fetchrow(_ONE, tx.bank_id, transaction_id)
    if row is None:
        raise RefusalError("unknown_transaction")
    postings = tuple(
        Posting(line, unit, amount, Side(*sides[:3]), Side(*sides[3:]))
        for line, unit, amount, *sides in await tx.connection.fetch(_POSTINGS, tx.bank_id, transaction_id)
    )
    return _transaction(row), postings


def _transaction(row: "asyncpg.Record") -> Transaction:
    id_, kind, effective_at, recorded_at, actor, memo, metadata, *rest = row
    return Transaction(id_, kind, effective_at, recorded_at, actor, memo, json.loads(metadata), *rest)
