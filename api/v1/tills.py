"""Tills: a cashier's open session at an enrolled device. Opening, closing with what was counted, and the report."""

from datetime import datetime
from typing import Annotated

from fastapi import Query
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from api.cursors import Cursor, Page, before, page
from api.edge import Caller, CallerOf
from api.fields import Id, PathId, Printable
from api.problems import problems
from api.routers import resource
from ledger.session import ReadTx, WriteTx
from timebank.access import Actor, check, load_actor
from timebank.errors import RefusalError
from timebank.tills import actions
from timebank.tills.actions import CLOSE, OPEN, Count
from timebank.tills.queries import Till, own_till, own_tills
from timebank.tills.report import Report, report_of

router = resource(tag="tills")

MAX_CENTS = 10_000_000_000
MAX_COUNTS = 2_000

Cents = Annotated[int, Field(ge=0, le=MAX_CENTS)]
Note = Annotated[str, StringConstraints(max_length=500, strip_whitespace=True), Printable]


class TillOpening(BaseModel):
    """Which shop's till, at which device: its own access token says so. `opening_cash_cents` is in the drawer."""

    model_config = ConfigDict(extra="forbid")

    shop_id: Id
    device_token: Annotated[str, StringConstraints(pattern=r"^[\x21-\x7e]{1,2000}$")]
    opening_cash_cents: Cents = 0


class GoodsCount(BaseModel):
    """How many of an item were counted in the shop, what is set aside for pick-up included."""

    model_config = ConfigDict(extra="forbid")

    goods_id: Id
    counted: Annotated[int, Field(ge=0, le=2**53 - 1)]


class TillClosing(BaseModel):
    """What was counted. What should have been there is told afterwards; nothing is posted by it."""

    model_config = ConfigDict(extra="forbid")

    cash_cents: Cents
    counts: list[GoodsCount] = Field(default_factory=list, max_length=MAX_COUNTS)
    note: Note = ""


class ClosingOut(BaseModel):
    """Cash that was counted, what should have been there, and the difference."""

    closed_at: datetime
    cash_cents: int
    expected_cash_cents: int
    variance_cents: int
    note: str


class TillOut(BaseModel):
    """A till; `is_selling` if the caller's own session sells at it now."""

    id: int
    shop_id: int
    shop: str
    opened_at: datetime
    opening_cash_cents: int
    is_selling: bool
    closing: ClosingOut | None


class TakenOut(BaseModel):
    """What was taken in all; `refunded` of it came back since; `given_back_cents` left this till's own drawer."""

    model_config = ConfigDict(from_attributes=True)

    redemptions: int
    points: int
    cash_cents: int
    refunded: int
    refunded_points: int
    given_back_cents: int


class TakenItemOut(BaseModel):
    """How many of an item were handed out, for how many points, and how many of them came back."""

    model_config = ConfigDict(from_attributes=True)

    goods_id: int
    sku: str
    name: str
    quantity: int
    points: int
    refunded: int


class CountedOut(BaseModel):
    """How many of an item should have been there, how many were, and the difference."""

    goods_id: int
    sku: str
    name: str
    expected: int
    counted: int
    variance: int


class TillReport(TillOut):
    """A till and what it took; `expected_cash_cents` is what should be in the drawer."""

    expected_cash_cents: int
    taken: TakenOut
    items: list[TakenItemOut]
    counts: list[CountedOut]


@router.post("/tills", operation_id="open_till", status_code=201, responses=problems(401, 403, 404, 409))
async def open_till(caller: CallerOf, body: TillOpening) -> TillOut:
    """Open a till of a shop in reach at an enrolled device; only this login session sells at it."""

    async def work(tx: WriteTx, actor: Actor) -> Till:
        check(actor, OPEN)
        return await actions.open_till(
            tx,
            actor,
            shop_id=body.shop_id,
            device=await _device(tx, caller, body.device_token),
            opening_cash_cents=body.opening_cash_cents,
            now=caller.now,
        )

    opened = await caller.write(work, action="tills.open", subject=lambda till: str(till.id))
    return till_out(opened, caller)


