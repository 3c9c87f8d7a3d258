"""What the shop offers: adding an item, and changing its name, price, limits, low mark, or whether it is offered."""

import secrets
from collections.abc import Mapping
from typing import Annotated, TypeAlias

from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, StringConstraints, ValidationError
from starlette.responses import Response

from api.fields import Code, Id, Name, PathId
from api.routers import bare
from api.v1.goods import CategoryName, Description, GoodsEdit, GoodsIn, Price
from api.web.arriving import VisitOf
from api.web.asking import Once, Problem, ask
from api.web.forms import FormBody, OfEitherWidth, typed_of
from api.web.visit import Visit
from ledger.session import ReadTx, WriteTx
from timebank.access import Actor
from timebank.shops.access import check_goods, check_shop
from timebank.shops.actions import add_goods, edit_goods
from timebank.shops.queries import Goods, Shop, Terms, shop

router = bare()

WRITE = "goods.write"
NUMBERS = ("member_day_limit", "member_month_limit", "low_stock_at")

Number: TypeAlias = Annotated[
    str, OfEitherWidth, StringConstraints(pattern=r"^[0-9]{0,7}$", strip_whitespace=True)
]


class ItemForm(FormBody):
    """An item as it is typed; a number that is left empty is none."""

    once: Once
    name: Name
    price_points: Price
    category: CategoryName = ""
    description: Description = ""
    barcode: Annotated[str, StringConstraints(strip_whitespace=True)] = ""
    member_day_limit: Number = ""
    member_month_limit: Number = ""
    low_stock_at: Number = ""
    is_listed: bool = False

    def said(self) -> dict[str, object]:
        """Return what is said of the item, by the names that the API calls it."""
        fields = self.model_dump(exclude={"once", "sku", "version"})
        return {name: None if fields[name] == "" else fields[name] for name in fields} | {
            "category": self.category,
            "description": self.description,
        }


class NewForm(ItemForm):
    """A new item; its number stays."""

    sku: Code


class EditForm(ItemForm):
    """An item as it is to be, and the version that was seen: who changed it meanwhile is not overruled unseen."""

    version: Id


class Kept(BaseModel):
    """The item that was added or changed."""

    id: int


@router.get("/shop/{shop_id}/new")
async def show_new(visit: VisitOf, shop_id: PathId) -> Response:
    """Show the form of a new item."""
    return await _new(visit, shop_id, {"is_listed": "true"})


@router.post("/shop/{shop_id}/new")
async def add(visit: VisitOf, shop_id: PathId) -> Response:
    """Add an item to a shop in reach, once for the form; its shelf is empty."""
    typed = await typed_of(visit.request)
    try:
        form = await visit.form(NewForm)
        body = GoodsIn.model_validate({"sku": form.sku, **form.said()})
    except (RequestValidationError, ValidationError):
        return await _new(visit, shop_id, typed, _wrong(visit))

    async def work(tx: WriteTx, actor: Actor) -> Kept:
        await check_shop(tx, actor, WRITE, shop_id)
        made = await add_goods(
            tx,
            shop_id=shop_id,
            sku=body.sku,
            name=body.name,
            price_points=body.price_points,
            now=visit.now,
            terms=Terms(**body.model_dump(exclude={"sku", "name", "price_points"})),
        )
        return Kept(id=made)

    request = [shop_id, body.model_dump(mode="json")]
    door = visit.caller.write_once(form.once, request, work, action="goods.add", subject=str(shop_id))
    done = await ask(visit, door, Kept)
    if isinstance(done, Problem):
        return await _new(visit, shop_id, typed, done)
    return visit.go(f"/shop/goods/{done.id}?done=add&mark={form.once}")


@router.get("/shop/goods/{goods_id}/edit")
async def show_edit(visit: VisitOf, goods_id: PathId) -> Response:
    """Show an item as it is, to be changed."""
    return await _edit(visit, goods_id)


@router.post("/shop/goods/{goods_id}/edit")
async def edit(visit: VisitOf, goods_id: PathId) -> Response:
    """Change an item, once for the form; a quote at hand keeps its price."""
    typed = await typed_of(visit.request)
    try:
        form = await visit.form(EditForm)
        body = GoodsEdit.model_validate(form.said())
    except (RequestValidationError, ValidationError):
        return await _edit(visit, goods_id, typed, _wrong(visit))

    async def work(tx: WriteTx, actor: Actor) -> Kept:
        await check_goods(tx, actor, WRITE, goods_id)
        made = await edit_goods(tx, goods_id, changes=body.changes(), expected_version=form.version)
        return Kept(id=made.id)

    request = [goods_id, form.version, body.model_dump(mode="json")]
    door = visit.caller.write_once(form.once, request, work, action="goods.edit", subject=str(goods_id))
    done = await ask(visit, door, Kept)
    if isinstance(done, Problem):
        return await _edit(visit, goods_id, typed, done)
    return visit.go(f"/shop/goods/{goods_id}?done=edit&mark={form.once}")


async def _new(
    visit: Visit, shop_id: int, typed: Mapping[str, object], problem: Problem | None = None
) -> Response:
    async def work(tx: ReadTx, actor: Actor) -> Shop:
        return await check_shop(tx, actor, WRITE, shop_id)

    return _form(visit, await visit.read(work), None, typed, problem)


async def _edit(
    visit: Visit, goods_id: int, typed: Mapping[str, object] | None = None, problem: Problem | None = None
) -> Response:
    async def work(tx: ReadTx, actor: Actor) -> tuple[Shop, Goods]:
        found = await check_goods(tx, actor, WRITE, goods_id)
        return await shop(tx, found.shop_id), found

    place, found = await visit.read(work)
    return _form(visit, place, found, _typed(found) if typed is None else typed, problem)


def _form(
    visit: Visit, place: Shop, goods: Goods | None, typed: Mapping[str, object], problem: Problem | None
) -> Response:
    return visit.page(
        "shop/item.html",
        status=problem.status if problem else 200,
        shop=place,
        goods=goods,
        typed=typed,
        problem=problem.sentence if problem else "",
        once=secrets.token_hex(16),
    )


def _typed(found: Goods) -> dict[str, object]:
    terms = found.terms
    numbers = {name: getattr(terms, name) for name in NUMBERS}
    return {
        "name": found.name,
        "price_points": found.price_points,
        "category": terms.category,
        "description": terms.description,
        "barcode": terms.barcode or "",
        "is_listed": "true" if terms.is_listed else "",
        **{name: "" if number is None else number for name, number in numbers.items()},
    }


def _wrong(visit: Visit) -> Problem:
    return Problem("invalid", visit.say("page.shop_desk.wrong.item"), 422)
