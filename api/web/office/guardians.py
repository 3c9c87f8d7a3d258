"""Guardians of a minor at the desk: who they are, appointed and ended; and whom a person guards."""

from dataclasses import dataclass
from typing import Annotated, Literal, TypeAlias, get_args
from uuid import UUID

from fastapi import Query
from starlette.responses import Response

from api.fields import Id
from api.routers import bare
from api.v1 import guardianships as doors
from api.v1.guardianships import READ, WRITE, GuardianshipIn, Relation
from api.web.arriving import VisitOf
from api.web.asking import problem_of
from api.web.forms import FormBody, typed_of
from api.web.office.people import FoundIds
from api.web.office.person_finding import ID_LETTERS, FindForm, Others, find, others
from api.web.office.person_head import Head, change, head_of
from api.web.visit import Visit
from ledger.session import ReadTx
from timebank.access import Actor
from timebank.errors import RefusalError
from timebank.people.guardianships import Guardianship, guardianships_of

router = bare()

RELATIONS: tuple[Relation, ...] = get_args(Relation)
Done: TypeAlias = Literal["appointed", "ended"]


class AppointForm(FormBody):
    """Who guards from today on, and what they are to the minor."""

    person: UUID
    relation: Relation


class EndForm(FormBody):
    """The guardianship that is to end today."""

    id: Id


@dataclass(frozen=True, slots=True)
class Guarding:
    """Whose guardians and wards, and who they are."""

    head: Head
    guardianships: list[Guardianship]
    others: Others


@router.get("/office/people/{person_id}/guardians")
async def show_guardians(
    visit: VisitOf, person_id: UUID, done: Annotated[Done | None, Query()] = None, found: FoundIds = None
) -> Response:
    """Show who guards a person and whom the person guards; `found` are those whom a number just found."""
    return await _page(visit, person_id, done=done, found=found)


@router.post("/office/people/{person_id}/guardians/find")
async def find_guardian(visit: VisitOf, person_id: UUID) -> Response:
    """Find who is to be the guardian."""

    async def door(form: FindForm) -> str:
        return await find(visit, f"/office/people/{person_id}/guardians", form.who)

    return await change(visit, person_id, WRITE, FindForm, door, _page, leads_to="guardians")


@router.post("/office/people/{person_id}/guardians")
async def appoint(visit: VisitOf, person_id: UUID) -> Response:
    """Record a guardian of a minor."""

    async def door(form: AppointForm) -> object:
        asked = GuardianshipIn(guardian_id=form.person, relation=form.relation)
        return await doors.appoint_guardian(visit.caller, person_id, asked)

    return await change(
        visit, person_id, WRITE, AppointForm, door, _page, leads_to="guardians?done=appointed"
    )


@router.post("/office/people/{person_id}/guardians/end")
async def end(visit: VisitOf, person_id: UUID) -> Response:
    """End a guardianship of a minor before its time."""

    async def door(form: EndForm) -> object:
        return await doors.end_guardianship(visit.caller, person_id, form.id)

    return await change(visit, person_id, WRITE, EndForm, door, _page, leads_to="guardians?done=ended")


async def _page(
    visit: Visit,
    person_id: UUID,
    refused: RefusalError | None = None,
    *,
    done: Done | None = None,
    found: str | None = None,
) -> Response:
    typed = await typed_of(visit.request) if refused else {}
    chosen = found or str(typed.get("person", ""))[:ID_LETTERS]

    async def work(tx: ReadTx, actor: Actor) -> Guarding:
        head = await head_of(visit, tx, actor, person_id, READ, WRITE)
        rows = await guardianships_of(tx, person_id)
        ids = [each.guardian_id if each.minor_id == person_id else each.minor_id for each in rows]
        return Guarding(head, rows, await others(visit, tx, actor, ids, of=person_id, found=chosen))

    problem = problem_of(visit, refused) if refused else None
    shown = await visit.read(work)
    is_over = {
        each.id: each.until_on is not None and each.until_on <= visit.today for each in shown.guardianships
    }
    return visit.page(
        "office/guardians.html",
        status=problem.status if problem else 200,
        one=shown.head,
        guardians=[each for each in shown.guardianships if each.minor_id == person_id],
        wards=[each for each in shown.guardianships if each.minor_id != person_id],
        others=shown.others,
        relations=RELATIONS,
        is_over=is_over,
        typed=typed,
        problem=problem,
        done=f"page.guardians.done.{done}" if done else "",
    )
