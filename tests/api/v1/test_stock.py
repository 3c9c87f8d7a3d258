"""Stock over HTTP: entered by who manages the shop and sells nothing there, once, and valued at what it cost."""

import pytest_asyncio

from tests.api.cast import SINCE, Cast
from tests.api.conftest import As
from tests.api.v1.markets import ANY, GOODS, SHOPS, bring, enter_stock, once, said
from tests.timebank.shops.scene import Market, open_market
from timebank.database import Database

_GRANT = """
insert into role_grants (bank_id, person_id, role, organisation_id, from_at, granted_by)
values ($1, $2, 'cashier', $3, $4, 'test')
"""


@pytest_asyncio.fixture
async def market(database: Database, cast: Cast) -> Market:
    """Return two shops with empty shelves."""
    return await open_market(database, cast)


async def shelf(as_: As, goods_id: int) -> int:
    """Return how many a member sees."""
    stock: int = (await as_("alice").get(f"{GOODS}/{goods_id}")).json()["stock"]
    return stock


async def test_what_comes_goes_and_is_counted_stands_in_the_register(
    as_: As, cast: Cast, market: Market
) -> None:
    rice = market.rice
    delivery = {"quantity": 10, "unit_cost_cents": 2500, "fund_id": market.fund}
    got = await enter_stock(as_, rice, "receipts", delivery)
    assert got.status_code == 201, got.text
    (entry,) = got.json()["items"]
    assert (entry["kind"], entry["quantity"], entry["unit_cost_cents"], entry["entered_by"]) == (
        "receive",
        10,
        2500,
        str(cast.people["mia"]),
    )
    for what, body in (
        ("transfers", {"to_goods_id": market.far_rice, "quantity": 3, "reason": "西门缺货"}),
        ("counts", {"counted": 6, "reason": "月末盘点"}),
        ("write-offs", {"quantity": 1, "reason": "受潮"}),
    ):
        answer = await enter_stock(as_, rice, what, body)
        assert answer.status_code == 201, answer.text
    assert (await shelf(as_, rice), await shelf(as_, market.far_rice)) == (5, 3)
    for by in ("mia", "olga", "audrey", "adam"):
        lines = (await as_(by).get(f"{GOODS}/{rice}/stock-entries")).json()["items"]
        kinds = ["write_off", "count", "transfer", "receive"]
        assert [line["kind"] for line in lines] == kinds, by
    came = (await as_("mia").get(f"{GOODS}/{market.far_rice}/stock-entries")).json()["items"]
    assert [(line["kind"], line["goods_id"], line["to_goods_id"]) for line in came] == [
        ("transfer", rice, market.far_rice)
    ]
    page = (await as_("mia").get(f"{GOODS}/{rice}/stock-entries", params={"limit": 3})).json()
    rest = await as_("mia").get(f"{GOODS}/{rice}/stock-entries", params={"cursor": page["next_cursor"]})
    assert [line["id"] for line in rest.json()["items"]] == [entry["id"]]
    await market.assert_sound()


async def test_the_same_key_is_the_same_act(as_: As, market: Market) -> None:
    path, body = f"{GOODS}/{market.rice}/receipts", {"quantity": 10, "unit_cost_cents": 100}
    first = await as_("mia").post(path, json=body, headers=once("delivery-1"))
    second = await as_("mia").post(path, json=body, headers=once("delivery-1"))
    assert (first.json(), first.status_code) == (second.json(), second.status_code)
    assert await shelf(as_, market.rice) == 10
    other = await as_("mia").post(path, json=body | {"quantity": 11}, headers=once("delivery-1"))
    assert said(other) == (409, "idempotency_conflict")
    assert (await as_("mia").post(path, json=body)).status_code == 422


async def test_what_was_refused_is_done_when_there_is_enough(as_: As, market: Market) -> None:
    path, body = f"{GOODS}/{market.rice}/write-offs", {"quantity": 2, "reason": "受潮"}
    refused = await as_("mia").post(path, json=body, headers=once("spoilt"))
    assert said(refused) == (422, "out_of_stock")
    await bring(as_, market.rice, 5, 100)
    assert (await as_("mia").post(path, json=body, headers=once("spoilt"))).status_code == 201
    assert await shelf(as_, market.rice) == 3


