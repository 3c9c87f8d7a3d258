"""Closing a session, which makes its records; taking a record back, or putting another in its place."""

from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from api.edge import CallerOf, IdempotencyKey, Refusal
from api.fields import PathId
from api.ledger_refusals import refusal_of
from api.problems import problems
from api.routers import resource
from api.v1.disputes import TimesIn
from api.v1.records import Outcome
from ledger.session import WriteTx
from ledger.values import Refused
from timebank.access import Actor
from timebank.policy.parts import Grade
from timebank.records.correcting import VoidReason, correct_record, void_record
from timebank.records.entries import State
from timebank.records.making import Closed, close_session, reconsider_session

router = resource(tag="records")


class NewRecordOut(BaseModel):
    """A record that was made: by what evidence, and what came of it."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    person_id: UUID
    grade: Grade
    outcome: Outcome
    state: State
    minutes: int
    is_cut: bool = Field(description="Nobody saw the person go; closed by the policy's haircut.")


class ClosedOut(BaseModel):
    """What closing a session came to."""

    model_config = ConfigDict(from_attributes=True)

    session_id: int
    records: list[NewRecordOut]
    missing_time: list[UUID] = Field(
        description="Who was only seen going: no record until it is entered when they came."
    )
    noted: list[int] = Field(
        description="Records that are settled, of which later scans say otherwise: for a dispute or a correction."
    )


class VoidIn(BaseModel):
    """Why a record is taken back, in a word."""

    model_config = ConfigDict(extra="forbid")

    reason: VoidReason


class VoidedOut(BaseModel):
    """A record that counts no more, and the transaction that took its credit back, if it had one."""

    model_config = ConfigDict(from_attributes=True)

    record_id: int
    reversal_id: int | None
    debt: dict[str, int] = Field(description="By unit, what was spent of the credit, or has ended, before.")


class CorrectionIn(VoidIn):
    """When the volunteer came and went after all, and why it is corrected, in a word."""

    times: TimesIn


class CorrectedOut(BaseModel):
    """The record in place of another; it waits for approval like any record."""

    model_config = ConfigDict(from_attributes=True)

    record_id: int
    corrects_id: int
    outcome: Outcome
    state: State
    minutes: int
    reversal_id: int | None


@router.post(
    "/activity-sessions/{activity_session_id}/close",
    operation_id="close_activity_session",
    responses=problems(401, 403, 404, 409),
)
async def close(caller: CallerOf, activity_session_id: PathId) -> ClosedOut:
    """Close a session in reach that is over, and make its records; the volunteers are told."""

    async def work(tx: WriteTx, actor: Actor) -> Closed:
        return await close_session(tx, actor, session_id=activity_session_id, now=caller.now)

    closed = await caller.write(work, action="sessions.close", subject=str(activity_session_id))
    return ClosedOut.model_validate(closed)


@router.post(
    "/activity-sessions/{activity_session_id}/reconsideration",
    operation_id="reconsider_activity_session",
    responses=problems(401, 403, 404),
)
async def reconsider(caller: CallerOf, activity_session_id: PathId) -> ClosedOut:
    """Make records of what arrived after a session in reach was closed; asked again, nothing more."""

    async def work(tx: WriteTx, actor: Actor) -> Closed:
        return await reconsider_session(tx, actor, session_id=activity_session_id, now=caller.now)

    done = await caller.write(work, action="sessions.reconsider", subject=str(activity_session_id))
    return ClosedOut.model_validate(done)


@router.post(
    "/records/{record_id}/void",
    operation_id="void_record",
    status_code=201,
    response_model=VoidedOut,
    responses=problems(401, 403, 404, 409),
)
async def void(caller: CallerOf, record_id: PathId, body: VoidIn, key: IdempotencyKey) -> Response:
    """Take a record in reach back with what it credited, once for the Idempotency-Key; the volunteer is told."""

    async def work(tx: WriteTx, actor: Actor) -> VoidedOut | Refusal:
        done = await void_record(tx, actor, record_id=record_id, reason=body.reason, now=caller.now)
        if isinstance(done, Refused):
            return refusal_of(done, day=tx.day(caller.now))
        return VoidedOut.model_validate(done)

    request = {"record_id": record_id, **body.model_dump(mode="json")}
    return await caller.write_once(key, request, work, action="records.void", subject=str(record_id))


@router.post(
    "/records/{record_id}/corrections",
    operation_id="correct_record",
    status_code=201,
    response_model=CorrectedOut,
    responses=problems(401, 403, 404, 409),
)
async def correct(caller: CallerOf, record_id: PathId, body: CorrectionIn, key: IdempotencyKey) -> Response:
    """Put a record with other times in place of one in reach, once for the Idempotency-Key."""

    async def work(tx: WriteTx, actor: Actor) -> CorrectedOut | Refusal:
        done = await correct_record(
            tx, actor, record_id=record_id, times=body.times.times(), reason=body.reason, now=caller.now
        )
        if isinstance(done, Refused):
            return refusal_of(done, day=tx.day(caller.now))
        return CorrectedOut.model_validate(done)

    request = {"record_id": record_id, **body.model_dump(mode="json")}
    return await caller.write_once(key, request, work, action="records.correct", subject=str(record_id))
