"""Time-coins that change hands: gifts to kin, donations to a care fund, grants from it; and what somebody has."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from api.cursors import DEFAULT_LIMIT, Cursor, Limit, Page, before, page
from api.edge import Caller, CallerOf, IdempotencyKey, Refusal
from api.fields import Id, PathId
from api.ledger_refusals import refusal_of
from api.problems import problems
from api.routers import resource
from ledger.session import ReadTx, WriteTx
from ledger.values import Refused
from timebank.access import Actor, check_person
from timebank.funds.access import check_fund
from timebank.gifts.actions import OWN, donate, give, grant
from timebank.gifts.queries import Gift, gifts_of, gifts_of_fund
from timebank.gifts.rules import Ground
from timebank.timecoins.queries import Overview, overview

router = resource(tag="time-coins")

STANDING, FUNDS = "standing.read", "funds.read"

Coins = Annotated[int, Field(ge=1, le=1_000_000, examples=[3])]


class TimecoinsOut(BaseModel):
    """What a person has to spend, what is held, and how much more they may keep; null where there are no time-coins."""

    balance: int
    held: int
    cap: int | None
    room: int | None


class GiftOut(BaseModel):
    """Time-coins that changed hands; `reason` is why they were granted."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    kind: Literal["gift", "donation", "grant"]
    from_person_id: UUID | None
    to_person_id: UUID | None
    fund_id: int | None
    amount: int
    reason: str
    transaction_id: int
    policy_version: int
    made_at: datetime


class GiftIn(BaseModel):
    """Whom one's time-coins are for, and how many."""

    model_config = ConfigDict(extra="forbid")

    to_person_id: UUID
    amount: Coins


class DonationIn(BaseModel):
    """How many, and to which care fund: the one nearest to home if none is named."""

    model_config = ConfigDict(extra="forbid")

    fund_id: Id | None = None
    amount: Coins


class GrantIn(BaseModel):
    """How many out of which care fund, for whom and why."""

    model_config = ConfigDict(extra="forbid")

    fund_id: Id
    person_id: UUID
    amount: Coins
    reason: Ground


@router.get("/people/{person_id}/timecoins", operation_id="get_timecoins", responses=problems(401, 403, 404))
async def get_timecoins(caller: CallerOf, person_id: UUID) -> TimecoinsOut:
    """Return how many time-coins a person has, and how many more they may keep."""

    async def work(tx: ReadTx, actor: Actor) -> Overview:
        await check_person(tx, actor, STANDING, person_id, now=caller.now)
        return await overview(tx, person_id, now=caller.now)

    found = await caller.read_of(person_id, "timecoins", STANDING, work)
    return TimecoinsOut(balance=found.stored.balance, held=found.stored.held, cap=found.cap, room=found.room)


@router.get("/people/{person_id}/gifts", operation_id="list_gifts", responses=problems(401, 403, 404))
async def list_gifts(
    caller: CallerOf, person_id: UUID, cursor: Cursor = None, limit: Limit = DEFAULT_LIMIT
) -> Page[GiftOut]:
    """Return what a person gave, donated and was given, newest first."""
    before_id = before(cursor)

    async def work(tx: ReadTx, actor: Actor) -> list[Gift]:
        await check_person(tx, actor, OWN, person_id, now=caller.now)
        return await gifts_of(tx, person_id, before_id=before_id, limit=limit + 1)

    return _page(await caller.read_of(person_id, "gifts", OWN, work), limit)


@router.get("/funds/{fund_id}/gifts", operation_id="list_gifts_of_fund", responses=problems(401, 403, 404))
async def list_gifts_of_fund(
    caller: CallerOf,
    fund_id: PathId,
    cursor: Cursor = None,
    limit: Limit = DEFAULT_LIMIT,
) -> Page[GiftOut]:
    """Return what was donated to a care fund in reach and granted from it, newest first."""
    before_id = before(cursor)

    async def work(tx: ReadTx, actor: Actor) -> list[Gift]:
        await check_fund(tx, actor, FUNDS, fund_id)
        return await gifts_of_fund(tx, fund_id, before_id=before_id, limit=limit + 1)

    return _page(await caller.read(work), limit)


@router.post(
    "/people/{person_id}/gifts",
    operation_id="give_timecoins",
    status_code=201,
    response_model=GiftOut,
    responses=problems(401, 403, 404, 409),
)
async def create_gift(caller: CallerOf, person_id: UUID, body: GiftIn, key: IdempotencyKey) -> Response:
    """Give one's own time-coins to confirmed kin, once for the Idempotency-Key; both are told."""

    async def work(tx: WriteTx, actor: Actor) -> Gift | Refused:
        return await give(
            tx,
            actor,
            key=key,
            person_id=person_id,
            to_person_id=body.to_person_id,
            amount=body.amount,
            now=caller.now,
        )

    return await _once(caller, key, person_id, body, work, action="gifts.give")


@router.post(
    "/people/{person_id}/donations",
    operation_id="donate_timecoins",
    status_code=201,
    response_model=GiftOut,
    responses=problems(401, 403, 404, 409),
)
async def create_donation(
    caller: CallerOf, person_id: UUID, body: DonationIn, key: IdempotencyKey
) -> Response:
    """Donate one's own time-coins to a care fund, once for the Idempotency-Key."""

    async def work(tx: WriteTx, actor: Actor) -> Gift | Refused:
        return await donate(
            tx,
            actor,
            key=key,
            person_id=person_id,
            fund_id=body.fund_id,
            amount=body.amount,
            now=caller.now,
        )

    return await _once(caller, key, person_id, body, work, action="gifts.donate")


@router.post(
    "/grants",
    operation_id="grant_timecoins",
    status_code=201,
    response_model=GiftOut,
    responses=problems(401, 403, 404, 409),
)
async def create_grant(caller: CallerOf, body: GrantIn, key: IdempotencyKey) -> Response:
    """Grant time-coins of a care fund to a key elder, once for the Idempotency-Key; nobody grants to themselves."""

    async def work(tx: WriteTx, actor: Actor) -> Gift | Refused:
        return await grant(
            tx,
            actor,
            key=key,
            fund_id=body.fund_id,
            person_id=body.person_id,
            amount=body.amount,
            ground=body.reason,
            now=caller.now,
        )

    return await _once(caller, key, body.person_id, body, work, action="gifts.grant")


async def _once(
    caller: Caller,
    key: str,
    person_id: UUID,
    body: BaseModel,
    work: Callable[[WriteTx, Actor], Awaitable[Gift | Refused]],
    *,
    action: str,
) -> Response:
    """Move time-coins once for a key; that the ledger refuses is an answer, too."""

    async def inner(tx: WriteTx, actor: Actor) -> GiftOut | Refusal:
        done = await work(tx, actor)
        if isinstance(done, Refused):
            return refusal_of(done, day=tx.day(caller.now))
        return GiftOut.model_validate(done)

    request = {"of": str(person_id), **body.model_dump(mode="json")}
    return await caller.write_once(key, request, inner, action=action, subject=str(person_id))


def _page(found: list[Gift], limit: int) -> Page[GiftOut]:
    items, following = page(found, limit, lambda one: (one.id,))
    return Page(items=[GiftOut.model_validate(one) for one in items], next_cursor=following)
