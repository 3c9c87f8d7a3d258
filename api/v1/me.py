"""Who the caller is, and what they may do where."""

from uuid import UUID

from pydantic import BaseModel

from api.edge import CallerOf
from api.problems import problems
from api.routers import resource
from ledger.session import ReadTx
from timebank.access import Actor, has
from timebank.permissions import PERMISSIONS

router = resource(tag="me")


class GrantOut(BaseModel):
    """A role at an organisation, which reaches its subtree."""

    role: str
    organisation_id: int


class Me(BaseModel):
    """The caller: a person or a device, with roles and permissions. No personal data."""

    bank: str
    session_id: UUID
    person_id: UUID | None
    device_id: UUID | None
    roles: list[GrantOut]
    permissions: list[str]


@router.get("/me", operation_id="me", responses=problems(401))
async def read_me(caller: CallerOf) -> Me:
    """Return who calls, with which roles, and the permissions that come of them."""

    async def work(tx: ReadTx, actor: Actor) -> Me:
        return Me(
            bank=tx.bank_code,
            session_id=caller.claims.session_id,
            person_id=actor.person_id,
            device_id=actor.device_id,
            roles=[GrantOut(role=g.role, organisation_id=g.organisation_id) for g in actor.grants],
            permissions=[name for name in PERMISSIONS if has(actor, name)],
        )

    return await caller.read(work)
