"""Confirming: points out and goods out together, once for a quote; and every reason why not."""

from datetime import timedelta

import pytest

from tests.timebank.reservations.scene import KEYS
from tests.timebank.shops.scene import NOW
from tests.timebank.tills.scene import CODE, MINUTE, Desk
from timebank.codes.rules import pick_up_code
from timebank.permissions import STRONG_METHODS
from timebank.redemptions.queries import receipt_numbered
from timebank.redemptions.queue import RedemptionQueue
from timebank.tills.queries import Till

DAY = timedelta(days=1)
_NO_CASHIER = (
    "update role_grants set revoked_at = $2, revoked_by = 'test' where bank_id = $1 and role = 'cashier'"
)
_MOVE_SHOP = "update shops set organisation_id = $2 where bank_id = $1"
_END = "update sessions set ended_at = $3, ended_for = 'test' where bank_id = $1 and id = $2"
_REVOKE = "update devices set revoked_at = $3, revoked_by = 'test' where bank_id = $1 and id = $2"


async def test_points_and_goods_move_together_and_the_receipt_says_so(desk: Desk) -> None:
    till = await desk.open()
    answer = await desk.redeem(till, (desk.market.rice, 2), (desk.market.oil, 1), cents=550)
    receipt = answer.receipt
    assert receipt is not None
    assert receipt.number == "S1-20260509-0001"
    assert (receipt.shop, receipt.points, receipt.cash_cents, receipt.till_id) == (
        "东门积分超市",
        110,
        550,
        till.id,
    )
    assert [(line.sku, line.quantity, line.points) for line in receipt.lines] == [
        ("RICE", 2, 60),
        ("OIL", 1, 50),
    ]
    assert answer.balance_points == await desk.points() == 190
    assert await desk.market.stock(desk.market.rice) == 8
    assert await desk.booked() == 110
    assert (await desk.booked("goods/S1/RICE"), await desk.booked("goods/S1/OIL")) == (2, 1)
    await desk.market.assert_sound()


async def test_the_member_is_told_and_the_act_is_on_record(desk: Desk) -> None:
    answer = await desk.redeem(await desk.open(), (desk.market.rice, 1))
    assert answer.receipt is not None
    assert [kind for kind, _ in await desk.counter.told()] == ["redeemed"]
    acts = await desk.market.read(
        lambda tx: tx.connection.fetch(
            "select person_id, session_id, subject, request_id from acts where bank_id = $1", tx.bank_id
        )
    )
    assert [tuple(act) for act in acts] == [
        (desk.person("carl"), desk.sessions["carl"], answer.receipt.number, "r" * 32)
    ]


async def test_receipts_are_numbered_by_shop_and_day(desk: Desk) -> None:
    till = await desk.open()
    first = await desk.redeem(till, (desk.market.rice, 1))
    found = await desk.quote(till, (desk.market.rice, 1), now=NOW + DAY)
    second = await desk.confirm(found, now=NOW + DAY + CODE)
    # A process whose clock is behind numbers on where the day before ended.
    third = await desk.confirm(
        await desk.quote(till, (desk.market.rice, 1), now=NOW + MINUTE), now=NOW + 2 * MINUTE
    )
    numbers = [answer.receipt and answer.receipt.number for answer in (first, second, third)]
    assert numbers == ["S1-20260509-0001", "S1-20260510-0001", "S1-20260509-0002"]


async def test_a_quote_confirmed_again_is_the_same_receipt(desk: Desk) -> None:
    till = await desk.open()
    found = await desk.quote(till, (desk.market.rice, 1))
    first = await desk.confirm(found, cents=100)
    await desk.close(till)
    again = await desk.confirm(found, cents=999, now=NOW + 30 * MINUTE)
    assert again == first
    assert again.receipt is not None
    await desk.do("delete from quotes where bank_id = $1")
    assert await desk.confirm(found) == first
    assert await desk.points() == 270
    found_by = await desk.market.read(lambda tx: receipt_numbered(tx, "S1-20260509-0001"))
    assert found_by is not None
    assert (found_by.receipt, found_by.person_id) == (again.receipt, desk.person("alice"))


