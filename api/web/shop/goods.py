"""One item of a shop: how many there are, receiving, counting, writing off, and what moved so far."""

import secrets
from collections.abc import Awaitable, Sequence
from dataclasses import dataclass
from typing import Annotated, Final, Literal, TypeAlias

from fastapi import Query
from fastapi.exceptions import RequestValidationError
from pydantic import StringConstraints
from starlette.responses import Response

from api.cursors import Cursor, before, page
from api.fields import PathId, Printable, Sentence
from api.routers import bare
from api.v1 import stock_entries as doors
from api.v1.stock_entries import Counted, CountIn, EntriesOut, Quantity, ReceiptIn, WriteOffIn
from api.web.arriving import VisitOf
from api.web.asking import Once, Problem, ask
from api.web.forms import FormBody, OfEitherWidth, typed_of
from api.web.money import cents_of, yuan_of
from api.web.visit import Visit
from ledger.session import ReadTx
from timebank.access import Actor, has
from timebank.funds.queries import Fund, funds_above
from timebank.shops.access import check_goods
from timebank.shops.queries import Goods, Shop, shop
from timebank.stock.queries import Entry, entries, set_aside_of

router = bare()

READ, WRITE = "stock.read", "stock.write"
PAGE = 20

Act: TypeAlias = Literal["receive", "count", "write_off"]
Step: TypeAlias = Act | Literal["add", "edit"]
Done: TypeAlias = Annotated[Step | None, Query()]
Mark: TypeAlias = Annotated[str, Query(pattern=r"^[0-9a-f]{0,32}$")]
Cost: TypeAlias = Annotated[
    str, OfEitherWidth, StringConstraints(pattern=r"^[0-9]{1,6}([.][0-9]{1,2})?$", strip_whitespace=True)
]


class ReceiveForm(FormBody):
    """So many came; what one cost in yuan, the fund that paid if one did, the delivery note's number."""

    once: Once
    quantity: Quantity
    cost: Cost
    fund: Annotated[str, StringConstraints(pattern=r"^([1-9][0-9]{0,17})?$")] = ""
    note: Annotated[str, StringConstraints(max_length=100, strip_whitespace=True), Printable] = ""


class CountForm(FormBody):
    """So many are in the shop, and why they were counted."""

    once: Once
    counted: Counted
    reason: Sentence


class WriteOffForm(FormBody):
    """So many are taken off the shelf, and why."""

    once: Once
    quantity: Quantity
    reason: Sentence


@dataclass(frozen=True, slots=True)
class Item:
    """An item in its shop, how many are set aside, the funds that may pay for more, and a page of what moved."""

    goods: Goods
    shop: Shop
    set_aside: int
    funds: Sequence[Fund]
    moves: Sequence[Entry]


@dataclass(frozen=True, slots=True)
class Wrong:
    """What a form was refused for, and what was typed into it."""

    act: Act
    problem: Problem
    typed: dict[str, str | list[str]]


NOTHING_TYPED: Final[dict[str, str | list[str]]] = {}


@router.get("/shop/goods/{goods_id}")
async def show_item(
    visit: VisitOf, goods_id: PathId, done: Done = None, mark: Mark = "", cursor: Cursor = None
) -> Response:
    """Show one item, the forms of what moves it to who may, and what moved so far."""
    return await _shown(visit, goods_id, done=done, mark=mark, cursor=cursor)


@router.get("/shop/goods/{goods_id}/{act}")
async def come_back(visit: VisitOf, goods_id: PathId, act: Act) -> Response:
    """Lead from where a form was refused to the item: the page is opened anew there in another language or view."""
    del act
    return visit.go(f"/shop/goods/{goods_id}")


@router.post("/shop/goods/{goods_id}/receive")
async def receive(visit: VisitOf, goods_id: PathId) -> Response:
    """Put what came on the shelf, once for the form."""
    try:
        form = await visit.form(ReceiveForm)
    except RequestValidationError:
        return await _unread(visit, goods_id, "receive")
    body = ReceiptIn(
        quantity=form.quantity,
        unit_cost_cents=cents_of(form.cost),
        fund_id=int(form.fund) if form.fund else None,
        **({"reason": form.note} if form.note else {}),
    )
    door = doors.receive_stock(visit.caller, goods_id, body, form.once)
    return await _answered(visit, goods_id, "receive", form.once, door)


@router.post("/shop/goods/{goods_id}/count")
async def count(visit: VisitOf, goods_id: PathId) -> Response:
    """Put the shelf right by what was counted, once for the form."""
    try:
        form = await visit.form(CountForm)
    except RequestValidationError:
        return await _unread(visit, goods_id, "count")
    body = CountIn(counted=form.counted, reason=form.reason)
    door = doors.count_stock(visit.caller, goods_id, body, form.once)
    return await _answered(visit, goods_id, "count", form.once, door)


@router.post("/shop/goods/{goods_id}/write_off")
async def write_off(visit: VisitOf, goods_id: PathId) -> Response:
    """Take what is spoilt off the shelf, once for the form."""
    try:
        form = await visit.form(WriteOffForm)
    except RequestValidationError:
        return await _unread(visit, goods_id, "write_off")
    body = WriteOffIn(quantity=form.quantity, reason=form.reason)
    door = doors.write_off_stock(visit.caller, goods_id, body, form.once)
    return await _answered(visit, goods_id, "write_off", form.once, door)


async def _unread(visit: Visit, goods_id: int, act: Act) -> Response:
    problem = Problem("invalid", visit.say(f"page.shop_desk.wrong.{act}"), 422)
    return await _shown(visit, goods_id, wrong=Wrong(act, problem, await typed_of(visit.request)))


async def _answered(visit: Visit, goods_id: int, act: Act, once: str, door: Awaitable[Response]) -> Response:
    done = await ask(visit, door, EntriesOut)
    if isinstance(done, Problem):
        return await _shown(visit, goods_id, wrong=Wrong(act, done, await typed_of(visit.request)))
    return visit.go(f"/shop/goods/{goods_id}?done={act}&mark={once}")


async def _shown(
    visit: Visit,
    goods_id: int,
    *,
    wrong: Wrong | None = None,
    done: Step | None = None,
    mark: str = "",
    cursor: str | None = None,
) -> Response:
    before_id = before(cursor)

    async def work(tx: ReadTx, actor: Actor) -> Item:
        found = await check_goods(tx, actor, READ, goods_id)
        place = await shop(tx, found.shop_id)
        funds = await funds_above(tx, place.organisation_id) if has(actor, WRITE) else ()
        moves = await entries(tx, goods_id, before_id=before_id, limit=PAGE + 1)
        return Item(found, place, await set_aside_of(tx, goods_id), funds, moves)

    item = await visit.read(work)
    moves, following = page(item.moves, PAGE, lambda move: (move.id,))
    return visit.page(
        "shop/goods.html",
        status=wrong.problem.status if wrong else 200,
        item=item,
        moves=moves,
        following=following,
        wrong=wrong,
        done=done,
        mark=mark,
        typed=lambda act, name: (wrong.typed if wrong and wrong.act == act else NOTHING_TYPED).get(name, ""),
        once=lambda: secrets.token_hex(16),
        yuan=yuan_of,
    )
