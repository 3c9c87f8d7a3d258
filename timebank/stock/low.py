"""Telling the managers of shops what is running low: once, until it has been restocked."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime

from ledger.session import WriteTx
from timebank.notifications.actions import tell
from timebank.stock.queries import low_stock

BATCH = 500
SHOWN = 20
"""So many items a notification names; the list has them all."""

# Whose role reaches the shop at that moment, by its organisation or one above it.
_MANAGERS = """
with recursive up (shop_id, id, parent_id) as (
  select s.id, o.id, o.parent_id from shops s
  join organisations o on o.bank_id = $1 and o.id = s.organisation_id
  where s.bank_id = $1 and s.id = any($2::bigint[])
  union
  select up.shop_id, o.id, o.parent_id from organisations o join up on o.id = up.parent_id where o.bank_id = $1
)
select distinct up.shop_id, g.person_id from role_grants g join up on up.id = g.organisation_id
where g.bank_id = $1 and g.role = 'shop_manager' and g.revoked_at is null
  and g.from_at <= $3 and (g.until_at is null or g.until_at > $3)
"""
# Claimed before anybody is told: of two runs at once, the second waits for the row and finds it told.
_CLAIM = """
update goods set low_stock_told_at = $3
where bank_id = $1 and id = any($2::bigint[]) and low_stock_told_at is null returning shop_id, id
"""
_FORGET = """
update goods g set low_stock_told_at = null
from shops s
where g.bank_id = $1 and g.low_stock_told_at is not null and s.bank_id = $1 and s.id = g.shop_id
  and (g.low_stock_at is null or g.low_stock_at < coalesce((select a.balance from accounts a
    where a.bank_id = $1 and a.owner = s.owner and a.kind = 'shelf' and a.expires_on is null
      and a.unit_id = (select u.id from units u where u.bank_id = $1 and u.code = g.unit_code)), 0))
"""


@dataclass(frozen=True, slots=True)
class Told:
    """How many items were told of, how many nobody manages, and the id to go on after; None at the end."""

    told: int
    unmanaged: int
    last_id: int | None


async def forget_restocked(tx: WriteTx) -> int:
    """Let what has been restocked be told of again when it runs low; return how many items."""
    done: str = await tx.connection.execute(_FORGET, tx.bank_id)
    return int(done.rsplit(" ", 1)[-1])


async def tell_low_stock(tx: WriteTx, *, after_id: int, now: datetime, limit: int = BATCH) -> Told:
    """Tell of a batch of items, each manager once for a shop; what nobody manages is told of when somebody does."""
    found = await low_stock(tx, on=tx.day(now), organisations=None, after_id=after_id, limit=limit)
    untold = [line for line in found if line.told_at is None]
    managers = defaultdict(list)
    shops = sorted({line.shop_id for line in untold})
    for shop_id, person_id in await tx.connection.fetch(_MANAGERS, tx.bank_id, shops, now):
        managers[shop_id].append(person_id)
    managed = [line.goods_id for line in untold if line.shop_id in managers]
    claimed = defaultdict(list)
    for shop_id, goods_id in await tx.connection.fetch(_CLAIM, tx.bank_id, managed, now):
        claimed[shop_id].append(goods_id)
    for shop_id, ids in claimed.items():
        shown = sorted(ids)[:SHOWN]
        await tell(tx, managers[shop_id], "low_stock", shop=shop_id, count=len(ids), goods=shown)
    last_id = found[-1].goods_id if len(found) == limit else None
    return Told(sum(map(len, claimed.values())), len(untold) - len(managed), last_id)
