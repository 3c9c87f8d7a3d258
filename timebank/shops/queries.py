"""Reading shops, what they offer, and what stands on their shelves."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING
from uuid import UUID

from ledger.session import ReadTx
from timebank.errors import RefusalError

if TYPE_CHECKING:
    import asyncpg

_SHOP = "s.id, s.code, s.name, s.organisation_id, s.owner, s.closed_on, s.version"
_ONE_SHOP = f"select {_SHOP} from shops s where s.bank_id = $1 and s.id = $2"  # noqa: S608 -- columns only
_SHOPS = f"""
select {_SHOP} from shops s
where s.bank_id = $1 and s.id > $2 and ($3::bigint is null or s.organisation_id = $3)
  and ($4 or s.closed_on is null or s.closed_on > $5)
  and ($7::bigint[] is null or s.organisation_id = any($7))
order by s.id limit $6
"""  # noqa: S608 -- columns only

_GOODS = """
select g.id, g.shop_id, g.sku, g.name, g.unit_code, g.price_points, g.category, g.description, g.barcode,
  g.member_day_limit, g.member_month_limit, g.low_stock_at, g.is_listed, g.version,
  (select p.digest from goods_pictures p where p.bank_id = $1 and p.goods_id = g.id) as picture,
  coalesce((select a.balance from accounts a
    where a.bank_id = $1 and a.owner = s.owner and a.kind = 'shelf' and a.expires_on is null
      and a.unit_id = (select u.id from units u where u.bank_id = $1 and u.code = g.unit_code)), 0)::bigint as stock
from goods g join shops s on s.bank_id = $1 and s.id = g.shop_id
"""
_ONE = f"{_GOODS} where g.bank_id = $1 and g.id = $2"
_BY_BARCODE = f"{_GOODS} where g.bank_id = $1 and g.shop_id = $2 and g.barcode = $3"
_LIST = f"""
{_GOODS}
where g.bank_id = $1 and g.id > $2 and ($3::bigint is null or g.shop_id = $3)
  and ($4 or g.is_listed and (s.closed_on is null or s.closed_on > $8))
  and ($5::text is null or g.category = $5)
  and ($6::text is null or strpos(lower(g.name), $6) > 0 or strpos(lower(g.description), $6) > 0
    or lower(g.sku) = $6)
order by g.id limit $7
"""
_CATEGORIES = """
select g.category, count(*)::bigint as goods from goods g
where g.bank_id = $1 and g.shop_id = $2 and g.is_listed group by g.category order by g.category
"""
_PICTURE = (
    "select p.media_type, p.digest, p.content from goods_pictures p where p.bank_id = $1 and p.goods_id = $2"
)

_NAMES = "select unit_code, name from goods where bank_id = $1 and unit_code = any($2::text[])"


@dataclass(frozen=True, slots=True)
class Shop:
    """A points supermarket; one of an imported workbook has neither name nor place until an office gives them.

    `owner` is whose shelf, takings and supply are in the ledger.
    """

    id: int
    code: str
    name: str | None
    organisation_id: int | None
    owner: UUID
    closed_on: date | None
    version: int

    def is_open(self, day: date) -> bool:
        """Tell whether it is open on a day."""
        return self.closed_on is None or self.closed_on > day


@dataclass(frozen=True, slots=True)
class Terms:
    """What is said of an item besides its name and price; a limit is of one member, None is no limit."""

    category: str = ""
    description: str = ""
    barcode: str | None = None
    member_day_limit: int | None = None
    member_month_limit: int | None = None
    low_stock_at: int | None = None
    is_listed: bool = True


@dataclass(frozen=True, slots=True)
class Goods:
    """An item of a shop: what one costs in points, how many are on the shelf now, and its picture's digest."""

    id: int
    shop_id: int
    sku: str
    name: str
    unit: str
    price_points: int
    terms: Terms
    version: int
    picture: bytes | None
    stock: int


