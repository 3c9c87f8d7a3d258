"""People: reading, correcting and finding them. Names stand in answers to who may read people, only."""

from collections.abc import Sequence
from datetime import date
from typing import Annotated, Literal, TypeAlias
from uuid import UUID

from fastapi import Query, Response
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from api.cursors import Cursor, Limit, Page, decode, page
from api.edge import Caller, CallerOf
from api.etags import IfMatch, etag, expected_version
from api.fields import MAX_ID, Day, Name, Printable
from api.problems import problems
from api.routers import resource
from ledger.session import ReadTx, WriteTx
from timebank.access import Actor, check, check_offices, check_organisation, check_person, reach
from timebank.errors import RefusalError
from timebank.people import actions, queries
from timebank.people.actions import Change
from timebank.people.queries import Person
from timebank.people.rules import FIELDS, normal_id_number, normal_phone
from timebank.privacy.actions import record_look_up
from timebank.vault.actions import take_fields
from timebank.vault.blind import PHONE, find

router = resource("/people", tag="people")

LIST, READ, FIND, EDIT = "people.list", "people.read", "people.find", "people.edit"
BEFORE_ALL = UUID(int=0)

Purpose: TypeAlias = Literal["registration", "service", "contact", "dispute", "inspection"]
Number = Annotated[str, StringConstraints(min_length=1, max_length=40), Printable]
Text = Annotated[str, StringConstraints(min_length=1, max_length=200, strip_whitespace=True), Printable]
Gender: TypeAlias = Literal["男", "女"]
Field_: TypeAlias = Literal[
    "name", "gender", "born_on", "id_number", "phone", "employer", "area", "skills", "email"
]


class VolunteerOut(BaseModel):
    """A person's place in the register of volunteers."""

    model_config = ConfigDict(from_attributes=True)

    code: str
    organisation_id: int | None
    team_id: int | None
    is_party_member: bool
    registered_on: date | None


class PersonOut(BaseModel):
    """A person without anything personal; who is no volunteer has no code."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    version: int
    volunteer: VolunteerOut | None


class ListedOut(PersonOut):
    """A person in a list: the name's first character, if the vault has one."""

    masked_name: str | None


class PersonalOut(PersonOut):
    """A person with the fields that were asked for, as far as the vault has them."""

    personal: dict[str, str] = Field(examples=[{"name": "示例", "phone": "19900000001"}])


class PersonEdit(BaseModel):
    """What is to be different. Left out stays, null removes; a name is never removed."""

    model_config = ConfigDict(extra="forbid")

    name: Name | None = None
    gender: Gender | None = None
    born_on: Day | None = None
    id_number: Number | None = None
    phone: Number | None = None
    employer: Text | None = None
    area: Text | None = None
    skills: Text | None = None
    email: Text | None = Field(default=None, examples=["someone@mail.example.org"])
    is_party_member: bool | None = None

    @model_validator(mode="after")
    def _changes_something(self) -> "PersonEdit":
        if not self.model_fields_set:
            raise ValueError("nothing to change")
        if "name" in self.model_fields_set and self.name is None:
            raise ValueError("a name stays")
        return self


class SearchIn(BaseModel):
    """An exact number, in a body because addresses are logged, and what for."""

    model_config = ConfigDict(extra="forbid")

    field: Literal["phone", "id_number"]
    value: Number
    purpose: Purpose


class Found(BaseModel):
    """Who has the number and is in reach: nobody, one, or several who share a phone."""

    items: list[ListedOut]


