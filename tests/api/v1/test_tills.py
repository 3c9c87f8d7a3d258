"""Tills over HTTP: opened with the device's own token, closed with what was counted, reported to who may see it."""

from datetime import timedelta

import pytest

from api.service import Service
from tests.api.cast import Cast
from tests.api.conftest import As
from tests.api.v1.counter import TILLS, Counter
from tests.api.v1.markets import said
from tests.conftest import new_bank
from tests.timebank.shops.scene import NOW
from tests.timebank.tills.scene import open_desk
from timebank.database import Database


@pytest.fixture
async def counter(as_: As, database: Database, cast: Cast, service: Service) -> Counter:
    """Return the counter at 10 o'clock on a Saturday; no till is open yet."""
    counter = Counter(as_, service, await open_desk(database, cast))
    service.now = lambda: counter.at
    return counter


async def test_a_cashier_opens_a_till_and_finds_it(as_: As, counter: Counter) -> None:
    opened = await counter.open()
    assert opened.status_code == 201, opened.text
    assert opened.json() == {
        "id": counter.till,
        "shop_id": counter.desk.market.near,
        "shop": "东门积分超市",
        "opened_at": NOW.isoformat().replace("+00:00", "Z"),
        "opening_cash_cents": 1_000,
        "is_selling": True,
        "closing": None,
    }
    own = (await as_("carl").get(TILLS)).json()
    assert (own["items"], own["next_cursor"]) == ([opened.json()], None)
    assert said(await counter.open()) == (409, "already_open_till")


async def test_the_device_says_itself_where_the_till_is(counter: Counter, service: Service) -> None:
    assert said(await counter.open(device_token="no-token")) == (422, "device_login_over")
    assert said(await counter.open(device="station")) == (404, "unknown_device")
    assert said(await counter.open(device="mia")) == (404, "unknown_device")
    other = await new_bank(counter.desk.market.database)
    token, _ = service.tokens.issue(other.code, counter.desk.sessions["till"], now=counter.at)
    assert said(await counter.open(device_token=token)) == (422, "device_login_over")
    stale, _ = service.tokens.issue(
        counter.desk.market.bank.code, counter.desk.sessions["till"], now=NOW - timedelta(minutes=11)
    )
    assert said(await counter.open(device_token=stale)) == (422, "device_login_over")
    sql = "update devices set revoked_at = $3, revoked_by = 'test' where bank_id = $1 and id = $2"
    await counter.desk.do(sql, counter.desk.devices["till"], NOW)
    assert said(await counter.open()) == (422, "device_login_over")


async def test_only_a_cashier_of_the_shop_opens_one(counter: Counter) -> None:
    for by in ("alice", "mia", "wen", "adam", "till"):
        assert said(await counter.open(by)) == (403, "forbidden"), by
    assert said(await counter.open(shop_id=999_999_999)) == (404, "unknown_shop")
    sql = "update shops set organisation_id = $3 where bank_id = $1 and id = $2"
    birch = counter.desk.market.cast.organisations["birch"]
    await counter.desk.do(sql, counter.desk.market.near, birch)
    assert said(await counter.open()) == (404, "unknown_shop")


async def test_it_is_closed_with_what_was_counted(as_: As, counter: Counter) -> None:
    await counter.open()
    await counter.redeem(2, cents=300)
    rice = counter.desk.market.rice
    body = {"cash_cents": 1_250, "counts": [{"goods_id": rice, "counted": 9}], "note": "少五角"}
    path = f"{TILLS}/{counter.till}"
    assert said(await as_("max").post(f"{path}/close", json=body)) == (403, "forbidden")
    before = (await as_("carl").get(path)).json()
    assert (before["closing"], before["expected_cash_cents"], before["counts"]) == (None, 1_300, [])
    closed = await as_("carl").post(f"{path}/close", json=body)
    assert closed.status_code == 200, closed.text
    report = closed.json()
    assert report["closing"] == {
        "closed_at": report["closing"]["closed_at"],
        "cash_cents": 1_250,
        "expected_cash_cents": 1_300,
        "variance_cents": -50,
        "note": "少五角",
    }
    assert report["is_selling"] is False
    assert report["counts"] == [
        {"goods_id": rice, "sku": "RICE", "name": "大米 5kg", "expected": 8, "counted": 9, "variance": 1}
    ]
    assert report["taken"] == {
        "redemptions": 1,
        "points": 60,
        "cash_cents": 300,
        "refunded": 0,
        "refunded_points": 0,
        "given_back_cents": 0,
    }
    assert [(item["sku"], item["quantity"], item["points"]) for item in report["items"]] == [("RICE", 2, 60)]
    assert (await as_("carl").get(path)).json() == report
    assert said(await as_("carl").post(f"{path}/close", json=body)) == (409, "already_closed_till")
    assert str(counter.desk.person("alice")) not in closed.text


async def test_a_shops_tills_are_seen_by_who_reads_them(as_: As, counter: Counter) -> None:
    await counter.open()
    shop = counter.desk.market.near
    path = f"/api/v1/shops/{shop}/tills"
    for by in ("mia", "audrey", "adam"):
        items = (await as_(by).get(path)).json()["items"]
        assert [(item["id"], item["is_selling"]) for item in items] == [(counter.till, False)]
        report = await as_(by).get(f"{path}/{counter.till}")
        assert (report.status_code, report.json()["expected_cash_cents"]) == (200, 1_000)
    for by in ("carl", "alice", "olga", "till"):
        assert said(await as_(by).get(path)) == (403, "forbidden")
        assert said(await as_(by).get(f"{path}/{counter.till}")) == (403, "forbidden")
    far = f"/api/v1/shops/{counter.desk.market.far}/tills/{counter.till}"
    assert said(await as_("mia").get(far)) == (404, "unknown_till")
    assert said(await as_("mia").get("/api/v1/shops/999999999/tills")) == (404, "unknown_shop")


async def test_a_manager_closes_a_till_that_was_left_open(as_: As, counter: Counter) -> None:
    await counter.open()
    closed = await as_("mia").post(f"{TILLS}/{counter.till}/close", json={"cash_cents": 1_000})
    assert (closed.status_code, closed.json()["closing"]["variance_cents"]) == (200, 0)
    assert said(await counter.quote()) == (422, "till_closed")