@dataclass(frozen=True, slots=True)
class GoodsFilter:
    """Which goods: of one shop, of a category, with these words in name or description; those not offered too."""

    on: date
    shop_id: int | None = None
    category: str | None = None
    text: str | None = None
    unlisted_too: bool = False


@dataclass(frozen=True, slots=True)
class Category:
    """A category of a shop, and how many listed items it has."""

    name: str
    goods: int


@dataclass(frozen=True, slots=True)
class Picture:
    """An item's picture as it is handed out."""

    media_type: str
    digest: bytes
    content: bytes


async def shop(tx: ReadTx, shop_id: int) -> Shop:
    """Return one shop.

    Raises:
        RefusalError: `unknown_shop`.
    """
    row = await tx.connection.fetchrow(_ONE_SHOP, tx.bank_id, shop_id)
    if row is None:
        raise RefusalError("unknown_shop")
    return Shop(*row)


async def shops(
    tx: ReadTx,
    *,
    on: date,
    organisation_id: int | None = None,
    closed_too: bool = False,
    after_id: int,
    limit: int,
    within: Sequence[int] | None = None,
) -> list[Shop]:
    """Return a page of the shops by id, of an organisation or within some; None is the whole bank."""
    nodes = None if within is None else [*within]
    rows = await tx.connection.fetch(
        _SHOPS, tx.bank_id, after_id, organisation_id, closed_too, on, limit, nodes
    )
    return [Shop(*row) for row in rows]


async def goods(tx: ReadTx, goods_id: int) -> Goods:
    """Return one item, listed or not.

    Raises:
        RefusalError: `unknown_goods`.
    """
    return _found(await tx.connection.fetchrow(_ONE, tx.bank_id, goods_id))


async def goods_by_barcode(tx: ReadTx, *, shop_id: int, barcode: str) -> Goods:
    """Return the item of a shop that carries a barcode, listed or not.

    Raises:
        RefusalError: `unknown_goods`.
    """
    return _found(await tx.connection.fetchrow(_BY_BARCODE, tx.bank_id, shop_id, barcode))


async def goods_list(tx: ReadTx, wanted: GoodsFilter, *, after_id: int, limit: int) -> list[Goods]:
    """Return a page of goods by id, with the stock that the ledger has."""
    rows = await tx.connection.fetch(
        _LIST,
        tx.bank_id,
        after_id,
        wanted.shop_id,
        wanted.unlisted_too,
        wanted.category,
        wanted.text and wanted.text.lower(),
        limit,
        wanted.on,
    )
    return [_goods(row) for row in rows]


async def categories(tx: ReadTx, shop_id: int) -> Sequence[Category]:
    """Return the categories that a shop's listed goods are in.

    Raises:
        RefusalError: `unknown_shop`.
    """
    await shop(tx, shop_id)
    return [Category(*row) for row in await tx.connection.fetch(_CATEGORIES, tx.bank_id, shop_id)]


async def picture(tx: ReadTx, goods_id: int) -> Picture:
    """Return an item's picture.

    Raises:
        RefusalError: `unknown_picture`.
    """
    row = await tx.connection.fetchrow(_PICTURE, tx.bank_id, goods_id)
    if row is None:
        raise RefusalError("unknown_picture")
    return Picture(*row)


def _found(row: "asyncpg.Record | None") -> Goods:
    if row is None:
        raise RefusalError("unknown_goods")
    return _goods(row)


def _goods(row: "asyncpg.Record") -> Goods:
    id_, shop_id, sku, name, unit, price, *terms, version, digest, stock = row
    return Goods(id_, shop_id, sku, name, unit, price, Terms(*terms), version, digest, stock)


async def names_of_units(tx: ReadTx, codes: Sequence[str]) -> dict[str, str]:
    """Return what the goods are called whose units these are."""
    rows = await tx.connection.fetch(_NAMES, tx.bank_id, list(codes))
    return {row["unit_code"]: row["name"] for row in rows}