async def test_one_transaction_redeems_one_quote_of_a_member_and_each_of_others(desk: Desk) -> None:
    till = await desk.open()
    await desk.counter.give(100, name="bob")
    one, two = [await desk.quote(till, (desk.market.rice, 1)) for _ in range(2)]
    other = await desk.quote(till, (desk.market.oil, 1), code=await desk.code("bob"))
    answers = await desk.confirm_all(*(desk.request(found) for found in (one, one, two, other)))
    assert [answer and answer.receipt and answer.receipt.number for answer in answers] == [
        "S1-20260509-0001",
        None,
        None,
        "S1-20260509-0002",
    ]
    assert (await desk.points(), await desk.points("bob")) == (270, 50)


async def test_the_queue_goes_on_until_all_are_answered(desk: Desk) -> None:
    till = await desk.open()
    found = [await desk.quote(till, (desk.market.rice, 1)) for _ in range(3)]
    requests = [desk.request(quote) for quote in (*found, *found)]
    async with RedemptionQueue(desk.market.database, desk.market.bank, STRONG_METHODS) as queue:
        commit = queue._lanes[0]._commit
        answers = await commit(requests)
    assert [answer.receipt and answer.receipt.number for answer in answers] == [
        f"S1-20260509-000{n}" for n in (1, 2, 3, 1, 2, 3)
    ]
    assert await desk.points() == 210


async def test_sales_of_one_shop_go_one_behind_the_other(desk: Desk) -> None:
    till = await desk.open()
    one, two = [desk.request(await desk.quote(till, (desk.market.rice, 1))) for _ in range(2)]
    async with RedemptionQueue(desk.market.database, desk.market.bank, STRONG_METHODS) as queue:
        assert queue._lane(one) == desk.sessions["carl"].int
        assert (await queue.submit(one)).receipt is not None
        assert queue._lane(two) == desk.market.near


async def test_what_is_not_on_the_shelf_is_refused_for_good(desk: Desk) -> None:
    till = await desk.open()
    found = await desk.quote(till, (desk.market.rice, 10))
    await desk.redeem(till, (desk.market.rice, 1))
    await desk.counter.give(300)
    refused = await desk.confirm(found)
    assert (refused.refusal, refused.params["available"], refused.params["requested"]) == (
        "out_of_stock",
        9,
        10,
    )
    await desk.market.receive(desk.market.rice, 5)
    assert (await desk.confirm(found)).refusal == "out_of_stock"
    assert await desk.points() == 570


async def test_more_than_the_member_has_is_refused(desk: Desk) -> None:
    till = await desk.open()
    found = await desk.quote(till, (desk.market.oil, 7))
    refused = await desk.confirm(found)
    assert refused.refusal == "insufficient_points"
    assert (refused.params["available"], refused.params["requested"]) == (300, 350)
    assert await desk.market.stock(desk.market.oil) == 10


async def test_what_costs_nothing_is_handed_out_without_points(desk: Desk) -> None:
    await desk.do("update goods set price_points = 0 where bank_id = $1 and id = $2", desk.market.rice)
    answer = await desk.redeem(await desk.open(), (desk.market.rice, 1))
    assert answer.receipt is not None
    assert (answer.receipt.points, await desk.points(), await desk.booked("goods/S1/RICE")) == (0, 300, 1)


async def refusal(desk: Desk, till: Till, sql: str, *arguments: object) -> str:
    """Return what a confirmation is refused with after a change of the bank."""
    found = await desk.quote(till, (desk.market.rice, 1))
    await desk.do(sql, *arguments)
    answer = await desk.confirm(found)
    assert (await desk.points(), await desk.booked()) == (300, 0)
    return answer.refusal


async def test_a_session_that_is_over_confirms_nothing(desk: Desk) -> None:
    assert await refusal(desk, await desk.open(), _END, desk.sessions["carl"], NOW) == "session_over"


async def test_who_is_no_cashier_any_more_confirms_nothing(desk: Desk) -> None:
    assert await refusal(desk, await desk.open(), _NO_CASHIER, NOW - MINUTE) == "forbidden"


async def test_a_shop_out_of_reach_is_unknown(desk: Desk) -> None:
    birch = desk.market.cast.organisations["birch"]
    assert await refusal(desk, await desk.open(), _MOVE_SHOP, birch) == "unknown_quote"


async def test_a_shop_below_is_in_reach(desk: Desk) -> None:
    found = await desk.quote(await desk.open(), (desk.market.rice, 1))
    await desk.do(_MOVE_SHOP, desk.market.cast.organisations["grid"])
    assert (await desk.confirm(found)).receipt is not None


async def test_a_device_that_was_revoked_sells_nothing(desk: Desk) -> None:
    assert await refusal(desk, await desk.open(), _REVOKE, desk.devices["till"], NOW) == "till_closed"