async def test_a_cashier_enters_nothing_whatever_else_they_are(as_: As, cast: Cast, market: Market) -> None:
    acts = (
        ("receipts", {"quantity": 1, "unit_cost_cents": 1}),
        ("transfers", {"to_goods_id": market.far_rice, "quantity": 1, "reason": "x"}),
        ("counts", {"counted": 1, "reason": "x"}),
        ("write-offs", {"quantity": 1, "reason": "x"}),
    )
    for what, body in acts:
        for by in ("carl", "alice", "adam", "olga", "till"):
            assert said(await enter_stock(as_, market.rice, what, body, by=by)) == (403, "forbidden"), by
    # Mia is made a cashier of all of north street as well.
    await market.write(
        lambda tx: tx.connection.execute(
            _GRANT, tx.bank_id, cast.people["mia"], cast.organisations["north"], SINCE
        )
    )
    for what, body in acts:
        assert said(await enter_stock(as_, market.rice, what, body)) == (422, "cashier_adjusts_stock"), what


async def test_stock_is_a_matter_of_those_in_reach(as_: As, cast: Cast, market: Market) -> None:
    place = {"organisation_id": cast.organisations["birch"]}
    await as_("ada").patch(f"{SHOPS}/{market.far}", json=place, headers=ANY)
    await bring(as_, market.rice, 5, 100)
    body = {"to_goods_id": market.far_rice, "quantity": 1, "reason": "x"}
    assert said(await enter_stock(as_, market.rice, "transfers", body)) == (404, "unknown_goods")
    for path in (
        f"{GOODS}/{market.far_rice}/stock-entries",
        f"{SHOPS}/{market.far}/stock",
        f"{SHOPS}/{market.far}/funds",
    ):
        answer = await as_("mia").get(path)
        assert answer.status_code == 404, path
        assert (await as_("carl").get(path)).status_code == 403, path
        assert (await as_("alice").get(path)).status_code == 403, path


async def test_stock_is_worth_what_the_newest_receipts_cost(as_: As, market: Market) -> None:
    for quantity, cents in ((10, 100), (5, 130)):
        await bring(as_, market.rice, quantity, cents)
    await enter_stock(as_, market.rice, "write-offs", {"quantity": 8, "reason": "受潮"})
    stock = (await as_("audrey").get(f"{SHOPS}/{market.near}/stock")).json()
    # Seven are left: the five at 130, and two of those at 100.
    assert (stock["cost_cents"], stock["uncosted"]) == (850, 0)
    rice, oil = stock["items"]
    assert (rice["on_shelf"], rice["reserved"], rice["cost_cents"]) == (7, 0, 850)
    assert (oil["on_shelf"], oil["cost_cents"]) == (0, 0)


async def test_what_is_running_low_is_listed_for_those_in_reach(as_: As, market: Market) -> None:
    low = (await as_("mia").get("/api/v1/low-stock")).json()["items"]
    assert [(line["goods_id"], line["on_shelf"], line["low_stock_at"]) for line in low] == [
        (market.rice, 0, 3)
    ]
    assert (await as_("mia").get("/api/v1/low-stock", params={"shop_id": market.far})).json()["items"] == []
    await bring(as_, market.rice, 4, 100)
    assert (await as_("olga").get("/api/v1/low-stock")).json()["items"] == []
    assert (await as_("carl").get("/api/v1/low-stock")).status_code == 403


async def test_a_manager_sees_which_funds_may_pay(as_: As, market: Market) -> None:
    funds = (await as_("mia").get(f"{SHOPS}/{market.near}/funds")).json()
    assert funds == [{"id": market.fund, "code": "F1", "name": "社区公益金"}]
    wrong = await enter_stock(
        as_, market.rice, "receipts", {"quantity": 1, "unit_cost_cents": 1, "fund_id": 999_999_999}
    )
    assert said(wrong) == (404, "unknown_fund")
