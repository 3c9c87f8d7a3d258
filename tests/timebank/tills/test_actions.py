"""Opening a till and closing it: one at a time, at a device of the shop's line, with what was counted."""

from datetime import timedelta

import pytest

from tests.timebank.shops.scene import NOW
from tests.timebank.tills.scene import MINUTE, Desk
from timebank.errors import RefusalError
from timebank.tills.queries import own_tills, tills_of
from timebank.tills.report import report_of

_REFUND = """
insert into refunds (bank_id, redemption_id, transaction_id, reason, by_manager, till_id, made_at, made_by)
values ($1, $2, 1, '测试', $3::bigint is null, $3, $4, 'test')
"""


async def test_a_till_is_bound_to_its_device_cashier_and_session(desk: Desk) -> None:
    till = await desk.open(cents=5_000)
    assert (till.shop.code, till.opening_cash_cents, till.opened_at) == ("S1", 5_000, NOW)
    assert (till.cashier_id, till.device_id) == (desk.person("carl"), desk.devices["till"])
    assert till.sells_in(desk.sessions["carl"])
    assert not till.sells_in(desk.sessions["mia"])


@pytest.mark.parametrize("place", ["apple", "north", "root"])
async def test_a_device_of_the_shops_line_is_a_till_of_the_shop(desk: Desk, place: str) -> None:
    await desk.enter_device("other", place)
    assert (await desk.open(device="other")).device_id == desk.devices["other"]


@pytest.mark.parametrize("place", ["birch", "south", "grid"])
async def test_a_device_of_elsewhere_is_none(desk: Desk, place: str) -> None:
    await desk.enter_device("other", place)
    with pytest.raises(RefusalError, match="unknown_device"):
        await desk.open(device="other")


@pytest.mark.parametrize("device", ["station", "mia"])
async def test_neither_a_station_nor_a_person_is_a_till(desk: Desk, device: str) -> None:
    with pytest.raises(RefusalError, match="unknown_device"):
        await desk.open(device=device)


async def test_only_a_cashier_of_the_shop_opens_one(desk: Desk) -> None:
    for name in ("alice", "mia", "wen"):
        with pytest.raises(RefusalError, match="forbidden"):
            await desk.open(name)
    await desk.enter_cashier("xu", organisation="birch")
    with pytest.raises(RefusalError, match="unknown_shop"):
        await desk.open("xu", device="till:xu")


async def test_one_till_is_open_at_a_device_and_of_a_cashier(desk: Desk) -> None:
    till = await desk.open()
    await desk.enter_cashier("max")
    for name, device in (("max", "till"), ("carl", "till:max")):
        with pytest.raises(RefusalError, match="already_open_till"):
            await desk.open(name, device=device)
    await desk.open("max", device="till:max", shop=desk.market.far)
    await desk.close(till)
    assert (await desk.open()).id > till.id


async def test_a_closed_shop_opens_no_till(desk: Desk) -> None:
    await desk.do("update shops set closed_on = $2 where bank_id = $1", NOW.date())
    with pytest.raises(RefusalError, match="shop_closed"):
        await desk.open()


async def test_what_was_counted_stands_beside_what_should_be_there(desk: Desk) -> None:
    till = await desk.open(cents=1_000)
    await desk.redeem(till, (desk.market.rice, 2), cents=250)
    await desk.redeem(till, (desk.market.rice, 1), (desk.market.oil, 1), cents=50)
    # Set aside for pick-up, and in the shop still.
    await desk.counter.reserve((desk.market.rice, 1))
    closed = await desk.close(
        till, (desk.market.rice, 6), (desk.market.oil, 9), cents=1_200, now=NOW + 60 * MINUTE
    )
    assert closed.closing is not None
    assert (closed.closing.cash_cents, closed.closing.expected_cash_cents) == (1_200, 1_300)
    report = await desk.market.read(lambda tx: report_of(tx, till.id))
    assert [(item.sku, item.expected, item.counted) for item in report.counts] == [
        ("RICE", 7, 6),
        ("OIL", 9, 9),
    ]
    assert [(item.sku, item.quantity, item.points) for item in report.items] == [
        ("RICE", 3, 90),
        ("OIL", 1, 50),
    ]
    assert (report.taken.redemptions, report.taken.points, report.taken.cash_cents) == (2, 140, 300)
    # Counting posts nothing.
    assert await desk.market.stock(desk.market.rice) == 6
    assert (await desk.market.balances("goods/S1/RICE")).get("variance") is None


async def test_cash_that_a_till_gave_back_is_missing_from_its_own_drawer(desk: Desk) -> None:
    till = await desk.open(cents=1_000)
    first = await desk.redeem(till, (desk.market.rice, 1), cents=250)
    second = await desk.redeem(till, (desk.market.rice, 1), cents=30)
    assert first.receipt is not None
    assert second.receipt is not None
    await desk.do(_REFUND, first.receipt.redemption_id, till.id, NOW)
    await desk.do(_REFUND, second.receipt.redemption_id, None, NOW)
    report = await desk.market.read(lambda tx: report_of(tx, till.id))
    assert report.expected_cash_cents == 1_030
    assert (report.taken.refunded, report.taken.refunded_points, report.taken.given_back_cents) == (
        2,
        60,
        250,
    )
    assert [(item.quantity, item.refunded) for item in report.items] == [(2, 2)]


async def test_a_till_is_closed_once(desk: Desk) -> None:
    till = await desk.open()
    await desk.close(till)
    with pytest.raises(RefusalError, match="already_closed_till"):
        await desk.close(till)


async def test_an_item_is_counted_once_and_is_one_of_the_shops(desk: Desk) -> None:
    till, rice = await desk.open(), desk.market.rice
    with pytest.raises(RefusalError, match="goods_counted_twice"):
        await desk.close(till, (rice, 1), (rice, 2))
    with pytest.raises(RefusalError, match="unknown_goods"):
        await desk.close(till, (rice, 1), (desk.market.far_rice, 1))


async def test_its_cashier_closes_a_till_from_another_session_and_a_manager_anybodys(desk: Desk) -> None:
    till = await desk.open()
    await desk.enter_cashier("max")
    with pytest.raises(RefusalError, match="unknown_till"):
        await desk.close(till, name="max")
    with pytest.raises(RefusalError, match="forbidden"):
        await desk.close(till, name="alice")
    await desk.log_in_anew("carl")
    assert (await desk.close(till)).closing is not None
    again = await desk.open()
    closed = await desk.close(again, name="mia")
    assert closed.closing is not None
    assert closed.closing.closed_by == f"person:{desk.person('mia')}"


async def test_tills_are_listed_newest_first(desk: Desk) -> None:
    one = await desk.open()
    await desk.close(one)
    two = await desk.open(now=NOW + timedelta(hours=1))
    read = desk.market.read
    own = await read(lambda tx: own_tills(tx, desk.person("carl"), before_id=2**62, limit=9))
    assert [till.id for till in own] == [two.id, one.id]
    assert await read(lambda tx: own_tills(tx, desk.person("mia"), before_id=2**62, limit=9)) == []
    of_shop = await read(lambda tx: tills_of(tx, desk.market.near, before_id=two.id, limit=9))
    assert [till.id for till in of_shop] == [one.id]
    assert await read(lambda tx: tills_of(tx, desk.market.far, before_id=2**62, limit=9)) == []
