"""Reserving goods for pick-up: one's own reservations, the code that picks one up, and cancelling."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from api.cursors import DEFAULT_LIMIT, Cursor, Limit, Page, before, page
from api.edge import Caller, CallerOf, IdempotencyKey
from api.fields import Id, PathId
from api.problems import problems
from api.routers import resource
from ledger.session import ReadTx, WriteTx
from timebank.access import Actor, check_person
from timebank.codes.rules import pick_up_code
from timebank.errors import RefusalError
from timebank.reservations.actions import cancel_reservation, reserve
from timebank.reservations.queries import Reservation, reservation_of, reservations_of
from timebank.reservations.rules import RESERVED
from timebank.tills.rules import MAX_LINES, MAX_QUANTITY

router = resource(tag="reservations")

OWN = "reservations.own"


class WantedIn(BaseModel):
    """So many of an item."""

    model_config = ConfigDict(extra="forbid")

    goods_id: Id
    quantity: Annotated[int, Field(ge=1, le=MAX_QUANTITY)]


class ReservationIn(BaseModel):
    """What to set aside at a shop; an item named twice is added up."""

    model_config = ConfigDict(extra="forbid")

    shop_id: Id
    lines: Annotated[list[WantedIn], Field(min_length=1, max_length=MAX_LINES)]


class ReservedLineOut(BaseModel):
    """So many of an item, and what they cost together."""

    model_config = ConfigDict(from_attributes=True)

    goods_id: int
    name: str
    quantity: int
    points: int


class ReservationOut(BaseModel):
    """Goods set aside with the points for them; what is not picked up until `until_at` goes back, points and goods."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    shop_id: int
    shop: str
    points: int
    state: Literal["reserved", "picked_up", "cancelled", "lapsed"]
    made_at: datetime
    until_at: datetime
    resolved_at: datetime | None
    lines: list[ReservedLineOut]


class PickUpCodeOut(BaseModel):
    """What is shown at the till; good until the reservation lapses or is picked up."""

    code: str = Field(examples=["AUAQDJ2Y3GKVZ6TQN4AXNA"])
    until_at: datetime


@router.post(
    "/people/{person_id}/reservations",
    operation_id="reserve",
    status_code=201,
    response_model=ReservationOut,
    responses=problems(401, 403, 404, 409),
)
async def create_reservation(
    caller: CallerOf, person_id: UUID, body: ReservationIn, key: IdempotencyKey
) -> Response:
    """Set goods aside for oneself or whom one acts for, with the points for them, once for the Idempotency-Key."""

    async def work(tx: WriteTx, actor: Actor) -> ReservationOut:
        await check_person(tx, actor, OWN, person_id, now=caller.now)
        made = await reserve(
            tx,
            person_id=person_id,
            shop_id=body.shop_id,
            wanted=[(line.goods_id, line.quantity) for line in body.lines],
            key_id=caller.service.codes.key_id,
            by=actor.text,
            now=caller.now,
        )
        return ReservationOut.model_validate(made)

    request = {"person_id": person_id, **body.model_dump(mode="json")}
    return await caller.write_once(key, request, work, action="reservations.make", subject=str(body.shop_id))


@router.get(
    "/people/{person_id}/reservations", operation_id="list_reservations", responses=problems(401, 403, 404)
)
async def list_reservations(
    caller: CallerOf, person_id: UUID, cursor: Cursor = None, limit: Limit = DEFAULT_LIMIT
) -> Page[ReservationOut]:
    """Return one's own reservations, or those of whom one acts for, newest first."""
    before_id = before(cursor)

    async def work(tx: ReadTx, actor: Actor) -> list[Reservation]:
        await check_person(tx, actor, OWN, person_id, now=caller.now)
        return await reservations_of(tx, person_id, before_id=before_id, limit=limit + 1)

    found = await caller.read_of(person_id, "reservations", OWN, work)
    items, following = page(found, limit, lambda one: (one.id,))
    return Page(items=[ReservationOut.model_validate(one) for one in items], next_cursor=following)


@router.get(
    "/people/{person_id}/reservations/{reservation_id}",
    operation_id="read_reservation",
    responses=problems(401, 403, 404),
)
async def read_reservation(caller: CallerOf, person_id: UUID, reservation_id: PathId) -> ReservationOut:
    """Return one reservation of one's own, or of whom one acts for."""
    return ReservationOut.model_validate(await _of(caller, person_id, reservation_id))


@router.get(
    "/people/{person_id}/reservations/{reservation_id}/code",
    operation_id="show_pick_up_code",
    responses=problems(401, 403, 404),
)
async def show_pick_up_code(caller: CallerOf, person_id: UUID, reservation_id: PathId) -> PickUpCodeOut:
    """Return the code that picks a reservation up, while it waits."""
    found = await _of(caller, person_id, reservation_id)
    if found.state != RESERVED or found.until_at <= caller.now:
        raise RefusalError("reservation_over")
    bank = await caller.bank()
    code = pick_up_code(caller.service.codes, bank_id=bank.id, reservation_id=reservation_id)
    return PickUpCodeOut(code=code, until_at=found.until_at)


@router.post(
    "/people/{person_id}/reservations/{reservation_id}/cancel",
    operation_id="cancel_reservation",
    responses=problems(401, 403, 404),
)
async def cancel(caller: CallerOf, person_id: UUID, reservation_id: PathId) -> ReservationOut:
    """Give back what was set aside; one that is cancelled already stays as it is."""

    async def work(tx: WriteTx, actor: Actor) -> Reservation:
        await check_person(tx, actor, OWN, person_id, now=caller.now)
        return await cancel_reservation(
            tx, person_id=person_id, reservation_id=reservation_id, by=actor.text, now=caller.now
        )

    cancelled = await caller.write(work, action="reservations.cancel", subject=str(reservation_id))
    return ReservationOut.model_validate(cancelled)


async def _of(caller: Caller, person_id: UUID, reservation_id: int) -> Reservation:
    async def work(tx: ReadTx, actor: Actor) -> Reservation:
        await check_person(tx, actor, OWN, person_id, now=caller.now)
        return await reservation_of(tx, person_id, reservation_id)

    return await caller.read_of(person_id, "reservations", OWN, work)
