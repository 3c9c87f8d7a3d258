"""Complaints about fufen that a merchant took, and deciding them."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from fastapi import Query
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from api.cursors import DEFAULT_LIMIT, Cursor, Limit, Page, after, page
from api.edge import CallerOf, IdempotencyKey, Refusal
from api.fields import MAX_ID, PathId, Sentence
from api.ledger_refusals import refusal_of
from api.problems import problems
from api.routers import resource
from ledger.session import ReadTx, WriteTx
from ledger.values import Refused
from timebank.access import Actor, check_person, reach
from timebank.offers.complaints import (
    DECIDE,
    OWN,
    Complaint,
    complaints,
    complaints_of,
    decide_complaint,
    raise_complaint,
)

router = resource(tag="complaints")

Decision = Literal["upheld", "dismissed"]


class ComplaintIn(BaseModel):
    """What went wrong, in the member's words."""

    model_config = ConfigDict(extra="forbid")

    statement: Sentence


class ComplaintOut(BaseModel):
    """A complaint about fufen that a merchant took, and what was decided. It does not tell who the member is."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    acceptance_id: int
    merchant_id: int
    merchant: str
    title: str
    fufen: int
    statement: str
    raised_at: datetime
    decided_at: datetime | None
    decision: Decision | None
    answer: str | None
    is_refunded: bool


class ComplaintDecisionIn(BaseModel):
    """What is decided and why. Upheld, the fufen go back to the lots they came from."""

    model_config = ConfigDict(extra="forbid")

    decision: Decision
    answer: Sentence


class ComplaintDecisionOut(BaseModel):
    """What came of a complaint; `refund_id` is the transaction by which the fufen went back."""

    model_config = ConfigDict(from_attributes=True)

    complaint_id: int
    acceptance_id: int
    decision: Decision
    refund_id: int | None = Field(description="None if it was dismissed.")


@router.post(
    "/acceptances/{acceptance_id}/complaints",
    operation_id="raise_complaint",
    status_code=201,
    responses=problems(401, 403, 404, 409),
)
async def create_complaint(caller: CallerOf, acceptance_id: PathId, body: ComplaintIn) -> ComplaintOut:
    """Complain about fufen that a merchant took of one's own; one complaint at a time, none after a refund."""

    async def work(tx: WriteTx, actor: Actor) -> Complaint:
        return await raise_complaint(
            tx, actor, acceptance_id=acceptance_id, statement=body.statement, now=caller.now
        )

    raised = await caller.write(work, action="complaints.raise", subject=str(acceptance_id))
    return ComplaintOut.model_validate(raised)


@router.get(
    "/people/{person_id}/complaints", operation_id="list_complaints_of", responses=problems(401, 403, 404)
)
async def list_complaints_of(
    caller: CallerOf, *, person_id: UUID, cursor: Cursor = None, limit: Limit = DEFAULT_LIMIT
) -> Page[ComplaintOut]:
    """Return one's own complaints, or those of whom one acts for."""
    after_id = after(cursor)

    async def work(tx: ReadTx, actor: Actor) -> list[Complaint]:
        await check_person(tx, actor, OWN, person_id, now=caller.now)
        return await complaints_of(tx, person_id, after=after_id, limit=limit + 1)

    return _page(await caller.read_of(person_id, "complaints", OWN, work), limit)


@router.get("/complaints", operation_id="list_complaints", responses=problems(401, 403))
async def list_complaints(
    caller: CallerOf,
    *,
    is_open: bool | None = None,
    merchant_id: Annotated[int | None, Query(ge=1, le=MAX_ID)] = None,
    cursor: Cursor = None,
    limit: Limit = DEFAULT_LIMIT,
) -> Page[ComplaintOut]:
    """Return complaints about merchants in reach, to decide or decided."""
    after_id = after(cursor)

    async def work(tx: ReadTx, actor: Actor) -> list[Complaint]:
        nodes = await reach(tx, actor, DECIDE)
        return await complaints(
            tx, reach=nodes, is_open=is_open, merchant_id=merchant_id, after=after_id, limit=limit + 1
        )

    return _page(await caller.read(work), limit)


@router.post(
    "/complaints/{complaint_id}/decision",
    operation_id="decide_complaint",
    status_code=201,
    response_model=ComplaintDecisionOut,
    responses=problems(401, 403, 404, 409),
)
async def create_decision(
    caller: CallerOf, complaint_id: PathId, body: ComplaintDecisionIn, key: IdempotencyKey
) -> Response:
    """Decide a complaint in reach, once for the Idempotency-Key; the member is told."""

    async def work(tx: WriteTx, actor: Actor) -> ComplaintDecisionOut | Refusal:
        done = await decide_complaint(
            tx,
            actor,
            complaint_id=complaint_id,
            decision=body.decision,
            answer=body.answer,
            now=caller.now,
        )
        if isinstance(done, Refused):
            return refusal_of(done, day=tx.day(caller.now))
        return ComplaintDecisionOut.model_validate(done)

    request = {"complaint_id": complaint_id, **body.model_dump()}
    return await caller.write_once(key, request, work, action="complaints.decide", subject=str(complaint_id))


def _page(found: list[Complaint], limit: int) -> Page[ComplaintOut]:
    items, following = page(found, limit, lambda one: (one.id,))
    return Page(items=[ComplaintOut.model_validate(one) for one in items], next_cursor=following)
