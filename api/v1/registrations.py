"""Registering people, and enrolling them as volunteers."""

import json
from datetime import date
from hashlib import sha256
from uuid import UUID

from fastapi import Response
from pydantic import BaseModel, ConfigDict, Field

from api.edge import CallerOf, IdempotencyKey
from api.fields import Code, Day, Id, Name
from api.problems import problems
from api.routers import resource
from api.v1.people import Gender, Number, PersonOut, Text, fields_of, person_out
from ledger.session import ReadTx, WriteTx
from timebank.access import Actor, check, check_organisation, check_person, check_whole_bank
from timebank.people import actions
from timebank.people.actions import Enrolment
from timebank.people.queries import Person

router = resource("/people", tag="people")

REGISTER = "people.register"


class Registered(BaseModel):
    """A new person: the id by which everything else names them."""

    id: UUID
    version: int
    code: str | None


class EnrolmentIn(BaseModel):
    """A volunteer: the office's code, the team, party membership, and since when."""

    model_config = ConfigDict(extra="forbid")

    code: Code
    team_id: Id | None = None
    is_party_member: bool = False
    registered_on: Day | None = None


class EnrolmentOfOne(EnrolmentIn):
    """An enrolment of somebody who is registered already, perhaps with another home."""

    organisation_id: Id | None = None


class PersonIn(BaseModel):
    """A new person: personal fields for the vault, where they live, and their enrolment if they volunteer."""

    model_config = ConfigDict(extra="forbid")

    name: Name
    gender: Gender | None = None
    born_on: Day | None = None
    id_number: Number | None = None
    phone: Number | None = None
    employer: Text | None = None
    area: Text | None = None
    skills: Text | None = None
    organisation_id: Id | None = Field(
        default=None, description="The home, in reach; who reaches the whole bank may leave it out."
    )
    volunteer: EnrolmentIn | None = None


@router.post(
    "",
    operation_id="register_person",
    status_code=201,
    response_model=Registered,
    responses=problems(401, 403, 404, 409),
)
async def register_person(caller: CallerOf, body: PersonIn, key: IdempotencyKey) -> Response:
    """Register a person, and enrol them as a volunteer."""

    async def work(tx: WriteTx, actor: Actor) -> Registered:
        await _check_places(tx, actor, body.organisation_id, body.volunteer)
        if body.organisation_id is None:
            check_whole_bank(actor, REGISTER)
        today = tx.day(caller.now)
        new = await actions.register_person(
            tx,
            caller.service.cipher,
            caller.service.blind,
            fields=fields_of(body, body.model_fields_set),
            organisation_id=body.organisation_id,
            enrolment=None if body.volunteer is None else _enrolment(body.volunteer, today),
            today=today,
            actor=actor.text,
        )
        return Registered(
            id=new.id, version=new.version, code=None if new.volunteer is None else new.volunteer.code
        )

    # What is kept of the request to know it again must not be a way to try out numbers.
    bank = await caller.bank()
    plain = sha256(json.dumps(body.model_dump(mode="json"), sort_keys=True).encode()).hexdigest()
    request = caller.service.blind.digest(bank.id, "request", plain).hex()
    return await caller.write_once(key, request, work, action="people.register")


@router.post(
    "/{person_id}/enrolment",
    operation_id="enrol_volunteer",
    status_code=201,
    responses=problems(401, 403, 404, 409),
)
async def enrol_volunteer(
    caller: CallerOf, person_id: UUID, body: EnrolmentOfOne, response: Response
) -> PersonOut:
    """Make a person who is registered a volunteer."""

    async def work(tx: WriteTx, actor: Actor) -> Person:
        await check_person(tx, actor, REGISTER, person_id, now=caller.now)
        await _check_places(tx, actor, body.organisation_id, body)
        today = tx.day(caller.now)
        return await actions.enrol_volunteer(
            tx,
            person_id,
            _enrolment(body, today),
            organisation_id=body.organisation_id,
            today=today,
            actor=actor.text,
        )

    return person_out(await caller.write(work, action="people.enrol", subject=str(person_id)), response)


async def _check_places(
    tx: ReadTx, actor: Actor, organisation_id: int | None, enrolment: EnrolmentIn | None
) -> None:
    check(actor, REGISTER)
    for place in (organisation_id, None if enrolment is None else enrolment.team_id):
        if place is not None:
            await check_organisation(tx, actor, REGISTER, place)


def _enrolment(body: EnrolmentIn, today: date) -> Enrolment:
    return Enrolment(body.code, body.team_id, body.is_party_member, body.registered_on or today)
