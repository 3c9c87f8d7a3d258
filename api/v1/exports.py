"""Exports: the journal, the service records or the solvency asked for; writing the file is a task."""

from uuid import uuid4

from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from api.edge import CallerOf, IdempotencyKey
from api.problems import problems
from api.routers import resource
from api.v1.tasks import TaskOut, task_out
from ledger.session import WriteTx
from timebank.access import Actor
from timebank.tasks.actions import request_task
from timebank.tasks.queries import EXPORT, ExportKind, find_task, reach_of_export

router = resource("/exports", tag="tasks")


class ExportIn(BaseModel):
    """What is to be exported."""

    model_config = ConfigDict(extra="forbid")

    kind: ExportKind = Field(
        description="A journal of the whole bank, the service records of those in one's reach, without names, or the"
        " solvency of each organisation in one's reach."
    )


@router.post(
    "",
    operation_id="request_export",
    status_code=202,
    response_model=TaskOut,
    responses=problems(401, 403, 409),
)
async def request_export(caller: CallerOf, key: IdempotencyKey, asked: ExportIn) -> Response:
    """Ask for a file; follow the task, and fetch its report."""
    task_id = uuid4()

    async def work(tx: WriteTx, actor: Actor) -> TaskOut:
        about = await reach_of_export(tx, actor, asked.kind)
        params = {
            "export": asked.kind.value,
            "organisation_ids": about,
            "asked_at": caller.now.isoformat(),
        }
        await request_task(tx, actor, task_id, kind=EXPORT, params=params, file=None, now=caller.now)
        return task_out(await find_task(tx, actor, task_id, now=caller.now))

    return await caller.write_once(key, asked.model_dump(), work, action="exports.request", status=202)
