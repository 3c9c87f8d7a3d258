"""Service orders: service asked for and paid with time-coins, from the wish to who served it."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import Response
from pydantic import BaseModel, ConfigDict, Field, StringConstraints
from starlette.responses import Response as PlainResponse

from api.cursors import DEFAULT_LIMIT, Cursor, Limit, Page, before, page
from api.edge import Caller, CallerOf, IdempotencyKey, Refusal
from api.etags import IfMatch, etag, expected_version
from api.fields import Id, Instant, PathId, Sentence
from api.ledger_refusals import refusal_of
from api.problems import problems
from api.routers import resource
from ledger.session import ReadTx, WriteTx
from ledger.values import Refused
from timebank.access import Actor, check_person, reach
from timebank.service_orders import actions
from timebank.service_orders.actions import MANAGE, OWN, Wish
from timebank.service_orders.queries import ServiceOrder, service_orders, service_orders_of
from timebank.service_orders.rules import State

router = resource(tag="service_orders")

MINUTES_OF_A_DAY = 1_440

Minutes = Annotated[int, Field(ge=1, le=MINUTES_OF_A_DAY, examples=[90])]
Category = Annotated[
    str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,39}$"), Field(examples=["companionship"])
]


class ServiceOrderOut(BaseModel):
    """Service asked for: `person_id` pays, `served_id` is served, `server_id` serves; `coins` are held until then."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    organisation_id: int
    person_id: UUID
    served_id: UUID
    category: str
    wish: str
    wanted_at: datetime
    minutes: int
    coins: int
    coins_used: int | None
    state: State
    server_id: UUID | None
    policy_version: int
    ordered_at: datetime
    until_at: datetime = Field(description="Not done by then, it lapses and what is held goes back.")
    resolved_at: datetime | None
    version: int


class ServiceOrderIn(BaseModel):
    """What is asked for, when, and for how long; for oneself unless confirmed kin is named."""

    model_config = ConfigDict(extra="forbid")

    served_id: UUID | None = Field(default=None, description="Confirmed kin; without it, who orders.")
    organisation_id: Id | None = Field(
        default=None, description="Whose workers see to it; without it, where the served belong."
    )
    category: Category
    wish: Sentence
    wanted_at: Instant
    minutes: Minutes


class AssignmentIn(BaseModel):
    """Who serves: somebody in reach."""

    model_config = ConfigDict(extra="forbid")

    server_id: UUID


class ServedIn(BaseModel):
    """How long it took; begun hours cost in full, and never more than is held."""

    model_config = ConfigDict(extra="forbid")

    minutes_used: Minutes


@router.get(
    "/people/{person_id}/service-orders",
    operation_id="list_service_orders_of",
    responses=problems(401, 403, 404),
)
async def list_service_orders_of(
    caller: CallerOf, person_id: UUID, cursor: Cursor = None, limit: Limit = DEFAULT_LIMIT
) -> Page[ServiceOrderOut]:
    """Return what a person ordered, newest first."""
    before_id = before(cursor)

    async def work(tx: ReadTx, actor: Actor) -> list[ServiceOrder]:
        await check_person(tx, actor, OWN, person_id, now=caller.now)
        return await service_orders_of(tx, person_id, before_id=before_id, limit=limit + 1)

    return _page(await caller.read_of(person_id, "service_orders", OWN, work), limit)


@router.post(
    "/people/{person_id}/service-orders",
    operation_id="order_service",
    status_code=201,
    response_model=ServiceOrderOut,
    responses=problems(401, 403, 404, 409),
)
async def create_service_order(
    caller: CallerOf, person_id: UUID, body: ServiceOrderIn, key: IdempotencyKey
) -> PlainResponse:
    """Order service for oneself or confirmed kin, once for the Idempotency-Key; what it costs is held."""
    wish = Wish(
        served_id=body.served_id or person_id,
        organisation_id=body.organisation_id,
        category=body.category,
        words=body.wish,
        wanted_at=body.wanted_at,
        minutes=body.minutes,
    )

    async def work(tx: WriteTx, actor: Actor) -> ServiceOrder | Refused:
        return await actions.order_service(tx, actor, key=key, person_id=person_id, wish=wish, now=caller.now)

    request = {"person_id": str(person_id), **body.model_dump(mode="json")}
    return await _once(caller, key, request, work, action="orders.order", status=201)


@router.post(
    "/people/{person_id}/service-orders/{order_id}/cancel",
    operation_id="cancel_own_service_order",
    response_model=ServiceOrderOut,
    responses=problems(401, 403, 404, 409),
)
async def cancel_own(
    caller: CallerOf, person_id: UUID, order_id: PathId, key: IdempotencyKey
) -> PlainResponse:
    """Cancel what a person ordered, once for the Idempotency-Key; what is held goes back."""
    return await _cancel(caller, order_id, person_id, key)


