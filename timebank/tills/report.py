"""What a till took: redemptions, points and cash, item by item; and what was counted at its close."""

from collections.abc import Sequence
from dataclasses import dataclass

from ledger.session import ReadTx

# Cash that another till took may have been given back by this one, and the other way round.
_CASH = """
select t.opening_cash_cents
  + coalesce((select sum(r.cash_cents) from redemptions r where r.bank_id = $1 and r.till_id = t.id), 0)
  - coalesce((select sum(r.cash_cents) from refunds f
      join redemptions r on r.bank_id = $1 and r.id = f.redemption_id
      where f.bank_id = $1 and f.till_id = t.id), 0) as cents
from tills t where t.bank_id = $1 and t.id = $2
"""
# What is set aside for pick-up stands in the shop, too.
_STOCK = """
select g.id, coalesce((select sum(a.balance) from accounts a
    where a.bank_id = $1 and a.owner = s.owner and a.kind in ('shelf', 'held')
      and a.unit_id = (select u.id from units u where u.bank_id = $1 and u.code = g.unit_code)), 0)::bigint as stock
from unnest($3::bigint[]) as x (id), lateral (
  select g.id, g.shop_id, g.unit_code from goods g where g.bank_id = $1 and g.id = x.id and g.shop_id = $2 offset 0) g
join shops s on s.bank_id = $1 and s.id = g.shop_id
"""
_TAKEN = """
select count(*) as redemptions, coalesce(sum(r.points), 0)::bigint as points,
  coalesce(sum(r.cash_cents), 0)::bigint as cash_cents,
  count(f.id) as refunded, coalesce(sum(r.points) filter (where f.id is not null), 0)::bigint as refunded_points,
  (select coalesce(sum(o.cash_cents), 0)::bigint from refunds b
    join redemptions o on o.bank_id = $1 and o.id = b.redemption_id
    where b.bank_id = $1 and b.till_id = $2) as given_back_cents
from redemptions r left join refunds f on f.bank_id = $1 and f.redemption_id = r.id
where r.bank_id = $1 and r.till_id = $2
"""
_ITEMS = """
select l.goods_id, g.sku, g.name, sum(l.quantity)::bigint as quantity, sum(l.points)::bigint as points,
  coalesce(sum(l.quantity) filter (where f.id is not null), 0)::bigint as refunded
from redemptions r
join redemption_lines l on l.bank_id = $1 and l.redemption_id = r.id
join goods g on g.bank_id = $1 and g.id = l.goods_id
left join refunds f on f.bank_id = $1 and f.redemption_id = r.id
where r.bank_id = $1 and r.till_id = $2
group by l.goods_id, g.sku, g.name order by l.goods_id
"""
_COUNTS = """
select c.goods_id, g.sku, g.name, c.expected, c.counted from till_counts c
join goods g on g.bank_id = $1 and g.id = c.goods_id
where c.bank_id = $1 and c.till_id = $2 order by c.goods_id
"""


@dataclass(frozen=True, slots=True)
class Taken:
    """What a till took in all; of it refunded since, by whomever; and the cash that this till itself gave back."""

    redemptions: int
    points: int
    cash_cents: int
    refunded: int
    refunded_points: int
    given_back_cents: int


@dataclass(frozen=True, slots=True)
class TakenItem:
    """How many of an item were handed out, for how many points, and how many of them came back."""

    goods_id: int
    sku: str
    name: str
    quantity: int
    points: int
    refunded: int


@dataclass(frozen=True, slots=True)
class CountedItem:
    """How many of an item should have been there when the till was closed, and how many were."""

    goods_id: int
    sku: str
    name: str
    expected: int
    counted: int


@dataclass(frozen=True, slots=True)
class Report:
    """A till's report; `expected_cash_cents` is what should be in the drawer now, or should have been at the close."""

    taken: Taken
    items: Sequence[TakenItem]
    counts: Sequence[CountedItem]
    expected_cash_cents: int


async def report_of(tx: ReadTx, till_id: int) -> Report:
    """Return the report of a till that there is."""
    run = tx.connection
    (taken,) = await run.fetch(_TAKEN, tx.bank_id, till_id)
    return Report(
        Taken(*taken),
        [TakenItem(*row) for row in await run.fetch(_ITEMS, tx.bank_id, till_id)],
        [CountedItem(*row) for row in await run.fetch(_COUNTS, tx.bank_id, till_id)],
        await expected_cash(tx, till_id),
    )


async def expected_cash(tx: ReadTx, till_id: int) -> int:
    """Return what should be in a till's drawer: what it began with and took, less what it gave back."""
    return int(await tx.connection.fetchval(_CASH, tx.bank_id, till_id))


async def expected_goods(tx: ReadTx, shop_id: int, goods_ids: Sequence[int]) -> dict[int, int]:
    """Return how many of each item should be in the shop, set aside ones too; what is not the shop's is missing."""
    rows = await tx.connection.fetch(_STOCK, tx.bank_id, shop_id, goods_ids)
    return {row["id"]: row["stock"] for row in rows}
