"""The solvency board: of the bank, and of an organisation with all below it."""

from datetime import date, datetime
from typing import Annotated

from fastapi import Query
from pydantic import BaseModel, Field

from api.edge import CallerOf
from api.fields import PathId
from api.problems import problems
from api.routers import resource
from ledger.session import ReadTx
from timebank.access import Actor, check_organisation, check_whole_bank
from timebank.solvency.board import Board, UnitBoard, bank_board, organisation_board

router = resource(tag="solvency")

READ = "budgets.read"

Months = Annotated[int, Query(ge=1, le=24, description="How far the forecast goes, this month included.")]


class ExpiringOut(BaseModel):
    """What is out that ends in a month."""

    month_on: date | None = Field(description="The first day of the month; null: it never ends.")
    amount: int


class MonthOut(BaseModel):
    """A month of the forecast: nothing new is issued in it."""

    month_on: date
    spent: int
    expired: int
    left: int


class CeilingSumOut(BaseModel):
    """The budgets at the organisation and below it, together."""

    ceiling: int
    left: int
    waiting_records: int
    waiting_amount: int


class UnitOut(BaseModel):
    """One unit: issued - spent - expired + converted + moved is outstanding, each net of what was taken back."""

    unit: str
    issued: int
    spent: int
    expired: int
    converted: int = Field(description="What came out of other units, less what went into them.")
    moved: int = Field(description="What came from people elsewhere, less what went to them.")
    outstanding: int
    expiring: list[ExpiringOut]
    pace: int = Field(description="What was spent in a month, of the last three whole ones.")
    forecast: list[MonthOut]
    unit_cents: int = Field(description="What one is settled with, by today's policy.")
    liability_cents: int
    unsettled: int = Field(description="What merchants took and no statement counts yet.")
    budgets: CeilingSumOut | None
    payer_id: int | None = Field(description="Whose budget is issued from; null: there is no ceiling.")


class BoardOut(BaseModel):
    """What is out, what stands behind it and what is owed, in cents; as of now."""

    as_of: datetime
    organisation_id: int | None
    units: list[UnitOut]
    stock_cents: int = Field(description="What stands on the shelves, at cost.")
    uncosted: int = Field(description="So many items have no known cost.")
    fund_cents: int
    owed_cents: int = Field(description="Settled and not paid, or taken by merchants and not settled.")
    liability_cents: int = Field(description="What all that is out is settled with.")
    cover_permille: int | None = Field(
        description="(stock + funds) / (liability + owed), rounded down; null: nothing is owed."
    )


@router.get("/solvency", operation_id="read_solvency", responses=problems(401, 403))
async def read_solvency(caller: CallerOf, *, months: Months = 6) -> BoardOut:
    """Return the board of the whole bank."""

    async def work(tx: ReadTx, actor: Actor) -> Board:
        check_whole_bank(actor, READ)
        return await bank_board(tx, months=months, now=caller.now)

    return _board(await caller.read(work))


@router.get(
    "/organisations/{organisation_id}/solvency",
    operation_id="read_organisation_solvency",
    responses=problems(401, 403, 404),
)
async def read_organisation_solvency(
    caller: CallerOf, organisation_id: PathId, *, months: Months = 6
) -> BoardOut:
    """Return the board of an organisation in reach with all below it: its people, its shops, its own funds."""

    async def work(tx: ReadTx, actor: Actor) -> Board:
        await check_organisation(tx, actor, READ, organisation_id)
        return await organisation_board(tx, organisation_id, months=months, now=caller.now)

    return _board(await caller.read(work))


def _board(found: Board) -> BoardOut:
    return BoardOut(
        as_of=found.as_of,
        organisation_id=found.organisation_id,
        units=[_unit(one) for one in found.units],
        stock_cents=found.stock_cents,
        uncosted=found.uncosted,
        fund_cents=found.fund_cents,
        owed_cents=found.owed_cents,
        liability_cents=found.liability_cents,
        cover_permille=found.cover_permille,
    )


def _unit(one: UnitBoard) -> UnitOut:
    flows = one.flows
    return UnitOut(
        unit=one.unit,
        issued=flows.issued,
        spent=flows.spent,
        expired=flows.expired,
        converted=flows.converted,
        moved=flows.moved,
        outstanding=flows.outstanding,
        expiring=[ExpiringOut(month_on=month, amount=amount) for month, amount in one.expiring],
        pace=one.pace,
        forecast=[
            MonthOut(month_on=month.month_on, spent=month.spent, expired=month.expired, left=month.left)
            for month in one.forecast
        ],
        unit_cents=one.unit_cents,
        liability_cents=one.liability_cents,
        unsettled=one.unsettled,
        budgets=None
        if one.budgets is None
        else CeilingSumOut(
            ceiling=one.budgets.ceiling,
            left=one.budgets.left,
            waiting_records=one.budgets.waiting_records,
            waiting_amount=one.budgets.waiting_amount,
        ),
        payer_id=None if one.payer is None else one.payer.organisation_id,
    )
