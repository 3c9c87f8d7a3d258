"""Disputes over one's own records, and deciding them."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, model_validator
from starlette.responses import Response

from api.cursors import DEFAULT_LIMIT, Cursor, Limit, Page, after, page
from api.edge import CallerOf, IdempotencyKey, Refusal
from api.fields import Instant, PathId, Sentence
from api.ledger_refusals import refusal_of
from api.problems import problems
from api.routers import resource
from ledger.session import ReadTx, WriteTx
from ledger.values import Refused
from timebank.access import Actor, check_person, reach
from timebank.records.correcting import Times
from timebank.records.disputes import (
    DECIDE,
    OWN,
    Dispute,
    decide_dispute,
    disputes,
    disputes_of,
    raise_dispute,
)

router = resource(tag="disputes")


class DisputeIn(BaseModel):
    """What is wrong with the record, in the volunteer's words."""

    model_config = ConfigDict(extra="forbid")

    statement: Sentence


class DisputeOut(BaseModel):
    """A dispute over a record, and what was decided."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    record_id: int
    person_id: UUID
    statement: str
    raised_at: datetime
    decided_at: datetime | None
    decision: Literal["upheld", "dismissed"] | None
    answer: str | None


class TimesIn(BaseModel):
    """When the volunteer came and went after all."""

    model_config = ConfigDict(extra="forbid")

    check_in_at: Instant
    check_out_at: Instant

    @model_validator(mode="after")
    def _in_order(self) -> "TimesIn":
        if self.check_out_at <= self.check_in_at:
            raise ValueError("check-out must be after check-in")
        return self

    def times(self) -> Times:
        """Return the times as the domain has them."""
        return Times(self.check_in_at, self.check_out_at)


class DecisionIn(BaseModel):
    """What is decided and why. Upheld with times the record is corrected to them; without any it is voided."""

    model_config = ConfigDict(extra="forbid")

    decision: Literal["upheld", "dismissed"]
    answer: Sentence
    times: TimesIn | None = None


class DecisionOut(BaseModel):
    """What came of a dispute; `correction_id` is the record in place of the disputed one."""

    model_config = ConfigDict(from_attributes=True)

    dispute_id: int
    record_id: int
    decision: Literal["upheld", "dismissed"]
    correction_id: int | None = Field(description="It waits for approval like any record.")


@router.post(
    "/records/{record_id}/disputes",
    operation_id="raise_dispute",
    status_code=201,
    responses=problems(401, 403, 404, 409),
)
async def create_dispute(caller: CallerOf, record_id: PathId, body: DisputeIn) -> DisputeOut:
    """Say what is wrong with a record of one's own; until it is decided the record is neither approved nor credited."""

    async def work(tx: WriteTx, actor: Actor) -> Dispute:
        return await raise_dispute(tx, actor, record_id=record_id, statement=body.statement, now=caller.now)

    raised = await caller.write(work, action="disputes.raise", subject=str(record_id))
    return DisputeOut.model_validate(raised)


@router.get("/disputes", operation_id="list_disputes", responses=problems(401, 403))
async def list_disputes(
    caller: CallerOf, *, is_open: bool | None = None, cursor: Cursor = None, limit: Limit = DEFAULT_LIMIT
) -> Page[DisputeOut]:
    """Return disputes over records in reach."""
    after_id = after(cursor)

    async def work(tx: ReadTx, actor: Actor) -> list[Dispute]:
        nodes = await reach(tx, actor, DECIDE)
        return await disputes(tx, after_id=after_id, limit=limit + 1, reach=nodes, is_open=is_open)

    return _page(await caller.read(work), limit)


@router.get(
    "/people/{person_id}/disputes", operation_id="list_disputes_of", responses=problems(401, 403, 404)
)
async def list_disputes_of(
    caller: CallerOf, person_id: UUID, cursor: Cursor = None, limit: Limit = DEFAULT_LIMIT
) -> Page[DisputeOut]:
    """Return one's own disputes, or those of whom one acts for."""
    after_id = after(cursor)

    async def work(tx: ReadTx, actor: Actor) -> list[Dispute]:
        await check_person(tx, actor, OWN, person_id, now=caller.now)
        return await disputes_of(tx, person_id, after_id=after_id, limit=limit + 1)

    return _page(await caller.read_of(person_id, "disputes", OWN, work), limit)


@router.post(
    "/disputes/{dispute_id}/decision",
    operation_id="decide_dispute",
    status_code=201,
    response_model=DecisionOut,
    responses=problems(401, 403, 404, 409),
)
async def create_decision(
    caller: CallerOf, dispute_id: PathId, body: DecisionIn, key: IdempotencyKey
) -> Response:
    """Decide a dispute in reach, once for the Idempotency-Key; the volunteer is told."""

    async def work(tx: WriteTx, actor: Actor) -> DecisionOut | Refusal:
        done = await decide_dispute(
            tx,
            actor,
            dispute_id=dispute_id,
            decision=body.decision,
            answer=body.answer,
            times=None if body.times is None else body.times.times(),
            now=caller.now,
        )
        if isinstance(done, Refused):
            return refusal_of(done, day=tx.day(caller.now))
        return DecisionOut.model_validate(done)

    request = {"dispute_id": dispute_id, **body.model_dump(mode="json")}
    return await caller.write_once(key, request, work, action="disputes.decide", subject=str(dispute_id))


def _page(found: list[Dispute], limit: int) -> Page[DisputeOut]:
    items, following = page(found, limit, lambda one: (one.id,))
    return Page(items=[DisputeOut.model_validate(one) for one in items], next_cursor=following)
