"""What shops offer: the catalogue that members search, and editing it. Pictures are `goods_pictures`."""

from dataclasses import asdict
from typing import Annotated

from fastapi import Path, Query, Response
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from api.cursors import DEFAULT_LIMIT, Cursor, Limit, Page, after, page
from api.edge import CallerOf
from api.etags import IfMatch, etag, expected_version
from api.fields import MAX_ID, Code, Name, PathId, Printable
from api.problems import problems
from api.routers import resource
from ledger.session import ReadTx, WriteTx
from timebank.access import Actor, check
from timebank.shops import actions, queries
from timebank.shops.access import check_goods, check_shop
from timebank.shops.queries import Goods, GoodsFilter, Terms

router = resource(tag="goods")
READ, WRITE, READ_STOCK = "shops.read", "goods.write", "stock.read"

MAX_COUNT = 1_000_000

Barcode = Annotated[
    str, StringConstraints(pattern=r"^[0-9A-Za-z-]{4,48}$"), Field(examples=["6900000000011"])
]
Price = Annotated[int, Field(ge=1, le=MAX_COUNT, description="In points.")]
MemberLimit = Annotated[int, Field(ge=1, le=MAX_COUNT, description="So many for one member.")]
LowMark = Annotated[int, Field(ge=0, le=MAX_COUNT, description="With so many left it is running low.")]
CategoryName = Annotated[str, StringConstraints(max_length=50, strip_whitespace=True), Printable]
Description = Annotated[str, StringConstraints(max_length=1_000, strip_whitespace=True), Printable]
Text = Annotated[str, StringConstraints(min_length=1, max_length=50, strip_whitespace=True), Printable]


class GoodsOut(BaseModel):
    """An item: its price in points, the limits of one member, and how many are on the shelf now."""

    id: int
    shop_id: int
    sku: str
    name: str
    unit: str = Field(description="The ledger's unit of this item.")
    price_points: int
    category: str
    description: str
    barcode: str | None
    member_day_limit: int | None
    member_month_limit: int | None
    low_stock_at: int | None
    is_listed: bool
    has_picture: bool
    stock: int
    version: int


class CategoryOut(BaseModel):
    """A category of a shop, and how many listed items it has."""

    model_config = ConfigDict(from_attributes=True)

    name: str
    goods: int


class GoodsIn(BaseModel):
    """A new item of a shop in reach; its SKU stays."""

    model_config = ConfigDict(extra="forbid")

    sku: Code
    name: Name
    price_points: Price
    category: CategoryName = ""
    description: Description = ""
    barcode: Barcode | None = None
    member_day_limit: MemberLimit | None = None
    member_month_limit: MemberLimit | None = None
    low_stock_at: LowMark | None = None
    is_listed: bool = True


class GoodsEdit(BaseModel):
    """What is to change; null takes a barcode, a limit or a low mark away and leaves anything else as it is."""

    model_config = ConfigDict(extra="forbid")

    name: Name | None = None
    price_points: Price | None = None
    category: CategoryName | None = None
    description: Description | None = None
    barcode: Barcode | None = None
    member_day_limit: MemberLimit | None = None
    member_month_limit: MemberLimit | None = None
    low_stock_at: LowMark | None = None
    is_listed: bool | None = None

    @model_validator(mode="after")
    def _changes_something(self) -> "GoodsEdit":
        if not self.changes():
            raise ValueError("nothing to change")
        return self

    def changes(self) -> dict[str, object]:
        """Return the new values by name."""
        removable = {"barcode", "member_day_limit", "member_month_limit", "low_stock_at"}
        found = {name: getattr(self, name) for name in self.model_fields_set}
        return {name: value for name, value in found.items() if value is not None or name in removable}


CategoryQuery = Annotated[CategoryName | None, Query(description="Those of this category.")]
TextQuery = Annotated[Text | None, Query(description="Those with these letters in name or description.")]


@router.get("/goods", operation_id="search_goods", responses=problems(401, 403))
async def search_goods(
    caller: CallerOf,
    *,
    shop_id: Annotated[int | None, Query(ge=1, le=MAX_ID)] = None,
    category: CategoryQuery = None,
    text: TextQuery = None,
    cursor: Cursor = None,
    limit: Limit = DEFAULT_LIMIT,
) -> Page[GoodsOut]:
    """Return what the bank's open shops offer, by id."""
    after_id = after(cursor)

    async def work(tx: ReadTx, actor: Actor) -> list[Goods]:
        check(actor, READ)
        wanted = GoodsFilter(tx.day(caller.now), shop_id, category, text)
        return await queries.goods_list(tx, wanted, after_id=after_id, limit=limit + 1)

    return _page(await caller.read(work), limit)


