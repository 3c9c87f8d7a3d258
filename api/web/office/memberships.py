"""Where a person belongs, at the desk: homes, teams, work units and the reports of party members, begun and ended."""

from dataclasses import dataclass
from datetime import date
from typing import Annotated, Literal, TypeAlias
from uuid import UUID

from fastapi import Query
from pydantic import StringConstraints
from starlette.responses import Response

from api.fields import Day, Id
from api.routers import bare
from api.v1 import memberships as doors
from api.v1.memberships import ELSEWHERE, READ, WRITE, MembershipEnd, MembershipIn
from api.web.arriving import VisitOf
from api.web.asking import problem_of
from api.web.forms import FormBody, typed_of
from api.web.office.person_head import Head, change, head_of
from api.web.visit import Visit
from ledger.session import ReadTx
from timebank.access import Actor, reach
from timebank.errors import RefusalError
from timebank.organisations.queries import MOST_NAMES, Filter, Organisation, names_of, organisations
from timebank.people.memberships import Membership, memberships_of
from timebank.people.rules import LEVELS_OF_KIND, PARTY_KINDS, has_reported

router = bare()

Done: TypeAlias = Literal["joined", "left"]
Of: TypeAlias = Annotated[
    str, StringConstraints(pattern=rf"^({'|'.join(LEVELS_OF_KIND)}):[1-9][0-9]{{0,17}}$")
]
"""A kind and an organisation: one list of both has no pair that does not fit."""


class JoinForm(FormBody):
    """What they belong to from a day on; today if none is named."""

    to: Of
    since: Day | Literal[""] = ""


class LeaveForm(FormBody):
    """What they belong to no longer, from a day on; today if none is named."""

    membership: Id
    until: Day | Literal[""] = ""


@dataclass(frozen=True, slots=True)
class Belonging:
    """Whose memberships, the organisations' names, and by kind what there is to join."""

    head: Head
    memberships: list[Membership]
    names: dict[int, str]
    open_to: dict[str, list[Organisation]]


@router.get("/office/people/{person_id}/memberships")
async def show_memberships(
    visit: VisitOf, person_id: UUID, done: Annotated[Done | None, Query()] = None
) -> Response:
    """Show where a person belongs and belonged."""
    return await _page(visit, person_id, done=done)


@router.post("/office/people/{person_id}/memberships")
async def join(visit: VisitOf, person_id: UUID) -> Response:
    """Record that a person belongs to an organisation; a new home, work unit or report ends the one before."""

    async def door(form: JoinForm) -> object:
        kind, _, number = form.to.partition(":")
        fields = {"kind": kind, "organisation_id": int(number), "from_on": form.since or None}
        return await doors.join_organisation(visit.caller, person_id, MembershipIn.model_validate(fields))

    return await change(visit, person_id, WRITE, JoinForm, door, _page, leads_to="memberships?done=joined")


@router.post("/office/people/{person_id}/memberships/end")
async def leave(visit: VisitOf, person_id: UUID) -> Response:
    """End a membership."""

    async def door(form: LeaveForm) -> object:
        ends = MembershipEnd(until_on=form.until or None)
        return await doors.leave_organisation(visit.caller, person_id, form.membership, ends)

    return await change(visit, person_id, WRITE, LeaveForm, door, _page, leads_to="memberships?done=left")


async def _page(
    visit: Visit, person_id: UUID, refused: RefusalError | None = None, *, done: Done | None = None
) -> Response:
    async def work(tx: ReadTx, actor: Actor) -> Belonging:
        head = await head_of(visit, tx, actor, person_id, READ, WRITE)
        found = await memberships_of(tx, person_id)
        names = await names_of(tx, [each.organisation_id for each in found])
        return Belonging(head, found, names, await _open_to(tx, actor, head, today=visit.today))

    problem = problem_of(visit, refused) if refused else None
    shown = await visit.read(work)
    current = [each for each in shown.memberships if each.until_on is None]
    return visit.page(
        "office/memberships.html",
        status=problem.status if problem else 200,
        one=shown.head,
        current=current,
        past=[each for each in reversed(shown.memberships) if each.until_on is not None],
        names=shown.names,
        open_to=shown.open_to,
        has_reported=has_reported([each.kind for each in current]),
        today=visit.today,
        typed=await typed_of(visit.request) if problem else {},
        problem=problem,
        done=f"page.memberships.done.{done}" if done else "",
    )


async def _open_to(tx: ReadTx, actor: Actor, head: Head, *, today: date) -> dict[str, list[Organisation]]:
    """Return what the actor may enter a person in, by kind: what is in reach, and where one works anywhere."""
    if WRITE not in head.may:
        return {}
    near = await reach(tx, actor, WRITE)
    there = await organisations(tx, Filter(on=today), after=0, limit=MOST_NAMES)
    volunteer = head.person.volunteer
    reports = volunteer is not None and volunteer.is_party_member
    found = {
        kind: [
            each
            for each in there
            if each.level in levels and (kind in ELSEWHERE or near is None or each.id in near)
        ]
        for kind, levels in LEVELS_OF_KIND.items()
        if reports or kind not in PARTY_KINDS
    }
    return {kind: places for kind, places in found.items() if places}
