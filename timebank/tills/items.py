"""Reading the items of a basket, and what a member has to pay with."""

from collections.abc import Iterable, Sequence
from datetime import date
from uuid import UUID

from ledger.session import ReadTx
from timebank.errors import RefusalError
from timebank.policy.rules import POINT
from timebank.tills.rules import Item

_ITEMS = """
select g.id, g.sku, g.name, g.unit_code, g.price_points, g.is_listed, coalesce((
    select a.balance from accounts a
    where a.bank_id = $1 and a.owner = s.owner and a.kind = 'shelf' and a.expires_on is null
      and a.unit_id = (select u.id from units u where u.bank_id = $1 and u.code = g.unit_code)), 0)::bigint as stock
from unnest($3::bigint[]) as x (id), lateral (
  select g.* from goods g where g.bank_id = $1 and g.id = x.id and g.shop_id = $2 offset 0) g
join shops s on s.bank_id = $1 and s.id = g.shop_id
"""
_BARCODES = """
select x.barcode, g.id from unnest($3::text[]) as x (barcode), lateral (
  select g.id from goods g where g.bank_id = $1 and g.shop_id = $2 and g.barcode = x.barcode offset 0) g
"""
POINTS_LEFT = f"""coalesce((select sum(a.balance) from accounts a
  where a.bank_id = $1 and a.owner = {{owner}} and a.kind = 'wallet' and a.balance > 0
    and (a.expires_on is null or a.expires_on >= {{day}})
    and a.unit_id = (select u.id from units u where u.bank_id = $1 and u.code = '{POINT}')), 0)::bigint"""  # noqa: S608 -- ours
"""What an owner can spend of points on a day, as a part of a statement."""

_POINTS = f"""
select x.owner, {POINTS_LEFT.format(owner="x.owner", day="$3")} as points from unnest($2::uuid[]) as x (owner)
"""  # noqa: S608 -- ours


async def items_of(tx: ReadTx, shop_id: int, goods_ids: Iterable[int]) -> dict[int, Item]:
    """Return those of the items that are of the shop, listed or not, with their stock."""
    rows = await tx.connection.fetch(_ITEMS, tx.bank_id, shop_id, sorted(set(goods_ids)))
    return {row["id"]: Item(*row) for row in rows}


async def named_items(
    tx: ReadTx, shop_id: int, wanted: Sequence[tuple[int | str, int]]
) -> list[tuple[int, int]]:
    """Return (item's id, quantity) of what was named by its id or by its barcode.

    Raises:
        RefusalError: `goods_not_sold` if no item of the shop has a barcode.
    """
    barcodes = sorted({name for name, _ in wanted if isinstance(name, str)})
    ids: dict[int | str, int] = {}
    if barcodes:
        rows = await tx.connection.fetch(_BARCODES, tx.bank_id, shop_id, barcodes)
        ids = {row["barcode"]: row["id"] for row in rows}
        if len(ids) < len(barcodes):
            raise RefusalError("goods_not_sold")
    return [(name if isinstance(name, int) else ids[name], quantity) for name, quantity in wanted]


async def points_of(tx: ReadTx, people: Sequence[UUID], *, day: date) -> dict[UUID, int]:
    """Return how many points each of some people can spend on a day."""
    rows = await tx.connection.fetch(_POINTS, tx.bank_id, people, day)
    return {row["owner"]: row["points"] for row in rows}
