"""Reading the tree of organisations, as it is and as it was on a day."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from ledger.session import ReadTx
from timebank.errors import RefusalError

_COLUMNS = "o.id, o.code, o.name, o.level, o.parent_id, o.opened_on, o.closed_on, o.version"

_ONE = f"select {_COLUMNS} from organisations o where o.bank_id = $1 and o.id = $2"  # noqa: S608 -- columns only

# The first move after a day says where it stood on that day; without one it stands there still.
PARENT_ON = """
  select case when m.moved then m.from_parent_id else o.parent_id end as id
  from (select 1) as one left join lateral (
    select true as moved, x.from_parent_id from organisation_moves x
    where x.bank_id = $1 and x.organisation_id = o.id and x.moved_on > {day} order by x.id limit 1
  ) m on true
"""
_OPEN_ON = "(o.opened_on is null or o.opened_on <= {day}) and (o.closed_on is null or o.closed_on > {day})"

_LIST = f"""
select o.id, o.code, o.name, o.level, p.id as parent_id, o.opened_on, o.closed_on, o.version
from organisations o cross join lateral ({PARENT_ON.format(day="$2")}) p
where o.bank_id = $1 and o.id > $3 and ($4::text is null or o.level = $4)
  and ($5::bigint is null or p.id = $5) and ($6 or ({_OPEN_ON.format(day="$2")}))
order by o.id limit $7
"""  # noqa: S608 -- made of the module's own words

_SUBTREE = f"""
with recursive placed as materialized (
  select o.id, o.code, o.name, o.level, p.id as parent_id, o.opened_on, o.closed_on, o.version
  from organisations o cross join lateral ({PARENT_ON.format(day="$3")}) p
  where o.bank_id = $1 and {_OPEN_ON.format(day="$3")}
), down (id, depth) as (
  select o.id, 0::bigint from placed o where o.id = $2
  union all
  select o.id, down.depth + 1 from placed o join down on o.parent_id = down.id
)
select o.*, down.depth from down join placed o on o.id = down.id where down.id > $4 order by down.id limit $5
"""  # noqa: S608 -- made of the module's own words

_ANCESTORS = f"""
with recursive up (id, height) as (
  select p.id, 1 from organisations o cross join lateral ({PARENT_ON.format(day="$3")}) p
  where o.bank_id = $1 and o.id = $2
  union all
  select p.id, up.height + 1
  from up join organisations o on o.bank_id = $1 and o.id = up.id
  cross join lateral ({PARENT_ON.format(day="$3")}) p
)
select o.id, o.code, o.name, o.level, p.id as parent_id, o.opened_on, o.closed_on, o.version
from up join organisations o on o.bank_id = $1 and o.id = up.id
cross join lateral ({PARENT_ON.format(day="$3")}) p
order by up.height desc
"""  # noqa: S608 -- made of the module's own words

_MOVES = """
select id, from_parent_id, to_parent_id, moved_on, recorded_at from organisation_moves
where bank_id = $1 and organisation_id = $2 and id > $3 order by id limit $4
"""


_NAMES = """
select o.id, o.name from organisations o
where o.bank_id = $1 and ($2::bigint[] is null or o.id = any($2)) order by o.id limit $3
"""
MOST_NAMES = 2_000


@dataclass(frozen=True, slots=True)
class Organisation:
    """A node of the tree; `closed_on` is the first day on which it is closed, `version` counts its changes."""

    id: int
    code: str
    name: str
    level: str
    parent_id: int | None
    opened_on: date | None
    closed_on: date | None
    version: int


@dataclass(frozen=True, slots=True)
class Placed:
    """A node of a subtree and how far below its top it stands."""

    organisation: Organisation
    depth: int


@dataclass(frozen=True, slots=True)
class Move:
    """That an organisation changed its parent, on which day, and when that was recorded."""

    id: int
    from_parent_id: int | None
    to_parent_id: int | None
    moved_on: date
    recorded_at: datetime


@dataclass(frozen=True, slots=True)
class Filter:
    """Which organisations: as of a day, of a level, below a parent, and whether those closed on that day too."""

    on: date
    level: str | None = None
    parent_id: int | None = None
    closed_too: bool = False


async def organisation(tx: ReadTx, organisation_id: int) -> Organisation:
    """Return one organisation as it is.

    Raises:
        RefusalError: `unknown_organisation`.
    """
    row = await tx.connection.fetchrow(_ONE, tx.bank_id, organisation_id)
    if row is None:
        raise RefusalError("unknown_organisation")
    return Organisation(*row)


async def check_open(tx: ReadTx, organisation_id: int, day: date) -> None:
    """Refuse what begins at an organisation that is closed on that day.

    Raises:
        RefusalError: `unknown_organisation`, `organisation_closed`.
    """
    found = await organisation(tx, organisation_id)
    if found.closed_on is not None and found.closed_on <= day:
        raise RefusalError("organisation_closed")


async def organisations(tx: ReadTx, wanted: Filter, *, after: int, limit: int) -> list[Organisation]:
    """Return a page of the organisations, in order of id, with the parents they had on that day."""
    rows = await tx.connection.fetch(
        _LIST, tx.bank_id, wanted.on, after, wanted.level, wanted.parent_id, wanted.closed_too, limit
    )
    return [Organisation(*row) for row in rows]


async def subtree(tx: ReadTx, organisation_id: int, *, on: date, after: int, limit: int) -> list[Placed]:
    """Return a page of an organisation and all below it that were open on a day, in order of id."""
    rows = await tx.connection.fetch(_SUBTREE, tx.bank_id, organisation_id, on, after, limit)
    return [Placed(Organisation(*columns), depth) for *columns, depth in rows]


async def ancestors(tx: ReadTx, organisation_id: int, *, on: date) -> list[Organisation]:
    """Return the organisations above one on a day, from the top down."""
    rows = await tx.connection.fetch(_ANCESTORS, tx.bank_id, organisation_id, on)
    return [Organisation(*row) for row in rows]


async def moves(tx: ReadTx, organisation_id: int, *, after: int, limit: int) -> list[Move]:
    """Return a page of an organisation's moves, the first one first."""
    rows = await tx.connection.fetch(_MOVES, tx.bank_id, organisation_id, after, limit)
    return [Move(*row) for row in rows]


async def names_of(tx: ReadTx, ids: Sequence[int] | None) -> dict[int, str]:
    """Return what organisations are called, by id; of None, all of the bank."""
    wanted = None if ids is None else list(ids)
    rows = await tx.connection.fetch(_NAMES, tx.bank_id, wanted, MOST_NAMES)
    return {row["id"]: row["name"] for row in rows}
