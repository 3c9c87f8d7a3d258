"""What becomes of an import or an export: how far it is, what came of it row by row, and its file."""

import asyncio
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Final
from uuid import UUID

from starlette.responses import Response

from api.cursors import encode
from api.routers import bare
from api.v1 import tasks as task_doors
from api.v1.tasks import TaskId, place_of
from api.web.arriving import VisitOf
from api.web.office.faults import fault_of
from api.web.rendering import CHINESE
from api.web.visit import Visit
from ledger.session import ReadTx
from timebank.access import Actor
from timebank.errors import RefusalError
from timebank.tasks.queries import (
    EXPORT,
    IMPORT,
    REPORT,
    SealedFile,
    Task,
    find_report,
    find_task,
    list_tasks,
)
from timebank.workbook.answers import WELL, RowToMend, rows_to_mend
from timebank.workbook.sheets import FORMS
from timebank.workbook.words import FATES

router = bare()

PAGE_TASKS = 20
MOST_ROWS = 100
MOST_READ_BYTES = 8 * 2**20
"""An answer up to this size is read for its page; a larger one is for the spreadsheet."""
REFUSED: Final = "refused.txt"
_ORDER: Final = list(FORMS)


@dataclass(frozen=True, slots=True)
class Listed:
    """A page of tasks, and where the next begins."""

    tasks: list[Task]
    following: str | None


@dataclass(frozen=True, slots=True)
class Fate:
    """How many rows of a sheet met with the same fate: `tone` says how good that is."""

    sheet: str
    words: str
    rows: int
    tone: str


@dataclass(slots=True)
class Shown:
    """A task, and what its answer says."""

    task: Task
    fates: list[Fate] = field(default_factory=list)
    rows: list[RowToMend] = field(default_factory=list)
    reason: str = ""

    @property
    def percent(self) -> int:
        """How far it is, of a hundred; each step begins anew."""
        return min(100, self.task.done * 100 // self.task.total) if self.task.total else 0

    def sum_of(self, *tones: str) -> int:
        """Return how many rows met with a fate of these tones."""
        return sum(fate.rows for fate in self.fates if fate.tone in tones)


async def listed_tasks(tx: ReadTx, actor: Actor, kind: str, *, before: str | None, now: datetime) -> Listed:
    """Return a page of the tasks of a kind: one's own, or all to who reads the whole bank's.

    Raises:
        RefusalError: `forbidden`, `cursor_invalid`.
    """
    found = await list_tasks(tx, actor, before=place_of(before), limit=PAGE_TASKS + 1, now=now, kind=kind)
    shown = found[:PAGE_TASKS]
    if len(found) <= PAGE_TASKS:
        return Listed(shown, None)
    return Listed(shown, encode(shown[-1].requested_at.isoformat(), str(shown[-1].id)))


@router.get("/office/imports/{task_id}")
async def show_import(visit: VisitOf, task_id: TaskId) -> Response:
    """Show how far an import is, and what became of its rows."""
    return await _task(visit, task_id, IMPORT)


@router.get("/office/exports/{task_id}")
async def show_export(visit: VisitOf, task_id: TaskId) -> Response:
    """Show how far an export is."""
    return await _task(visit, task_id, EXPORT)


@router.get("/office/imports/{task_id}/file")
async def fetch_answer(visit: VisitOf, task_id: TaskId) -> Response:
    """Return the answer to a workbook."""
    return visit.finish(await task_doors.read_task_report(visit.caller, task_id))


@router.get("/office/exports/{task_id}/file")
async def fetch_export(visit: VisitOf, task_id: TaskId) -> Response:
    """Return what was exported."""
    return visit.finish(await task_doors.read_task_report(visit.caller, task_id))


async def _task(visit: Visit, task_id: UUID, kind: str) -> Response:
    async def work(tx: ReadTx, actor: Actor) -> tuple[int, Task, SealedFile | None]:
        task = await find_task(tx, actor, task_id, now=visit.now)
        if task.kind != kind:
            raise RefusalError("unknown_task")
        return tx.bank_id, task, await _answer(tx, actor, task, now=visit.now)

    bank_id, task, file = await visit.read(work)
    shown = Shown(task, _fates(visit, task.result or {}))
    if file is not None:
        cipher = visit.service.cipher
        content = await asyncio.to_thread(cipher.open_bytes, bank_id, task_id, REPORT, file.sealed)
        if file.name == REFUSED:
            chinese, _, english = content.decode().partition(" / ")
            shown.reason = chinese if visit.language == CHINESE else english or chinese
        else:
            shown.rows = await asyncio.to_thread(rows_to_mend, content, limit=MOST_ROWS)
    return visit.page(
        "office/task.html",
        shown=shown,
        kind=kind,
        sheet=lambda title: _sheet(visit, title),
        fault=partial(fault_of, visit),
    )


async def _answer(tx: ReadTx, actor: Actor, task: Task, *, now: datetime) -> SealedFile | None:
    """Return the answer to a workbook, if the actor may have it and it is small enough to be shown."""
    if task.kind != IMPORT or task.report_name is None:
        return None
    try:
        found = await find_report(tx, actor, task.id, now=now)
    except RefusalError:
        return None
    return found if len(found.sealed) <= MOST_READ_BYTES else None


def _fates(visit: Visit, result: Mapping[str, object]) -> list[Fate]:
    counts = result.get("counts")
    if not isinstance(counts, dict):
        return []
    return [
        Fate(_sheet(visit, sheet), _words(visit, code), rows, _tone(code))
        for sheet, fates in sorted(counts.items(), key=lambda item: _ORDER.index(item[0]))
        for code, rows in sorted(fates.items(), key=lambda item: (_tone(item[0]), item[0]))
    ]


def _sheet(visit: Visit, title: str) -> str:
    return title if visit.language == CHINESE or title not in FORMS else FORMS[title].english


def _words(visit: Visit, code: str) -> str:
    """Return a fate in words without the numbers of one row."""
    said = FATES[code][visit.language != CHINESE]
    said = re.split("[：:] ?", said)[0] if "{0}" in said else said
    said = said.format("…", "…")
    return said[:1].upper() + said[1:]


def _tone(code: str) -> str:
    return "good" if code in WELL else "warn" if code == "needs_review" else "bad"
