"""Reading merchants, what was entered about them, and who accepts for them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID

from ledger.session import ReadTx
from timebank.errors import RefusalError
from timebank.merchants.rules import State

if TYPE_CHECKING:
    import asyncpg

_COLUMNS = """m.id, m.organisation_id, m.owner, m.name, m.category, m.address, m.licence, m.state, m.created_at,
  m.version"""
_ONE = f"select {_COLUMNS} from merchants m where m.bank_id = $1 and m.id = $2"  # noqa: S608 -- columns only
_LIST = f"""
select {_COLUMNS} from merchants m
where m.bank_id = $1 and m.id > $2 and ($3::bigint[] is null or m.organisation_id = any($3))
  and m.state = $4 and ($5::text is null or m.category = $5)
order by m.id limit $6
"""  # noqa: S608 -- columns only
_OF_STAFF = f"""
select {_COLUMNS} from merchant_staff s
join merchants m on m.bank_id = $1 and m.id = s.merchant_id
where s.bank_id = $1 and s.person_id = $2 and s.merchant_id > $4 and s.since_at <= $3
  and (s.until_at is null or s.until_at > $3)
order by s.merchant_id limit $5
"""  # noqa: S608 -- columns only
_COUNTS = """
select m.state, count(*)::bigint from merchants m
where m.bank_id = $1 and ($2::bigint[] is null or m.organisation_id = any($2)) group by m.state
"""
_ENTRIES = """
select e.id, e.kind, e.reason, e.actor, e.entered_at from merchant_entries e
where e.bank_id = $1 and e.merchant_id = $2 and e.id > $3 order by e.id limit $4
"""
_STAFF = """
select s.person_id, s.since_at, s.until_at, s.added_by from merchant_staff s
where s.bank_id = $1 and s.merchant_id = $2 order by s.since_at, s.person_id limit $3
"""
MAX_STAFF = 200
"""So many of a merchant are listed; no corner shop has more."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What a merchant says of itself when it applies; `licence` is the number of its business licence."""

    organisation_id: int
    name: str
    category: str
    address: str
    licence: str


@dataclass(frozen=True, slots=True)
class Merchant:
    """A merchant of the whitelist; `owner` is its name in the ledger."""

    id: int
    organisation_id: int
    owner: UUID
    name: str
    category: str
    address: str
    licence: str
    state: State
    created_at: datetime
    version: int


@dataclass(frozen=True, slots=True)
class Entry:
    """A step of a merchant: what, why, by whom and when."""

    id: int
    kind: str
    reason: str
    actor: str
    entered_at: datetime


@dataclass(frozen=True, slots=True)
class StaffMember:
    """Somebody who accepts, or accepted, for a merchant."""

    person_id: UUID
    since_at: datetime
    until_at: datetime | None
    added_by: str


@dataclass(frozen=True, slots=True)
class Filter:
    """Which merchants: in a state, of some organisations (None: all), of a category."""

    state: State = "active"
    organisations: Sequence[int] | None = None
    category: str | None = None


async def merchant(tx: ReadTx, merchant_id: int) -> Merchant:
    """Return one merchant as it is.

    Raises:
        RefusalError: `unknown_merchant`.
    """
    row = await tx.connection.fetchrow(_ONE, tx.bank_id, merchant_id)
    if row is None:
        raise RefusalError("unknown_merchant")
    return _merchant(row)


async def merchants(tx: ReadTx, wanted: Filter, *, after: int, limit: int) -> list[Merchant]:
    """Return a page of the merchants, in order of id."""
    organisations = None if wanted.organisations is None else list(wanted.organisations)
    rows = await tx.connection.fetch(
        _LIST, tx.bank_id, after, organisations, wanted.state, wanted.category, limit
    )
    return [_merchant(row) for row in rows]


async def merchant_counts(tx: ReadTx, organisations: Sequence[int] | None) -> dict[str, int]:
    """Return how many merchants of some organisations, or of all, are in each state."""
    within = None if organisations is None else list(organisations)
    return {row[0]: row[1] for row in await tx.connection.fetch(_COUNTS, tx.bank_id, within)}


async def merchants_of_staff(
    tx: ReadTx, person_id: UUID, *, now: datetime, after: int, limit: int
) -> list[Merchant]:
    """Return the merchants that a person accepts for at a moment, in order of id."""
    rows = await tx.connection.fetch(_OF_STAFF, tx.bank_id, person_id, now, after, limit)
    return [_merchant(row) for row in rows]


async def entries_of(tx: ReadTx, merchant_id: int, *, after: int, limit: int) -> list[Entry]:
    """Return what was entered about a merchant, in order."""
    rows = await tx.connection.fetch(_ENTRIES, tx.bank_id, merchant_id, after, limit)
    return [Entry(*row) for row in rows]


async def staff_of(tx: ReadTx, merchant_id: int) -> list[StaffMember]:
    """Return who accepts and accepted for a merchant, in the order they came."""
    rows = await tx.connection.fetch(_STAFF, tx.bank_id, merchant_id, MAX_STAFF)
    return [StaffMember(*row) for row in rows]


def _merchant(row: "asyncpg.Record") -> Merchant:
    return Merchant(*row)
