"""Reading what people agreed to, and who looked at whom."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID

from ledger.session import ReadTx
from timebank.errors import RefusalError
from timebank.privacy.rules import Purpose

if TYPE_CHECKING:
    import asyncpg

_DECLARED = "c.id, c.purpose, c.is_given, c.text_version, c.declared_by, c.recorded_at"
_LAST = f"""
select {_DECLARED} from unnest($3::text[]) with ordinality as x (purpose, place), lateral (
  select * from consents c where c.bank_id = $1 and c.person_id = $2 and c.purpose = x.purpose
  order by c.id desc limit 1
) c order by x.place
"""  # noqa: S608 -- columns are a constant of ours
_HISTORY = f"""
select {_DECLARED} from consents c where c.bank_id = $1 and c.person_id = $2 and c.id > $3 order by c.id limit $4
"""  # noqa: S608 -- the same
_CONSENTING = """
select x.id from unnest($2::uuid[]) as x (id), lateral (
  select c.is_given from consents c where c.bank_id = $1 and c.person_id = x.id and c.purpose = $3
  order by c.id desc limit 1) c
where c.is_given
"""
_PERSON = "select true from people where bank_id = $1 and id = $2"

# The roles that the viewer had at that moment, not those of today.
_SEEN = """
select l.id, l.viewer_id, l.device_id, l.subject_id, l.purpose, l.fields, l.looked_at,
  l.viewer_id is not distinct from l.subject_id as is_own,
  array(select row(g.role, o.id, o.name)
    from role_grants g join organisations o on o.bank_id = $1 and o.id = g.organisation_id
    where g.bank_id = $1 and g.person_id = l.viewer_id and g.from_at <= l.looked_at
      and (g.until_at is null or g.until_at > l.looked_at) and (g.revoked_at is null or g.revoked_at > l.looked_at)
    order by g.id) || array(select row(d.kind, o.id, o.name)
    from devices d join organisations o on o.bank_id = $1 and o.id = d.organisation_id
    where d.bank_id = $1 and d.id = l.device_id) as roles
from look_ups l
"""
_SEEN_OF = f"{_SEEN} where l.bank_id = $1 and l.subject_id = $2 and l.id < $3 order by l.id desc limit $4"
_SEEN_ALL = f"""
{_SEEN} where l.bank_id = $1 and l.id < $2
  and ($4::uuid is null or l.subject_id = $4) and ($5::uuid is null or l.viewer_id = $5)
  and ($6::text is null or l.purpose = $6)
  and ($7::timestamptz is null or l.looked_at >= $7) and ($8::timestamptz is null or l.looked_at < $8)
order by l.id desc limit $3
"""


@dataclass(frozen=True, slots=True)
class Declaration:
    """That somebody gave or withdrew a person's consent to one purpose, to the words of a version."""

    id: int
    purpose: Purpose
    is_given: bool
    text_version: str
    declared_by: UUID
    recorded_at: datetime


@dataclass(frozen=True, slots=True)
class ViewerRole:
    """What the viewer was when they looked, and where."""

    role: str
    organisation_id: int
    organisation: str


@dataclass(frozen=True, slots=True)
class LookUp:
    """That somebody saw fields of a person. `is_own` if it was the person; without roles it was who acts for them."""

    id: int
    viewer_id: UUID | None
    device_id: UUID | None
    subject_id: UUID
    purpose: str
    fields: tuple[str, ...]
    looked_at: datetime
    is_own: bool
    roles: tuple[ViewerRole, ...]


@dataclass(frozen=True, slots=True)
class LookUpFilter:
    """Which look-ups are asked for; None asks for any."""

    subject_id: UUID | None = None
    viewer_id: UUID | None = None
    purpose: str | None = None
    since: datetime | None = None
    before: datetime | None = None


async def check_person_known(tx: ReadTx, person_id: UUID) -> None:
    """Refuse who is not there.

    Raises:
        RefusalError: `unknown_person`.
    """
    if not await tx.connection.fetchval(_PERSON, tx.bank_id, person_id):
        raise RefusalError("unknown_person")


async def has_consent(tx: ReadTx, person_id: UUID, purpose: Purpose) -> bool:
    """Tell whether the last word on a purpose is yes; who never said anything has not agreed."""
    found = await _last(tx, person_id, [purpose])
    return bool(found) and found[0].is_given


async def consents_of(tx: ReadTx, person_id: UUID) -> list[Declaration]:
    """Return the last declaration on each purpose that there is one on."""
    return await _last(tx, person_id, list(Purpose))


async def declarations_of(tx: ReadTx, person_id: UUID, *, after: int, limit: int) -> list[Declaration]:
    """Return up to `limit` declarations after an id, oldest first."""
    return [
        _declaration(row) for row in await tx.connection.fetch(_HISTORY, tx.bank_id, person_id, after, limit)
    ]


async def look_ups_of(tx: ReadTx, subject_id: UUID, *, before: int, limit: int) -> list[LookUp]:
    """Return up to `limit` looks at a person before an id, newest first."""
    return _look_ups(await tx.connection.fetch(_SEEN_OF, tx.bank_id, subject_id, before, limit))


async def look_ups(tx: ReadTx, wanted: LookUpFilter, *, before: int, limit: int) -> list[LookUp]:
    """Return up to `limit` looks of the whole bank before an id, newest first."""
    return _look_ups(
        await tx.connection.fetch(
            _SEEN_ALL,
            tx.bank_id,
            before,
            limit,
            wanted.subject_id,
            wanted.viewer_id,
            wanted.purpose,
            wanted.since,
            wanted.before,
        )
    )


async def _last(tx: ReadTx, person_id: UUID, purposes: list[Purpose]) -> list[Declaration]:
    return [_declaration(row) for row in await tx.connection.fetch(_LAST, tx.bank_id, person_id, purposes)]


def _declaration(row: "asyncpg.Record") -> Declaration:
    return Declaration(
        row["id"],
        Purpose(row["purpose"]),
        row["is_given"],
        row["text_version"],
        row["declared_by"],
        row["recorded_at"],
    )


def _look_ups(rows: "Sequence[asyncpg.Record]") -> list[LookUp]:
    return [
        LookUp(
            row["id"],
            row["viewer_id"],
            row["device_id"],
            row["subject_id"],
            row["purpose"],
            tuple(row["fields"]),
            row["looked_at"],
            row["is_own"],
            tuple(ViewerRole(*role) for role in row["roles"]),
        )
        for row in rows
    ]


async def consenting(tx: ReadTx, people: Collection[UUID], purpose: Purpose) -> set[UUID]:
    """Return those of some people who agree to a purpose now."""
    rows = await tx.connection.fetch(_CONSENTING, tx.bank_id, sorted(people), purpose)
    return {row["id"] for row in rows}
