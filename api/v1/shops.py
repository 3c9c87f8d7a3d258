"""Shops and what stands on their shelves."""

from pydantic import BaseModel, ConfigDict, Field

from api.cursors import DEFAULT_LIMIT, Cursor, Limit, Page, after, page
from api.edge import CallerOf
from api.fields import PathId
from api.problems import problems
from api.routers import resource
from ledger.session import ReadTx
from timebank.access import Actor, check
from timebank.shops.queries import Goods, Shop, goods_of, shops

router = resource(tag="shops")
PERMISSION = "shops.read"


class ShopOut(BaseModel):
    """A points supermarket."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    code: str


class GoodsOut(BaseModel):
    """An item: its price in points, and how many are on the shelf now."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    sku: str
    name: str
    unit: str = Field(description="The ledger's unit of this item.")
    price_points: int
    stock: int


@router.get("/shops", operation_id="list_shops", responses=problems(401, 403))
async def list_shops(caller: CallerOf, cursor: Cursor = None, limit: Limit = DEFAULT_LIMIT) -> Page[ShopOut]:
    """Return the bank's shops."""
    after_id = after(cursor)

    async def work(tx: ReadTx, actor: Actor) -> list[Shop]:
        check(actor, PERMISSION)
        return await shops(tx, after_id=after_id, limit=limit + 1)

    items, following = page(await caller.read(work), limit, lambda shop: (shop.id,))
    return Page(items=[ShopOut.model_validate(shop) for shop in items], next_cursor=following)


@router.get("/shops/{shop_id}/goods", operation_id="list_goods", responses=problems(401, 403, 404))
async def list_goods(
    caller: CallerOf, shop_id: PathId, cursor: Cursor = None, limit: Limit = DEFAULT_LIMIT
) -> Page[GoodsOut]:
    """Return a shop's goods with their stock."""
    after_id = after(cursor)

    async def work(tx: ReadTx, actor: Actor) -> list[Goods]:
        check(actor, PERMISSION)
        return await goods_of(tx, shop_id, after_id=after_id, limit=limit + 1)

    items, following = page(await caller.read(work), limit, lambda goods: (goods.id,))
    return Page(items=[GoodsOut.model_validate(goods) for goods in items], next_cursor=following)
