"""Shops and their goods in the database: units of their own, one code each, and none of another bank's."""

import asyncio

import pytest

from ledger.session import ReadTx
from tests.api.cast import enter
from tests.conftest import new_bank
from tests.timebank.shops.scene import NOW, Market, open_market
from timebank.database import Database
from timebank.errors import RefusalError
from timebank.shops.actions import add_goods, close_shop, edit_goods, open_shop
from timebank.shops.queries import GoodsFilter, goods_list, shop, shops
from timebank.shops.rules import goods_unit


def test_a_unit_is_named_by_shop_and_sku_or_by_their_digest() -> None:
    assert goods_unit("S1", "RICE-5.0") == "goods/S1/RICE-5.0"
    strange = goods_unit("店/一", "RICE")
    assert strange.startswith("goods/")
    assert len(strange) == len("goods/") + 32
    assert strange != goods_unit("店", "一/RICE")


async def test_an_item_is_a_unit_of_class_goods(market: Market) -> None:
    async def work(tx: ReadTx) -> list[tuple[str, str]]:
        rows = await tx.connection.fetch(
            "select code, class from units where bank_id = $1 and code like 'goods/S%' order by code",
            tx.bank_id,
        )
        return [tuple(row) for row in rows]

    assert await market.read(work) == [
        ("goods/S1/OIL", "goods"),
        ("goods/S1/RICE", "goods"),
        ("goods/S2/RICE", "goods"),
    ]


async def test_two_who_add_the_same_item_at_once_add_it_once(market: Market) -> None:
    def tea() -> object:
        return market.write(
            lambda tx: add_goods(tx, shop_id=market.near, sku="TEA", name="茶", price_points=5, now=NOW)
        )

    outcomes = await asyncio.gather(*(tea() for _ in range(4)), return_exceptions=True)  # type: ignore[call-overload]  # awaitables
    refused = [outcome for outcome in outcomes if isinstance(outcome, RefusalError)]
    assert [outcome.code for outcome in refused] == ["already_taken_sku"] * 3


async def test_two_edits_of_one_version_are_one(market: Market) -> None:
    def edit(price: int) -> object:
        return market.write(
            lambda tx: edit_goods(tx, market.rice, changes={"price_points": price}, expected_version=1)
        )

    outcomes = await asyncio.gather(*(edit(price) for price in (31, 32, 33)), return_exceptions=True)  # type: ignore[call-overload]  # awaitables
    refused = [outcome for outcome in outcomes if isinstance(outcome, RefusalError)]
    assert [outcome.code for outcome in refused] == ["version_differs"] * 2
    assert (await market.goods(market.rice)).version == 2


async def test_a_shop_does_not_close_while_something_waits_for_pick_up(market: Market) -> None:
    insert = """
    insert into reservations (bank_id, person_id, shop_id, key_id, points, state, policy_version, made_at, made_by,
      until_at) values ($1, $2, $3, 'K', 30, 'reserved', 1, $4, 'test', $4)
    """
    alice = market.cast.people["alice"]
    await market.write(lambda tx: tx.connection.execute(insert, tx.bank_id, alice, market.near, NOW))
    with pytest.raises(RefusalError, match="shop_busy"):
        await market.write(lambda tx: close_shop(tx, market.near, expected_version=None, now=NOW))
    far = await market.write(lambda tx: close_shop(tx, market.far, expected_version=None, now=NOW))
    assert far.closed_on == NOW.date()


async def test_one_bank_sees_nothing_of_anothers_shops(database: Database, market: Market) -> None:
    other = await open_market(database, await enter(database, await new_bank(database)))
    with pytest.raises(RefusalError, match="unknown_shop"):
        await market.read(lambda tx: shop(tx, other.near))
    with pytest.raises(RefusalError, match="unknown_goods"):
        await market.receive(other.rice, 1)
    with pytest.raises(RefusalError, match="unknown_goods"):
        await market.transfer(market.rice, other.far_rice, 1)
    with pytest.raises(RefusalError, match="unknown_organisation"):
        await market.write(
            lambda tx: open_shop(
                tx, code="X", name="店", organisation_id=other.cast.organisations["apple"], now=NOW
            )
        )
    found = await market.read(lambda tx: goods_list(tx, GoodsFilter(NOW.date()), after_id=0, limit=50))
    assert [item.id for item in found] == [market.rice, market.oil, market.far_rice]


async def test_a_page_is_of_the_shops_that_lie_within_some_places(market: Market) -> None:
    async def page(tx: ReadTx, within: list[int] | None) -> list[int]:
        found = await shops(tx, on=NOW.date(), after_id=0, limit=1, within=within)
        return [each.id for each in found]

    birch = market.cast.organisations["birch"]
    third = await market.write(lambda tx: open_shop(tx, code="S9", name="店", organisation_id=birch, now=NOW))
    assert await market.read(lambda tx: page(tx, None)) == [market.near]
    assert await market.read(lambda tx: page(tx, [birch])) == [third]
    assert await market.read(lambda tx: page(tx, [])) == []
