"""Candidates of a round: what each reached, by which evidence, and what was decided about them."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import Path, Query
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from api.cursors import DEFAULT_LIMIT, Cursor, Limit, Page, after, page
from api.edge import CallerOf
from api.etags import IfMatch, etag, expected_version
from api.fields import MAX_ID, PathId, Sentence
from api.problems import problems
from api.routers import resource
from ledger.session import ReadTx, WriteTx
from timebank.access import Actor
from timebank.recognition import deciding, ending, queries
from timebank.recognition.access import READ, check_round
from timebank.recognition.queries import Candidate, CandidateState, Decision, Subject

router = resource("/recognition-rounds/{round_id}/candidates", tag="recognition")

Number = Annotated[int, Path(ge=1, le=MAX_ID, description="The candidate's in the round.")]


class CandidateOut(BaseModel):
    """Who reached what, as it was found, and what became of it: on the list is who is `proposed`."""

    model_config = ConfigDict(from_attributes=True)

    round_id: int
    number: int
    subject: Subject
    person_id: UUID | None
    code: str | None = Field(description="A volunteer's in the register.")
    organisation_id: int | None
    organisation: str | None
    community_id: int | None
    community: str | None
    level: int
    place: int = Field(description="Shared by `tied` candidates.")
    tied: int
    minutes: int
    points: int
    records: int
    evidence: dict[str, Any]
    finding: str = Field(
        examples=["named", "over_quota", "tied_over_quota", "barred:debt", "barred:voided_record"]
    )
    state: CandidateState
    masked_name: str | None


class CandidateDecisionOut(BaseModel):
    """A step by which a candidate's state became another."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    decision: Literal["exclude", "include", "revoke"]
    reason: str
    note: str
    decided_by: UUID
    decided_at: datetime


class CandidateWithDecisions(CandidateOut):
    """A candidate and what was decided, the first one first."""

    decisions: list[CandidateDecisionOut]


class CandidateDecisionIn(BaseModel):
    """Off the list, or on it whatever was found; a note is for the office only."""

    model_config = ConfigDict(extra="forbid")

    decision: Literal["exclude", "include"]
    reason: deciding.Reason
    note: Sentence | None = None


class CandidateRevocationIn(BaseModel):
    """Why somebody is taken off a published list."""

    model_config = ConfigDict(extra="forbid")

    reason: ending.RevokeReason
    note: Sentence | None = None


@router.get("", operation_id="list_recognition_candidates", responses=problems(401, 403, 404))
async def list_candidates(
    caller: CallerOf,
    *,
    round_id: PathId,
    state: Annotated[CandidateState | None, Query(description="Only those in this state.")] = None,
    cursor: Cursor = None,
    limit: Limit = DEFAULT_LIMIT,
) -> Page[CandidateOut]:
    """Return the candidates of a round in reach, in the order of the list."""
    after_number = after(cursor)

    async def work(tx: ReadTx, actor: Actor) -> list[Candidate]:
        await check_round(tx, actor, READ, round_id)
        states = None if state is None else [state]
        return await queries.candidates(tx, round_id, after=after_number, limit=limit + 1, states=states)

    items, following = page(await caller.read(work), limit, lambda found: (found.number,))
    return Page(items=[CandidateOut.model_validate(item) for item in items], next_cursor=following)


@router.get("/{number}", operation_id="read_recognition_candidate", responses=problems(401, 403, 404))
async def read_candidate(
    caller: CallerOf, round_id: PathId, number: Number, response: Response
) -> CandidateWithDecisions:
    """Return a candidate and what was decided; the ETag is the round's, which a decision names."""

    async def work(tx: ReadTx, actor: Actor) -> tuple[int, Candidate, list[Decision]]:
        found = await check_round(tx, actor, READ, round_id)
        candidate = await queries.candidate(tx, round_id, number)
        return found.version, candidate, await queries.decisions(tx, round_id, number)

    version, candidate, decisions = await caller.read(work)
    response.headers["ETag"] = etag(version)
    return CandidateWithDecisions.model_validate(
        {
            **CandidateOut.model_validate(candidate).model_dump(),
            "decisions": [CandidateDecisionOut.model_validate(one) for one in decisions],
        }
    )


@router.post(
    "/{number}/decisions",
    operation_id="decide_recognition_candidate",
    responses=problems(401, 403, 404, 409, 412, 428),
)
async def post_decision(
    caller: CallerOf, round_id: PathId, number: Number, body: CandidateDecisionIn, if_match: IfMatch = None
) -> CandidateOut:
    """Take a candidate of a round in review off the list, or put one on it; nobody decides about themselves."""
    version = expected_version(if_match)

    async def work(tx: WriteTx, actor: Actor) -> Candidate:
        return await deciding.decide_candidate(
            tx,
            actor,
            round_id=round_id,
            number=number,
            decision=body.decision,
            reason=body.reason,
            note=body.note or "",
            expected_version=version,
            now=caller.now,
        )

    done = await caller.write(work, action="recognitions.decide", subject=f"{round_id}/{number}")
    return CandidateOut.model_validate(done)


@router.post(
    "/{number}/revocation",
    operation_id="revoke_recognition_candidate",
    responses=problems(401, 403, 404, 409, 412, 428),
)
async def post_revocation(
    caller: CallerOf, round_id: PathId, number: Number, body: CandidateRevocationIn, if_match: IfMatch = None
) -> CandidateOut:
    """Take one candidate off a published list, with the certificate if there is one, and tell them."""
    version = expected_version(if_match)

    async def work(tx: WriteTx, actor: Actor) -> Candidate:
        return await ending.revoke_candidate(
            tx,
            actor,
            round_id=round_id,
            number=number,
            reason=body.reason,
            note=body.note or "",
            expected_version=version,
            now=caller.now,
        )

    done = await caller.write(work, action="recognitions.revoke", subject=f"{round_id}/{number}")
    return CandidateOut.model_validate(done)
