"""What a person has: balances by unit and lot, statements, standing."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from fastapi import Path, Query
from pydantic import BaseModel, ConfigDict, Field, JsonValue
from pydantic_core import to_json
from starlette.responses import Response

from api.cursors import Limit, Page
from api.edge import CallerOf, rendered
from api.fields import Instant
from api.problems import problems
from api.routers import resource
from ledger.session import ReadTx
from timebank.access import Actor, check_person
from timebank.balances.queries import (
    Basis,
    Standing,
    UnitBalance,
    balances_of,
    standing_of,
    statement_of,
)

router = resource(tag="balances")
PERMISSION = "standing.read"

STATEMENT_LIMIT = 20
"""Lines of a statement's page, if not said otherwise: what a phone shows before anybody scrolls."""

UnitInPath = Annotated[str, Path(pattern=r"^[A-Za-z][A-Za-z0-9_.:-]{0,79}$", examples=["point"])]

# A statement's cursor says where each lot of the wallet stands, and a wallet may have dozens.
StatementCursor = Annotated[
    str | None, Query(max_length=8_000, description="`next_cursor` of the page before; none for the first.")
]


class LotOut(BaseModel):
    """What ends on one day; null: never."""

    expires_on: date | None
    amount: int


class BalanceOut(BaseModel):
    """What a person has of one unit, in its whole numbers."""

    unit: str = Field(examples=["point"])
    unit_class: str = Field(examples=["value"])
    total: int = Field(description="Everything in the wallet.")
    spendable: int = Field(description="What can be spent on that day; 0 of honour and scores.")
    held: int = Field(description="Set aside for something, and not in the wallet.")
    lots: list[LotOut]


class BalancesOut(BaseModel):
    """A person's balances, now or as of a moment."""

    person_id: UUID
    as_of: datetime
    balances: list[BalanceOut]


class StandingOut(BaseModel):
    """A person's standing: minutes are honour, points can be spent."""

    person_id: UUID
    minutes: int
    star: int | None = Field(description="0 to the highest; null while no policy pack is in force.")
    star_minutes: int | None = Field(
        description="Of the minutes those that count for stars; null as `star` is."
    )
    next_star_minutes: int | None = Field(description="Where the next star stands; null at the highest.")
    missing_minutes: int | None = Field(
        description="So many are missing to the next star; 0: it comes with the next daily count."
    )
    points: int
    points_held: int


class LineOut(BaseModel):
    """One movement, with the balance of the whole wallet after it."""

    model_config = ConfigDict(from_attributes=True)

    transaction_id: int
    line: int
    kind: str
    amount: int = Field(description="What came in; negative: what went out.")
    balance: int
    expires_on: date | None
    effective_at: datetime
    recorded_at: datetime
    memo: str
    metadata: dict[str, JsonValue]


StatementOut = Page[LineOut]


@router.get(
    "/people/{person_id}/balances",
    operation_id="read_balances",
    response_model=BalancesOut,
    responses=problems(401, 403, 404),
)
async def read_balances(
    caller: CallerOf,
    person_id: UUID,
    as_of: Annotated[Instant | None, Query(description="Now, if not given.")] = None,
    basis: Annotated[
        Basis, Query(description="What counts by `as_of`: its effect, or its record.")
    ] = "effective",
) -> Response:
    """Return what a person has in every unit, lot by lot."""
    zone = (await caller.bank()).zone
    question = balances_of(zone, now=caller.now, as_of=as_of, basis=basis)
    found = await caller.ask_of(person_id, "balances", PERMISSION, question)
    balances = [_balance(balance) for balance in found]
    return rendered(BalancesOut(person_id=person_id, as_of=as_of or caller.now, balances=balances))


@router.get(
    "/people/{person_id}/statements/{unit}",
    operation_id="read_statement",
    response_model=StatementOut,
    responses=problems(401, 403, 404),
)
async def read_statement(
    caller: CallerOf,
    person_id: UUID,
    unit: UnitInPath,
    cursor: StatementCursor = None,
    limit: Limit = STATEMENT_LIMIT,
) -> Response:
    """Return what moved in a person's wallet of a unit, newest first."""
    question = statement_of(unit, cursor=cursor, limit=limit)
    found = await caller.ask_of(person_id, "statement", PERMISSION, question)
    # Written as the model would write it, line by line as they are: checking them again took a thirtieth of the answer.
    shown = {"items": found.lines, "next_cursor": found.next}
    return Response(to_json(shown, exclude={"items": {"__all__": {"actor"}}}), media_type="application/json")


@router.get("/people/{person_id}/standing", operation_id="read_standing", responses=problems(401, 403, 404))
async def read_standing(caller: CallerOf, person_id: UUID) -> StandingOut:
    """Return a person's credited minutes, star and points today."""

    async def work(tx: ReadTx, actor: Actor) -> Standing:
        await check_person(tx, actor, PERMISSION, person_id, now=caller.now)
        return await standing_of(tx, person_id, now=caller.now)

    found = await caller.read_of(person_id, "standing", PERMISSION, work)
    return StandingOut(
        person_id=person_id,
        minutes=found.minutes,
        star=found.star,
        star_minutes=found.star_minutes,
        next_star_minutes=found.way.minutes if found.way else None,
        missing_minutes=found.way.missing_minutes if found.way else None,
        points=found.points,
        points_held=found.points_held,
    )


def _balance(balance: UnitBalance) -> BalanceOut:
    return BalanceOut(
        unit=balance.unit,
        unit_class=balance.class_,
        total=balance.total,
        spendable=balance.spendable,
        held=balance.held,
        lots=[LotOut(expires_on=lot.expires_on, amount=lot.balance) for lot in balance.lots],
    )
