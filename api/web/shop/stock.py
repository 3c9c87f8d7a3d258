"""What stands in a shop: what is running low first, then all goods, those that are not offered too."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

from fastapi import Query
from pydantic import StringConstraints
from starlette.responses import Response

from api.cursors import Cursor, after, page
from api.fields import Printable
from api.routers import bare
from api.web.arriving import VisitOf
from api.web.shop.keeping import Kept, ShopId, kept_shops
from ledger.session import ReadTx
from timebank.access import Actor
from timebank.shops.queries import Goods, GoodsFilter, goods_list
from timebank.stock.queries import LowStock, low_stock

router = bare()

READ = "stock.read"
PAGE, LOW_LIMIT = 50, 50

Wanted = Annotated[str, StringConstraints(strip_whitespace=True), Printable, Query(max_length=50)]


@dataclass(frozen=True, slots=True)
class Shelf:
    """A page of a shop's goods, and what of them is running low."""

    kept: Kept
    goods: Sequence[Goods]
    low: Sequence[LowStock]


@router.get("/shop")
async def show_stock(
    visit: VisitOf, shop: ShopId = None, text: Wanted = "", cursor: Cursor = None
) -> Response:
    """Show the goods of a shop in reach with what is on the shelf."""
    after_id = after(cursor)

    async def work(tx: ReadTx, actor: Actor) -> Shelf:
        kept = await kept_shops(tx, visit, actor, READ, shop)
        if kept.shop is None:
            return Shelf(kept, (), ())
        wanted = GoodsFilter(tx.day(visit.now), kept.shop.id, text=text or None, unlisted_too=True)
        found = await goods_list(tx, wanted, after_id=after_id, limit=PAGE + 1)
        places = None if kept.shop.organisation_id is None else [kept.shop.organisation_id]
        low = await low_stock(
            tx,
            on=tx.day(visit.now),
            organisations=places,
            shop_id=kept.shop.id,
            after_id=0,
            limit=LOW_LIMIT,
        )
        return Shelf(kept, found, low)

    shelf = await visit.read(work)
    shown, following = page(shelf.goods, PAGE, lambda each: (each.id,))
    return visit.page(
        "shop/stock.html",
        kept=shelf.kept,
        goods=shown,
        low=shelf.low if not (text or cursor) else (),
        low_ids={each.goods_id for each in shelf.low},
        following=following,
        text=text,
    )
