"""The catalogue: found by everybody by words, category and barcode, and edited by who manages the shop."""

import pytest_asyncio

from tests.api.cast import Cast
from tests.api.conftest import As
from tests.api.v1.markets import ANY, GOODS, SHOPS, said
from tests.timebank.shops.scene import Market, open_market
from timebank.database import Database

TEA = {
    "sku": "TEA",
    "name": "茉莉花茶 Jasmine",
    "price_points": 15,
    "category": "饮品",
    "description": "100 克",
    "barcode": "6900000000035",
    "member_day_limit": 2,
    "member_month_limit": 5,
    "low_stock_at": 4,
    "is_listed": True,
}


@pytest_asyncio.fixture
async def market(database: Database, cast: Cast) -> Market:
    """Return two shops with rice, one of them with oil."""
    return await open_market(database, cast)


async def found(as_: As, path: str, by: str = "alice", **params: object) -> list[int]:
    """Return the ids that a search finds."""
    answer = await as_(by).get(path, params={name: str(value) for name, value in params.items()})
    assert answer.status_code == 200, answer.text
    return [item["id"] for item in answer.json()["items"]]


async def test_an_item_is_added_with_an_empty_shelf(as_: As, market: Market) -> None:
    made = await as_("mia").post(f"{SHOPS}/{market.near}/goods", json=TEA)
    assert made.status_code == 201, made.text
    assert made.json() == {
        **TEA,
        "id": made.json()["id"],
        "shop_id": market.near,
        "unit": "goods/S1/TEA",
        "has_picture": False,
        "stock": 0,
        "version": 1,
    }
    for by in ("alice", "carl", "till"):
        assert (await as_(by).get(f"{GOODS}/{made.json()['id']}")).json() == made.json()
    again = await as_("mia").post(f"{SHOPS}/{market.near}/goods", json=TEA)
    assert said(again) == (409, "already_taken_sku")
    other = await as_("mia").post(f"{SHOPS}/{market.near}/goods", json=TEA | {"sku": "TEA-2"})
    assert said(other) == (409, "already_taken_barcode")
    assert (await as_("mia").post(f"{SHOPS}/{market.far}/goods", json=TEA)).status_code == 201


async def test_an_item_is_added_and_edited_only_by_the_shops_manager(
    as_: As, cast: Cast, market: Market
) -> None:
    for by in ("carl", "alice", "adam", "olga", "max", "till"):
        assert said(await as_(by).post(f"{SHOPS}/{market.near}/goods", json=TEA)) == (403, "forbidden"), by
        edit = await as_(by).patch(f"{GOODS}/{market.rice}", json={"price_points": 1}, headers=ANY)
        assert said(edit) == (403, "forbidden"), by
    to_birch = {"organisation_id": cast.organisations["birch"]}
    await as_("ada").patch(f"{SHOPS}/{market.near}", json=to_birch, headers=ANY)
    away = await as_("mia").post(f"{SHOPS}/{market.near}/goods", json=TEA)
    assert said(away) == (404, "unknown_shop")
    edit = await as_("mia").patch(f"{GOODS}/{market.rice}", json={"price_points": 1}, headers=ANY)
    assert said(edit) == (404, "unknown_goods")


async def test_members_search_by_words_category_and_shop(as_: As, market: Market) -> None:
    tea = (await as_("mia").post(f"{SHOPS}/{market.near}/goods", json=TEA)).json()["id"]
    assert await found(as_, GOODS) == [market.rice, market.oil, market.far_rice, tea]
    assert await found(as_, GOODS, category="粮油") == [market.rice, market.oil, market.far_rice]
    assert await found(as_, GOODS, text="大米") == [market.rice, market.far_rice]
    assert await found(as_, GOODS, text="东北") == [market.rice]
    assert await found(as_, GOODS, text="jasMINE") == [tea]
    assert await found(as_, GOODS, text="%") == []
    assert await found(as_, GOODS, text="大米", shop_id=market.far) == [market.far_rice]
    assert await found(as_, f"{SHOPS}/{market.near}/goods", category="饮品") == [tea]
    categories = (await as_("alice").get(f"{SHOPS}/{market.near}/categories")).json()
    assert categories == [{"name": "粮油", "goods": 2}, {"name": "饮品", "goods": 1}]
    assert said(await as_("alice").get(f"{SHOPS}/999999999/categories")) == (404, "unknown_shop")


