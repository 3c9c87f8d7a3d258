"""People from the office's side: the list without full names, finding one by a number, registering one."""

import secrets
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Literal, TypeAlias, get_args
from uuid import UUID

from fastapi import Query
from fastapi.exceptions import RequestValidationError
from pydantic import StringConstraints
from starlette.responses import Response

from api.fields import MAX_ID, Code, Day, Id, Name, Printable
from api.routers import bare
from api.v1 import people as people_doors
from api.v1 import registrations as doors
from api.v1.people import Gender, Number, Purpose
from api.web.arriving import VisitOf
from api.web.asking import Once, Problem, ask, problem_of
from api.web.forms import FormBody, typed_of
from api.web.office.places import Place, places_of
from api.web.visit import Visit
from ledger.session import ReadTx
from timebank.access import Actor, check, check_organisation, check_person, reach
from timebank.errors import RefusalError
from timebank.organisations.rules import TEAM
from timebank.people.queries import Person, masked_names, people, some_people
from timebank.volunteers.queries import owner_of

router = bare()

LIST, FIND, REGISTER = "people.list", "people.find", "people.register"
PAGE_PEOPLE = 50
MOST_FOUND = 10
"""More people than any one number is of."""
BEFORE_ALL = UUID(int=0)
PURPOSES: tuple[Purpose, ...] = get_args(Purpose)

Of = Annotated[int | None, Query(ge=1, le=MAX_ID)]
FoundIds = Annotated[str | None, Query(max_length=400, pattern=r"^([0-9a-f-]{36}([.][0-9a-f-]{36})*)?$")]
"""Who was found, as their ids; nothing is nobody."""
Line = Annotated[str, StringConstraints(max_length=200, strip_whitespace=True), Printable]
FoundBy: TypeAlias = Literal["phone", "id_number"]


class CodeForm(FormBody):
    """A volunteer's code; sent as a form, so that it stands in no address."""

    code: Annotated[str, StringConstraints(min_length=1, max_length=40, strip_whitespace=True), Printable]


class FindForm(FormBody):
    """An exact number, and what for."""

    field: FoundBy
    value: Number
    purpose: Purpose


class PersonalForm(FormBody):
    """What is known of a person; only the name must be."""

    name: Name
    gender: Gender | Literal[""] = ""
    born_on: Day | Literal[""] = ""
    id_number: Number | Literal[""] = ""
    phone: Number | Literal[""] = ""
    employer: Line = ""
    area: Line = ""
    skills: Line = ""


PERSONAL = tuple(PersonalForm.model_fields)


class RegisterForm(PersonalForm):
    """A new person, with a volunteer's code if they volunteer."""

    organisation: Id
    volunteers: Literal["yes", "no"] = "no"
    code: Code | Literal[""] = ""
    team: Id | Literal[""] = ""
    is_party_member: Literal["yes", "no"] = "no"
    once: Once


@dataclass(frozen=True, slots=True)
class Listed:
    """A page of people with masked names, and the organisations to choose from; `found` are those who have a number."""

    people: Sequence[Person]
    found: Sequence[Person]
    names: dict[UUID, str]
    following: UUID | None
    places: list[Place]


@router.get("/office/people")
async def show_people(
    visit: VisitOf, organisation: Of = None, after: UUID | None = None, found: FoundIds = None
) -> Response:
    """Show the people in reach, of an organisation if so wished; `found` are those whom a number just found."""
    return await _list(visit, organisation, after, found=found)


@router.post("/office/people")
async def find(visit: VisitOf) -> Response:
    """Lead to a volunteer by their code; find people by a phone or an ID number, each of whom is told who looked."""
    by_code = None
    with suppress(RequestValidationError):
        by_code = await visit.form(CodeForm)
    if by_code is not None:
        return await _to_volunteer(visit, by_code.code)
    try:
        form = await visit.form(FindForm)
    except RequestValidationError:
        return await _list(visit, None, None, problem=problem_of(visit, RefusalError("page.form_invalid")))
    body = people_doors.SearchIn(field=form.field, value=form.value, purpose=form.purpose)
    try:
        found = await people_doors.search_people(visit.caller, body)
    except RefusalError as refusal:
        return await _list(visit, None, None, problem=problem_of(visit, refusal))
    # No browser goes back to what was answered to a form, and nobody is looked at again by loading a page again: the
    # address says who it was, and never the number.
    ids = [str(each.id) for each in found.items[:MOST_FOUND]]
    if len(ids) == 1:
        return visit.go(f"/office/people/{ids[0]}")
    return visit.go(f"/office/people?found={'.'.join(ids)}#found")


