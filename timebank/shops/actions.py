"""Opening, editing and closing shops, and what they offer."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from typing import Any

import asyncpg

from ledger.accounts import declare_units
from ledger.session import WriteTx
from timebank.errors import RefusalError
from timebank.organisations.queries import check_open
from timebank.shops.queries import Goods, Shop, Terms, goods, shop
from timebank.shops.rules import goods_unit

_OPEN = "insert into shops (bank_id, code, name, organisation_id) values ($1, $2, $3, $4) returning id"
_LOCK = "select id from shops where bank_id = $1 and id = $2 for update"
_EDIT = """
update shops set name = $3, organisation_id = $4, version = version + 1 where bank_id = $1 and id = $2
"""
_CLOSE = "update shops set closed_on = $3, version = version + 1 where bank_id = $1 and id = $2"
_BUSY = """
select exists (select from tills t where t.bank_id = $1 and t.shop_id = $2 and t.closed_at is null)
  or exists (select from reservations r where r.bank_id = $1 and r.shop_id = $2 and r.state = 'reserved')
"""
_ADD = """
insert into goods (bank_id, shop_id, sku, name, unit_code, price_points, opening_stock, opening_at, category,
  description, barcode, member_day_limit, member_month_limit, low_stock_at, is_listed)
values ($1, $2, $3, $4, $5, $6, 0, $7, $8, $9, $10, $11, $12, $13, $14) returning id
"""
_LOCK_GOODS = "select id from goods where bank_id = $1 and id = $2 for update"
_EDIT_GOODS = """
update goods set name = $3, price_points = $4, category = $5, description = $6, barcode = $7, member_day_limit = $8,
  member_month_limit = $9, low_stock_at = $10, is_listed = $11, version = version + 1
where bank_id = $1 and id = $2
"""
_TAKEN = {
    "shops_code_key": "already_taken_shop_code",
    "goods_sku_key": "already_taken_sku",
    "goods_barcode_key": "already_taken_barcode",
}


async def open_shop(tx: WriteTx, *, code: str, name: str, organisation_id: int, now: datetime) -> int:
    """Open a shop of an organisation and return its id; the code names its goods in the ledger and stays.

    Raises:
        RefusalError: `unknown_organisation`, `organisation_closed`, `already_taken_shop_code`.
    """
    await check_open(tx, organisation_id, tx.day(now))
    with _translated():
        id_: int = await tx.connection.fetchval(_OPEN, tx.bank_id, code, name, organisation_id)
    return id_


async def edit_shop(
    tx: WriteTx,
    shop_id: int,
    *,
    name: str | None,
    organisation_id: int | None,
    expected_version: int | None,
    now: datetime,
) -> Shop:
    """Give a shop another name or place; None leaves it. `expected_version` None is any.

    Raises:
        RefusalError: `unknown_shop`, `version_differs`, `unknown_organisation`, `organisation_closed`.
    """
    found = await _locked(tx, shop_id, expected_version)
    if organisation_id is not None and organisation_id != found.organisation_id:
        await check_open(tx, organisation_id, tx.day(now))
    await tx.connection.execute(
        _EDIT, tx.bank_id, shop_id, name or found.name, organisation_id or found.organisation_id
    )
    return await shop(tx, shop_id)


async def close_shop(tx: WriteTx, shop_id: int, *, expected_version: int | None, now: datetime) -> Shop:
    """Close a shop from today on; what stands on its shelf stays there to be transferred or written off.

    Raises:
        RefusalError: `unknown_shop`, `version_differs`, `already_closed_shop`; `shop_busy` while a till is open or
            something is reserved for pick-up.
    """
    found = await _locked(tx, shop_id, expected_version)
    today = tx.day(now)
    if not found.is_open(today):
        raise RefusalError("already_closed_shop")
    if await tx.connection.fetchval(_BUSY, tx.bank_id, shop_id):
        raise RefusalError("shop_busy")
    await tx.connection.execute(_CLOSE, tx.bank_id, shop_id, today)
    return await shop(tx, shop_id)


async def add_goods(
    tx: WriteTx,
    *,
    shop_id: int,
    sku: str,
    name: str,
    price_points: int,
    now: datetime,
    terms: Terms = Terms(),  # noqa: B008 -- immutable
) -> int:
    """Add an item to a shop, as a unit of the ledger of its own, and return its id; its shelf is empty.

    Raises:
        RefusalError: `unknown_shop`, `shop_closed`, `already_taken_sku`, `already_taken_barcode`.
    """
    found = await shop(tx, shop_id)
    if not found.is_open(tx.day(now)):
        raise RefusalError("shop_closed")
    unit = goods_unit(found.code, sku)
    await declare_units(tx, [(unit, "goods", True)])
    with _translated():
        id_: int = await tx.connection.fetchval(
            _ADD, tx.bank_id, shop_id, sku, name, unit, price_points, now, *_values(terms)
        )
    return id_


async def edit_goods(
    tx: WriteTx, goods_id: int, *, changes: Mapping[str, Any], expected_version: int | None
) -> Goods:
    """Change an item's name, price or terms, by their names; `expected_version` None is any.

    Raises:
        RefusalError: `unknown_goods`, `version_differs`, `already_taken_barcode`.
    """
    await tx.connection.execute(_LOCK_GOODS, tx.bank_id, goods_id)
    found = await goods(tx, goods_id)
    if expected_version is not None and found.version != expected_version:
        raise RefusalError("version_differs")
    of_terms = {name: value for name, value in changes.items() if name not in {"name", "price_points"}}
    with _translated():
        await tx.connection.execute(
            _EDIT_GOODS,
            tx.bank_id,
            goods_id,
            changes.get("name", found.name),
            changes.get("price_points", found.price_points),
            *_values(replace(found.terms, **of_terms)),
        )
    return await goods(tx, goods_id)


async def _locked(tx: WriteTx, shop_id: int, expected_version: int | None) -> Shop:
    # Whoever opens a till or reserves holds the row for its foreign key, and so waits for this, or this for them.
    await tx.connection.execute(_LOCK, tx.bank_id, shop_id)
    found = await shop(tx, shop_id)
    if expected_version is not None and found.version != expected_version:
        raise RefusalError("version_differs")
    return found


def _values(terms: Terms) -> tuple[object, ...]:
    return (
        terms.category, terms.description, terms.barcode, terms.member_day_limit, terms.member_month_limit,
        terms.low_stock_at, terms.is_listed,
    )  # fmt: skip


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except asyncpg.UniqueViolationError as error:
        code = _TAKEN.get(error.constraint_name or "")
        if code is None:
            raise
        raise RefusalError(code) from None
