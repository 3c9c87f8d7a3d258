"""Tasks: how far an import or export is, what came of it, and the file."""

import asyncio
from datetime import UTC, datetime
from typing import Annotated, Literal
from uuid import UUID

from fastapi import Path
from pydantic import BaseModel, Field
from starlette.responses import Response

from api.cursors import Cursor, Limit, Page, decode, page
from api.edge import CallerOf
from api.problems import problems
from api.routers import resource
from ledger.session import ReadTx
from timebank.access import Actor
from timebank.errors import RefusalError
from timebank.tasks.exports import PDF, ZIP
from timebank.tasks.imports import TEXT, XLSX
from timebank.tasks.queries import REPORT, SealedFile, Task, find_report, find_task, list_tasks

router = resource("/tasks", tag="tasks")

TaskId = Annotated[UUID, Path(description="The id that asking for the task returned.")]


class TaskOut(BaseModel):
    """A task: an import or an export, and how far it is."""

    id: UUID
    kind: Literal["import", "export"]
    export: str | None = Field(description="Of an export: what is exported.")
    dry_run: bool | None = Field(description="Of an import: whether it only finds out and books nothing.")
    state: Literal["waiting", "running", "succeeded", "failed"]
    step: str | None = Field(description="What is being done: read, store, book, report, export.")
    done: int = Field(description="Units of the step done.")
    total: int | None = Field(description="Units of the step in all.")
    problem: str | None = Field(description="Why it failed: a stable code; the report has the words.")
    counts: dict[str, dict[str, int]] | None = Field(description="Of an import: rows by sheet and fate.")
    lines: int | None = Field(description="Of an export: transactions or records in it.")
    report: str | None = Field(description="The name of the file to fetch, while there is one.")
    requested_at: datetime
    started_at: datetime | None
    finished_at: datetime | None


def task_out(task: Task) -> TaskOut:
    """Return a task as it is answered."""
    result = task.result or {}
    return TaskOut.model_validate(
        {
            "id": task.id,
            "kind": task.kind,
            "export": task.params.get("export"),
            "dry_run": task.params.get("dry_run"),
            "state": task.state,
            "step": task.step,
            "done": task.done,
            "total": task.total,
            "problem": task.problem,
            "counts": result.get("counts"),
            "lines": result.get("lines"),
            "report": task.report_name,
            "requested_at": task.requested_at,
            "started_at": task.started_at,
            "finished_at": task.finished_at,
        }
    )


@router.get("", operation_id="list_tasks", responses=problems(401, 403))
async def read_tasks(caller: CallerOf, limit: Limit = 50, cursor: Cursor = None) -> Page[TaskOut]:
    """List tasks, the newest first: one's own, and to who reads the whole bank's all of them."""
    before = place_of(cursor)

    async def work(tx: ReadTx, actor: Actor) -> list[Task]:
        return await list_tasks(tx, actor, before=before, limit=limit + 1, now=caller.now)

    rows = await caller.read(work)
    items, following = page(rows, limit, lambda task: (task.requested_at.isoformat(), str(task.id)))
    return Page(items=[task_out(task) for task in items], next_cursor=following)


@router.get("/{task_id}", operation_id="read_task", responses=problems(401, 403, 404))
async def read_task(caller: CallerOf, task_id: TaskId) -> TaskOut:
    """Return a task as it stands."""

    async def work(tx: ReadTx, actor: Actor) -> Task:
        return await find_task(tx, actor, task_id, now=caller.now)

    return task_out(await caller.read(work))


@router.get(
    "/{task_id}/report",
    operation_id="read_task_report",
    response_class=Response,
    responses={
        **problems(401, 403, 404),
        200: {
            "description": "The file.",
            "content": {
                media_type: {"schema": {"type": "string", "format": "binary"}}
                for media_type in (XLSX, ZIP, PDF, TEXT.split(";", maxsplit=1)[0])
            },
        },
    },
)
async def read_task_report(caller: CallerOf, task_id: TaskId) -> Response:
    """Return the file that came of a task; it is kept for thirty days."""

    async def work(tx: ReadTx, actor: Actor) -> tuple[int, SealedFile]:
        return tx.bank_id, await find_report(tx, actor, task_id, now=caller.now)

    bank_id, file = await caller.read(work)
    cipher = caller.service.cipher
    content = await asyncio.to_thread(cipher.open_bytes, bank_id, task_id, REPORT, file.sealed)
    disposition = f'attachment; filename="{file.name}"'
    return Response(content, media_type=file.media_type, headers={"Content-Disposition": disposition})


def place_of(cursor: str | None) -> tuple[datetime, UUID] | None:
    """Return the place in the order of tasks that a cursor names.

    Raises:
        RefusalError: `cursor_invalid`.
    """
    if cursor is None:
        return None
    moment, task_id = decode(cursor, str, str)
    try:
        place = datetime.fromisoformat(str(moment)), UUID(str(task_id))
        if place[0].tzinfo is None:
            raise RefusalError("cursor_invalid")
        return place[0].astimezone(UTC), place[1]
    except (ValueError, OverflowError):  # the latter of the first and the last hours that there are
        raise RefusalError("cursor_invalid") from None
