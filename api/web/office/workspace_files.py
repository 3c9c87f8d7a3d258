"""What is handed out of a round: its annual pack, made by a task, and the certificates of who is on the list."""

from typing import Annotated
from uuid import UUID, uuid4

from fastapi import Query
from pydantic import Field
from starlette.responses import Response

from api.addresses import PublicUrl
from api.fields import MAX_ID, PathId
from api.routers import bare
from api.v1 import awarded_certificates as award_doors
from api.v1 import tasks as task_doors
from api.v1.certificates import Said, SignatoryIn
from api.web.arriving import VisitOf
from api.web.forms import FormBody
from api.web.office.workspace import again
from ledger.session import WriteTx
from timebank.access import Actor
from timebank.errors import RefusalError
from timebank.tasks.actions import request_task
from timebank.tasks.asking import ExportAsked, export_params
from timebank.tasks.queries import EXPORT, ExportKind

router = bare()

MOST_BATCHES = 10

AfterLine = Annotated[int, Query(ge=0, le=MAX_ID)]


class PackForm(FormBody):
    """As what the pack is wanted."""

    kind: ExportKind


class AwardForm(FormBody):
    """Who stands for the organisation on the certificates."""

    head: Said = ""
    handler: Said = ""
    contact: Said = ""
    after: Annotated[int, Field(ge=0, le=MAX_ID)] = 0


@router.post("/office/recognition/{round_id}/packs")
async def ask_for_pack(visit: VisitOf, round_id: PathId) -> Response:
    """Have the annual pack made."""
    form = await visit.form(PackForm)
    task_id = uuid4()

    async def work(tx: WriteTx, actor: Actor) -> None:
        params = await export_params(tx, actor, ExportAsked(form.kind, round_id=round_id), now=visit.now)
        await request_task(tx, actor, task_id, kind=EXPORT, params=params, file=None, now=visit.now)

    try:
        await visit.write(work, action="exports.request", subject=str(task_id))
    except RefusalError as refusal:
        return await again(visit, round_id, refusal)
    return visit.go(f"/office/recognition/{round_id}")


@router.get("/office/recognition/{round_id}/packs/{task_id}")
async def fetch_pack(visit: VisitOf, round_id: PathId, task_id: UUID) -> Response:
    """Return the pack to who asked for it."""
    del round_id
    return visit.finish(await task_doors.read_task_report(visit.caller, task_id))


@router.post("/office/recognition/{round_id}/certificates")
async def award_certificates(visit: VisitOf, round_id: PathId, url: PublicUrl) -> Response:
    """Issue certificates to the next of a published list who have none yet, as many as one answer has time for."""
    form = await visit.form(AwardForm)
    body = SignatoryIn(head=form.head, handler=form.handler, contact=form.contact)
    after: int | None = form.after
    for _ in range(MOST_BATCHES):
        try:
            done = await award_doors.award_certificates(visit.caller, round_id, body, url, after or 0)
        except RefusalError as refusal:
            return await again(visit, round_id, refusal)
        after = done.next
        if after is None:
            break
    return visit.go(f"/office/recognition/{round_id}" + (f"?award={after}" if after else ""))


@router.get("/office/recognition/{round_id}/certificates.zip")
async def fetch_certificates(visit: VisitOf, round_id: PathId, after: AfterLine = 0) -> Response:
    """Return the prints of the certificates, as many as one file takes."""
    return visit.finish(await award_doors.print_awarded(visit.caller, round_id, after))
