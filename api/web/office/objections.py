"""Objections to lines of notices: those that wait, those decided, and one with the form that decides it.

How to reach who objected is shown on asking only, and that it was asked for is recorded.
"""

import secrets
from dataclasses import dataclass
from typing import Annotated, Literal, Self

from fastapi import Query
from fastapi.exceptions import RequestValidationError
from pydantic import model_validator
from starlette.responses import Response

from api.fields import MAX_ID, PathId, Sentence
from api.routers import bare
from api.v1 import objections as doors
from api.web.arriving import VisitOf
from api.web.asking import Once, Problem, ask, problem_of
from api.web.forms import FormBody
from api.web.visit import Visit
from ledger.session import ReadTx
from timebank.access import Actor
from timebank.errors import RefusalError
from timebank.notices.queries import Line, Notice, RaisedObjection, lines, notice, objection, objections

router = bare()

PAGE_OBJECTIONS = 30

After = Annotated[int, Query(ge=0, le=MAX_ID)]
Which = Annotated[Literal["open", "decided"], Query()]


class DecisionForm(FormBody):
    """What is decided on an objection, and why; or that the objector's contact is to be shown."""

    do: Literal["upheld", "dismissed", "contact"]
    reason: Sentence | Literal[""] = ""
    once: Once

    @model_validator(mode="after")
    def _is_reasoned(self) -> Self:
        if self.do != "contact" and not self.reason:
            raise ValueError("no reason")
        return self


@dataclass(frozen=True, slots=True)
class One:
    """An objection with its notice and its line."""

    objection: RaisedObjection
    notice: Notice
    line: Line | None


@router.get("/office/notices/objections")
async def show_objections(visit: VisitOf, show: Which = "open", after: After = 0) -> Response:
    """Show the objections in reach that wait, or those decided."""

    async def work(tx: ReadTx, actor: Actor) -> list[RaisedObjection]:
        return await objections(tx, actor, after_id=after, limit=PAGE_OBJECTIONS + 1, is_open=show == "open")

    found = await visit.read(work)
    following = found[PAGE_OBJECTIONS - 1].id if len(found) > PAGE_OBJECTIONS else None
    return visit.page(
        "office/objections.html", lines=found[:PAGE_OBJECTIONS], following=following, show=show, after=after
    )


@router.get("/office/notices/objections/{objection_id}")
async def show_objection(visit: VisitOf, objection_id: PathId) -> Response:
    """Show one objection with the line it is about."""
    return await _one(visit, objection_id)


@router.post("/office/notices/objections/{objection_id}")
async def decide(visit: VisitOf, objection_id: PathId) -> Response:
    """Decide an objection, or show how to reach who raised it."""
    try:
        form = await visit.form(DecisionForm)
    except RequestValidationError:
        problem = problem_of(visit, RefusalError("page.objections.form_invalid"))
        return await _one(visit, objection_id, problem=problem)
    if form.do == "contact":
        shown = await doors.read_objection(visit.caller, objection_id)
        return await _one(visit, objection_id, contact=shown.contact or "", reason=form.reason)
    body = doors.DecisionIn(decision=form.do, reason=form.reason)
    door = doors.post_decision(visit.caller, objection_id, body, form.once)
    done = await ask(visit, door, doors.DecisionOut)
    if isinstance(done, Problem):
        return await _one(visit, objection_id, problem=done, reason=form.reason)
    return visit.go(f"/office/notices/objections/{objection_id}")


async def _one(
    visit: Visit,
    objection_id: int,
    *,
    problem: Problem | None = None,
    contact: str | None = None,
    reason: str = "",
) -> Response:
    async def work(tx: ReadTx, actor: Actor) -> One:
        found = await objection(tx, actor, objection_id)
        shown = await lines(tx, found.notice_id, after_line=found.line - 1, limit=1)
        return One(found, await notice(tx, found.notice_id), shown[0] if shown else None)

    return visit.page(
        "office/objection.html",
        status=problem.status if problem else 200,
        one=await visit.read(work),
        problem=problem,
        contact=contact,
        reason=reason,
        once=secrets.token_hex(16),
    )
