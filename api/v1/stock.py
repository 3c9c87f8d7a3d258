"""Stock: what stands on shelves at what cost, and what is running low. What moves it is `stock_entries`."""

from datetime import datetime
from typing import Annotated

from fastapi import Query
from pydantic import BaseModel, ConfigDict

from api.cursors import DEFAULT_LIMIT, Cursor, Limit, Page, after, page
from api.edge import CallerOf
from api.fields import MAX_ID, PathId
from api.problems import problems
from api.routers import resource
from ledger.session import ReadTx
from timebank.access import Actor, reach
from timebank.funds.queries import Fund, funds_above
from timebank.shops.access import check_shop
from timebank.stock import queries
from timebank.stock.queries import GoodsAtCost, LowStock

router = resource(tag="stock")
READ, WRITE = "stock.read", "stock.write"


class GoodsAtCostOut(BaseModel):
    """An item's stock at what the newest receipts cost; of `uncosted` so many nobody knows the cost."""

    model_config = ConfigDict(from_attributes=True)

    goods_id: int
    sku: str
    name: str
    on_shelf: int
    reserved: int
    cost_cents: int
    uncosted: int


class ShopStockOut(BaseModel):
    """A shop's stock at cost, and its sums."""

    items: list[GoodsAtCostOut]
    cost_cents: int
    uncosted: int


class LowStockOut(BaseModel):
    """An item that is running low; `told_at` is when the shop's managers were told."""

    model_config = ConfigDict(from_attributes=True)

    goods_id: int
    shop_id: int
    sku: str
    name: str
    on_shelf: int
    low_stock_at: int
    told_at: datetime | None


class SourceOut(BaseModel):
    """A fund that goods may be bought from."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    code: str
    name: str


@router.get("/shops/{shop_id}/stock", operation_id="get_stock", responses=problems(401, 403, 404))
async def get_stock(caller: CallerOf, shop_id: PathId) -> ShopStockOut:
    """Return all goods of a shop with their stock at cost: what came first is taken to have left first."""

    async def work(tx: ReadTx, actor: Actor) -> list[GoodsAtCost]:
        await check_shop(tx, actor, READ, shop_id)
        return await queries.stock_at_cost(tx, shop_id)

    found = await caller.read(work)
    return ShopStockOut(
        items=[GoodsAtCostOut.model_validate(line) for line in found],
        cost_cents=sum(line.cost_cents for line in found),
        uncosted=sum(line.uncosted for line in found),
    )


@router.get("/low-stock", operation_id="list_low_stock", responses=problems(401, 403))
async def list_low_stock(
    caller: CallerOf,
    *,
    shop_id: Annotated[int | None, Query(ge=1, le=MAX_ID)] = None,
    cursor: Cursor = None,
    limit: Limit = DEFAULT_LIMIT,
) -> Page[LowStockOut]:
    """Return what is running low in the shops in reach, by item."""
    after_id = after(cursor)

    async def work(tx: ReadTx, actor: Actor) -> list[LowStock]:
        nodes = await reach(tx, actor, READ)
        return await queries.low_stock(
            tx,
            on=tx.day(caller.now),
            organisations=nodes,
            shop_id=shop_id,
            after_id=after_id,
            limit=limit + 1,
        )

    items, following = page(await caller.read(work), limit, lambda line: (line.goods_id,))
    return Page(items=[LowStockOut.model_validate(line) for line in items], next_cursor=following)


@router.get("/shops/{shop_id}/funds", operation_id="list_sources", responses=problems(401, 403, 404))
async def list_sources(caller: CallerOf, shop_id: PathId) -> list[SourceOut]:
    """Return the funds that a shop's goods may be bought from: of its organisation and those above."""

    async def work(tx: ReadTx, actor: Actor) -> list[Fund]:
        shop = await check_shop(tx, actor, WRITE, shop_id)
        return await funds_above(tx, shop.organisation_id)

    return [SourceOut.model_validate(fund) for fund in await caller.read(work)]
