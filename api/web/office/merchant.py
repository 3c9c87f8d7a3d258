"""One merchant at the desk: vetting it step by step, who works there, what became of it."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Annotated, Literal, TypeAlias, TypeVar
from uuid import UUID

from fastapi.exceptions import RequestValidationError
from pydantic import Field
from starlette.responses import Response

from api.etags import etag
from api.fields import MAX_ID, Name, PathId, Sentence
from api.routers import bare
from api.v1 import merchant_staff as staff_doors
from api.v1 import merchants as merchant_doors
from api.v1.merchant_staff import StaffIn
from api.v1.merchants import VET, WRITE, MerchantEdit, StepIn
from api.web.arriving import VisitOf
from api.web.asking import Problem, problem_of
from api.web.forms import FormBody, typed_of
from api.web.office.places import reaches_row
from api.web.visit import LOGIN_OVER, Visit
from ledger.session import ReadTx
from timebank.access import Actor
from timebank.errors import RefusalError
from timebank.merchants.access import HISTORY, merchant_in_reach
from timebank.merchants.queries import Entry, Merchant, StaffMember, entries_of, staff_of
from timebank.merchants.rules import OVER, STEPS, Step
from timebank.notices.rules import shown_name
from timebank.organisations.queries import names_of
from timebank.people.queries import masked_names
from timebank.permissions import Role
from timebank.roles.queries import who_reaches

F = TypeVar("F", bound=FormBody)

router = bare()

MOST_ENTRIES = 200
PERSON = "person:"
_ELSEWHERE = LOGIN_OVER | {"forbidden", "unknown_merchant"}

Version: TypeAlias = Annotated[int, Field(ge=1, le=MAX_ID)]


class StepForm(FormBody):
    """A step and why it is taken."""

    step: Step
    reason: Sentence
    version: Version


class EditForm(FormBody):
    """What is said of the merchant; the licence only as long as it may change."""

    name: Name
    category: Name
    address: Name
    licence: Name | None = None
    version: Version


class StaffForm(FormBody):
    """Who begins or ends to accept there."""

    do: Literal["add", "remove"]
    person: UUID


@dataclass(frozen=True, slots=True)
class Inside:
    """A merchant as its office sees it."""

    merchant: Merchant
    place: str
    entries: list[Entry]
    staff: list[StaffMember]
    others: list[UUID]
    names: dict[UUID, str]
    steps: list[Step]
    can_write: bool


@router.get("/office/merchants/{merchant_id}")
async def show_merchant(visit: VisitOf, merchant_id: PathId) -> Response:
    """Show a merchant in reach, the steps that can be taken, its staff and its past."""
    return await _page(visit, merchant_id)


@router.post("/office/merchants/{merchant_id}/steps")
async def take_step(visit: VisitOf, merchant_id: PathId) -> Response:
    """Vet, activate, suspend, resume, reject or close it."""

    def door(form: StepForm) -> Awaitable[object]:
        asked = StepIn(kind=form.step, reason=form.reason)
        return merchant_doors.create_entry(visit.caller, merchant_id, asked, Response(), etag(form.version))

    return await _change(visit, merchant_id, StepForm, door, wrong="page.merchant_desk.reason_needed")


@router.post("/office/merchants/{merchant_id}/edit")
async def edit_merchant(visit: VisitOf, merchant_id: PathId) -> Response:
    """Change what is said of it."""

    def door(form: EditForm) -> Awaitable[object]:
        asked = MerchantEdit(**form.model_dump(exclude={"version"}, exclude_none=True))
        return merchant_doors.edit_merchant(visit.caller, merchant_id, asked, Response(), etag(form.version))

    return await _change(visit, merchant_id, EditForm, door)


@router.post("/office/merchants/{merchant_id}/staff")
async def change_staff(visit: VisitOf, merchant_id: PathId) -> Response:
    """Let somebody accept there, or no longer."""

    def door(form: StaffForm) -> Awaitable[object]:
        if form.do == "add":
            return staff_doors.add_staff(visit.caller, merchant_id, StaffIn(person_id=form.person))
        return staff_doors.remove_staff(visit.caller, merchant_id, form.person)

    return await _change(visit, merchant_id, StaffForm, door)


async def _change(
    visit: Visit,
    merchant_id: int,
    model: type[F],
    door: Callable[[F], Awaitable[object]],
    *,
    wrong: str = "page.form_invalid",
) -> Response:
    """Do what a form asks at a door of the API, or show the merchant with what was refused."""
    try:
        form = await visit.form(model)
    except RequestValidationError:
        return await _page(visit, merchant_id, RefusalError(wrong))
    try:
        await door(form)
    except RefusalError as refusal:
        if refusal.code in _ELSEWHERE:
            raise
        return await _page(visit, merchant_id, refusal)
    return visit.go(f"/office/merchants/{merchant_id}")


async def _page(visit: Visit, merchant_id: int, refused: RefusalError | None = None) -> Response:
    async def work(tx: ReadTx, actor: Actor) -> Inside:
        found = await merchant_in_reach(tx, actor, HISTORY, merchant_id)
        place = found.organisation_id
        entries = await entries_of(tx, merchant_id, after=0, limit=MOST_ENTRIES)
        staff = await staff_of(tx, merchant_id)
        can_write = await reaches_row(tx, actor, WRITE, place) and found.state not in OVER
        there = {one.person_id for one in staff if one.until_at is None or one.until_at > visit.now}
        able = await who_reaches(tx, Role.MERCHANT, [place], now=visit.now) if can_write else []
        who = {one.person_id for one in staff} | set(able) | {*map(_person, entries)} - {None}
        names = await masked_names(tx, visit.service.cipher, [each for each in who if each], mask=shown_name)
        return Inside(
            found,
            (await names_of(tx, [place])).get(place, ""),
            entries[::-1],
            staff,
            [each for each in able if each not in there and each != actor.person_id],
            names,
            [step for step, (since, _) in STEPS.items() if found.state in since]
            if await reaches_row(tx, actor, VET, place)
            else [],
            can_write,
        )

    problem: Problem | None = problem_of(visit, refused) if refused else None
    return visit.page(
        "office/merchant.html",
        status=problem.status if problem else 200,
        inside=await visit.read(work),
        problem=problem,
        typed=await typed_of(visit.request) if problem else {},
        person=_person,
        now=visit.now,
    )


def _person(entry: Entry) -> UUID | None:
    """Return who took a step, if it was a person."""
    return UUID(entry.actor.removeprefix(PERSON)) if entry.actor.startswith(PERSON) else None
