"""Settlements: what each shop and merchant took in a month, approved by another, and paid from a named fund."""

from datetime import date, datetime
from typing import Annotated

from fastapi import Query
from pydantic import BaseModel, ConfigDict, Field, StringConstraints
from starlette.responses import Response

from api.cursors import DEFAULT_LIMIT, Cursor, Limit, Page, after, page
from api.edge import CallerOf, IdempotencyKey
from api.fields import MAX_ID, Id, PathId
from api.problems import problems
from api.routers import resource
from ledger.session import ReadTx, WriteTx
from timebank.access import Actor, reach
from timebank.funds.access import check_fund
from timebank.merchants.access import check_staff
from timebank.settlements import actions, queries
from timebank.settlements.access import check_settlement, shown_settlement
from timebank.settlements.actions import By
from timebank.settlements.queries import Filter, Item, Settlement, State
from timebank.settlements.sheet import statement_sheet

router = resource(tag="settlements")
READ, DRAFT, APPROVE, PAY = (
    "settlements.read",
    "settlements.draft",
    "settlements.approve",
    "settlements.pay",
)

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
MOST_LINES = 100_000
"""Of a statement in one file."""

FILE = {"content": {XLSX: {"schema": {"type": "string", "format": "binary"}}}, "description": "The workbook."}

Month = Annotated[str, StringConstraints(pattern=r"^20\d\d-(0[1-9]|1[0-2])$"), Field(examples=["2026-10"])]


