"""Role grants: who may do what where, granted and revoked by administrators within their reach."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import Query
from pydantic import BaseModel, ConfigDict, Field

from api.cursors import DEFAULT_LIMIT, Cursor, Limit, Page, after, page
from api.edge import CallerOf
from api.fields import MAX_ID, Id, Instant, PathId
from api.problems import problems
from api.routers import resource
from ledger.session import ReadTx, WriteTx
from timebank.access import Actor, check_person, reach
from timebank.permissions import Role
from timebank.roles.actions import grant_role, revoke_role
from timebank.roles.queries import RoleGrant, role_grants

router = resource(tag="roles")
READ = "roles.read"

InForce = Annotated[bool, Query(description="Only grants that count now.")]


class RoleGrantIn(BaseModel):
    """A role for a person at an organisation, which reaches its subtree."""

    model_config = ConfigDict(extra="forbid")

    person_id: UUID
    role: Role
    organisation_id: Id
    from_at: Instant | None = Field(default=None, description="From now on, if not given.")
    until_at: Instant | None = Field(default=None, description="Until revoked, if not given.")


class RoleGrantOut(BaseModel):
    """A grant; only its end ever changes."""

    model_config = ConfigDict(from_attributes=True)

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


@router.get("/role-grants", operation_id="list_role_grants", responses=problems(401, 403))
async def list_role_grants(
    caller: CallerOf,
    *,
    organisation_id: Annotated[int | None, Query(ge=1, le=MAX_ID)] = None,
    person_id: UUID | None = None,
    role: Role | None = None,
    in_force: InForce = False,
    cursor: Cursor = None,
    limit: Limit = DEFAULT_LIMIT,
) -> Page[RoleGrantOut]:
    """Return the grants at organisations in reach."""
    after_id = after(cursor)

    async def work(tx: ReadTx, actor: Actor) -> list[RoleGrant]:
        return await role_grants(
            tx,
            after_id=after_id,
            limit=limit + 1,
            reach=await reach(tx, actor, READ),
            organisation_id=organisation_id,
            person_id=person_id,
            role=role,
            in_force_at=caller.now if in_force else None,
        )

    return _page(await caller.read(work), limit)


@router.get(
    "/people/{person_id}/role-grants", operation_id="list_roles_of", responses=problems(401, 403, 404)
)
async def list_roles_of(
    caller: CallerOf,
    *,
    person_id: UUID,
    in_force: InForce = False,
    cursor: Cursor = None,
    limit: Limit = DEFAULT_LIMIT,
) -> Page[RoleGrantOut]:
    """Return a person's grants: one's own, or those of a person in reach."""
    after_id = after(cursor)

    async def work(tx: ReadTx, actor: Actor) -> list[RoleGrant]:
        await check_person(tx, actor, READ, person_id, now=caller.now)
        return await role_grants(
            tx,
            after_id=after_id,
            limit=limit + 1,
            person_id=person_id,
            in_force_at=caller.now if in_force else None,
        )

    return _page(await caller.read(work), limit)


@router.post(
    "/role-grants", operation_id="grant_role", status_code=201, responses=problems(401, 403, 404, 409)
)
async def create_role_grant(caller: CallerOf, body: RoleGrantIn) -> RoleGrantOut:
    """Grant a role at an organisation in reach, to anybody but oneself; the person is told."""

    async def work(tx: WriteTx, actor: Actor) -> RoleGrant:
        return await grant_role(
            tx,
            actor,
            person_id=body.person_id,
            role=body.role,
            organisation_id=body.organisation_id,
            from_at=body.from_at,
            until_at=body.until_at,
            now=caller.now,
        )

    granted = await caller.write(work, action="role.grant", subject=lambda grant: str(grant.id))
    return RoleGrantOut.model_validate(granted)


@router.post(
    "/role-grants/{grant_id}/revocation",
    operation_id="revoke_role",
    responses=problems(401, 403, 404, 409),
)
async def create_revocation(caller: CallerOf, grant_id: PathId) -> RoleGrantOut:
    """Revoke a grant in reach; it counts for no request from then on, and the person is told."""

    async def work(tx: WriteTx, actor: Actor) -> RoleGrant:
        return await revoke_role(tx, actor, grant_id=grant_id, now=caller.now)

    return RoleGrantOut.model_validate(await caller.write(work, action="role.revoke", subject=str(grant_id)))


def _page(found: list[RoleGrant], limit: int) -> Page[RoleGrantOut]:
    items, following = page(found, limit, lambda grant: (grant.id,))
    return Page(items=[RoleGrantOut.model_validate(grant) for grant in items], next_cursor=following)
