"""What a person may take along, and what may be erased."""

import asyncio
from datetime import datetime
from uuid import UUID

from pydantic import BaseModel, ConfigDict
from starlette.responses import Response

from api.edge import CallerOf
from api.problems import problems
from api.routers import resource
from ledger.session import ReadTx, WriteTx
from timebank.access import Actor, check_offices, check_person
from timebank.privacy.actions import record_export
from timebank.privacy.archive import pack
from timebank.privacy.erasure import Erased, erase_person
from timebank.privacy.export import Collected, collect
from timebank.privacy.queries import check_person_known

router = resource("/people/{person_id}", tag="privacy")

ZIP = "application/zip"


class ErasureOut(BaseModel):
    """Who was erased, and when."""

    model_config = ConfigDict(from_attributes=True)

    person_id: UUID
    erased_at: datetime


@router.get(
    "/export",
    operation_id="export_person",
    response_class=Response,
    responses={
        **problems(401, 403, 404),
        200: {
            "description": "A ZIP: `index.html` for people, `data` for programs, `proofs` to be checked offline.",
            "content": {ZIP: {"schema": {"type": "string", "format": "binary"}}},
        },
    },
)
async def export_person(caller: CallerOf, person_id: UUID) -> Response:
    """Return everything about a person in one ZIP; that it was taken is itself on record."""

    async def record(tx: WriteTx, actor: Actor) -> None:
        await check_person(tx, actor, "privacy.export", person_id, now=caller.now)
        await check_person_known(tx, person_id)
        await record_export(tx, actor, person_id)

    async def work(tx: ReadTx, actor: Actor) -> Collected:
        await check_person(tx, actor, "privacy.export", person_id, now=caller.now)
        return await collect(tx, caller.service.cipher, person_id, now=caller.now)

    await caller.look(record)
    content = await asyncio.to_thread(pack, await caller.read(work))
    headers = {"Content-Disposition": 'attachment; filename="timebank-export.zip"'}
    return Response(content, media_type=ZIP, headers=headers)


@router.post("/erasure", operation_id="erase_person", responses=problems(401, 403, 404, 409))
async def create_erasure(caller: CallerOf, person_id: UUID) -> ErasureOut:
    """Erase what identifies a person, for good; the books, records and proofs stay whole."""

    async def work(tx: WriteTx, actor: Actor) -> Erased:
        await check_person(tx, actor, "privacy.erase", person_id, now=caller.now)
        await check_offices(tx, actor, person_id, now=caller.now)
        return await erase_person(tx, caller.service.cipher, actor, person_id, now=caller.now)

    erased = await caller.write(work, action="person.erase", subject=str(person_id))
    return ErasureOut.model_validate(erased)