class SettlementOut(BaseModel):
    """A payee's statement of a month: `amount` of `unit`, settled with `cents` at `unit_cents` each."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    shop_id: int | None
    merchant_id: int | None
    payee: str
    month: str
    unit: str
    amount: int
    unit_cents: int
    cents: int
    state: State
    policy_version: int
    drafted_at: datetime
    approved_at: datetime | None
    fund_id: int | None
    paid_at: datetime | None
    transaction_id: int | None = Field(description="The payment in the books.")
    version: int


class ItemOut(BaseModel):
    """A transaction that a statement counts; what was given back is negative."""

    model_config = ConfigDict(from_attributes=True)

    transaction_id: int
    kind: str
    effective_at: datetime
    amount: int
    receipt: str | None
    acceptance_id: int | None


class DraftsIn(BaseModel):
    """The month, which is over."""

    model_config = ConfigDict(extra="forbid")

    month: Month


class DraftsOut(BaseModel):
    """The statements that were drafted now; those that were there stay as they are."""

    drafted: list[int]


class PaymentIn(BaseModel):
    """The fund of money that pays."""

    model_config = ConfigDict(extra="forbid")

    fund_id: Id


@router.post("/settlements/drafts", operation_id="draft_settlements", responses=problems(401, 403))
async def draft_settlements(caller: CallerOf, body: DraftsIn) -> DraftsOut:
    """Draft the statements of a month for all shops and merchants in reach; again drafts what is missing."""
    month_on = _first_day(body.month)

    async def work(tx: WriteTx, actor: Actor) -> list[int]:
        nodes = await reach(tx, actor, DRAFT)
        by = By(actor.text, actor.person_id)
        payees = await actions.payees_of(tx, nodes)
        return await actions.draft_statements(tx, month_on=month_on, payees=payees, by=by, now=caller.now)

    return DraftsOut(drafted=await caller.write(work, action="settlements.draft", subject=body.month))


@router.get("/settlements", operation_id="list_settlements", responses=problems(401, 403))
async def list_settlements(
    caller: CallerOf,
    *,
    month: Month | None = None,
    state: State | None = None,
    shop_id: Annotated[int | None, Query(ge=1, le=MAX_ID)] = None,
    merchant_id: Annotated[int | None, Query(ge=1, le=MAX_ID)] = None,
    cursor: Cursor = None,
    limit: Limit = DEFAULT_LIMIT,
) -> Page[SettlementOut]:
    """Return the statements of shops and merchants in reach, by id."""
    after_id = after(cursor)
    wanted = Filter(None if month is None else _first_day(month), state, shop_id, merchant_id)

    async def work(tx: ReadTx, actor: Actor) -> list[Settlement]:
        nodes = await reach(tx, actor, READ)
        return await queries.settlements(tx, wanted, organisations=nodes, after_id=after_id, limit=limit + 1)

    return _page(await caller.read(work), limit)


@router.get(
    "/merchants/{merchant_id}/settlements",
    operation_id="list_merchant_settlements",
    responses=problems(401, 403, 404),
)
async def list_merchant_settlements(
    caller: CallerOf, merchant_id: PathId, cursor: Cursor = None, limit: Limit = DEFAULT_LIMIT
) -> Page[SettlementOut]:
    """Return the statements of a merchant that one accepts for, by id."""
    after_id = after(cursor)

    async def work(tx: ReadTx, actor: Actor) -> list[Settlement]:
        await check_staff(tx, actor, merchant_id, now=caller.now)
        wanted = Filter(merchant_id=merchant_id)
        return await queries.settlements(tx, wanted, organisations=None, after_id=after_id, limit=limit + 1)

    return _page(await caller.read(work), limit)


@router.get("/settlements/{settlement_id}", operation_id="get_settlement", responses=problems(401, 403, 404))
async def get_settlement(caller: CallerOf, settlement_id: PathId) -> SettlementOut:
    """Return a statement in reach, or of a merchant that one accepts for."""

    async def work(tx: ReadTx, actor: Actor) -> Settlement:
        return await shown_settlement(tx, actor, settlement_id, now=caller.now)

    return settlement_out(await caller.read(work))


@router.get(
    "/settlements/{settlement_id}/items",
    operation_id="list_settlement_items",
    responses=problems(401, 403, 404),
)
async def list_items(
    caller: CallerOf, settlement_id: PathId, cursor: Cursor = None, limit: Limit = DEFAULT_LIMIT
) -> Page[ItemOut]:
    """Return the transactions that a statement counts, by id."""
    after_id = after(cursor)

    async def work(tx: ReadTx, actor: Actor) -> list[Item]:
        await shown_settlement(tx, actor, settlement_id, now=caller.now)
        return await queries.items(tx, settlement_id, after_id=after_id, limit=limit + 1)

    found, following = page(await caller.read(work), limit, lambda one: (one.transaction_id,))
    return Page(items=[ItemOut.model_validate(one) for one in found], next_cursor=following)


@router.get(
    "/settlements/{settlement_id}/statement.xlsx",
    operation_id="export_settlement",
    response_class=Response,
    responses={**problems(401, 403, 404), 200: FILE},
)
async def export_settlement(caller: CallerOf, settlement_id: PathId) -> Response:
    """Return a statement as a workbook for the accountant."""

    async def work(tx: ReadTx, actor: Actor) -> bytes:
        found = await shown_settlement(tx, actor, settlement_id, now=caller.now)
        lines = await queries.items(tx, settlement_id, after_id=0, limit=MOST_LINES)
        return statement_sheet(found, lines, zone=tx.zone)

    name = f"settlement-{settlement_id}.xlsx"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(await caller.read(work), media_type=XLSX, headers=headers)


@router.post(
    "/settlements/{settlement_id}/approve",
    operation_id="approve_settlement",
    responses=problems(401, 403, 404, 409),
)
async def approve_settlement(caller: CallerOf, settlement_id: PathId) -> SettlementOut:
    """Approve a statement that somebody else drafted."""

    async def work(tx: WriteTx, actor: Actor) -> Settlement:
        await check_settlement(tx, actor, APPROVE, settlement_id)
        return await actions.approve_statement(tx, actor, settlement_id=settlement_id, now=caller.now)

    return settlement_out(await caller.write(work, action="settlements.approve", subject=_named))


@router.post(
    "/settlements/{settlement_id}/pay",
    operation_id="pay_settlement",
    response_model=SettlementOut,
    responses=problems(401, 403, 404, 409),
)
async def pay_settlement(
    caller: CallerOf, settlement_id: PathId, body: PaymentIn, key: IdempotencyKey
) -> Response:
    """Pay an approved statement out of a fund, once for the Idempotency-Key."""

    async def work(tx: WriteTx, actor: Actor) -> SettlementOut:
        await check_settlement(tx, actor, PAY, settlement_id)
        await check_fund(tx, actor, PAY, body.fund_id)
        paid = await actions.pay_statement(
            tx, actor, settlement_id=settlement_id, fund_id=body.fund_id, now=caller.now
        )
        return settlement_out(paid)

    request = [settlement_id, body.model_dump(mode="json")]
    return await caller.write_once(
        key, request, work, action="settlements.pay", subject=str(settlement_id), status=200
    )


def settlement_out(found: Settlement) -> SettlementOut:
    """Return a statement as it is shown."""
    return SettlementOut.model_validate({**_facts(found), "month": f"{found.month_on:%Y-%m}"})


def _facts(found: Settlement) -> dict[str, object]:
    return {name: getattr(found, name) for name in Settlement.__dataclass_fields__}


def _page(found: list[Settlement], limit: int) -> Page[SettlementOut]:
    items, following = page(found, limit, lambda one: (one.id,))
    return Page(items=[settlement_out(one) for one in items], next_cursor=following)


def _first_day(month: str) -> date:
    return date.fromisoformat(f"{month}-01")


def _named(found: Settlement) -> str:
    return str(found.id)
