"""Exports: the journal, service records, solvency or dossiers asked for; writing the file is a task."""

from uuid import uuid4

from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from api.edge import CallerOf, IdempotencyKey
from api.fields import Day, Id
from api.problems import problems
from api.routers import resource
from api.v1.tasks import TaskOut, task_out
from ledger.session import WriteTx
from timebank.access import Actor
from timebank.dossiers.export import LawPurpose
from timebank.tasks.actions import request_task
from timebank.tasks.asking import ExportAsked, export_params
from timebank.tasks.queries import EXPORT, ExportKind, find_task

router = resource("/exports", tag="tasks")


class ExportIn(BaseModel):
    """What is to be exported."""

    model_config = ConfigDict(extra="forbid")

    kind: ExportKind = Field(
        description="A journal of the whole bank, the service records of those in one's reach, without names, or the"
        " solvency of each organisation in one's reach. Dossiers hold the fields of 民政部令第67号, names and ID"
        " numbers too: only for who may read these people, and everybody in it sees who had them exported."
        " A recognition's pack is for the office of its round."
    )
    purpose: LawPurpose | None = Field(
        default=None, description="What dossiers are exported for; needed for them."
    )
    from_on: Day | None = Field(default=None, description="Of dossiers: the first day of service.")
    until_on: Day | None = Field(default=None, description="Of dossiers: the last day of service.")
    round_id: Id | None = Field(
        default=None,
        description="Of `recognition_xlsx` and `recognition_pdf`: the approved round; needed for them.",
    )


@router.post(
    "",
    operation_id="request_export",
    status_code=202,
    response_model=TaskOut,
    responses=problems(401, 403, 404, 409),
)
async def request_export(caller: CallerOf, key: IdempotencyKey, asked: ExportIn) -> Response:
    """Ask for a file; follow the task, and fetch its report."""
    task_id = uuid4()

    async def work(tx: WriteTx, actor: Actor) -> TaskOut:
        wanted = ExportAsked(asked.kind, asked.purpose, asked.from_on, asked.until_on, asked.round_id)
        params = await export_params(tx, actor, wanted, now=caller.now)
        await request_task(tx, actor, task_id, kind=EXPORT, params=params, file=None, now=caller.now)
        return task_out(await find_task(tx, actor, task_id, now=caller.now))

    return await caller.write_once(
        key, asked.model_dump(mode="json"), work, action="exports.request", status=202
    )
