"""Kinships: spouses and lineal kin, declared by one side or at a worker's desk, confirmed by papers."""

from datetime import datetime
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from api.cursors import DEFAULT_LIMIT, Cursor, Limit, Page, after, page
from api.edge import CallerOf
from api.fields import PathId
from api.problems import problems
from api.routers import resource
from ledger.session import ReadTx, WriteTx
from timebank.access import Actor, check_person
from timebank.kinships.actions import OWN, confirm_kinship, declare_kinship, end_kinship
from timebank.kinships.queries import Kinship, kinships_of
from timebank.policy.spending import Relation

router = resource("/people/{person_id}/kinships", tag="kinships")


class KinshipOut(BaseModel):
    """A kinship as the person of the path sees it: `kin_id` is their `relation`. It holds from confirmed to ended."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    person_id: UUID
    kin_id: UUID
    relation: Relation
    declared_at: datetime
    confirmed_at: datetime | None
    ended_at: datetime | None


class KinshipIn(BaseModel):
    """Who is kin, and what they are to the person of the path."""

    model_config = ConfigDict(extra="forbid")

    kin_id: UUID
    relation: Relation


@router.get("", operation_id="list_kinships", responses=problems(401, 403, 404))
async def list_kinships(
    caller: CallerOf, person_id: UUID, cursor: Cursor = None, limit: Limit = DEFAULT_LIMIT
) -> Page[KinshipOut]:
    """Return a person's kinships, past ones and those not confirmed too."""
    after_id = after(cursor)

    async def work(tx: ReadTx, actor: Actor) -> list[Kinship]:
        await check_person(tx, actor, OWN, person_id, now=caller.now)
        return await kinships_of(tx, person_id, after_id=after_id, limit=limit + 1)

    items, following = page(
        await caller.read_of(person_id, "kinships", OWN, work), limit, lambda one: (one.id,)
    )
    return Page(items=[KinshipOut.model_validate(one) for one in items], next_cursor=following)


@router.post("", operation_id="declare_kinship", status_code=201, responses=problems(401, 403, 404, 409))
async def create_kinship(caller: CallerOf, person_id: UUID, body: KinshipIn) -> KinshipOut:
    """Declare who is kin; a worker has both in reach, and both are told."""

    async def work(tx: WriteTx, actor: Actor) -> Kinship:
        return await declare_kinship(
            tx, actor, person_id=person_id, kin_id=body.kin_id, relation=body.relation, now=caller.now
        )

    declared = await caller.write(work, action="kinships.declare", subject=str(person_id))
    return KinshipOut.model_validate(declared)


@router.post("/{kinship_id}/confirm", operation_id="confirm_kinship", responses=problems(401, 403, 404, 409))
async def confirm(caller: CallerOf, person_id: UUID, kinship_id: PathId) -> KinshipOut:
    """Confirm a kinship, having seen the papers; nobody confirms their own."""

    async def work(tx: WriteTx, actor: Actor) -> Kinship:
        return await confirm_kinship(tx, actor, person_id=person_id, kinship_id=kinship_id, now=caller.now)

    confirmed = await caller.write(work, action="kinships.confirm", subject=str(person_id))
    return KinshipOut.model_validate(confirmed)


@router.post("/{kinship_id}/end", operation_id="end_kinship", responses=problems(401, 403, 404, 409))
async def end(caller: CallerOf, person_id: UUID, kinship_id: PathId) -> KinshipOut:
    """End a kinship; either side may, and nothing is given along it any more."""

    async def work(tx: WriteTx, actor: Actor) -> Kinship:
        return await end_kinship(tx, actor, person_id=person_id, kinship_id=kinship_id, now=caller.now)

    ended = await caller.write(work, action="kinships.end", subject=str(person_id))
    return KinshipOut.model_validate(ended)
