"""Workbooks handed in at the desk: rehearsed or booked by a task, and answered row by row."""

import secrets
from typing import Annotated, Literal

from fastapi import Query
from fastapi.exceptions import RequestValidationError
from starlette.responses import Response

from api.routers import bare
from api.v1.imports import check_importing, hand_in
from api.v1.tasks import TaskOut
from api.web.arriving import VisitOf
from api.web.asking import Once, Problem, ask, problem_of
from api.web.forms import FormBody, checked
from api.web.office.tasks import Listed, listed_tasks
from api.web.visit import Visit
from ledger.session import ReadTx
from timebank.access import Actor, reaches_all
from timebank.errors import RefusalError
from timebank.tasks.imports import MAX_WORKBOOK_BYTES, XLSX
from timebank.tasks.queries import IMPORT
from timebank.workbook.blank import blank_workbook

router = bare()

WRITE = "imports.write"
FORM_FIELDS = 4
MIB = 2**20

Before = Annotated[str | None, Query(max_length=100)]


class ImportForm(FormBody):
    """Whether it is to be booked, or only found out what would become of every row."""

    do: Literal["rehearse", "book"]
    once: Once


@router.get("/office/imports")
async def show_imports(visit: VisitOf, before: Before = None) -> Response:
    """Show the form, and the workbooks that were handed in."""
    return await _page(visit, before)


@router.get("/office/imports/form.xlsx")
async def fetch_form(visit: VisitOf) -> Response:
    """Return the empty workbook."""
    await visit.read(check_importing)
    headers = {"Content-Disposition": 'attachment; filename="timebank-form.xlsx"'}
    return visit.finish(Response(blank_workbook(), media_type=XLSX, headers=headers))


@router.post("/office/imports")
async def hand_in_workbook(visit: VisitOf) -> Response:
    """Take a workbook, once for the form, and lead to what becomes of it."""
    await visit.read(check_importing)  # before the file is looked at: a stranger's is not
    form, content = await _form_of(visit)
    if not content:
        return await _page(visit, None, problem_of(visit, RefusalError("page.imports.file_needed")))
    if len(content) > MAX_WORKBOOK_BYTES:
        refused = RefusalError("page.imports.too_large", limit=MAX_WORKBOOK_BYTES // MIB)
        return await _page(visit, None, problem_of(visit, refused))
    door = hand_in(visit.caller, form.once, content, dry_run=form.do == "rehearse")
    task = await ask(visit, door, TaskOut)
    if isinstance(task, Problem):
        return await _page(visit, None, task)
    return visit.go(f"/office/imports/{task.id}")


async def _form_of(visit: Visit) -> tuple[ImportForm, bytes]:
    """Return the form and its file.

    Raises:
        RefusalError: `form_stale`.
        RequestValidationError: it is no such form.
    """
    texts, content = await visit.form_with_file("file", max_fields=FORM_FIELDS)
    if content is None:
        raise RequestValidationError([{"loc": ("form", "file"), "type": "missing"}])
    return checked(ImportForm, {**texts}), content


async def _page(visit: Visit, before: str | None, problem: Problem | None = None) -> Response:
    async def work(tx: ReadTx, actor: Actor) -> tuple[Listed, bool]:
        found = await listed_tasks(tx, actor, IMPORT, before=before, now=visit.now)
        return found, reaches_all(actor, WRITE)

    listed, can_import = await visit.read(work)
    return visit.page(
        "office/imports.html",
        status=problem.status if problem else 200,
        listed=listed,
        can_import=can_import,
        problem=problem,
        limit=MAX_WORKBOOK_BYTES // MIB,
        once=secrets.token_hex(16),
    )