@router.get("/shops/{shop_id}/goods", operation_id="list_goods", responses=problems(401, 403, 404))
async def list_goods(
    caller: CallerOf,
    shop_id: PathId,
    *,
    category: CategoryQuery = None,
    text: TextQuery = None,
    unlisted: Annotated[
        bool, Query(description="Those that are not offered too: for who reads the shop's stock.")
    ] = False,
    cursor: Cursor = None,
    limit: Limit = DEFAULT_LIMIT,
) -> Page[GoodsOut]:
    """Return a shop's goods with their stock, by id."""
    after_id = after(cursor)

    async def work(tx: ReadTx, actor: Actor) -> list[Goods]:
        check(actor, READ)
        if unlisted:
            await check_shop(tx, actor, READ_STOCK, shop_id)
        else:
            await queries.shop(tx, shop_id)
        wanted = GoodsFilter(tx.day(caller.now), shop_id, category, text, unlisted)
        return await queries.goods_list(tx, wanted, after_id=after_id, limit=limit + 1)

    return _page(await caller.read(work), limit)


@router.get("/shops/{shop_id}/categories", operation_id="list_categories", responses=problems(401, 403, 404))
async def list_categories(caller: CallerOf, shop_id: PathId) -> list[CategoryOut]:
    """Return the categories of a shop's listed goods."""

    async def work(tx: ReadTx, actor: Actor) -> list[CategoryOut]:
        check(actor, READ)
        return [CategoryOut.model_validate(found) for found in await queries.categories(tx, shop_id)]

    return await caller.read(work)


@router.get(
    "/shops/{shop_id}/barcodes/{barcode}", operation_id="find_barcode", responses=problems(401, 403, 404)
)
async def find_barcode(
    caller: CallerOf,
    shop_id: PathId,
    barcode: Annotated[str, Path(pattern=r"^[0-9A-Za-z-]{4,48}$")],
    response: Response,
) -> GoodsOut:
    """Return the item of a shop that carries a barcode, listed or not."""

    async def work(tx: ReadTx, actor: Actor) -> Goods:
        check(actor, READ)
        return await queries.goods_by_barcode(tx, shop_id=shop_id, barcode=barcode)

    return _out(await caller.read(work), response)


@router.get("/goods/{goods_id}", operation_id="get_goods", responses=problems(401, 403, 404))
async def get_goods(caller: CallerOf, goods_id: PathId, response: Response) -> GoodsOut:
    """Return one item with its ETag."""

    async def work(tx: ReadTx, actor: Actor) -> Goods:
        check(actor, READ)
        return await queries.goods(tx, goods_id)

    return _out(await caller.read(work), response)


@router.post(
    "/shops/{shop_id}/goods",
    operation_id="add_goods",
    status_code=201,
    responses=problems(401, 403, 404, 409),
)
async def add_goods(caller: CallerOf, shop_id: PathId, body: GoodsIn, response: Response) -> GoodsOut:
    """Add an item to a shop; its SKU is the only one there, so that a repetition is refused."""

    async def work(tx: WriteTx, actor: Actor) -> Goods:
        await check_shop(tx, actor, WRITE, shop_id)
        new = await actions.add_goods(
            tx,
            shop_id=shop_id,
            sku=body.sku,
            name=body.name,
            price_points=body.price_points,
            now=caller.now,
            terms=Terms(**body.model_dump(exclude={"sku", "name", "price_points"})),
        )
        return await queries.goods(tx, new)

    return _out(await caller.write(work, action="goods.add", subject=_named), response)


@router.patch(
    "/goods/{goods_id}", operation_id="edit_goods", responses=problems(401, 403, 404, 409, 412, 428)
)
async def edit_goods(
    caller: CallerOf, goods_id: PathId, body: GoodsEdit, response: Response, if_match: IfMatch = None
) -> GoodsOut:
    """Change an item's name, price, limits or whether it is offered; a quote at hand keeps its price."""
    version = expected_version(if_match)

    async def work(tx: WriteTx, actor: Actor) -> Goods:
        await check_goods(tx, actor, WRITE, goods_id)
        return await actions.edit_goods(tx, goods_id, changes=body.changes(), expected_version=version)

    return _out(await caller.write(work, action="goods.edit", subject=_named), response)


def goods_out(found: Goods) -> GoodsOut:
    """Return an item as it is answered."""
    return GoodsOut(
        id=found.id,
        shop_id=found.shop_id,
        sku=found.sku,
        name=found.name,
        unit=found.unit,
        price_points=found.price_points,
        **asdict(found.terms),
        has_picture=found.picture is not None,
        stock=found.stock,
        version=found.version,
    )


def _page(rows: list[Goods], limit: int) -> Page[GoodsOut]:
    items, following = page(rows, limit, lambda goods: (goods.id,))
    return Page(items=[goods_out(goods) for goods in items], next_cursor=following)


def _named(found: Goods) -> str:
    return str(found.id)


def _out(found: Goods, response: Response) -> GoodsOut:
    response.headers["ETag"] = etag(found.version)
    return goods_out(found)