async def test_the_catalogue_is_paged(as_: As, market: Market) -> None:
    first = (await as_("alice").get(GOODS, params={"limit": 2})).json()
    assert [item["id"] for item in first["items"]] == [market.rice, market.oil]
    rest = (await as_("alice").get(GOODS, params={"limit": 2, "cursor": first["next_cursor"]})).json()
    assert ([item["id"] for item in rest["items"]], rest["next_cursor"]) == ([market.far_rice], None)


async def test_what_is_not_offered_is_seen_by_who_reads_the_stock(
    as_: As, cast: Cast, market: Market
) -> None:
    hidden = await as_("mia").patch(f"{GOODS}/{market.oil}", json={"is_listed": False}, headers=ANY)
    assert hidden.json()["is_listed"] is False
    shelf = f"{SHOPS}/{market.near}/goods"
    assert await found(as_, GOODS) == [market.rice, market.far_rice]
    assert await found(as_, shelf) == [market.rice]
    for by in ("mia", "olga", "audrey"):
        assert await found(as_, shelf, by, unlisted=True) == [market.rice, market.oil], by
    assert said(await as_("alice").get(shelf, params={"unlisted": True})) == (403, "forbidden")
    assert said(await as_("mia").get(f"{SHOPS}/999999999/goods")) == (404, "unknown_shop")
    to_birch = {"organisation_id": cast.organisations["birch"]}
    await as_("ada").patch(f"{SHOPS}/{market.near}", json=to_birch, headers=ANY)
    assert said(await as_("mia").get(shelf, params={"unlisted": True})) == (404, "unknown_shop")


async def test_a_closed_shop_offers_nothing(as_: As, market: Market) -> None:
    await as_("mia").post(f"{SHOPS}/{market.near}/close", headers=ANY)
    assert await found(as_, GOODS) == [market.far_rice]
    assert await found(as_, f"{SHOPS}/{market.near}/goods") == []


async def test_a_barcode_finds_the_item_of_that_shop(as_: As, market: Market) -> None:
    for shop, goods_id in ((market.near, market.rice), (market.far, market.far_rice)):
        answer = await as_("till").get(f"{SHOPS}/{shop}/barcodes/6900000000011")
        assert (answer.status_code, answer.json()["id"]) == (200, goods_id)
    assert said(await as_("till").get(f"{SHOPS}/{market.far}/barcodes/6900000000028")) == (
        404,
        "unknown_goods",
    )
    assert (await as_("till").get(f"{SHOPS}/{market.far}/barcodes/不是")).status_code == 422


async def test_an_edit_says_what_was_seen_and_can_take_a_limit_away(as_: As, market: Market) -> None:
    made = (await as_("mia").post(f"{SHOPS}/{market.near}/goods", json=TEA)).json()
    path = f"{GOODS}/{made['id']}"
    assert said(await as_("mia").patch(path, json={"price_points": 20})) == (428, "version_missing")
    edit = {"price_points": 20, "member_day_limit": None, "low_stock_at": None, "name": None}
    edited = await as_("mia").patch(path, json=edit, headers={"If-Match": '"1"'})
    assert edited.headers["ETag"] == '"2"'
    assert edited.json() == made | {
        "price_points": 20,
        "member_day_limit": None,
        "low_stock_at": None,
        "version": 2,
    }
    late = await as_("mia").patch(path, json={"price_points": 25}, headers={"If-Match": '"1"'})
    assert said(late) == (412, "version_differs")
    taken = await as_("mia").patch(path, json={"barcode": "6900000000011"}, headers=ANY)
    assert said(taken) == (409, "already_taken_barcode")
    for wrong in (
        {},
        {"name": None},
        {"price_points": 0},
        {"member_day_limit": 0},
        {"sku": "NEW"},
        {"barcode": "a b c"},
    ):
        assert (await as_("mia").patch(path, json=wrong, headers=ANY)).status_code == 422, wrong
    assert said(await as_("mia").patch(f"{GOODS}/999999999", json=edit, headers=ANY)) == (
        404,
        "unknown_goods",
    )
