"""Where a person belongs: homes, teams, work units and the reports of party members, dated."""

from datetime import date
from typing import Literal, TypeAlias
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from api.edge import CallerOf
from api.fields import Day, Id, PathId
from api.problems import problems
from api.routers import resource
from ledger.session import ReadTx, WriteTx
from timebank.access import Actor, check_organisation, check_person
from timebank.organisations.rules import WORK_UNIT
from timebank.people import memberships
from timebank.people.memberships import Membership
from timebank.people.queries import person
from timebank.people.rules import PARTY_UNIT, has_reported

router = resource("/people/{person_id}/memberships", tag="memberships")

READ, WRITE = "memberships.read", "memberships.write"
ELSEWHERE = frozenset({WORK_UNIT, PARTY_UNIT})
"""Where one works may lie anywhere in the bank; the other kinds are at organisations in reach."""

Kind: TypeAlias = Literal["residence", "team", "work_unit", "party_unit", "party_community"]


class MembershipOut(BaseModel):
    """A membership; `until_on` is the first day on which it does not hold any more."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    organisation_id: int
    kind: Kind
    from_on: date
    until_on: date | None


class MembershipsOut(BaseModel):
    """All memberships a person has and had; `has_reported`: at the work unit and at the community (双报到)."""

    items: list[MembershipOut]
    has_reported: bool


class MembershipIn(BaseModel):
    """A new membership, from today if no day is named."""

    model_config = ConfigDict(extra="forbid")

    organisation_id: Id
    kind: Kind
    from_on: Day | None = None


class MembershipEnd(BaseModel):
    """The first day on which it does not hold any more; today if none is named."""

    model_config = ConfigDict(extra="forbid")

    until_on: Day | None = None


@router.get("", operation_id="list_memberships", responses=problems(401, 403, 404))
async def list_memberships(caller: CallerOf, person_id: UUID) -> MembershipsOut:
    """Return where a person belongs and belonged, in the order in which it was recorded."""

    async def work(tx: ReadTx, actor: Actor) -> list[Membership]:
        await check_person(tx, actor, READ, person_id, now=caller.now)
        await person(tx, person_id)
        return await memberships.memberships_of(tx, person_id)

    found = await caller.read(work)
    return MembershipsOut(
        items=[MembershipOut.model_validate(one) for one in found],
        has_reported=has_reported([one.kind for one in found if one.until_on is None]),
    )


@router.post("", operation_id="join_organisation", status_code=201, responses=problems(401, 403, 404, 409))
async def join_organisation(caller: CallerOf, person_id: UUID, body: MembershipIn) -> MembershipOut:
    """Record that a person belongs to an organisation; a new home, work unit or report ends the one before."""

    async def work(tx: WriteTx, actor: Actor) -> Membership:
        await check_person(tx, actor, WRITE, person_id, now=caller.now)
        if body.kind not in ELSEWHERE:
            await check_organisation(tx, actor, WRITE, body.organisation_id)
        today = tx.day(caller.now)
        return await memberships.join(
            tx,
            person_id,
            organisation_id=body.organisation_id,
            kind=body.kind,
            from_on=body.from_on or today,
            today=today,
            actor=actor.text,
        )

    return MembershipOut.model_validate(
        await caller.write(work, action="memberships.join", subject=str(person_id))
    )


@router.post(
    "/{membership_id}/end", operation_id="leave_organisation", responses=problems(401, 403, 404, 409)
)
async def leave_organisation(
    caller: CallerOf, person_id: UUID, membership_id: PathId, body: MembershipEnd
) -> MembershipOut:
    """End a membership."""

    async def work(tx: WriteTx, actor: Actor) -> Membership:
        await check_person(tx, actor, WRITE, person_id, now=caller.now)
        today = tx.day(caller.now)
        return await memberships.leave(
            tx, person_id, membership_id, until_on=body.until_on or today, today=today
        )

    return MembershipOut.model_validate(
        await caller.write(work, action="memberships.leave", subject=str(person_id))
    )
