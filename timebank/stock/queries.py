"""Reading what moved on shelves, what stands there at what cost, and what is running low."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from ledger.session import ReadTx
from timebank.stock.rules import Layer

_ENTRY = """e.id, e.goods_id, e.kind, e.quantity, e.to_goods_id, e.unit_cost_cents, e.fund_id, e.expected, e.counted,
  e.reason, e.transaction_id, e.till_id, e.entered_at, e.entered_by"""
_ENTRIES = f"""
select {_ENTRY} from (
  (select * from stock_entries e where e.bank_id = $1 and e.goods_id = $2 and e.id < $3 order by e.id desc limit $4)
  union
  (select * from stock_entries e where e.bank_id = $1 and e.to_goods_id = $2 and e.id < $3
   order by e.id desc limit $4)
) e order by e.id desc limit $4
"""  # noqa: S608 -- columns only
_OF_TRANSACTION = f"""
select {_ENTRY} from stock_entries e where e.bank_id = $1 and e.goods_id = $2 and e.transaction_id = $3 order by e.id
"""  # noqa: S608 -- columns only

# What is held for pick-up has not left the shop.
_STANDING = """
  select g.id, g.shop_id, g.sku, g.name, x.on_shelf, x.reserved, x.on_shelf + x.reserved as stock
  from goods g
  join shops s on s.bank_id = $1 and s.id = g.shop_id,
  lateral (select coalesce(sum(a.balance) filter (where a.kind = 'shelf'), 0)::bigint as on_shelf,
      coalesce(sum(a.balance) filter (where a.kind = 'held'), 0)::bigint as reserved
    from accounts a
    where a.bank_id = $1 and a.owner = s.owner and a.kind in ('shelf', 'held')
      and a.unit_id = (select u.id from units u where u.bank_id = $1 and u.code = g.unit_code)) x
  where g.bank_id = $1
"""
_SET_ASIDE = f"select g.reserved from ({_STANDING} and g.id = $2) g"  # noqa: S608 -- constants only

# Of each item the receipts, and transfers from another shop, newest first until they cover what is there: what came
# first left first. Entry by entry by the index, for a shelf is covered by a few of them and the register only grows.
_CAME = """select e.id, e.quantity, e.unit_cost_cents, e.fund_id from stock_entries e
        where e.bank_id = $1 and e.id < t.id"""
_LAYERS = f"""
with recursive standing as ({_STANDING} and {{wanted}}),
there (goods_id, stock, id, quantity, covered, unit_cost_cents, fund_id) as (
  select g.id, g.stock, 9223372036854775807, 0::bigint, 0::bigint, null::bigint, null::bigint
  from standing g where g.stock > 0
  union all
  select t.goods_id, t.stock, e.id, least(e.quantity, t.stock - t.covered), t.covered + e.quantity, e.unit_cost_cents,
    e.fund_id
  from there t, lateral (select c.* from (
      ({_CAME} and e.goods_id = t.goods_id and e.kind = 'receive' order by e.id desc limit 1)
      union all
      ({_CAME} and e.to_goods_id = t.goods_id order by e.id desc limit 1)) c order by c.id desc limit 1) e
  where t.covered < t.stock
),
costs as (
  select t.goods_id, sum(t.quantity * t.unit_cost_cents) as cents, sum(t.quantity) as costed
  from there t where t.unit_cost_cents is not null group by t.goods_id
)
"""  # noqa: S608 -- constants only
_LAYERS_OF_ONE = f"""{_LAYERS.format(wanted="g.id = $2")}
select t.quantity, t.unit_cost_cents, t.fund_id from there t where t.quantity > 0 order by t.id desc
"""  # noqa: S608 -- constants only
_AT_COST = f"""{_LAYERS.format(wanted="g.shop_id = $2")}
select g.id, g.sku, g.name, g.on_shelf, g.reserved, coalesce(c.cents, 0)::bigint as cost_cents,
  (g.stock - coalesce(c.costed, 0))::bigint as uncosted
from standing g left join costs c on c.goods_id = g.id order by g.id
"""  # noqa: S608 -- constants only
_SHOPS_AT_COST = f"""{_LAYERS.format(wanted="($2::bigint[] is null or s.organisation_id = any($2))")}
select g.shop_id, sum(coalesce(c.cents, 0))::bigint as cost_cents,
  sum(g.stock - coalesce(c.costed, 0))::bigint as uncosted
