"""Reading notices as the board shows them, masked, and objections as the office does."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING
from uuid import UUID

from ledger.session import ReadTx
from timebank.access import Actor, reach
from timebank.errors import RefusalError
from timebank.notices.objections import contact_field

if TYPE_CHECKING:
    import asyncpg

    from timebank.vault.cipher import Cipher

_COLUMNS = """n.id, n.organisation_id, o.name, n.opened_on, n.closes_on, n.working_days, n.closed_at
from notices n join organisations o on o.bank_id = $1 and o.id = n.organisation_id"""
_ONE = f"select {_COLUMNS} where n.bank_id = $1 and n.id = $2"
_PAGE = f"""
select {_COLUMNS}
where n.bank_id = $1 and n.id < $2 and ($3::bigint is null or n.organisation_id = $3)
  and ($4::date is null or (n.closed_at is null and n.closes_on >= $4)) order by n.id desc limit $5
"""
_COUNTS = """
select l.notice_id, l.state, count(*) as lines from notice_lines l
where l.bank_id = $1 and l.notice_id = any($2::bigint[]) group by l.notice_id, l.state
"""
_LINES = """
select l.line, l.masked_name, l.state, r.minutes, a.name as activity, o.name as organisation,
  coalesce(s.starts_at, a.starts_at) as starts_at
from notice_lines l
join service_records r on r.bank_id = $1 and r.id = l.record_id
join activities a on a.bank_id = $1 and a.id = r.activity_id
left join activity_sessions s on s.bank_id = $1 and s.id = r.session_id
left join organisations o on o.bank_id = $1 and o.id = coalesce(a.organisation_id, a.team_id)
where l.bank_id = $1 and l.notice_id = $2 and l.line > $3 order by l.line limit $4
"""
_OBJECTION = """o.id, o.notice_id, l.line, o.record_id, o.ground, o.raised_by, o.raised_at,
  o.contact_sealed is not null as has_contact, o.decided_at, o.decision, o.reason
from objections o
join notice_lines l on l.bank_id = $1 and l.notice_id = o.notice_id and l.record_id = o.record_id
join notices n on n.bank_id = $1 and n.id = o.notice_id
join service_records r on r.bank_id = $1 and r.id = o.record_id
join activities a on a.bank_id = $1 and a.id = r.activity_id"""
_IN_REACH = """($3::bigint[] is null or a.organisation_id = any($3::bigint[]) or a.team_id = any($3::bigint[])
  or n.organisation_id = any($3::bigint[]))"""
_OBJECTIONS = f"""
select {_OBJECTION} where o.bank_id = $1 and o.id > $2 and {_IN_REACH}
  and ($4::bool is null or (o.decided_at is null) = $4) order by o.id limit $5
"""
_ONE_OBJECTION = f"""
select {_OBJECTION} where o.bank_id = $1 and o.id = $2 and {_IN_REACH}
"""
_CONTACT = "select raised_by, contact_sealed from objections where bank_id = $1 and id = $2"


@dataclass(frozen=True, slots=True)
class Notice:
    """A public notice: whose records, from which day until the end of which; `closed_at` once it was credited."""

    id: int
    organisation_id: int
    organisation: str
    opened_on: date
    closes_on: date
    working_days: int
    closed_at: datetime | None


@dataclass(frozen=True, slots=True)
class Line:
    """A line as everybody may see it: no id of a record or a person."""

    line: int
    name: str
    state: str
    minutes: int
    activity: str
    organisation: str | None
    served_on: date


@dataclass(frozen=True, slots=True)
class RaisedObjection:
    """An objection as the office sees it; how to reach who raised it is asked for by itself."""

    id: int
    notice_id: int
    line: int
    record_id: int
    ground: str
    raised_by: UUID | None
    raised_at: datetime
    has_contact: bool
    decided_at: datetime | None
    decision: str | None
    reason: str | None


async def notice(tx: ReadTx, notice_id: int) -> Notice:
    """Return one notice.

    Raises:
        RefusalError: `unknown_notice`.
    """
    row = await tx.connection.fetchrow(_ONE, tx.bank_id, notice_id)
    if row is None:
        raise RefusalError("unknown_notice")
    return Notice(*row)


async def open_notice_on(tx: ReadTx, notice_id: int, *, day: date) -> Notice:
    """Return one notice that is open on a day: what the board without login shows.

    Raises:
        RefusalError: `unknown_notice`, also if it is over.
    """
    found = await notice(tx, notice_id)
    if found.closed_at is not None or found.closes_on < day:
        raise RefusalError("unknown_notice")
    return found


async def notices(
    tx: ReadTx, *, before_id: int, limit: int, organisation_id: int | None = None, open_on: date | None = None
) -> list[Notice]:
    """Return notices, the newest first: of an organisation, and only those open on a day, if so wished."""
    rows = await tx.connection.fetch(_PAGE, tx.bank_id, before_id, organisation_id, open_on, limit)
    return [Notice(*row) for row in rows]


async def line_counts(tx: ReadTx, notice_id: int) -> dict[str, int]:
    """Return how many lines of a notice are in each state."""
    return (await line_counts_of(tx, [notice_id])).get(notice_id, {})


async def line_counts_of(tx: ReadTx, notice_ids: Sequence[int]) -> dict[int, dict[str, int]]:
    """Return how many lines of notices are in each state, by notice; one without lines is left out."""
    rows = await tx.connection.fetch(_COUNTS, tx.bank_id, list(notice_ids))
    found: dict[int, dict[str, int]] = {}
    for row in rows:
        found.setdefault(row["notice_id"], {})[row["state"]] = row["lines"]
    return found


async def lines(tx: ReadTx, notice_id: int, *, after_line: int, limit: int) -> list[Line]:
    """Return lines of a notice in order."""
    rows = await tx.connection.fetch(_LINES, tx.bank_id, notice_id, after_line, limit)
    return [
        Line(
            row["line"],
            row["masked_name"],
            row["state"],
            row["minutes"],
            row["activity"],
            row["organisation"],
            tx.day(row["starts_at"]),
        )
        for row in rows
    ]


async def objections(
    tx: ReadTx, actor: Actor, *, after_id: int, limit: int, is_open: bool | None = None
) -> list[RaisedObjection]:
    """Return objections in reach by id: those to decide, those decided, or all.

    Raises:
        RefusalError: `forbidden`.
    """
    nodes = await reach(tx, actor, "objections.decide")
    rows = await tx.connection.fetch(_OBJECTIONS, tx.bank_id, after_id, nodes, is_open, limit)
    return [RaisedObjection(*row) for row in rows]


async def objection(tx: ReadTx, actor: Actor, objection_id: int) -> RaisedObjection:
    """Return one objection in reach.

    Raises:
        RefusalError: `forbidden`, `unknown_objection`.
    """
    nodes = await reach(tx, actor, "objections.decide")
    row = await tx.connection.fetchrow(_ONE_OBJECTION, tx.bank_id, objection_id, nodes)
    if row is None:
        raise RefusalError("unknown_objection")
    return RaisedObjection(*row)


async def contact_of(tx: ReadTx, cipher: "Cipher", objection_id: int) -> str | None:
    """Return how to reach who raised an objection; None if they left nothing, or were erased.

    Raises:
        RefusalError: `vault_key_wrong`.
    """
    row: asyncpg.Record | None = await tx.connection.fetchrow(_CONTACT, tx.bank_id, objection_id)
    if row is None or row["contact_sealed"] is None:
        return None
    return cipher.open(tx.bank_id, row["raised_by"], contact_field(objection_id), row["contact_sealed"])
