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

from ledger.questions import Question
from ledger.session import ReadTx
from ledger.values import Place

if TYPE_CHECKING:
    import asyncpg

PAGE_LIMIT = 200

# One row, so that the lots come along once and a page is one statement.
# The page is cut before its transactions are looked up, one by one: joined, a plan made on the statistics of a young
# table would walk all transactions of the bank instead.
# Parameters stand in subselects, as in `ledger.posting`: a page takes longer to plan than to read.
_PAGE = """
with unit as materialized (
  select u.id from units u where u.bank_id = $1 and u.code = (select $3::text)
), lots as materialized (
  select a.id, a.expires_on, a.balance, a.last_seq from accounts a
  where a.bank_id = $1 and a.owner = (select $2::uuid) and a.kind = (select $4::text)
    and a.unit_id = (select unit.id from unit)
)
select exists (select from unit) as is_unit,
  array(select row(l.id, l.expires_on, l.balance, l.last_seq) from lots l) as lots,
  array(
    select row(m.account_id, m.seq, m.transaction_id, m.line, t.kind, m.amount,
      t.effective_at, t.recorded_at, t.actor, t.memo, t.metadata::text)
    from (
      select l.* from {places} as a (id, before_seq),
      lateral (
        select * from (
          (select p.transaction_id, p.line, p.to_account_id as account_id, p.amount, p.to_seq as seq
           from postings p where p.bank_id = $1 and p.to_account_id = a.id
             and p.to_seq < a.before_seq and p.to_seq is not null order by p.to_seq desc limit (select $5::bigint))
          union all
          (select p.transaction_id, p.line, p.from_account_id, -p.amount, p.from_seq
           from postings p where p.bank_id = $1 and p.from_account_id = a.id
             and p.from_seq < a.before_seq and p.from_seq is not null
           order by p.from_seq desc limit (select $5::bigint))
        ) s order by s.seq desc limit (select $5::bigint)
      ) l
      order by l.transaction_id desc, l.line desc, l.seq desc
      limit (select $5::bigint)
    ) m,
    lateral (
      select t.kind, t.effective_at, t.recorded_at, t.actor, t.memo, t.metadata
      from transactions t where t.bank_id = $1 and t.id = m.transaction_id offset 0
    ) t
    order by m.transaction_id desc, m.line desc, m.seq desc
  ) as lines
"""
_FIRST_PAGE = _PAGE.format(places="(select lots.id, lots.last_seq + 1 from lots)")
_PAGE_BEFORE = _PAGE.format(
    places="(select lots.id, b.seq from lots join unnest((select $6::bigint[]), (select $7::bigint[]))"
    " as b (id, seq) on b.id = lots.id)"
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
    page = await wallet_page(unit, kind=kind, cursor=cursor, limit=limit).ask(tx, owner)
    return page or StatementPage((), None)


def wallet_page(
    unit: str, *, kind: str = "wallet", cursor: str | None = None, limit: int = 20
) -> Question[StatementPage | None]:
    """Ask for a page as `wallet_statement` returns it; the answer is None if there is no such unit.

    Raises:
        ValueError: the cursor is not one of ours.
    """
    limit = max(1, min(limit, PAGE_LIMIT))
    if cursor is None:
        return Question(_FIRST_PAGE, (unit, kind, limit + 1), lambda rows: _page(rows[0], limit))
    total, *pairs = _decode(cursor)
    before = dict(zip(pairs[::2], pairs[1::2], strict=True))
    return Question(
        _PAGE_BEFORE,
        (unit, kind, limit + 1, list(before), list(before.values())),
        lambda rows: _page(rows[0], limit, (total, before)),
    )


def _page(
    row: "asyncpg.Record", limit: int, end: tuple[int, Mapping[int, int]] | None = None
) -> StatementPage | None:
    """Return the page in a row; `end` is where the page before it ended: the balance, and the number in each lot."""
    is_unit, lots, rows = row
    if not is_unit:
        return None
    expiry = {id_: expires_on for id_, expires_on, _, _ in lots}
    if end is None:
        total = sum(balance for _, _, balance, _ in lots)
        before = {id_: last_seq + 1 for id_, _, _, last_seq in lots}
    else:
        total, before = end[0], {id_: seq for id_, seq in end[1].items() if id_ in expiry}
    lines = []
    for lot, seq, id_, line, kind, amount, effective_at, recorded_at, actor, memo, metadata in rows[:limit]:
        lines.append(
            StatementLine(
                id_,
                line,
                kind,
                amount,
                total,
                expiry[lot],
                effective_at,
                recorded_at,
                actor,
                memo,
                _metadata(metadata),
            )
        )
        total -= amount
        before[lot] = seq
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
    lines = tuple(_open_line(row) for row in rows[:limit])
    following = None
    if len(rows) > limit:
        last = rows[limit - 1]
        following = _encode([last["xact"], last["transaction_id"], last["line"]])
    return StatementPage(lines, following)


def _open_line(row: "asyncpg.Record") -> StatementLine:
    return StatementLine(
        row["transaction_id"],
        row["line"],
        row["kind"],
        row["amount"],
        None,
        None,
        row["effective_at"],
        row["recorded_at"],
        row["actor"],
        row["memo"],
        _metadata(row["metadata"]),
    )


def _metadata(text: str) -> Mapping[str, object]:
    return json.loads(text) if text != "{}" else {}


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
