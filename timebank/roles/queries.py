"""Reading grants: who has which role where, now and before."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from ledger.session import ReadTx
from timebank.errors import RefusalError
from timebank.permissions import Role

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
