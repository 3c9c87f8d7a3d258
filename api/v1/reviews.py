"""Reviewing records: the queue of what waits, deciding many at once, and how good the service was."""

from typing import Annotated, Literal
from uuid import UUID

from fastapi import Query
from pydantic import BaseModel, ConfigDict, Field

from api.cursors import DEFAULT_LIMIT, Cursor, Limit, Page, after, page
from api.edge import CallerOf
from api.fields import MAX_ID, Id, PathId
from api.problems import problems
from api.routers import resource
from api.v1.records import RecordOut
from ledger.session import ReadTx, WriteTx
from timebank.access import Actor, reach
from timebank.records.entries import State
from timebank.records.grades import Why
from timebank.records.queue import Waiting, waiting
from timebank.records.review import (
    MAX_DECISIONS,
    PERMISSION,
    Evaluation,
    Reason,
    ReviewAnswer,
    ReviewRequest,
    evaluate_record,
    review_records,
)
from timebank.records.staged import Sign
from timebank.words import words

router = resource(tag="reviews")

IdFilter = Annotated[int | None, Query(ge=1, le=MAX_ID)]


class WaitingOut(BaseModel):
    """A record that waits for approval, and what its reviewer should know."""

    model_config = ConfigDict(from_attributes=True)

    record: RecordOut
    why_second: list[Why] = Field(description="Why two approvals are needed; empty if one is enough.")
    approver_id: UUID | None = Field(description="Who approved first.")
    is_disputed: bool
    signs: list[Sign] = Field(description="What looks staged about its session; no proof of anything.")


class ReviewDecision(BaseModel):
    """What is decided on one record. Why is said in a word; a rejection needs one, and approving late papers (E)."""

    model_config = ConfigDict(extra="forbid")

    record_id: Id
    decision: Literal["approve", "reject"]
    reason: Reason | None = None


class ReviewIn(BaseModel):
    """Decisions, each answered on its own."""

    model_config = ConfigDict(extra="forbid")

    decisions: Annotated[list[ReviewDecision], Field(min_length=1, max_length=MAX_DECISIONS)]


class AnswerOut(BaseModel):
    """What came of one decision: the state of the record now, or the code and words of the refusal."""

    record_id: int
    state: State | None
    refusal: str | None
    detail: str | None
    detail_en: str | None


class ReviewOut(BaseModel):
    """The answers, in the order of the decisions."""

    answers: list[AnswerOut]


class EvaluationIn(BaseModel):
    """How good the service was (民政部令第67号 Art 10)."""

    model_config = ConfigDict(extra="forbid")

    evaluation: Evaluation


class EvaluationOut(EvaluationIn):
    """How good the service of a record was."""

    record_id: int


@router.get("/reviews", operation_id="list_reviews", responses=problems(401, 403))
async def list_reviews(
    caller: CallerOf,
    *,
    session_id: IdFilter = None,
    activity_id: IdFilter = None,
    cursor: Cursor = None,
    limit: Limit = DEFAULT_LIMIT,
) -> Page[WaitingOut]:
    """Return the records in reach that wait for approval."""
    after_id = after(cursor)

    async def work(tx: ReadTx, actor: Actor) -> list[Waiting]:
        nodes = await reach(tx, actor, PERMISSION)
        return await waiting(
            tx,
            after_id=after_id,
            limit=limit + 1,
            reach=nodes,
            session_id=session_id,
            activity_id=activity_id,
        )

    items, following = page(await caller.read(work), limit, lambda one: (one.record.id,))
    return Page(items=[WaitingOut.model_validate(one) for one in items], next_cursor=following)


@router.post("/reviews", operation_id="review_records", responses=problems(401, 403))
async def create_reviews(caller: CallerOf, body: ReviewIn) -> ReviewOut:
    """Approve or reject records in reach, each on its own: one that is refused keeps no other from its decision."""
    requests = [ReviewRequest(one.record_id, one.decision, one.reason) for one in body.decisions]

    async def work(tx: WriteTx, actor: Actor) -> list[ReviewAnswer]:
        return await review_records(tx, actor, requests, now=caller.now)

    answers = await caller.write(work, action="records.review", subject=_decided)
    return ReviewOut(answers=[_answer(answer) for answer in answers])


@router.put(
    "/records/{record_id}/evaluation", operation_id="evaluate_record", responses=problems(401, 403, 404)
)
async def put_evaluation(caller: CallerOf, record_id: PathId, body: EvaluationIn) -> EvaluationOut:
    """Say how good the service of a record in reach was."""

    async def work(tx: WriteTx, actor: Actor) -> None:
        await evaluate_record(tx, actor, record_id=record_id, evaluation=body.evaluation, now=caller.now)

    await caller.write(work, action="records.evaluate", subject=str(record_id))
    return EvaluationOut(record_id=record_id, evaluation=body.evaluation)


def _decided(answers: list[ReviewAnswer]) -> str:
    """Return the records that were decided on, as the register of acts names them."""
    return ",".join(str(answer.record_id) for answer in answers if answer.refusal is None)[:LONGEST_SUBJECT]


LONGEST_SUBJECT = 200
"""The entries of the records themselves have the rest."""


def _answer(answer: ReviewAnswer) -> AnswerOut:
    chinese, english = (None, None)
    if answer.refusal is not None:
        chinese, english = words(answer.refusal, record=answer.record_id)
    return AnswerOut(
        record_id=answer.record_id,
        state=answer.state,
        refusal=answer.refusal,
        detail=chinese,
        detail_en=english,
    )
