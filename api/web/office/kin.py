"""Kin of a person at the desk: declared for them, confirmed by papers, ended; that it was looked at is on record."""

from typing import Annotated, Literal, TypeAlias, get_args
from uuid import UUID

from fastapi import Query
from starlette.responses import Response

from api.fields import Id
from api.routers import bare
from api.v1 import kinships as doors
from api.v1.kinships import KinshipIn
from api.web.arriving import VisitOf
from api.web.asking import problem_of
from api.web.forms import FormBody, typed_of
from api.web.office.people import FoundIds
from api.web.office.person_finding import ID_LETTERS, FindForm, Others, find, others
from api.web.office.person_head import Head, change, head_of
from api.web.visit import Visit
from ledger.session import ReadTx
from timebank.access import Actor, check_person
from timebank.errors import RefusalError
from timebank.kinships.actions import CONFIRM, OWN
from timebank.kinships.queries import Kinship, kinships_of
from timebank.policy.spending import Relation

router = bare()

RELATIONS: tuple[Relation, ...] = get_args(Relation)
SHOWN = 200
"""More than anybody has, those that ended included."""
Done: TypeAlias = Literal["declared", "confirmed", "ended"]


class DeclareForm(FormBody):
    """Who is kin, and what they are to the person."""

    person: UUID
    relation: Relation


class KinForm(FormBody):
    """The kinship that is to be confirmed or to end."""

    id: Id


@router.get("/office/people/{person_id}/kin")
async def show_kin(
    visit: VisitOf, person_id: UUID, done: Annotated[Done | None, Query()] = None, found: FoundIds = None
) -> Response:
    """Show a person's kin, past ones and those not confirmed too; `found` are those whom a number just found."""
    return await _page(visit, person_id, done=done, found=found)


@router.post("/office/people/{person_id}/kin/find")
async def find_kin(visit: VisitOf, person_id: UUID) -> Response:
    """Find who is kin."""

    async def door(form: FindForm) -> str:
        return await find(visit, f"/office/people/{person_id}/kin", form.who)

    return await change(visit, person_id, OWN, FindForm, door, _page, leads_to="kin")


@router.post("/office/people/{person_id}/kin")
async def declare(visit: VisitOf, person_id: UUID) -> Response:
    """Declare who is kin; both are told."""

    async def door(form: DeclareForm) -> object:
        asked = KinshipIn(kin_id=form.person, relation=form.relation)
        return await doors.create_kinship(visit.caller, person_id, asked)

    return await change(visit, person_id, OWN, DeclareForm, door, _page, leads_to="kin?done=declared")


@router.post("/office/people/{person_id}/kin/confirm")
async def confirm(visit: VisitOf, person_id: UUID) -> Response:
    """Confirm a kinship, having seen the papers."""

    async def door(form: KinForm) -> object:
        return await doors.confirm(visit.caller, person_id, form.id)

    return await change(visit, person_id, CONFIRM, KinForm, door, _page, leads_to="kin?done=confirmed")


@router.post("/office/people/{person_id}/kin/end")
async def end(visit: VisitOf, person_id: UUID) -> Response:
    """End a kinship."""

    async def door(form: KinForm) -> object:
        return await doors.end(visit.caller, person_id, form.id)

    return await change(visit, person_id, OWN, KinForm, door, _page, leads_to="kin?done=ended")


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

    async def kinships(tx: ReadTx, actor: Actor) -> list[Kinship]:
        await check_person(tx, actor, OWN, person_id, now=visit.now)
        return await kinships_of(tx, person_id, after_id=0, limit=SHOWN)

    async def heading(tx: ReadTx, actor: Actor) -> Head:
        return await head_of(visit, tx, actor, person_id, OWN, CONFIRM)

    problem = problem_of(visit, refused) if refused else None
    head = await visit.read(heading)
    rows = await visit.caller.read_of(person_id, "kinships", OWN, kinships)

    async def named(tx: ReadTx, actor: Actor) -> Others:
        return await others(visit, tx, actor, [each.kin_id for each in rows], of=person_id, found=chosen)

    return visit.page(
        "office/kin.html",
        status=problem.status if problem else 200,
        one=head,
        current=[each for each in rows if each.ended_at is None],
        past=[each for each in reversed(rows) if each.ended_at is not None],
        others=await visit.read(named),
        relations=RELATIONS,
        typed=typed,
        problem=problem,
        done=f"page.kin.done.{done}" if done else "",
    )
