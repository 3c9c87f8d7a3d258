"""Items whose stock is about to change: their rows locked, and who works the shop's tills turned away."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from ledger.session import WriteTx
from ledger.values import SHELF, Place
from timebank.errors import RefusalError

# Redemptions hold these rows for their lines, which this lock lets them.
_LOCK = """
select g.id, g.shop_id, g.sku, g.barcode, g.unit_code, s.owner, s.organisation_id, s.closed_on
from goods g join shops s on s.bank_id = $1 and s.id = g.shop_id
where g.bank_id = $1 and g.id = any($2::bigint[]) order by g.id for no key update of g
"""
# In id order, as posting locks them. What is held for pick-up has not left the shop.
_STOCK = """
select a.balance from accounts a
where a.bank_id = $1 and a.owner = $2 and a.kind in ('shelf', 'held')
  and a.unit_id = (select u.id from units u where u.bank_id = $1 and u.code = $3)
order by a.id for update
"""

# By any grant that reaches the shop, or by a till that is open still though the grant has ended.
_IS_CASHIER = """
with recursive up (id, parent_id) as (
  select o.id, o.parent_id from organisations o where o.bank_id = $1 and o.id = any($3::bigint[])
  union
  select o.id, o.parent_id from organisations o join up on o.id = up.parent_id where o.bank_id = $1
)
select exists (select from role_grants g join up on up.id = g.organisation_id
    where g.bank_id = $1 and g.person_id = $2 and g.role = 'cashier' and g.revoked_at is null
      and g.from_at <= $5 and (g.until_at is null or g.until_at > $5))
  or exists (select from tills t where t.bank_id = $1 and t.cashier_id = $2 and t.shop_id = any($4::bigint[])
    and t.closed_at is null)
"""


@dataclass(frozen=True, slots=True)
class Item:
    """An item whose row is locked, and its shop."""

    id: int
    shop_id: int
    sku: str
    barcode: str | None
    unit: str
    owner: UUID
    organisation_id: int | None
    closed_on: date | None

    @property
    def shelf(self) -> Place:
        """The shelf that it stands on."""
        return Place(SHELF, self.owner)


async def lock_items(tx: WriteTx, goods_ids: Sequence[int], by: UUID, now: datetime) -> list[Item]:
    """Lock items in id order and return them.

    Raises:
        RefusalError: `unknown_goods`; `cashier_adjusts_stock` to who is a cashier of one of their shops.
    """
    items = [Item(*row) for row in await tx.connection.fetch(_LOCK, tx.bank_id, list(goods_ids))]
    if len(items) < len(set(goods_ids)):
        raise RefusalError("unknown_goods")
    places = [item.organisation_id for item in items]
    shops = [item.shop_id for item in items]
    if await tx.connection.fetchval(_IS_CASHIER, tx.bank_id, by, places, shops, now):
        raise RefusalError("cashier_adjusts_stock")
    return items


def check_open(tx: WriteTx, item: Item, now: datetime) -> None:
    """Refuse what comes into a closed shop.

    Raises:
        RefusalError: `shop_closed`.
    """
    if item.closed_on is not None and item.closed_on <= tx.day(now):
        raise RefusalError("shop_closed")


async def lock_stock(tx: WriteTx, item: Item) -> int:
    """Return how many are in the shop, on the shelf or set aside, which stays so until the transaction ends."""
    rows = await tx.connection.fetch(_STOCK, tx.bank_id, item.owner, item.unit)
    return sum(row["balance"] for row in rows)
