"""What a round is made of, to be kept and computed again elsewhere, and where the books differ from it by now."""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Annotated, Any, Literal, TypeVar
from uuid import UUID

from fastapi import Query
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import StreamingResponse

from api.cursors import DEFAULT_LIMIT, Limit
from api.edge import Caller, CallerOf
from api.fields import PathId
from api.problems import problems
from api.routers import resource
from ledger.session import ReadTx
from timebank.access import Actor
from timebank.errors import RefusalError
from timebank.recognition.access import READ, check_round
from timebank.recognition.basis import basis_stream
from timebank.recognition.difference import Difference, differences
from timebank.recognition.document import Read, document_stream
from timebank.recognition.queries import Round

T = TypeVar("T")

router = resource("/recognition-rounds", tag="recognition")

JSON_LINES = "application/jsonl"
FILE: dict[int | str, dict[str, Any]] = {
    200: {
        "content": {JSON_LINES: {"schema": {"type": "string"}}},
        "description": "A head, then a line each, canonical JSON.",
    }
}


class RecognitionReached(BaseModel):
    """What somebody reached; level 0 is on no list."""

    model_config = ConfigDict(from_attributes=True)

    level: int
    minutes: int
    points: int


class RecognitionDifference(BaseModel):
    """Whom the books of now put otherwise: changed, `new` on a list made now, or `gone` from it."""

    model_config = ConfigDict(from_attributes=True)

    kind: Literal["changed", "new", "gone"]
    subject: UUID
    organisation_id: int | None
    number: int | None = Field(description="The candidate's; null if they are none.")
    frozen: RecognitionReached
    now: RecognitionReached


class RecognitionDifferences(BaseModel):
    """A page of differences, by subject."""

    items: list[RecognitionDifference]
    next_after: UUID | None


@router.get(
    "/{round_id}/document",
    operation_id="export_recognition_document",
    response_class=StreamingResponse,
    responses={**problems(401, 403, 404), **FILE},
)
async def export_document(caller: CallerOf, round_id: PathId) -> StreamingResponse:
    """Return the candidates document of a computed round in reach: its SHA-256 is the round's digest."""
    return await _streamed(caller, round_id, "document", document_stream)


@router.get(
    "/{round_id}/basis",
    operation_id="export_recognition_basis",
    response_class=StreamingResponse,
    responses={**problems(401, 403, 404), **FILE},
)
async def export_basis(caller: CallerOf, round_id: PathId) -> StreamingResponse:
    """Return all that the document of a round in reach follows from: `timebank recognition recompute` reads it."""
    return await _streamed(caller, round_id, "basis", basis_stream)


@router.get(
    "/{round_id}/differences",
    operation_id="list_recognition_differences",
    responses=problems(401, 403, 404),
)
async def list_differences(
    caller: CallerOf,
    *,
    round_id: PathId,
    after: Annotated[UUID | None, Query(description="`next_after` of the page before.")] = None,
    limit: Limit = DEFAULT_LIMIT,
) -> RecognitionDifferences:
    """Return where the books of now differ from a computed round in reach: the list itself stays as it was frozen."""

    async def work(tx: ReadTx, actor: Actor) -> list[Difference]:
        found = await check_round(tx, actor, READ, round_id)
        return await differences(tx, found, after=after, limit=limit + 1)

    found = await caller.read(work)
    items = [RecognitionDifference.model_validate(one) for one in found[:limit]]
    return RecognitionDifferences(items=items, next_after=items[-1].subject if len(found) > limit else None)


async def _streamed(
    caller: Caller, round_id: int, name: str, stream: Callable[[Read, Round], AsyncIterator[bytes]]
) -> StreamingResponse:
    """Return a file page by page; who may have it is asked once, before it begins."""

    async def work(tx: ReadTx, actor: Actor) -> Round:
        found = await check_round(tx, actor, READ, round_id)
        if found.digest is None:
            raise RefusalError("round_at_other_step", state=found.state)
        return found

    found = await caller.read(work)
    bank, database = await caller.bank(), caller.service.database

    async def read(some: Callable[[ReadTx], Awaitable[T]]) -> T:
        return await database.read(bank, some)

    headers = {"Content-Disposition": f'attachment; filename="recognition-{round_id}-{name}.jsonl"'}
    return StreamingResponse(stream(read, found), media_type=JSON_LINES, headers=headers)
