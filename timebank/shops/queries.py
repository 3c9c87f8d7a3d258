"""Reading shops and what stands on their shelves."""

from dataclasses import dataclass

from ledger.session import ReadTx
from timebank.errors import RefusalError

_SHOPS = "select s.id, s.code from shops s where s.bank_id = $1 and s.id > $2 order by s.id limit $3"
_IS_SHOP = "select exists (select from shops s where s.bank_id = $1 and s.id = $2)"
_GOODS = """
select g.id, g.sku, g.name, g.unit_code, g.price_points, coalesce((
    select a.balance from accounts a
    join units u on u.bank_id = $1 and u.id = a.unit_id and u.code = g.unit_code
    where a.bank_id = $1 and a.owner = s.owner and a.kind = 'shelf' and a.expires_on is null
      and a.unit_id = u.id), 0)::bigint as stock
from goods g join shops s on s.bank_id = $1 and s.id = g.shop_id
where g.bank_id = $1 and g.shop_id = $2 and g.id > $3 order by g.id limit $4
"""


@dataclass(frozen=True, slots=True)
class Shop:
    """A points supermarket."""

    id: int
    code: str


@dataclass(frozen=True, slots=True)
class Goods:
    """An item of a shop: what one costs in points, and how many are on the shelf now."""

    id: int
    sku: str
    name: str
    unit: str
    price_points: int
    stock: int


async def shops(tx: ReadTx, *, after_id: int, limit: int) -> list[Shop]:
    """Return shops by id."""
    return [Shop(*row) for row in await tx.connection.fetch(_SHOPS, tx.bank_id, after_id, limit)]


async def goods_of(tx: ReadTx, shop_id: int, *, after_id: int, limit: int) -> list[Goods]:
    """Return a shop's goods by id, with the stock that the ledger has.

    Raises:
        RefusalError: `unknown_shop`.
    """
    rows = await tx.connection.fetch(_GOODS, tx.bank_id, shop_id, after_id, limit)
    if not rows and not await tx.connection.fetchval(_IS_SHOP, tx.bank_id, shop_id):
        raise RefusalError("unknown_shop")
    return [Goods(*row) for row in rows]
