"""Files made for the desk: journals, records, solvency, dossiers by the ministry's fields."""

import secrets
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Literal

from fastapi import Query
from fastapi.exceptions import RequestValidationError
from starlette.responses import Response

from api.fields import Day
from api.routers import bare
from api.v1 import exports as export_doors
from api.v1.exports import ExportIn
from api.v1.tasks import TaskOut
from api.web.arriving import VisitOf
from api.web.asking import Once, Problem, ask, problem_of
from api.web.forms import FormBody, typed_of
from api.web.office.tasks import Listed, listed_tasks
from api.web.visit import Visit
from ledger.session import ReadTx
from timebank.access import Actor, has
from timebank.dossiers.export import LawPurpose
from timebank.errors import RefusalError
from timebank.tasks.queries import EXPORT, ExportKind, reach_of_export

router = bare()

WRITE = "exports.write"

_OFFERED = (
    ExportKind.RECORDS_XLSX,
    ExportKind.SOLVENCY_XLSX,
    ExportKind.DOSSIERS_XLSX,
    ExportKind.JOURNAL_CSV,
    ExportKind.JOURNAL_HLEDGER,
    ExportKind.JOURNAL_BEANCOUNT,
)
"""What most ask for comes first; the pack of a round is made on its own page."""

Before = Annotated[str | None, Query(max_length=100)]


class ExportForm(FormBody):
    """What is wanted; purpose and days are asked for dossiers only."""

    kind: ExportKind
    purpose: LawPurpose | Literal[""] = ""
    from_on: Day | Literal[""] = ""
    until_on: Day | Literal[""] = ""
    once: Once


@dataclass(frozen=True, slots=True)
class Desk:
    """What was exported, and what the reader may ask for."""

    listed: Listed
    kinds: list[ExportKind]


@router.get("/office/exports")
async def show_exports(visit: VisitOf, before: Before = None) -> Response:
    """Show what can be asked for, and what was."""
    return await _page(visit, before)


@router.post("/office/exports")
async def ask_for_export(visit: VisitOf) -> Response:
    """Have a file made, once for the form."""
    try:
        form = await visit.form(ExportForm)
    except RequestValidationError:
        return await _page(visit, None, problem_of(visit, RefusalError("page.exports.wrong")))
    is_personal = form.kind is ExportKind.DOSSIERS_XLSX
    asked = ExportIn(
        kind=form.kind,
        purpose=form.purpose if is_personal and form.purpose else None,
        from_on=form.from_on if is_personal and isinstance(form.from_on, date) else None,
        until_on=form.until_on if is_personal and isinstance(form.until_on, date) else None,
    )
    task = await ask(visit, export_doors.request_export(visit.caller, form.once, asked), TaskOut)
    if isinstance(task, Problem):
        if task.code == "forbidden":
            raise RefusalError("forbidden", permission=WRITE)
        return await _page(visit, None, task)
    return visit.go(f"/office/exports/{task.id}")


async def _page(visit: Visit, before: str | None, problem: Problem | None = None) -> Response:
    async def work(tx: ReadTx, actor: Actor) -> Desk:
        listed = await listed_tasks(tx, actor, EXPORT, before=before, now=visit.now)
        kinds = [kind for kind in _OFFERED if await _may_ask(tx, actor, kind)]
        return Desk(listed, kinds)

    return visit.page(
        "office/exports.html",
        status=problem.status if problem else 200,
        desk=await visit.read(work),
        problem=problem,
        typed=await typed_of(visit.request) if problem else {},
        purposes=list(LawPurpose),
        once=secrets.token_hex(16),
    )


async def _may_ask(tx: ReadTx, actor: Actor, kind: ExportKind) -> bool:
    if not has(actor, WRITE):
        return False
    try:
        return await reach_of_export(tx, actor, kind) != []
    except RefusalError:
        return False
