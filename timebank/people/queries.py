"""Reading people: what the registers know of one, and lists that show nobody's name in full."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING
from uuid import UUID

from ledger.session import ReadTx
from timebank.errors import RefusalError
from timebank.people.rules import BORN_ON, NAME, masked
from timebank.vault.cipher import Cipher

if TYPE_CHECKING:
    import asyncpg

_COLUMNS = """
p.id, p.version, v.code, v.organisation_id, v.team_id, v.is_party_member, v.registered_on
from people p left join volunteers v on v.bank_id = $1 and v.owner = p.id
"""
_ONE = f"select {_COLUMNS} where p.bank_id = $1 and p.id = $2 and p.erased_at is null"
_ALL = f"""
select {_COLUMNS} where p.bank_id = $1 and p.id > $2 and p.erased_at is null order by p.id limit $3
"""
_SOME = f"""
select {_COLUMNS} where p.bank_id = $1 and p.id = any($2::uuid[]) and p.erased_at is null order by p.id
"""
_WITHIN = f"""
with recursive down (id) as (
  select o.id from organisations o where o.bank_id = $1 and o.id = any($4::bigint[])
  union
  select o.id from organisations o join down on o.parent_id = down.id where o.bank_id = $1
), near (id) as (
  select v.owner from down join volunteers v on v.bank_id = $1 and v.organisation_id = down.id where v.owner > $2
  union
  select v.owner from down join volunteers v on v.bank_id = $1 and v.team_id = down.id where v.owner > $2
  union
  select m.person_id from down join memberships m on m.bank_id = $1 and m.organisation_id = down.id
  where m.until_on is null and m.person_id > $2
)
select {_COLUMNS} join near on near.id = p.id where p.bank_id = $1 and p.erased_at is null order by p.id limit $3
"""  # noqa: S608 -- columns only
_FIELD = "select subject, sealed from vault where bank_id = $1 and field = $2 and subject = any($3::uuid[])"


@dataclass(frozen=True, slots=True)
class Volunteer:
    """What the register of volunteers knows of a person."""

    code: str
    organisation_id: int | None
    team_id: int | None
    is_party_member: bool
    registered_on: date | None


@dataclass(frozen=True, slots=True)
class Person:
    """A person without anything personal; `version` counts the changes."""

    id: UUID
    version: int
    volunteer: Volunteer | None


async def person(tx: ReadTx, person_id: UUID) -> Person:
    """Return one person, who was not erased.

    Raises:
        RefusalError: `unknown_person`.
    """
    row = await tx.connection.fetchrow(_ONE, tx.bank_id, person_id)
    if row is None:
        raise RefusalError("unknown_person")
    return _person(row)


async def people(tx: ReadTx, *, within: Sequence[int] | None, after: UUID, limit: int) -> list[Person]:
    """Return a page of people in order of id: of the organisations and all below them, or of the whole bank."""
    if within is None:
        rows = await tx.connection.fetch(_ALL, tx.bank_id, after, limit)
    else:
        rows = await tx.connection.fetch(_WITHIN, tx.bank_id, after, limit, within)
    return [_person(row) for row in rows]


async def some_people(tx: ReadTx, ids: Sequence[UUID]) -> list[Person]:
    """Return those of the people who are there, in order of id."""
    return [_person(row) for row in await tx.connection.fetch(_SOME, tx.bank_id, ids)]


async def birth_dates(tx: ReadTx, cipher: Cipher, ids: Sequence[UUID]) -> dict[UUID, date]:
    """Return when each person was born; who has no birth date in the vault is missing.

    Raises:
        RefusalError: `vault_key_wrong`.
    """
    rows = await tx.connection.fetch(_FIELD, tx.bank_id, BORN_ON, ids)
    return {
        row["subject"]: date.fromisoformat(cipher.open(tx.bank_id, row["subject"], BORN_ON, row["sealed"]))
        for row in rows
    }


async def masked_names(
    tx: ReadTx, cipher: Cipher, ids: Sequence[UUID], *, mask: Callable[[str], str] = masked
) -> dict[UUID, str]:
    """Return each person's masked name; who has none in the vault is missing.

    Raises:
        RefusalError: `vault_key_wrong`.
    """
    rows = await tx.connection.fetch(_FIELD, tx.bank_id, NAME, ids)
    return {
        row["subject"]: mask(cipher.open(tx.bank_id, row["subject"], NAME, row["sealed"])) for row in rows
    }


def _person(row: "asyncpg.Record") -> Person:
    volunteer = Volunteer(
        row["code"], row["organisation_id"], row["team_id"], row["is_party_member"], row["registered_on"]
    )
    return Person(row["id"], row["version"], volunteer if row["code"] is not None else None)
