"""Reading grants: who has which role where, now and before."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from ledger.session import ReadTx
from timebank.errors import RefusalError
from timebank.permissions import PERMISSIONS, Role

COLUMNS = """g.id, g.person_id, g.role, g.organisation_id, g.from_at, g.until_at, g.granted_by, g.granted_at,
  g.revoked_at, g.revoked_by"""

_ONE = f"select {COLUMNS} from role_grants g where g.bank_id = $1 and g.id = $2"  # noqa: S608 -- ours
_PAGE = f"""
select {COLUMNS} from role_grants g
where g.bank_id = $1 and g.id > $2
  and ($3::bigint[] is null or g.organisation_id = any($3::bigint[]))
  and ($4::bigint is null or g.organisation_id = $4)
  and ($5::uuid is null or g.person_id = $5)
  and ($6::text is null or g.role = $6)
  and ($7::timestamptz is null or (g.revoked_at is null and g.from_at <= $7
    and (g.until_at is null or g.until_at > $7)))
order by g.id limit $8
"""  # noqa: S608 -- ours
# Whose role reaches the organisation at that moment.
_REACHES = """
with recursive up (id, parent_id) as (
  select o.id, o.parent_id from organisations o where o.bank_id = $1 and o.id = $2
  union
  select o.id, o.parent_id from organisations o join up on o.id = up.parent_id where o.bank_id = $1
)
select exists (select from role_grants g join up on up.id = g.organisation_id
  where g.bank_id = $1 and g.person_id = $3 and g.role = any($4::text[]) and g.revoked_at is null
    and g.from_at <= $5 and (g.until_at is null or g.until_at > $5))
"""
_ABOVE = """
with recursive up (id, parent_id) as (
  select o.id, o.parent_id from organisations o where o.bank_id = $1 and o.id = any($2::bigint[])
  union
  select o.id, o.parent_id from organisations o join up on o.id = up.parent_id where o.bank_id = $1
)
select distinct g.person_id from up
join role_grants g on g.bank_id = $1 and g.organisation_id = up.id
where g.role = $3 and g.revoked_at is null and g.from_at <= $4 and (g.until_at is null or g.until_at > $4)
"""


@dataclass(frozen=True, slots=True)
class RoleGrant:
    """A role at an organisation, from when to when, and who gave and took it."""

    id: int
    person_id: UUID
    role: str
    organisation_id: int
    from_at: datetime
    until_at: datetime | None
    granted_by: str
    granted_at: datetime
    revoked_at: datetime | None
    revoked_by: str | None


async def role_grant(tx: ReadTx, grant_id: int) -> RoleGrant:
    """Return one grant.

    Raises:
        RefusalError: `unknown_grant`.
    """
    row = await tx.connection.fetchrow(_ONE, tx.bank_id, grant_id)
    if row is None:
        raise RefusalError("unknown_grant")
    return RoleGrant(*row)


async def role_grants(  # noqa: PLR0913 -- each is a filter
    tx: ReadTx,
    *,
    after_id: int,
    limit: int,
    reach: Sequence[int] | None = None,
    organisation_id: int | None = None,
    person_id: UUID | None = None,
    role: Role | None = None,
    in_force_at: datetime | None = None,
) -> list[RoleGrant]:
    """Return grants by id, from after one; `reach` are the organisations to be seen, None for all."""
    rows = await tx.connection.fetch(
        _PAGE, tx.bank_id, after_id, reach, organisation_id, person_id, role, in_force_at, limit
    )
    return [RoleGrant(*row) for row in rows]


async def may_at(
    tx: ReadTx, person_id: UUID, permission: str, organisation_id: int, *, now: datetime
) -> bool:
    """Tell whether one of a person's roles carries a permission at an organisation at that moment."""
    roles = [str(role) for role in PERMISSIONS[permission].roles]
    found: bool = await tx.connection.fetchval(_REACHES, tx.bank_id, organisation_id, person_id, roles, now)
    return found


async def who_reaches(
    tx: ReadTx, role: Role, organisation_ids: Collection[int], *, now: datetime
) -> list[UUID]:
    """Return who has a role at that moment that reaches one of some organisations: those who are told of something."""
    rows = await tx.connection.fetch(_ABOVE, tx.bank_id, sorted(set(organisation_ids)), role, now)
    return [row["person_id"] for row in rows]
