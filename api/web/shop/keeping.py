"""Which shop a page of the desk is about: the one that was chosen, or the first in reach."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, TypeAlias

from fastapi import Query

from api.fields import MAX_ID
from api.web.till.counters import shops_within
from api.web.visit import Visit
from ledger.session import ReadTx
from timebank.access import Actor, reach
from timebank.shops.access import check_shop
from timebank.shops.queries import Shop

ShopId: TypeAlias = Annotated[int | None, Query(ge=1, le=MAX_ID)]


@dataclass(frozen=True, slots=True)
class Kept:
    """The shops to choose from, and the one that is looked at; None where there is no shop in reach."""

    shops: Sequence[Shop]
    shop: Shop | None


async def kept_shops(tx: ReadTx, visit: Visit, actor: Actor, permission: str, shop_id: int | None) -> Kept:
    """Return the shops in which the visitor has a permission, closed ones too, and the one to look at.

    Raises:
        RefusalError: `forbidden`; `unknown_shop`, out of reach too.
    """
    nodes = await reach(tx, actor, permission)
    shops = await shops_within(tx, visit, nodes, closed_too=True)
    chosen = await check_shop(tx, actor, permission, shop_id) if shop_id else next(iter(shops), None)
    return Kept(shops, chosen)
