"""Statements: what happened to an account or a wallet, newest first, by pages, with the balance after each line.

Pages are found by key: the next one starts where the last one ended, at the same cost however far back.
"""

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING
from uuid import UUID

from ledger.session import ReadTx
from ledger.values import Place

if TYPE_CHECKING:
    import asyncpg

PAGE_LIMIT = 200

_LOTS = """
select a.id, a.expires_on, a.balance, a.last_seq from accounts a
where a.bank_id = $1 and a.owner = $2 and a.kind = $4
  and a.unit_id = (select u.id from units u where u.bank_id = $1 and u.code = $3)
"""

# The page is cut before its transactions are looked up, one by one: joined, a plan made on the statistics of a young
# table would walk all transactions of the bank instead.
# Parameters stand in subselects, as in `ledger.posting`: a page takes longer to plan than to read.
_PAGE = """
select m.transaction_id, m.line, m.account_id, m.amount, m.seq, m.balance,
  t.kind, t.effective_at, t.recorded_at, t.actor, t.memo, t.metadata::text as metadata{lots}
from (
  select l.* from {places} as a (id, before_seq),
  lateral (
    select * from (
      (select p.transaction_id, p.line, p.to_account_id as account_id, p.amount,
         p.to_seq as seq, p.to_balance as balance
       from postings p where p.bank_id = $1 and p.to_account_id = a.id
         and p.to_seq < a.before_seq and p.to_seq is not null order by p.to_seq desc limit (select $2::bigint))
      union all
      (select p.transaction_id, p.line, p.from_account_id, -p.amount, p.from_seq, p.from_balance
       from postings p where p.bank_id = $1 and p.from_account_id = a.id
         and p.from_seq < a.before_seq and p.from_seq is not null order by p.from_seq desc limit (select $2::bigint))
    ) s order by s.seq desc limit (select $2::bigint)
  ) l
  order by l.transaction_id desc, l.line desc, l.seq desc
  limit (select $2::bigint)
) m,
lateral (select * from transactions t where t.bank_id = $1 and t.id = m.transaction_id offset 0) t
order by m.transaction_id desc, m.line desc, m.seq desc
"""
_LINES = _PAGE.format(lots="", places="unnest((select $3::bigint[]), (select $4::bigint[]))")

# The first page brings its lots along, so that what a phone asks for most is one statement.
_LOTS_OF_PAGE = """
with lots as materialized (
  select a.id, a.expires_on, a.balance, a.last_seq from accounts a
  where a.bank_id = $1 and a.owner = (select $3::uuid) and a.kind = (select $5::text)
    and a.unit_id = (select u.id from units u where u.bank_id = $1 and u.code = (select $4::text))
)
"""
_FIRST_LINES = _LOTS_OF_PAGE + _PAGE.format(
    lots=",\n  array(select row(l.id, l.expires_on, l.balance, l.last_seq) from lots l) as lots",
    places="(select l.id, l.last_seq + 1 from lots l)",
)

_OPEN_LINES = """
select m.transaction_id, m.line, m.amount, m.xact,
  t.kind, t.effective_at, t.recorded_at, t.actor, t.memo, t.metadata::text as metadata
from (
  (select p.transaction_id, p.line, p.amount, p.xact from postings p
   where p.bank_id = $1 and p.to_account_id = $2 and p.to_seq is null
     and (p.xact, p.transaction_id, p.line) < ($3, $4, $5)
   order by p.xact desc, p.transaction_id desc, p.line desc limit $6)
  union all
  (select p.transaction_id, p.line, -p.amount, p.xact from postings p
   where p.bank_id = $1 and p.from_account_id = $2 and p.from_seq is null
     and (p.xact, p.transaction_id, p.line) < ($3, $4, $5)
   order by p.xact desc, p.transaction_id desc, p.line desc limit $6)
) m
join transactions t on t.bank_id = $1 and t.id = m.transaction_id
order by m.xact desc, m.transaction_id desc, m.line desc
limit $6
"""

_ACCOUNT = """
select a.id from accounts a
where a.bank_id = $1 and a.owner = $2 and a.kind = $3
  and a.unit_id = (select u.id from units u where u.bank_id = $1 and u.code = $4)
"""


