"""Awards: points given by hand, by the office."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints
from starlette.responses import Response

from api.cursors import DEFAULT_LIMIT, Cursor, Limit, Page, before, page
from api.edge import CallerOf, IdempotencyKey, Refusal
from api.fields import Amount, Sentence
from api.ledger_refusals import refusal_of
from api.problems import problems
from api.routers import resource
from api.spans import FromDay, UntilDay, moments
from ledger.session import ReadTx, WriteTx
from ledger.values import Refused
from timebank.access import Actor, reach
from timebank.awards.actions import award
from timebank.awards.queries import AwardLine, awards

router = resource(tag="awards")

UnitCode = Annotated[
    str, StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9_.:/-]{0,79}$"), Field(examples=["point"])
]


class AwardIn(BaseModel):
    """So much of a unit for a person, and what for. Hours are never awarded."""

    model_config = ConfigDict(extra="forbid")

    person_id: UUID
    unit: UnitCode
    amount: Amount
    reason: Sentence = Field(description="What it is for; no names.")


class AwardOut(BaseModel):
    """An award in the books: the transaction, the last day of its lot, the policy version that says so."""

    transaction_id: int
    person_id: UUID
    unit: str
    amount: int
    expires_on: date | None
    policy_version: int


class AwardLineOut(BaseModel):
    """An award in the books, by hand or of a workbook."""

    model_config = ConfigDict(from_attributes=True)

    transaction_id: int
    person_id: UUID
    unit: str
    amount: int
    expires_on: date | None
    title: str
    effective_at: datetime
    actor: str
    reversed_by: int | None


@router.get("/awards", operation_id="list_awards", responses=problems(401, 403))
async def list_awards(
    caller: CallerOf,
    *,
    person_id: UUID | None = None,
    first: FromDay = None,
    last: UntilDay = None,
    cursor: Cursor = None,
    limit: Limit = DEFAULT_LIMIT,
) -> Page[AwardLineOut]:
    """Return awards to people in reach, newest first."""
    before_id = before(cursor)

    async def work(tx: ReadTx, actor: Actor) -> list[AwardLine]:
        nodes = await reach(tx, actor, "awards.read")
        from_at, until_at = moments(tx, first, last)
        return await awards(
            tx,
            before_id=before_id,
            limit=limit + 1,
            reach=nodes,
            person_id=person_id,
            from_at=from_at,
            until_at=until_at,
        )

    items, following = page(await caller.read(work), limit, lambda line: (line.transaction_id,))
    return Page(items=[AwardLineOut.model_validate(line) for line in items], next_cursor=following)


@router.post(
    "/awards",
    operation_id="award",
    status_code=201,
    response_model=AwardOut,
    responses=problems(401, 403, 404, 409),
)
async def create_award(caller: CallerOf, body: AwardIn, key: IdempotencyKey) -> Response:
    """Award points to a person in reach, once for the Idempotency-Key; the person is told."""

    async def work(tx: WriteTx, actor: Actor) -> AwardOut | Refusal:
        done = await award(
            tx,
            actor,
            key=key,
            person_id=body.person_id,
            unit=body.unit,
            amount=body.amount,
            reason=body.reason,
            now=caller.now,
        )
        if isinstance(done, Refused):
            return refusal_of(done, day=tx.day(caller.now))
        return AwardOut(
            transaction_id=done.transaction_id,
            person_id=done.person_id,
            unit=done.unit,
            amount=done.amount,
            expires_on=done.expires_on,
            policy_version=done.policy_version,
        )

    return await caller.write_once(
        key, body.model_dump(mode="json"), work, action="award", subject=str(body.person_id)
    )
