"""The catalogue of the points supermarkets: what there is, with pictures, and setting it aside for pick-up."""

import secrets
from dataclasses import dataclass
from typing import Annotated, TypeAlias

from fastapi import Header, Query
from fastapi.exceptions import RequestValidationError
from pydantic import Field, StringConstraints
from starlette.responses import Response

from api.fields import MAX_ID, Id, PathId, Printable
from api.routers import bare
from api.v1 import goods_pictures
from api.v1 import reservations as doors
from api.v1.reservations import ReservationIn, ReservationOut, WantedIn
from api.web.arriving import VisitOf
from api.web.asking import Once, Problem, ask
from api.web.forms import FormBody
from api.web.visit import Visit
from api.web.volunteer.member import own_person
from api.web.volunteer.spending import RESERVE, Purse, purses_of
from ledger.session import ReadTx
from timebank.access import Actor, check
from timebank.errors import RefusalError
from timebank.shops.queries import Category, Goods, GoodsFilter, Shop, categories, goods_list, shop, shops
from timebank.tills.rules import MAX_LINES, MAX_QUANTITY

router = bare()

READ = "shops.read"
SHOPS, SHOWN = 200, 24
POINT = "point"

Said: TypeAlias = Annotated[str, StringConstraints(max_length=50, strip_whitespace=True), Printable]
Text = Annotated[Said, Query()]
CategoryName = Annotated[Said, Query()]
After = Annotated[int, Query(ge=0, le=MAX_ID)]
_COUNT = r"^\s*\d{0,4}\s*$"


class ReserveForm(FormBody):
    """How many of each item that is shown; nothing typed is none."""

    once: Once
    goods: Annotated[tuple[Id, ...], Field(max_length=SHOWN)]
    count: Annotated[tuple[Annotated[str, StringConstraints(pattern=_COUNT)], ...], Field(max_length=SHOWN)]

    def wanted(self) -> dict[int, int]:
        """Return how many of which item."""
        pairs = zip(self.goods, self.count, strict=False)
        return {goods_id: int(text) for goods_id, text in pairs if text.strip() and int(text)}


@dataclass(frozen=True, slots=True)
class Shelf:
    """What a shop's page shows."""

    shop: Shop
    is_open: bool
    categories: list[Category]
    goods: list[Goods]
    following: int
    points: Purse | None


@router.get("/shops")
async def list_shops(visit: VisitOf) -> Response:
    """Show the points supermarkets that are open."""

    async def work(tx: ReadTx, actor: Actor) -> list[Shop]:
        check(actor, READ)
        return await shops(tx, on=tx.day(visit.now), after_id=0, limit=SHOPS)

    return visit.page("volunteer/shops.html", shops=await visit.read(work))


@router.get("/shops/{shop_id}")
async def show_shop(
    visit: VisitOf, shop_id: PathId, text: Text = "", category: CategoryName = "", after: After = 0
) -> Response:
    """Show a page of what a shop offers: all, of a category, or with some letters in name or description."""
    return await _shelf(visit, shop_id, text, category, after)


@router.post("/shops/{shop_id}")
async def reserve(
    visit: VisitOf, shop_id: PathId, text: Text = "", category: CategoryName = "", after: After = 0
) -> Response:
    """Set goods aside for pick-up, once for the form, and show the code that picks them up."""
    try:
        form = await visit.form(ReserveForm)
    except RequestValidationError:
        problem = Problem("invalid", visit.say("page.form_invalid"), 422)
        return await _shelf(visit, shop_id, text, category, after, problem=problem)
    person_id = await own_person(visit, RESERVE)
    wanted = form.wanted()
    if not wanted:
        problem = Problem("nothing", visit.say("page.shops.nothing"), 422)
    elif len(wanted) > MAX_LINES or max(wanted.values()) > MAX_QUANTITY:
        problem = Problem("invalid", visit.say("page.form_invalid"), 422)
    else:
        lines = [WantedIn(goods_id=goods_id, quantity=quantity) for goods_id, quantity in wanted.items()]
        body = ReservationIn(shop_id=shop_id, lines=lines)
        door = doors.create_reservation(visit.caller, person_id, body, form.once)
        made = await ask(visit, door, ReservationOut)
        if not isinstance(made, Problem):
            return visit.go(f"/me/reservations/{made.id}")
        problem = made
    return await _shelf(visit, shop_id, text, category, after, problem=problem, wanted=wanted)


@router.get("/goods/{goods_id}/picture")
async def read_picture(
    visit: VisitOf,
    goods_id: PathId,
    if_none_match: Annotated[str | None, Header(max_length=200)] = None,
) -> Response:
    """Return an item's picture with its ETag, as the API does."""
    return visit.finish(await goods_pictures.get_picture(visit.caller, goods_id, if_none_match))


async def _shelf(
    visit: Visit,
    shop_id: int,
    text: str,
    category: str,
    after: int,
    *,
    problem: Problem | None = None,
    wanted: dict[int, int] | None = None,
) -> Response:
    async def work(tx: ReadTx, actor: Actor) -> Shelf:
        check(actor, READ)
        found = await shop(tx, shop_id)
        today = tx.day(visit.now)
        filter_ = GoodsFilter(today, shop_id, category or None, text or None)
        goods = await goods_list(tx, filter_, after_id=after, limit=SHOWN + 1)
        points = None
        if actor.person_id is not None:
            purses = await purses_of(tx, actor.person_id, now=visit.now)
            points = next(each for each in purses if each.unit == POINT)
        return Shelf(
            found,
            found.is_open(today),
            list(await categories(tx, shop_id)),
            goods[:SHOWN],
            goods[SHOWN - 1].id if len(goods) > SHOWN else 0,
            points,
        )

    shelf = await visit.read(work)
    if not shelf.is_open:
        raise RefusalError("shop_closed")
    return visit.page(
        "volunteer/shop.html",
        shelf=shelf,
        text=text,
        category=category,
        after=after,
        wanted=wanted or {},
        problem=problem,
        once=secrets.token_hex(16),
        status=problem.status if problem else 200,
    )