@router.get("/office/people/new")
async def show_new(visit: VisitOf) -> Response:
    """Show the form of a new person."""
    return await _form(visit)


@router.post("/office/people/new")
async def register(visit: VisitOf) -> Response:
    """Register a person, and enrol them as a volunteer; once for the form."""
    try:
        form = await visit.form(RegisterForm)
        body = _body(form)
    except (RequestValidationError, ValueError):
        problem = problem_of(visit, RefusalError("page.people.form_invalid"))
        return await _form(visit, problem=problem, typed=await typed_of(visit.request))
    registered = await ask(visit, doors.register_person(visit.caller, body, form.once), doors.Registered)
    if isinstance(registered, Problem):
        return await _form(visit, problem=registered, typed=await typed_of(visit.request))
    return visit.go(f"/office/people/{registered.id}")


def _body(form: RegisterForm) -> doors.PersonIn:
    """Return the person as the API takes them, without what was left empty.

    Raises:
        ValueError: a volunteer without a code.
    """
    given = {field: getattr(form, field) for field in PERSONAL if getattr(form, field) != ""}
    volunteer = None
    if form.volunteers == "yes":
        if not form.code:
            raise ValueError("no code")
        volunteer = doors.EnrolmentIn(
            code=form.code, team_id=form.team or None, is_party_member=form.is_party_member == "yes"
        )
    return doors.PersonIn(**given, organisation_id=form.organisation, volunteer=volunteer)


async def volunteer_with(visit: Visit, code: str) -> UUID | None:
    """Return the volunteer of a code who is in the visitor's reach.

    Raises:
        RefusalError: `forbidden`.
    """

    async def work(tx: ReadTx, actor: Actor) -> UUID | None:
        check(actor, LIST)
        try:
            person_id = await owner_of(tx, code)
            await check_person(tx, actor, LIST, person_id, now=visit.now)
        except RefusalError:
            return None
        return person_id

    return await visit.read(work)


async def _to_volunteer(visit: Visit, code: str) -> Response:
    person_id = await volunteer_with(visit, code)
    if person_id is None:
        problem = problem_of(visit, RefusalError("page.people.code_unknown", volunteer=code))
        return await _list(visit, None, None, problem=problem, code=code)
    return visit.go(f"/office/people/{person_id}")


async def _list(
    visit: Visit,
    organisation: int | None,
    after: UUID | None,
    *,
    problem: Problem | None = None,
    found: str | None = None,
    code: str = "",
) -> Response:
    async def work(tx: ReadTx, actor: Actor) -> Listed:
        within: Sequence[int] | None = await reach(tx, actor, LIST)
        if organisation is not None:
            await check_organisation(tx, actor, LIST, organisation)
            within = [organisation]
        rows = await people(tx, within=within, after=after or BEFORE_ALL, limit=PAGE_PEOPLE + 1)
        shown = rows[:PAGE_PEOPLE]
        named = await in_reach(tx, actor, found, now=visit.now) if found else []
        return Listed(
            shown,
            named,
            await masked_names(tx, visit.service.cipher, [one.id for one in (*shown, *named)]),
            shown[-1].id if len(rows) > PAGE_PEOPLE else None,
            await places_of(tx, actor, LIST),
        )

    listed = await visit.read(work)
    return visit.page(
        "office/people.html",
        status=problem.status if problem else 200,
        listed=listed,
        place_names={place.id: place.name for place in listed.places},
        organisation=organisation,
        after=after,
        problem=problem,
        is_found=found is not None,
        code=code,
        purposes=PURPOSES,
    )


async def in_reach(tx: ReadTx, actor: Actor, found: str, *, now: datetime) -> list[Person]:
    """Return those of the people who are in the actor's reach."""
    near = []
    for text in found.split("."):
        with suppress(RefusalError, ValueError):
            person_id = UUID(text)
            await check_person(tx, actor, LIST, person_id, now=now)
            near.append(person_id)
    return await some_people(tx, near)


async def _form(
    visit: Visit, *, problem: Problem | None = None, typed: Mapping[str, object] | None = None
) -> Response:
    async def work(tx: ReadTx, actor: Actor) -> list[Place]:
        return await places_of(tx, actor, REGISTER)

    places = await visit.read(work)
    empty = dict.fromkeys(RegisterForm.model_fields, "")
    return visit.page(
        "office/person_form.html",
        status=problem.status if problem else 200,
        homes=[place for place in places if place.level != TEAM],
        teams=[place for place in places if place.level == TEAM],
        problem=problem,
        typed=empty | ({"volunteers": "yes"} if typed is None else {"volunteers": "no"} | dict(typed)),
        once=secrets.token_hex(16),
    )
