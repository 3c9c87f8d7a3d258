"""Public notices from the office's side: opening one of what was approved, its lines, and its end."""

import secrets
from dataclasses import dataclass
from typing import Annotated, Literal

from fastapi import Query
from fastapi.exceptions import RequestValidationError
from starlette.responses import Response

from api.fields import MAX_ID, Id, PathId
from api.routers import bare
from api.v1 import notices as doors
from api.web.arriving import VisitOf
from api.web.asking import Once, Problem, ask, problem_of
from api.web.forms import FormBody
from api.web.office.places import Place, places_of, reaches_row
from api.web.visit import Visit
from ledger.session import ReadTx
from timebank.access import Actor, check
from timebank.errors import RefusalError
from timebank.notices.queries import Line, Notice, line_counts, line_counts_of, lines, notice, notices
from timebank.notices.rules import is_over
from timebank.policy.queries import version_on
from timebank.totals.waiting import Queue, duties

router = bare()

WRITE = "notices.write"
PAGE_NOTICES, PAGE_LINES = 20, 100

Before = Annotated[int, Query(ge=1, le=MAX_ID)]
After = Annotated[int, Query(ge=0, le=MAX_ID)]


class OpeningForm(FormBody):
    """Whose approved records are to be shown."""

    organisation: Id
    once: Once


class EndForm(FormBody):
    """That a notice is to be ended and credited."""

    once: Once


@dataclass(frozen=True, slots=True)
class Notices:
    """A page of notices with their lines counted, and what a new one can be made of."""

    lines: list[tuple[Notice, dict[str, int]]]
    following: int | None
    places: list[Place]
    waiting: dict[str, Queue]
    working_days: int | None


@dataclass(frozen=True, slots=True)
class One:
    """A notice with a page of its lines; `may_end` if its last day is over and it lies in the reader's reach."""

    notice: Notice
    counts: dict[str, int]
    lines: list[Line]
    following: int | None
    may_end: bool


@router.get("/office/notices")
async def show_notices(
    visit: VisitOf, before: Before = MAX_ID, objections: Literal["open"] | None = None
) -> Response:
    """Show the bank's notices, the newest first, and the form of a new one."""
    if objections:
        return visit.go("/office/notices/objections")
    return await _list(visit, before)


@router.post("/office/notices")
async def open_new(visit: VisitOf) -> Response:
    """Show what is approved below an organisation; where the policy wants no notice it is credited at once."""
    try:
        form = await visit.form(OpeningForm)
    except RequestValidationError:
        return await _list(visit, MAX_ID, problem=problem_of(visit, RefusalError("page.form_invalid")))
    door = doors.post_notice(visit.caller, doors.NoticeIn(organisation_id=form.organisation), form.once)
    opened = await ask(visit, door, doors.NoticeOpened)
    if isinstance(opened, Problem):
        return await _list(visit, MAX_ID, problem=opened)
    if opened.notice_id is None:
        return await _list(visit, MAX_ID, credited=opened.credited)
    return visit.go(f"/office/notices/{opened.notice_id}")


@router.get("/office/notices/{notice_id}")
async def show_notice(visit: VisitOf, notice_id: PathId, after: After = 0) -> Response:
    """Show a notice with its lines."""
    return await _one(visit, notice_id, after)


@router.post("/office/notices/{notice_id}")
async def end_notice(visit: VisitOf, notice_id: PathId) -> Response:
    """Credit what nobody objected to, and close the notice, once its last day is over."""
    form = await visit.form(EndForm)
    ended = await ask(visit, doors.close_notice(visit.caller, notice_id, form.once), doors.CreditedOut)
    if isinstance(ended, Problem):
        return await _one(visit, notice_id, 0, problem=ended)
    return await _one(visit, notice_id, 0, ended=ended)


async def _list(
    visit: Visit, before: int, *, problem: Problem | None = None, credited: int | None = None
) -> Response:
    async def work(tx: ReadTx, actor: Actor) -> Notices:
        check(actor, WRITE)
        found = await notices(tx, before_id=before, limit=PAGE_NOTICES + 1)
        shown = found[:PAGE_NOTICES]
        counts = await line_counts_of(tx, [one.id for one in shown])
        version = await version_on(tx, tx.day(visit.now))
        return Notices(
            [(one, counts.get(one.id, {})) for one in shown],
            shown[-1].id if len(found) > PAGE_NOTICES else None,
            await places_of(tx, actor, WRITE),
            {queue.name: queue for queue in (await duties(tx, actor, now=visit.now)).queues},
            version.pack.attendance.notice_working_days if version else None,
        )

    return visit.page(
        "office/notices.html",
        status=problem.status if problem else 200,
        board=await visit.read(work),
        today=visit.today,
        problem=problem,
        credited=credited,
        before=before if before < MAX_ID else None,
        once=secrets.token_hex(16),
    )


async def _one(
    visit: Visit,
    notice_id: int,
    after: int,
    *,
    problem: Problem | None = None,
    ended: doors.CreditedOut | None = None,
) -> Response:
    async def work(tx: ReadTx, actor: Actor) -> One:
        check(actor, WRITE)
        found = await notice(tx, notice_id)
        rows = await lines(tx, notice_id, after_line=after, limit=PAGE_LINES + 1)
        shown = rows[:PAGE_LINES]
        may_end = found.closed_at is None and is_over(found.closes_on, tx.day(visit.now))
        return One(
            found,
            await line_counts(tx, notice_id),
            shown,
            shown[-1].line if len(rows) > PAGE_LINES else None,
            may_end and await reaches_row(tx, actor, WRITE, found.organisation_id),
        )

    return visit.page(
        "office/notice_lines.html",
        status=problem.status if problem else 200,
        one=await visit.read(work),
        today=visit.today,
        after=after,
        problem=problem,
        ended=ended,
        once=secrets.token_hex(16),
    )