@router.get("", operation_id="list_people", responses=problems(401, 403, 404))
async def list_people(
    caller: CallerOf,
    organisation_id: Annotated[
        int | None, Query(ge=1, le=MAX_ID, description="Those of it and of all below it.")
    ] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[ListedOut]:
    """Return the people in reach, by id, with masked names."""

    async def work(tx: ReadTx, actor: Actor) -> list[ListedOut]:
        within: Sequence[int] | None = await reach(tx, actor, LIST)
        if organisation_id is not None:
            await check_organisation(tx, actor, LIST, organisation_id)
            within = [organisation_id]
        rows = await queries.people(tx, within=within, after=_after(cursor), limit=limit + 1)
        return await _listed(tx, caller, rows)

    items, following = page(await caller.read(work), limit, lambda found: (str(found.id),))
    return Page(items=items, next_cursor=following)


@router.post("/search", operation_id="search_people", responses=problems(401, 403))
async def search_people(caller: CallerOf, body: SearchIn) -> Found:
    """Find people in reach by a phone or an ID number; each one found is told who looked."""

    async def work(tx: WriteTx, actor: Actor) -> Found:
        check(actor, FIND)
        near = []
        holders = await find(tx, caller.service.blind, body.field, body.value)
        for person_id in holders:
            try:
                await check_person(tx, actor, FIND, person_id, now=caller.now)
            except RefusalError:
                continue
            near.append(person_id)
            await record_look_up(tx, actor, person_id, purpose=body.purpose, fields=[body.field])
        if not near:
            # A workbook may have brought a number that is none; only what nobody in reach has is held to the rules.
            _ = normal_phone(body.value) if body.field == PHONE else normal_id_number(body.value)
        return Found(items=await _listed(tx, caller, await queries.some_people(tx, near)))

    return await caller.write(work, action=FIND)


@router.get("/{person_id}", operation_id="get_person", responses=problems(401, 403, 404))
async def get_person(
    caller: CallerOf,
    person_id: UUID,
    purpose: Purpose,
    response: Response,
    fields: Annotated[
        list[Field_], Query(max_length=len(FIELDS), description="Only what is needed; all if left out.")
    ] = [],  # noqa: B006 -- FastAPI copies it
) -> PersonalOut:
    """Return a person with personal fields; who reads somebody else is on record with the purpose."""
    wanted = set(fields or FIELDS)

    async def work(tx: WriteTx, actor: Actor) -> PersonalOut:
        await check_person(tx, actor, READ, person_id, now=caller.now)
        found = PersonOut.model_validate(await queries.person(tx, person_id))
        known = await take_fields(tx, caller.service.cipher, person_id)
        personal = {field: value for field, value in known.items() if field in wanted}
        await record_look_up(tx, actor, person_id, purpose=purpose, fields=wanted)
        return PersonalOut(**found.model_dump(), personal=personal)

    read = await caller.write(work, action=READ, subject=str(person_id))
    response.headers["ETag"] = etag(read.version)
    return read


@router.patch("/{person_id}", operation_id="edit_person", responses=problems(401, 403, 404, 409, 412, 428))
async def edit_person(
    caller: CallerOf, person_id: UUID, body: PersonEdit, response: Response, if_match: IfMatch = None
) -> PersonOut:
    """Correct what is known of a person; by oneself only employer, area, skills and mail address."""
    version = expected_version(if_match)
    given = body.model_fields_set
    change = Change(fields_of(body, given), body.is_party_member)

    async def work(tx: WriteTx, actor: Actor) -> Person:
        await check_person(tx, actor, EDIT, person_id, now=caller.now)
        if PHONE in given and actor.person_id != person_id:
            await check_offices(tx, actor, person_id, now=caller.now)
        return await actions.edit_person(
            tx,
            caller.service.cipher,
            caller.service.blind,
            person_id,
            change,
            by_office=actor.person_id != person_id and actor.principal_id is None,
            expected_version=version,
            today=tx.day(caller.now),
        )

    return person_out(await caller.write(work, action=EDIT, subject=str(person_id)), response)


async def _listed(tx: ReadTx, caller: Caller, found: Sequence[Person]) -> list[ListedOut]:
    names = await queries.masked_names(tx, caller.service.cipher, [one.id for one in found])
    return [
        ListedOut(**PersonOut.model_validate(one).model_dump(), masked_name=names.get(one.id))
        for one in found
    ]


def fields_of(body: BaseModel, given: set[str]) -> dict[str, str]:
    """Return the personal fields that were sent, as text; null is empty."""
    return {field: str(getattr(body, field) or "") for field in FIELDS if field in given}


def _after(cursor: str | None) -> UUID:
    if cursor is None:
        return BEFORE_ALL
    try:
        return UUID(str(decode(cursor, str)[0]))
    except ValueError:
        raise RefusalError("cursor_invalid") from None


def person_out(found: Person, response: Response) -> PersonOut:
    """Return a person as an answer, with its ETag."""
    response.headers["ETag"] = etag(found.version)
    return PersonOut.model_validate(found)
