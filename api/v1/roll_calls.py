"""Checking people in at a session by a list: a roll call, or papers that came in late. Each row has its own answer."""

import secrets
from collections.abc import Sequence
from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import Response
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from api.edge import CallerOf, IdempotencyKey
from api.fields import Id, Instant, PathId
from api.problems import problems
from api.routers import resource
from api.v1.scans import Kind
from api.v1.session_scans import check_session, within_of
from ledger.session import WriteTx
from timebank.access import Actor
from timebank.scans.actions import ScanAnswer, ScanRequest, record_scans
from timebank.scans.loading import load_sessions
from timebank.scans.rules import ACCEPTED, IN, OUT, REPEAT, SessionFacts

router = resource("/activity-sessions/{activity_session_id}", tag="scans")

ROLL, LATE = "scans.roll", "scans.late"
MAX_ROWS = 200


class RollCallRow(BaseModel):
    """Somebody who is there, or leaves."""

    model_config = ConfigDict(extra="forbid")

    person_id: UUID
    kind: Kind


class RollCall(BaseModel):
    """Who answered. Each must have signed up or be in the caller's reach."""

    model_config = ConfigDict(extra="forbid")

    rows: list[RollCallRow] = Field(min_length=1, max_length=MAX_ROWS)
    station_id: Id | None = None


class LateRow(BaseModel):
    """What papers say of somebody. `evidence` names the paper, not what is on it: it is kept for ever."""

    model_config = ConfigDict(extra="forbid")

    person_id: UUID
    check_in_at: Instant
    check_out_at: Instant
    evidence: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_./-]{0,59}$")] = Field(
        examples=["SHEET-0012/3"], description="Number of the sheet, and of the line on it."
    )


class LateEntries(BaseModel):
    """Attendances of a session by papers."""

    model_config = ConfigDict(extra="forbid")

    rows: list[LateRow] = Field(min_length=1, max_length=MAX_ROWS)


class RowOut(BaseModel):
    """What became of a row: `accepted`, `repeat` if that was on record, or a refusal's code."""

    person_id: UUID
    outcome: str


class RowsOut(BaseModel):
    """An answer to each row, in order."""

    rows: list[RowOut]


@router.post(
    "/roll-call",
    operation_id="call_roll",
    status_code=201,
    response_model=RowsOut,
    responses=problems(401, 403, 404, 409),
)
async def call_roll(
    body: RollCall, activity_session_id: PathId, caller: CallerOf, key: IdempotencyKey
) -> Response:
    """Check those in or out who answer a roll call; once for the Idempotency-Key, and an answer to each row."""
    digests = [secrets.token_bytes(32) for _ in body.rows]

    async def work(tx: WriteTx, actor: Actor) -> RowsOut:
        within = await within_of(tx, actor, ROLL)
        await check_session(tx, activity_session_id, within)
        requests = [
            ScanRequest(
                digest=digest,
                kind=row.kind,
                received_at=caller.now,
                actor=actor.text,
                session_id=activity_session_id,
                station_id=body.station_id,
                person_id=row.person_id,
                by_hand="roll_call",
                within=within,
            )
            for digest, row in zip(digests, body.rows, strict=True)
        ]
        answers = await record_scans(tx, requests, codes=caller.service.codes)
        return RowsOut(
            rows=[
                RowOut(person_id=row.person_id, outcome=answer.outcome)
                for row, answer in zip(body.rows, answers, strict=True)
            ]
        )

    said = [activity_session_id, body.model_dump(mode="json")]
    return await caller.write_once(
        key, said, work, action="scans.roll_call", subject=str(activity_session_id)
    )


@router.post(
    "/late-entries",
    operation_id="enter_late",
    status_code=201,
    response_model=RowsOut,
    responses=problems(401, 403, 404, 409),
)
async def enter_late(
    body: LateEntries, activity_session_id: PathId, caller: CallerOf, key: IdempotencyKey
) -> Response:
    """Enter attendances from papers, once for the Idempotency-Key; each row has its own answer."""
    digests = [(secrets.token_bytes(32), secrets.token_bytes(32)) for _ in body.rows]

    async def work(tx: WriteTx, actor: Actor) -> RowsOut:
        within = await within_of(tx, actor, LATE)
        await check_session(tx, activity_session_id, within)
        session = (await load_sessions(tx, [activity_session_id])).get(activity_session_id)
        requests = [
            ScanRequest(
                digest=digest,
                kind=kind,
                received_at=caller.now,
                actor=actor.text,
                session_id=activity_session_id,
                person_id=row.person_id,
                by_hand="late_entry",
                happened_at=at,
                evidence=row.evidence,
                within=within,
                fault=_fault_of(row, session, caller.now),
            )
            for pair, row in zip(digests, body.rows, strict=True)
            for digest, (kind, at) in zip(pair, _halves(row), strict=True)
        ]
        answers = await record_scans(tx, requests, codes=caller.service.codes)
        return RowsOut(
            rows=[
                RowOut(person_id=row.person_id, outcome=_outcome_of(answers[2 * n : 2 * n + 2]))
                for n, row in enumerate(body.rows)
            ]
        )

    said = [activity_session_id, body.model_dump(mode="json")]
    return await caller.write_once(key, said, work, action="scans.late", subject=str(activity_session_id))


def _halves(row: LateRow) -> tuple[tuple[Kind, datetime], tuple[Kind, datetime]]:
    return (IN, row.check_in_at), (OUT, row.check_out_at)


def _fault_of(row: LateRow, session: SessionFacts | None, now: datetime) -> str | None:
    """Return what is wrong with a row, for both of its halves: a wrong one is to leave nothing behind."""
    if row.check_out_at <= row.check_in_at:
        return "check_out_before_check_in"
    if row.check_out_at > now:
        return "clock_in_future"
    if session is None or all(session.takes(kind, at, afterwards=True) for kind, at in _halves(row)):
        return None
    return "session_not_open"


def _outcome_of(answers: Sequence[ScanAnswer]) -> str:
    """Return a row's outcome: refused if either half is, a repeat if both are."""
    refused = next((answer.outcome for answer in answers if not answer.is_good), None)
    if refused is not None:
        return refused
    return REPEAT if all(answer.outcome == REPEAT for answer in answers) else ACCEPTED