@router.get("/service-orders", operation_id="list_service_orders", responses=problems(401, 403))
async def list_service_orders(
    caller: CallerOf, *, state: State | None = None, cursor: Cursor = None, limit: Limit = DEFAULT_LIMIT
) -> Page[ServiceOrderOut]:
    """Return the orders of organisations in reach, newest first."""
    before_id = before(cursor)

    async def work(tx: ReadTx, actor: Actor) -> list[ServiceOrder]:
        nodes = await reach(tx, actor, MANAGE)
        return await service_orders(
            tx, organisations=nodes, state=state, before_id=before_id, limit=limit + 1
        )

    return _page(await caller.read(work), limit)


@router.get("/service-orders/{order_id}", operation_id="get_service_order", responses=problems(401, 403, 404))
async def get_service_order(caller: CallerOf, order_id: PathId, response: Response) -> ServiceOrderOut:
    """Return one order in reach with its ETag."""

    async def work(tx: ReadTx, actor: Actor) -> ServiceOrder:
        return await actions.order_in_reach(tx, actor, order_id)

    found = await caller.read(work)
    response.headers["ETag"] = etag(found.version)
    return ServiceOrderOut.model_validate(found)


@router.post(
    "/service-orders/{order_id}/assign",
    operation_id="assign_server",
    responses=problems(401, 403, 404, 412, 428),
)
async def assign(
    caller: CallerOf, order_id: PathId, body: AssignmentIn, response: Response, if_match: IfMatch = None
) -> ServiceOrderOut:
    """Let somebody in reach serve an order, in place of whom it was before; who has a part in it is told."""
    version = expected_version(if_match)

    async def work(tx: WriteTx, actor: Actor) -> ServiceOrder:
        return await actions.assign_server(
            tx,
            actor,
            order_id=order_id,
            server_id=body.server_id,
            expected_version=version,
            now=caller.now,
        )

    found = await caller.write(work, action="orders.assign", subject=str(order_id))
    response.headers["ETag"] = etag(found.version)
    return ServiceOrderOut.model_validate(found)


@router.post(
    "/service-orders/{order_id}/done",
    operation_id="finish_service",
    response_model=ServiceOrderOut,
    responses=problems(401, 403, 404, 409),
)
async def finish(caller: CallerOf, order_id: PathId, body: ServedIn, key: IdempotencyKey) -> PlainResponse:
    """Say how long the service took, once for the Idempotency-Key: that is paid, the rest goes back."""

    async def work(tx: WriteTx, actor: Actor) -> ServiceOrder | Refused:
        return await actions.finish_service(
            tx, actor, order_id=order_id, minutes_used=body.minutes_used, now=caller.now
        )

    request = {"order_id": order_id, **body.model_dump(mode="json")}
    return await _once(caller, key, request, work, action="orders.finish")


@router.post(
    "/service-orders/{order_id}/cancel",
    operation_id="cancel_service_order",
    response_model=ServiceOrderOut,
    responses=problems(401, 403, 404, 409),
)
async def cancel(caller: CallerOf, order_id: PathId, key: IdempotencyKey) -> PlainResponse:
    """Cancel an order in reach, once for the Idempotency-Key; what is held goes back."""
    return await _cancel(caller, order_id, None, key)


async def _cancel(caller: CallerOf, order_id: int, person_id: UUID | None, key: str) -> PlainResponse:
    async def work(tx: WriteTx, actor: Actor) -> ServiceOrder | Refused:
        return await actions.cancel_order(tx, actor, order_id=order_id, person_id=person_id, now=caller.now)

    request = {"order_id": order_id, "person_id": person_id and str(person_id)}
    return await _once(caller, key, request, work, action="orders.cancel")


async def _once(
    caller: Caller,
    key: str,
    request: Mapping[str, object],
    work: Callable[[WriteTx, Actor], Awaitable[ServiceOrder | Refused]],
    *,
    action: str,
    status: int = 200,
) -> PlainResponse:
    """Do something with an order once for a key; that the ledger refuses is an answer, too."""

    async def inner(tx: WriteTx, actor: Actor) -> ServiceOrderOut | Refusal:
        done = await work(tx, actor)
        if isinstance(done, Refused):
            return refusal_of(done, day=tx.day(caller.now))
        return ServiceOrderOut.model_validate(done)

    subject = str(request.get("order_id") or request["person_id"])
    return await caller.write_once(key, request, inner, action=action, subject=subject, status=status)


def _page(found: list[ServiceOrder], limit: int) -> Page[ServiceOrderOut]:
    items, following = page(found, limit, lambda one: (one.id,))
    return Page(items=[ServiceOrderOut.model_validate(one) for one in items], next_cursor=following)