@dataclass(frozen=True, slots=True)
class StatementLine:
    """One posting as its owner sees it: a signed amount, and the wallet's balance after it.

    `balance` is None on statements of open accounts, which keep no running balance.
    """

    transaction_id: int
    line: int
    kind: str
    amount: int
    balance: int | None
    expires_on: date | None
    effective_at: datetime
    recorded_at: datetime
    actor: str
    memo: str
    metadata: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class StatementPage:
    """A page, newest first; `next` is an opaque cursor, None on the last page."""

    lines: tuple[StatementLine, ...]
    next: str | None


async def wallet_statement(
    tx: ReadTx, owner: UUID, unit: str, *, kind: str = "wallet", cursor: str | None = None, limit: int = 20
) -> StatementPage:
    """Return a page of what moved in all lots of an owner, with the balance of the whole wallet after each.

    Raises:
        ValueError: the cursor is not one of ours.
    """
    limit = max(1, min(limit, PAGE_LIMIT))
    if cursor is None:
        rows = await tx.connection.fetch(_FIRST_LINES, tx.bank_id, limit + 1, owner, unit, kind)
        lots = rows[0]["lots"] if rows else ()
        before = {id_: last_seq + 1 for id_, _, _, last_seq in lots}
        total = sum(balance for _, _, balance, _ in lots)
    else:
        lots = await tx.connection.fetch(_LOTS, tx.bank_id, owner, unit, kind)
        total, *pairs = _decode(cursor)
        known = {id_ for id_, _, _, _ in lots}
        before = {id_: seq for id_, seq in zip(pairs[::2], pairs[1::2], strict=True) if id_ in known}
        rows = await tx.connection.fetch(_LINES, tx.bank_id, limit + 1, list(before), list(before.values()))
    expiry = {id_: expires_on for id_, expires_on, _, _ in lots}
    lines = []
    for row in rows[:limit]:
        lines.append(_line(row, total, expiry[row["account_id"]]))
        total -= row["amount"]
        before[row["account_id"]] = row["seq"]
    following = None
    if len(rows) > limit:
        following = _encode([total, *(part for pair in before.items() for part in pair)])
    return StatementPage(tuple(lines), following)


async def open_statement(
    tx: ReadTx, place: Place, unit: str, *, cursor: str | None = None, limit: int = 20
) -> StatementPage:
    """Return a page of what moved on an open account, newest first.

    Raises:
        ValueError: the cursor is not one of ours.
    """
    limit = max(1, min(limit, PAGE_LIMIT))
    id_ = await tx.connection.fetchval(_ACCOUNT, tx.bank_id, place.owner, place.kind, unit)
    if id_ is None:
        return StatementPage((), None)
    after = _decode(cursor) if cursor else [_LAST, _LAST, _LAST_LINE]
    if len(after) != _PLACE_LENGTH or not 0 <= after[-1] <= _LAST_LINE:
        msg = "not a statement cursor"
        raise ValueError(msg)
    rows = await tx.connection.fetch(_OPEN_LINES, tx.bank_id, id_, *after, limit + 1)
    lines = tuple(_line(row, None, None) for row in rows[:limit])
    following = None
    if len(rows) > limit:
        last = rows[limit - 1]
        following = _encode([last["xact"], last["transaction_id"], last["line"]])
    return StatementPage(lines, following)


def _line(row: "asyncpg.Record", balance: int | None, expires_on: date | None) -> StatementLine:
    return StatementLine(
        row["transaction_id"],
        row["line"],
        row["kind"],
        row["amount"],
        balance,
        expires_on,
        row["effective_at"],
        row["recorded_at"],
        row["actor"],
        row["memo"],
        json.loads(row["metadata"]) if row["metadata"] != "{}" else {},
    )


_LAST, _LAST_LINE = 2**63 - 1, 2**31 - 1
_PLACE_LENGTH = 3


def _encode(numbers: list[int]) -> str:
    return base64.urlsafe_b64encode(",".join(map(str, numbers)).encode()).decode().rstrip("=")


def _decode(cursor: str) -> list[int]:
    padded = cursor + "=" * (-len(cursor) % 4)
    numbers = [int(part) for part in base64.urlsafe_b64decode(padded.encode()).decode().split(",")]
    if len(numbers) % 2 == 0 or any(not -_LAST <= number <= _LAST for number in numbers):
        msg = "not a statement cursor"
        raise ValueError(msg)
    return numbers
