"""Guardians of minors. A guardianship opens the minor's own to the guardian, and ends at eighteen by itself."""

from datetime import date
from typing import Literal, TypeAlias
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from api.edge import CallerOf
from api.fields import PathId
from api.problems import problems
from api.routers import resource
from ledger.session import ReadTx, WriteTx
from timebank.access import Actor, check_person
from timebank.people import guardianships
from timebank.people.guardianships import Guardianship
from timebank.people.queries import person

router = resource("/people/{person_id}/guardianships", tag="guardianships")

READ, WRITE = "guardianships.read", "guardianships.write"

Relation: TypeAlias = Literal["parent", "grandparent", "sibling", "other"]


class GuardianshipOut(BaseModel):
    """Who guards whom; `until_on` is the first day on which not any more."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    minor_id: UUID
    guardian_id: UUID
    relation: str
    from_on: date
    until_on: date | None


class GuardianshipsOut(BaseModel):
    """The guardianships over and by a person, past ones too."""

    items: list[GuardianshipOut]


class GuardianshipIn(BaseModel):
    """A guardian from today on."""

    model_config = ConfigDict(extra="forbid")

    guardian_id: UUID
    relation: Relation


@router.get("", operation_id="list_guardianships", responses=problems(401, 403, 404))
async def list_guardianships(caller: CallerOf, person_id: UUID) -> GuardianshipsOut:
    """Return who guards a person and whom the person guards."""

    async def work(tx: ReadTx, actor: Actor) -> list[Guardianship]:
        await check_person(tx, actor, READ, person_id, now=caller.now)
        await person(tx, person_id)
        return await guardianships.guardianships_of(tx, person_id)

    found = await caller.read(work)
    return GuardianshipsOut(items=[GuardianshipOut.model_validate(one) for one in found])


@router.post("", operation_id="appoint_guardian", status_code=201, responses=problems(401, 403, 404, 409))
async def appoint_guardian(caller: CallerOf, person_id: UUID, body: GuardianshipIn) -> GuardianshipOut:
    """Record a guardian of a minor, both in reach."""

    async def work(tx: WriteTx, actor: Actor) -> Guardianship:
        await check_person(tx, actor, WRITE, person_id, now=caller.now)
        await check_person(tx, actor, WRITE, body.guardian_id, now=caller.now)
        return await guardianships.appoint_guardian(
            tx,
            caller.service.cipher,
            minor_id=person_id,
            guardian_id=body.guardian_id,
            relation=body.relation,
            today=tx.day(caller.now),
            actor=actor.text,
        )

    return GuardianshipOut.model_validate(
        await caller.write(work, action="guardianships.appoint", subject=str(person_id))
    )


@router.post(
    "/{guardianship_id}/end", operation_id="end_guardianship", responses=problems(401, 403, 404, 409)
)
async def end_guardianship(caller: CallerOf, person_id: UUID, guardianship_id: PathId) -> GuardianshipOut:
    """End a guardianship of a minor before its time."""

    async def work(tx: WriteTx, actor: Actor) -> Guardianship:
        await check_person(tx, actor, WRITE, person_id, now=caller.now)
        return await guardianships.end_guardianship(tx, person_id, guardianship_id, today=tx.day(caller.now))

    return GuardianshipOut.model_validate(
        await caller.write(work, action="guardianships.end", subject=str(person_id))
    )