async def test_a_closed_shop_sells_nothing(desk: Desk) -> None:
    sql = "update shops set closed_on = $2 where bank_id = $1"
    assert await refusal(desk, await desk.open(), sql, NOW.date()) == "shop_closed"


async def test_an_item_withdrawn_meanwhile_is_not_sold(desk: Desk) -> None:
    sql = "update goods set is_listed = false where bank_id = $1 and id = $2"
    assert await refusal(desk, await desk.open(), sql, desk.market.rice) == "goods_not_sold"


async def test_a_member_erased_meanwhile_pays_nothing(desk: Desk) -> None:
    sql = "update people set erased_at = $3 where bank_id = $1 and id = $2"
    assert await refusal(desk, await desk.open(), sql, desk.person("alice"), NOW) == "quote_expired"


async def test_a_closed_till_and_another_session_of_its_cashier_sell_nothing(desk: Desk) -> None:
    till = await desk.open()
    found = await desk.quote(till, (desk.market.rice, 1))
    old = desk.sessions["carl"]
    await desk.log_in_anew("carl")
    assert (await desk.confirm(found)).refusal == "till_closed"
    desk.sessions["carl"] = old
    await desk.close(till)
    assert (await desk.confirm(found)).refusal == "till_closed"


async def test_another_cashier_does_not_know_the_quote(desk: Desk) -> None:
    found = await desk.quote(await desk.open(), (desk.market.rice, 1))
    await desk.enter_cashier("max")
    assert (await desk.confirm(found, name="max")).refusal == "unknown_quote"
    assert (await desk.confirm(found, name="alice")).refusal == "forbidden"


async def test_a_quote_lives_for_the_minutes_of_the_policy(desk: Desk) -> None:
    till = await desk.open()
    one, two = [await desk.quote(till, (desk.market.rice, 1), now=NOW) for _ in range(2)]
    assert (await desk.confirm(one, now=NOW + 5 * MINUTE)).refusal == "quote_expired"
    assert (await desk.confirm(two, now=NOW + 5 * MINUTE)).receipt is not None


async def test_an_empty_basket_is_not_confirmed(desk: Desk) -> None:
    assert (await desk.confirm(await desk.quote(await desk.open()))).refusal == "basket_empty"


async def test_limits_are_judged_again_when_it_is_confirmed(desk: Desk) -> None:
    sql = "update goods set member_day_limit = 2 where bank_id = $1 and id = $2"
    await desk.do(sql, desk.market.rice)
    till = await desk.open()
    one, two = [await desk.quote(till, (desk.market.rice, 2)) for _ in range(2)]
    assert (await desk.confirm(one)).receipt is not None
    refused = await desk.confirm(two)
    assert (refused.refusal, refused.params["limit"], refused.params["used"]) == ("limit_reached", 2, 2)
    # What only the limits refused is no entry of the books: on another day it would be redeemed.
    assert await desk.points() == 240


async def test_a_reservation_is_picked_up_once(desk: Desk) -> None:
    till, made = await desk.open(), await desk.counter.reserve()
    code = pick_up_code(KEYS, bank_id=desk.market.bank.id, reservation_id=made.id)
    one, two = await desk.pick_up(till, code), await desk.pick_up(till, code)
    assert (one.points, one.balance_points, await desk.held()) == (30, 270, 30)
    answer = await desk.confirm(one)
    assert answer.receipt is not None
    assert (answer.receipt.points, [line.sku for line in answer.receipt.lines]) == (30, ["RICE"])
    assert (await desk.confirm(two)).refusal == "reservation_over"
    assert await desk.held() == 0
    assert (await desk.points(), await desk.booked(), await desk.booked("goods/S1/RICE")) == (270, 30, 1)
    assert (await desk.counter.again(made)).state == "picked_up"
    await desk.market.assert_sound()


@pytest.mark.parametrize("after_hours", [48, 49])
async def test_what_has_lapsed_is_not_picked_up(desk: Desk, after_hours: int) -> None:
    till, made = await desk.open(), await desk.counter.reserve()
    later = NOW + timedelta(hours=after_hours)
    code = pick_up_code(KEYS, bank_id=desk.market.bank.id, reservation_id=made.id)
    found = await desk.pick_up(till, code, now=NOW + timedelta(hours=48) - MINUTE)
    await desk.do("update quotes set expires_at = $2 where bank_id = $1", later + MINUTE)
    assert (await desk.confirm(found, now=later)).refusal == "reservation_over"