@router.get("/tills", operation_id="list_own_tills", responses=problems(401, 403))
async def list_own_tills(
    caller: CallerOf,
    *,
    cursor: Cursor = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 10,
) -> Page[TillOut]:
    """Return the caller's own tills, newest first: the one that is open, if any, is the first."""
    before_id = before(cursor)

    async def work(tx: ReadTx, actor: Actor) -> list[Till]:
        check(actor, OPEN)
        assert actor.person_id is not None  # noqa: S101 -- no device may open one
        return list(await own_tills(tx, actor.person_id, before_id=before_id, limit=limit + 1))

    items, following = page(await caller.read(work), limit, lambda till: (till.id,))
    return Page(items=[till_out(item, caller) for item in items], next_cursor=following)


@router.get("/tills/{till_id}", operation_id="read_own_till", responses=problems(401, 403, 404))
async def read_own_till(caller: CallerOf, till_id: PathId) -> TillReport:
    """Return one of the caller's own tills and what it took."""

    async def work(tx: ReadTx, actor: Actor) -> tuple[Till, Report]:
        return await own_till(tx, actor, OPEN, till_id), await report_of(tx, till_id)

    return report_out(*await caller.read(work), caller)


@router.post("/tills/{till_id}/close", operation_id="close_till", responses=problems(401, 403, 404, 409))
async def close_till(caller: CallerOf, till_id: PathId, body: TillClosing) -> TillReport:
    """Close one's own till, or as who keeps the shop's stock anybody's, with what was counted."""

    async def work(tx: WriteTx, actor: Actor) -> tuple[Till, Report]:
        closed = await actions.close_till(
            tx,
            actor,
            till_id,
            cash_cents=body.cash_cents,
            counts=[Count(count.goods_id, count.counted) for count in body.counts],
            note=body.note,
            now=caller.now,
        )
        return closed, await report_of(tx, till_id)

    return report_out(*await caller.write(work, action=CLOSE, subject=str(till_id)), caller)


async def _device(tx: ReadTx, caller: Caller, token: str) -> Actor:
    """Return the device whose access token that is.

    Raises:
        RefusalError: `device_login_over` if it is no living one's of this bank.
    """
    try:
        claims = caller.service.tokens.verify(token, now=caller.now)
        found = await load_actor(tx, claims.session_id, now=caller.now)
    except RefusalError:
        raise RefusalError("device_login_over") from None
    if claims.bank != caller.claims.bank:
        raise RefusalError("device_login_over")
    return found


def till_out(found: Till, caller: Caller) -> TillOut:
    """Return a till as it is answered."""
    return TillOut.model_validate(_till(found, caller))


def report_out(found: Till, report: Report, caller: Caller) -> TillReport:
    """Return a till's report as it is answered."""
    return TillReport.model_validate(
        {
            **_till(found, caller),
            "expected_cash_cents": report.expected_cash_cents,
            "taken": TakenOut.model_validate(report.taken),
            "items": [TakenItemOut.model_validate(item) for item in report.items],
            "counts": [
                CountedOut(
                    goods_id=count.goods_id,
                    sku=count.sku,
                    name=count.name,
                    expected=count.expected,
                    counted=count.counted,
                    variance=count.counted - count.expected,
                )
                for count in report.counts
            ],
        }
    )


def _till(found: Till, caller: Caller) -> dict[str, object]:
    closing = found.closing
    return {
        "id": found.id,
        "shop_id": found.shop.id,
        "shop": found.shop.name or found.shop.code,
        "opened_at": found.opened_at,
        "opening_cash_cents": found.opening_cash_cents,
        "is_selling": found.sells_in(caller.claims.session_id),
        "closing": closing
        and {
            "closed_at": closing.closed_at,
            "cash_cents": closing.cash_cents,
            "expected_cash_cents": closing.expected_cash_cents,
            "variance_cents": closing.cash_cents - closing.expected_cash_cents,
            "note": closing.note,
        },
    }
