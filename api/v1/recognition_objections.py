"""Objections to lists of recognition, as the office reads and decides them."""

from datetime import datetime
from typing import Annotated, Literal

from fastapi import Query
from pydantic import BaseModel, ConfigDict
from starlette.responses import Response

from api.cursors import DEFAULT_LIMIT, Cursor, Limit, Page, after, page
from api.edge import CallerOf, IdempotencyKey
from api.fields import MAX_ID, PathId
from api.problems import problems
from api.routers import resource
from api.v1.objections import DecisionIn, with_contact
from ledger.session import ReadTx, WriteTx
from timebank.access import Actor
from timebank.recognition import objection_queries as queries
from timebank.recognition.objections import decide_objection
from timebank.recognition.queries import CandidateState

router = resource("/recognition-objections", tag="recognition")


class RecognitionObjectionOut(BaseModel):
    """An objection as the office reads it."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    round_id: int
    number: int
    ground: str
    raised_at: datetime
    has_contact: bool
    decided_at: datetime | None
    decision: Literal["upheld", "dismissed"] | None
    reason: str | None


class RecognitionObjectionWithContact(RecognitionObjectionOut):
    """An objection and how to reach who raised it; that it was read is recorded."""

    contact: str | None


class RecognitionObjectionDecided(BaseModel):
    """What was decided, and what became of the line."""

    objection_id: int
    decision: Literal["upheld", "dismissed"]
    state: CandidateState


@router.get("", operation_id="list_recognition_objections", responses=problems(401, 403))
async def list_objections(
    caller: CallerOf,
    *,
    is_open: Annotated[
        bool | None, Query(alias="open", description="Only those not decided, or decided.")
    ] = None,
    round_id: Annotated[int | None, Query(ge=1, le=MAX_ID)] = None,
    cursor: Cursor = None,
    limit: Limit = DEFAULT_LIMIT,
) -> Page[RecognitionObjectionOut]:
    """Return objections to lists in reach, the first one first."""
    after_id = after(cursor)

    async def work(tx: ReadTx, actor: Actor) -> list[queries.RaisedObjection]:
        return await queries.objections(
            tx, actor, after_id=after_id, limit=limit + 1, is_open=is_open, round_id=round_id
        )

    items, following = page(await caller.read(work), limit, lambda found: (found.id,))
    return Page(items=[RecognitionObjectionOut.model_validate(item) for item in items], next_cursor=following)


@router.get("/{objection_id}", operation_id="read_recognition_objection", responses=problems(401, 403, 404))
async def read_objection(caller: CallerOf, objection_id: PathId) -> RecognitionObjectionWithContact:
    """Return an objection in reach and how to reach who raised it; that this was read is recorded."""

    async def objection(tx: ReadTx, actor: Actor, id_: int) -> queries.RaisedObjection:
        return await queries.objection(tx, actor, id_, now=caller.now)

    found, contact = await with_contact(caller, objection, queries.contact_of, objection_id)
    return RecognitionObjectionWithContact.model_validate(
        {**RecognitionObjectionOut.model_validate(found).model_dump(), "contact": contact}
    )


@router.post(
    "/{objection_id}/decision",
    operation_id="decide_recognition_objection",
    response_model=RecognitionObjectionDecided,
    responses=problems(401, 403, 404, 409),
)
async def post_decision(
    caller: CallerOf, objection_id: PathId, body: DecisionIn, key: IdempotencyKey
) -> Response:
    """Decide an objection in reach, by somebody who neither raised it nor decided about the candidate before."""

    async def work(tx: WriteTx, actor: Actor) -> RecognitionObjectionDecided:
        done = await decide_objection(
            tx,
            actor,
            objection_id=objection_id,
            decision=body.decision,
            reason=body.reason,
            now=caller.now,
        )
        return RecognitionObjectionDecided(
            objection_id=done.objection_id, decision=done.decision, state=done.candidate.state
        )

    return await caller.write_once(
        key,
        {"objection": objection_id, **body.model_dump(mode="json")},
        work,
        action="recognitions.objections.decide",
        subject=str(objection_id),
        status=200,
    )
