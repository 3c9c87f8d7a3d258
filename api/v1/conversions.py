"""Conversions: what a member's points and hours can be turned into, what that would give, and doing it."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints
from starlette.responses import Response

from api.cursors import DEFAULT_LIMIT, Cursor, Limit, Page, before, page
from api.edge import CallerOf, IdempotencyKey, Refusal
from api.fields import Amount
from api.ledger_refusals import refusal_of
from api.problems import problems
from api.routers import resource
from ledger.session import ReadTx, WriteTx
from ledger.values import Refused
from timebank.access import Actor, check_person
from timebank.books.actions import books_key
from timebank.conversions.actions import convert
from timebank.conversions.queries import (
    Conversion,
    Possible,
    Quote,
    conversions_of,
    possible_conversions,
    quote_conversion,
)
from timebank.policy.queries import version_in_force

router = resource("/people/{person_id}", tag="conversions")

OWN = "conversions.own"

Unit = Annotated[str, StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9_.:/-]{0,79}$")]


class PossibleOut(BaseModel):
    """A conversion that today's rules offer: each whole `from_amount` gives `to_amount`."""

    model_config = ConfigDict(from_attributes=True)

    from_unit: str = Field(examples=["minute"])
    to_unit: str = Field(examples=["fufen"])
    from_amount: int
    to_amount: int
    left: int = Field(description="What there is to convert; of hours, what was not converted before.")
    month_left: int | None = Field(description="What the month's limit leaves; null without one.")
    most: int = Field(description="The most that can be converted now.")


class PossibleList(BaseModel):
    """What today's rules offer."""

    items: list[PossibleOut]


class ConversionIn(BaseModel):
    """So much of one unit, into another."""

    model_config = ConfigDict(extra="forbid")

    from_unit: Unit = Field(examples=["point"])
    to_unit: Unit = Field(examples=["fufen"])
    amount: Amount = Field(description="Of `from_unit`: a multiple of the rule's step.")


class QuoteOut(BaseModel):
    """What an amount gives today, the last day of what comes, and the policy version that says so."""

    model_config = ConfigDict(from_attributes=True)

    from_unit: str
    from_amount: int
    to_unit: str
    to_amount: int
    expires_on: date | None
    policy_version: int


class ConvertedOut(QuoteOut):
    """A conversion in the books."""

    id: int
    transaction_id: int


class ConversionOut(BaseModel):
    """A conversion that was made."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    from_unit: str
    from_amount: int
    to_unit: str
    to_amount: int
    transaction_id: int
    policy_version: int
    made_at: datetime


@router.get("/conversion-offers", operation_id="list_conversion_offers", responses=problems(401, 403, 404))
async def list_conversion_offers(caller: CallerOf, person_id: UUID) -> PossibleList:
    """Return what a person could convert now, and how much of it."""

    async def work(tx: ReadTx, actor: Actor) -> list[Possible]:
        await check_person(tx, actor, OWN, person_id, now=caller.now)
        return await possible_conversions(tx, person_id, now=caller.now)

    found = await caller.read_of(person_id, "conversions", OWN, work)
    return PossibleList(items=[PossibleOut.model_validate(item) for item in found])


@router.post("/conversion-quotes", operation_id="quote_conversion", responses=problems(401, 403, 404))
async def create_quote(caller: CallerOf, person_id: UUID, body: ConversionIn) -> QuoteOut:
    """Say what an amount would give now, or why it would be refused; nothing is kept."""

    async def work(tx: ReadTx, actor: Actor) -> Quote:
        await check_person(tx, actor, OWN, person_id, now=caller.now)
        version = await version_in_force(tx, caller.now)
        return await quote_conversion(tx, version, person_id, **body.model_dump(), now=caller.now)

    return QuoteOut.model_validate(await caller.read_of(person_id, "conversions", OWN, work))


@router.post(
    "/conversions",
    operation_id="convert",
    status_code=201,
    response_model=ConvertedOut,
    responses=problems(401, 403, 404, 409),
)
async def create_conversion(
    caller: CallerOf, person_id: UUID, body: ConversionIn, key: IdempotencyKey
) -> Response:
    """Convert by today's rate, once for the Idempotency-Key: points are given for it, hours are kept."""

    async def work(tx: WriteTx, actor: Actor) -> ConvertedOut | Refusal:
        await check_person(tx, actor, OWN, person_id, now=caller.now)
        done = await convert(
            tx,
            person_id=person_id,
            **body.model_dump(),
            key=books_key("conversion", actor, key),
            by=actor.text,
            now=caller.now,
        )
        if isinstance(done, Refused):
            return refusal_of(done, day=tx.day(caller.now))
        quote = QuoteOut.model_validate(done.quote)
        return ConvertedOut(**quote.model_dump(), id=done.id, transaction_id=done.transaction_id)

    request = {"person_id": str(person_id), **body.model_dump()}
    return await caller.write_once(key, request, work, action="conversions.make", subject=str(person_id))


@router.get("/conversions", operation_id="list_conversions", responses=problems(401, 403, 404))
async def list_conversions(
    caller: CallerOf, person_id: UUID, cursor: Cursor = None, limit: Limit = DEFAULT_LIMIT
) -> Page[ConversionOut]:
    """Return what a person converted, newest first."""
    before_id = before(cursor)

    async def work(tx: ReadTx, actor: Actor) -> list[Conversion]:
        await check_person(tx, actor, OWN, person_id, now=caller.now)
        return await conversions_of(tx, person_id, before_id=before_id, limit=limit + 1)

    found = await caller.read_of(person_id, "conversions", OWN, work)
    items, following = page(found, limit, lambda one: (one.id,))
    return Page(items=[ConversionOut.model_validate(one) for one in items], next_cursor=following)
