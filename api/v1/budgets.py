"""Budgets: what organisations may issue, how their ceilings were set, and the credits that wait for more."""

from datetime import datetime
from typing import Annotated

from fastapi import Query
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from api.cursors import DEFAULT_LIMIT, Cursor, Limit, Page, after, before, decode, page
from api.edge import CallerOf, IdempotencyKey
from api.fields import MAX_ID, Id, Sentence
from api.problems import problems
from api.routers import resource
from api.v1.awards import UnitCode
from ledger.session import ReadTx, WriteTx
from timebank.access import Actor, reach
from timebank.budgets import queries
from timebank.budgets.actions import change_ceiling
from timebank.budgets.rules import MAX_CHANGE

router = resource(tag="budgets")

READ = "budgets.read"


class BudgetOut(BaseModel):
    """What an organisation, and all below it without a budget of their own, may issue of a unit."""

    model_config = ConfigDict(from_attributes=True)

    organisation_id: int
    organisation: str
    unit: str
    ceiling: int
    issued: int = Field(description="Less what was taken back.")
    left: int
    waiting_records: int
    waiting_amount: int
    missing: int = Field(description="By how much it has to be raised for all that waits.")


class CeilingIn(BaseModel):
    """By how much an organisation's ceiling of a unit is raised, or lowered if it is below nothing."""

    model_config = ConfigDict(extra="forbid")

    organisation_id: Id
    unit: UnitCode
    change: Annotated[int, Field(ge=-MAX_CHANGE, le=MAX_CHANGE)]
    reason: Sentence = Field(description="Who decided it, by which paper; no names.")


class CeilingChanged(BaseModel):
    """A ceiling as it is now, and what is left of it."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    transaction_id: int
    organisation_id: int
    unit: str
    change: int
    ceiling: int
    left: int


class CeilingOut(BaseModel):
    """One change of a ceiling."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    organisation_id: int
    unit: str
    change: int
    reason: str
    transaction_id: int
    made_at: datetime
    made_by: str


class WaitingOut(BaseModel):
    """A record whose credit a budget did not cover: it is credited, hours and all, once that was raised."""

    model_config = ConfigDict(from_attributes=True)

    record_id: int
    activity_id: int
    organisation_id: int = Field(description="Whose budget it is.")
    unit: str
    amount: int
    left: int = Field(description="What the budget has now.")
    missing: int = Field(description="What this record alone lacks; 0: the next run credits it.")
    since_at: datetime


@router.get("/budgets", operation_id="list_budgets", responses=problems(401, 403))
async def list_budgets(
    caller: CallerOf, *, cursor: Cursor = None, limit: Limit = DEFAULT_LIMIT
) -> Page[BudgetOut]:
    """Return the budgets of organisations in reach, by organisation and unit."""
    organisation_id, unit = (0, "") if cursor is None else decode(cursor, int, str)

    async def work(tx: ReadTx, actor: Actor) -> list[queries.Budget]:
        nodes = await reach(tx, actor, READ)
        start = (int(organisation_id), str(unit))
        return await queries.budgets(tx, organisations=nodes, after=start, limit=limit + 1)

    items, following = page(await caller.read(work), limit, lambda one: (one.organisation_id, one.unit))
    return Page(items=[BudgetOut.model_validate(one) for one in items], next_cursor=following)


@router.get("/ceilings", operation_id="list_ceilings", responses=problems(401, 403))
async def list_ceilings(
    caller: CallerOf,
    *,
    organisation_id: Annotated[int | None, Query(ge=1, le=MAX_ID)] = None,
    cursor: Cursor = None,
    limit: Limit = DEFAULT_LIMIT,
) -> Page[CeilingOut]:
    """Return how ceilings of organisations in reach were changed, the latest first."""
    before_id = before(cursor)

    async def work(tx: ReadTx, actor: Actor) -> list[queries.Ceiling]:
        nodes = await reach(tx, actor, READ)
        return await queries.ceilings(
            tx, organisations=nodes, before=before_id, limit=limit + 1, organisation_id=organisation_id
        )

    items, following = page(await caller.read(work), limit, lambda one: (one.id,))
    return Page(items=[CeilingOut.model_validate(one) for one in items], next_cursor=following)


@router.post(
    "/ceilings",
    operation_id="change_ceiling",
    status_code=201,
    response_model=CeilingChanged,
    responses=problems(401, 403, 404, 409),
)
async def post_ceiling(caller: CallerOf, body: CeilingIn, key: IdempotencyKey) -> Response:
    """Raise or lower what an organisation in reach may issue, once for the Idempotency-Key."""

    async def work(tx: WriteTx, actor: Actor) -> CeilingChanged:
        done = await change_ceiling(
            tx,
            actor,
            key=key,
            organisation_id=body.organisation_id,
            unit=body.unit,
            change=body.change,
            reason=body.reason,
            now=caller.now,
        )
        return CeilingChanged.model_validate(done)

    return await caller.write_once(
        key, body.model_dump(mode="json"), work, action="ceilings.change", subject=str(body.organisation_id)
    )


@router.get("/waiting-credits", operation_id="list_waiting_credits", responses=problems(401, 403))
async def list_waiting_credits(
    caller: CallerOf, *, cursor: Cursor = None, limit: Limit = DEFAULT_LIMIT
) -> Page[WaitingOut]:
    """Return the records in reach whose credit waits for a budget, with how much is missing."""
    after_id = after(cursor)

    async def work(tx: ReadTx, actor: Actor) -> list[queries.WaitingCredit]:
        nodes = await reach(tx, actor, READ)
        return await queries.waiting_credits(tx, organisations=nodes, after=after_id, limit=limit + 1)

    items, following = page(await caller.read(work), limit, lambda one: (one.record_id,))
    return Page(items=[WaitingOut.model_validate(one) for one in items], next_cursor=following)
