"""One person from the office's side: where they belong, and on asking who they are and what they did.

What is personal is shown only to who says what for, and that it was shown is on record.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Literal
from uuid import UUID

from fastapi import Query
from fastapi.exceptions import RequestValidationError
from starlette.responses import Response

from api.fields import MAX_ID, Id
from api.routers import bare
from api.v1.memberships import READ as MEMBERSHIPS
from api.v1.people import EDIT, READ, Purpose, get_person
from api.web.arriving import VisitOf
from api.web.asking import Problem, problem_of
from api.web.forms import FormBody, typed_of
from api.web.office.people import LIST, PERSONAL, PURPOSES, PersonalForm
from api.web.office.person_head import LOOK_UPS, STANDING, Head, head_of
from api.web.visit import Visit
from api.web.volunteer.privacy import SEEN
from ledger.session import ReadTx, WriteTx
from timebank.access import Actor, check_offices, check_person
from timebank.balances.queries import Standing, standing_of
from timebank.errors import RefusalError
from timebank.organisations.queries import organisation
from timebank.people.actions import Change, edit_person
from timebank.people.memberships import Membership, memberships_of
from timebank.people.rules import PHONE
from timebank.privacy.queries import LookUp, look_ups_of
from timebank.records.queries import Record, last_records_of
from timebank.vault.actions import take_fields

router = bare()

RECORDS = "records.read"
SHOWN_RECORDS, SHOWN_LOOKS = 20, 30

BeforeId = Annotated[int, Query(ge=1, le=MAX_ID)]


class AskForm(FormBody):
    """What the personal fields are looked at for."""

    do: Literal["look"]
    purpose: Purpose


class EditForm(PersonalForm):
    """What is known of a person, corrected; nothing typed removes it."""

    do: Literal["edit"]
    version: Id


@dataclass(frozen=True, slots=True)
class One(Head):
    """A person as the register has them, and where they belong."""

    places: Mapping[int, str]
    memberships: list[Membership]


@dataclass(frozen=True, slots=True)
class Served:
    """What a person has and did last."""

    standing: Standing
    records: list[Record]


@dataclass(frozen=True, slots=True)
class Shown:
    """What a page shows besides: what was refused, personal fields, what was typed, service, looks."""

    problem: Problem | None = None
    personal: Mapping[str, str] | None = None
    typed: Mapping[str, object] | None = None
    served: Served | None = None
    looks: list[LookUp] | None = None
    is_saved: bool = False


NOTHING = Shown()


@router.get("/office/people/{person_id}")
async def show_person(visit: VisitOf, person_id: UUID) -> Response:
    """Show a person as the register has them."""
    return await _page(visit, person_id)


@router.post("/office/people/{person_id}")
async def look_or_edit(visit: VisitOf, person_id: UUID) -> Response:
    """Show who a person is to who says what for, or correct what is known of them."""
    fields = await visit.request.form()
    if fields.get("do") == "edit":
        return await _edit(visit, person_id)
    try:
        form = await visit.form(AskForm)
    except RequestValidationError:
        refusal = RefusalError("page.people.purpose_needed")
        return await _page(visit, person_id, Shown(problem=problem_of(visit, refusal)))
    read = await get_person(visit.caller, person_id, form.purpose, Response())
    return await _page(visit, person_id, Shown(personal=read.personal))


@router.get("/office/people/{person_id}/service")
async def show_service(visit: VisitOf, person_id: UUID) -> Response:
    """Show what a person has and did last; that it was looked at is on record."""

    async def standing(tx: ReadTx, actor: Actor) -> Standing:
        await check_person(tx, actor, STANDING, person_id, now=visit.now)
        return await standing_of(tx, person_id, now=visit.now)

    async def records(tx: ReadTx, actor: Actor) -> list[Record]:
        await check_person(tx, actor, RECORDS, person_id, now=visit.now)
        return await last_records_of(tx, person_id, limit=SHOWN_RECORDS)

    # Two looks, as two doors of the API: the member is told of both.
    served = Served(
        await visit.caller.read_of(person_id, "standing", STANDING, standing),
        await visit.caller.read_of(person_id, "records", RECORDS, records),
    )
    return await _page(visit, person_id, Shown(served=served), permission=STANDING)


@router.get("/office/people/{person_id}/look-ups")
async def show_look_ups(visit: VisitOf, person_id: UUID, before: BeforeId = MAX_ID) -> Response:
    """Show who looked at a person, as the person sees it."""

    async def work(tx: ReadTx, actor: Actor) -> list[LookUp]:
        await check_person(tx, actor, LOOK_UPS, person_id, now=visit.now)
        return await look_ups_of(tx, person_id, before=before, limit=SHOWN_LOOKS + 1)

    return await _page(visit, person_id, Shown(looks=await visit.read(work)), permission=LOOK_UPS)


async def _edit(visit: Visit, person_id: UUID) -> Response:
    try:
        form = await visit.form(EditForm)
    except RequestValidationError:
        refusal = RefusalError("page.people.form_invalid")
        return await _page(
            visit, person_id, Shown(problem=problem_of(visit, refusal), typed=await typed_of(visit.request))
        )

    async def work(tx: WriteTx, actor: Actor) -> None:
        await check_person(tx, actor, EDIT, person_id, now=visit.now)
        known = await take_fields(tx, visit.service.cipher, person_id)
        given = {field: str(getattr(form, field)) for field in PERSONAL}
        changes = {field: value for field, value in given.items() if value != known.get(field, "")}
        if not changes:
            return
        if PHONE in changes and actor.person_id != person_id:
            await check_offices(tx, actor, person_id, now=visit.now)
        await edit_person(
            tx,
            visit.service.cipher,
            visit.service.blind,
            person_id,
            Change(changes),
            by_office=actor.person_id != person_id and actor.principal_id is None,
            expected_version=form.version,
            today=tx.day(visit.now),
        )

    try:
        await visit.write(work, action=EDIT, subject=str(person_id))
    except RefusalError as refusal:
        problem = problem_of(visit, refusal)
        return await _page(visit, person_id, Shown(problem=problem, typed=await typed_of(visit.request)))
    return await _page(visit, person_id, Shown(is_saved=True))


async def _page(visit: Visit, person_id: UUID, shown: Shown = NOTHING, *, permission: str = LIST) -> Response:
    async def work(tx: ReadTx, actor: Actor) -> One:
        head = await head_of(visit, tx, actor, person_id, permission, READ, EDIT)
        belongs = await memberships_of(tx, person_id) if MEMBERSHIPS in head.may else []
        volunteer = head.person.volunteer
        own = (volunteer.organisation_id, volunteer.team_id) if volunteer else ()
        ids = {id_ for id_ in (*own, *(each.organisation_id for each in belongs)) if id_ is not None}
        places = {id_: (await organisation(tx, id_)).name for id_ in ids}
        return One(head.person, head.name, head.may, places, belongs)

    one = await visit.read(work)
    known: dict[str, object] | None = None
    if shown.personal is not None or shown.typed is not None:
        known = dict.fromkeys((*PERSONAL, "email"), "") | dict(shown.personal or {}) | dict(shown.typed or {})
    problem, looks = shown.problem, shown.looks
    return visit.page(
        "office/person.html",
        status=problem.status if problem else 200,
        one=one,
        problem=problem,
        personal=known,
        served=shown.served,
        looks=looks[:SHOWN_LOOKS] if looks is not None else None,
        following=looks[SHOWN_LOOKS - 1].id if looks is not None and len(looks) > SHOWN_LOOKS else None,
        known=SEEN,
        done="page.people.saved" if shown.is_saved else "",
        purposes=PURPOSES,
        version=one.person.version,
    )
