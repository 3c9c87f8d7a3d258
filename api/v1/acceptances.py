"""Acceptances: fufen taken for an offer, whichever side scanned; what a member gave, and what a merchant took."""

from datetime import datetime
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from api.cursors import DEFAULT_LIMIT, Cursor, Limit, Page, before, page
from api.edge import CallerOf, IdempotencyKey, Refusal
from api.fields import PathId
from api.ledger_refusals import refusal_of
from api.problems import problems
from api.routers import resource
from api.v1.offer_codes import CodeIn
from ledger.session import ReadTx, WriteTx
from ledger.values import Refused
from timebank.access import Actor, check_person
from timebank.books.actions import books_key
from timebank.merchants.access import check_staff
from timebank.offers.acceptances import (
    MerchantsAcceptance,
    OwnAcceptance,
    acceptances_at,
    acceptances_of,
)
from timebank.offers.actions import (
    ACCEPTANCE,
    SPEND,
    Accepted,
    confirm_by_member,
    take_from_member,
)
from timebank.offers.rules import Via

router = resource(tag="acceptances")


class AcceptedOut(BaseModel):
    """Fufen taken; nothing here tells whose they were."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    offer_id: int
    merchant_id: int
    fufen: int
    accepted_at: datetime


class MemberCodeIn(CodeIn):
    """A member's rotating code as it was scanned; it is used up by this."""


class OwnAcceptanceOut(BaseModel):
    """Fufen that one gave; `refunded_at` if they came back."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    merchant_id: int
    merchant: str
    offer_id: int
    title: str
    fufen: int
    via: Via
    accepted_at: datetime
    refunded_at: datetime | None


class MerchantsAcceptanceOut(BaseModel):
    """Fufen that a merchant took; of the member only a masked name, and only with consent."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    name: str = Field(examples=["王*明", "***"])
    offer_id: int
    title: str
    fufen: int
    via: Via
    accepted_at: datetime
    refunded_at: datetime | None


@router.post(
    "/offers/{offer_id}/acceptances",
    operation_id="accept_member_code",
    status_code=201,
    response_model=AcceptedOut,
    responses=problems(401, 403, 404, 409),
)
async def accept_member_code(
    caller: CallerOf, offer_id: PathId, body: MemberCodeIn, key: IdempotencyKey
) -> Response:
    """Take the fufen of an offer from the member whose code was scanned, once for the Idempotency-Key and the code."""

    async def work(tx: WriteTx, actor: Actor) -> AcceptedOut | Refusal:
        done = await take_from_member(
            tx,
            actor,
            caller.service.codes,
            offer_id=offer_id,
            code=body.code,
            key=books_key(ACCEPTANCE, actor, key),
            now=caller.now,
        )
        return _answer(tx, done, caller.now)

    request = {"offer_id": offer_id, **body.model_dump()}
    return await caller.write_once(key, request, work, action="offers.accept", subject=str(offer_id))


@router.post(
    "/people/{person_id}/acceptances",
    operation_id="confirm_merchant_code",
    status_code=201,
    response_model=AcceptedOut,
    responses=problems(401, 403, 404, 409),
)
async def confirm_merchant_code(
    caller: CallerOf, person_id: UUID, body: CodeIn, key: IdempotencyKey
) -> Response:
    """Give fufen for the offer whose code was scanned, once for the Idempotency-Key, and for the code once a member."""

    async def work(tx: WriteTx, actor: Actor) -> AcceptedOut | Refusal:
        done = await confirm_by_member(
            tx,
            actor,
            caller.service.codes,
            person_id=person_id,
            code=body.code,
            key=books_key(ACCEPTANCE, actor, key),
            now=caller.now,
        )
        return _answer(tx, done, caller.now)

    request = {"person_id": str(person_id), **body.model_dump()}
    return await caller.write_once(key, request, work, action="offers.confirm", subject=str(person_id))


@router.get(
    "/people/{person_id}/acceptances", operation_id="list_acceptances_of", responses=problems(401, 403, 404)
)
async def list_own(
    caller: CallerOf, *, person_id: UUID, cursor: Cursor = None, limit: Limit = DEFAULT_LIMIT
) -> Page[OwnAcceptanceOut]:
    """Return what one gave fufen for, the newest first."""
    before_id = before(cursor)

    async def work(tx: ReadTx, actor: Actor) -> list[OwnAcceptance]:
        await check_person(tx, actor, SPEND, person_id, now=caller.now)
        return await acceptances_of(tx, person_id, before_id=before_id, limit=limit + 1)

    found = await caller.read_of(person_id, "acceptances", SPEND, work)
    items, following = page(found, limit, lambda one: (one.id,))
    return Page(items=[OwnAcceptanceOut.model_validate(one) for one in items], next_cursor=following)


@router.get(
    "/merchants/{merchant_id}/acceptances",
    operation_id="list_merchant_acceptances",
    responses=problems(401, 403, 404),
)
async def list_of_merchant(
    caller: CallerOf, *, merchant_id: PathId, cursor: Cursor = None, limit: Limit = DEFAULT_LIMIT
) -> Page[MerchantsAcceptanceOut]:
    """Return what a merchant that one accepts for has taken, the newest first."""
    before_id = before(cursor)

    async def work(tx: ReadTx, actor: Actor) -> list[MerchantsAcceptance]:
        await check_staff(tx, actor, merchant_id, now=caller.now)
        return await acceptances_at(
            tx, caller.service.cipher, merchant_id, before_id=before_id, limit=limit + 1
        )

    items, following = page(await caller.read(work), limit, lambda one: (one.id,))
    return Page(items=[MerchantsAcceptanceOut.model_validate(one) for one in items], next_cursor=following)


def _answer(tx: WriteTx, done: Accepted | Refused, now: datetime) -> AcceptedOut | Refusal:
    if isinstance(done, Refused):
        return refusal_of(done, day=tx.day(now))
    return AcceptedOut.model_validate(done)