from standing g left join costs c on c.goods_id = g.id group by g.shop_id order by g.shop_id
"""  # noqa: S608 -- constants only

_LOW = f"""
select x.id, x.shop_id, x.sku, x.name, x.on_shelf, g.low_stock_at, g.low_stock_told_at
from ({_STANDING} and g.low_stock_at is not null and g.is_listed and (s.closed_on is null or s.closed_on > $2)
    and ($3::bigint[] is null or s.organisation_id = any($3)) and ($4::bigint is null or g.shop_id = $4)
    and g.id > $5) x
join goods g on g.bank_id = $1 and g.id = x.id
where x.on_shelf <= g.low_stock_at order by x.id limit $6
"""  # noqa: S608 -- constants only


@dataclass(frozen=True, slots=True)
class Entry:
    """What moved on a shelf: `quantity` came (receive), left (transfer, write_off) or was too much or little (count).

    `transaction_id` is None where a count found what the ledger says.
    """

    id: int
    goods_id: int
    kind: str
    quantity: int
    to_goods_id: int | None
    unit_cost_cents: int | None
    fund_id: int | None
    expected: int | None
    counted: int | None
    reason: str
    transaction_id: int | None
    till_id: int | None
    entered_at: datetime
    entered_by: UUID


@dataclass(frozen=True, slots=True)
class GoodsAtCost:
    """An item's stock at what the newest receipts cost; `uncosted` so many nobody said a cost of."""

    goods_id: int
    sku: str
    name: str
    on_shelf: int
    reserved: int
    cost_cents: int
    uncosted: int


@dataclass(frozen=True, slots=True)
class ShopAtCost:
    """What stands in a shop at cost."""

    shop_id: int
    cost_cents: int
    uncosted: int


@dataclass(frozen=True, slots=True)
class LowStock:
    """An item of which no more is on the shelf than its low mark; `told_at` is when the shop's managers heard."""

    goods_id: int
    shop_id: int
    sku: str
    name: str
    on_shelf: int
    low_stock_at: int
    told_at: datetime | None


async def entries(tx: ReadTx, goods_id: int, *, before_id: int, limit: int) -> list[Entry]:
    """Return a page of what moved on an item's shelf, what came from another shop too, newest first."""
    rows = await tx.connection.fetch(_ENTRIES, tx.bank_id, goods_id, before_id, limit)
    return [Entry(*row) for row in rows]


async def entries_of(tx: ReadTx, *, goods_id: int, transaction_id: int) -> list[Entry]:
    """Return the entries of one transaction."""
    rows = await tx.connection.fetch(_OF_TRANSACTION, tx.bank_id, goods_id, transaction_id)
    return [Entry(*row) for row in rows]


async def set_aside_of(tx: ReadTx, goods_id: int) -> int:
    """Return how many of an item are set aside for pick-up: they are in the shop and not on the shelf."""
    found: int | None = await tx.connection.fetchval(_SET_ASIDE, tx.bank_id, goods_id)
    return found or 0


async def layers_of(tx: ReadTx, goods_id: int) -> list[Layer]:
    """Return what of an item's receipts is still there, newest first; not what no receipt explains."""
    return [Layer(*row) for row in await tx.connection.fetch(_LAYERS_OF_ONE, tx.bank_id, goods_id)]


async def stock_at_cost(tx: ReadTx, shop_id: int) -> list[GoodsAtCost]:
    """Return all goods of a shop with their stock at cost, in one query."""
    return [GoodsAtCost(*row) for row in await tx.connection.fetch(_AT_COST, tx.bank_id, shop_id)]


async def shops_at_cost(tx: ReadTx, *, organisations: Sequence[int] | None) -> list[ShopAtCost]:
    """Return what stands at cost in each shop of some organisations, or of the bank, in one query."""
    within = None if organisations is None else list(organisations)
    return [ShopAtCost(*row) for row in await tx.connection.fetch(_SHOPS_AT_COST, tx.bank_id, within)]


async def low_stock(
    tx: ReadTx,
    *,
    on: date,
    organisations: Sequence[int] | None,
    shop_id: int | None = None,
    after_id: int,
    limit: int,
) -> list[LowStock]:
    """Return a page of the listed goods of open shops that are running low, by id."""
    within = None if organisations is None else list(organisations)
    rows = await tx.connection.fetch(_LOW, tx.bank_id, on, within, shop_id, after_id, limit)
    return [LowStock(*row) for row in rows]
