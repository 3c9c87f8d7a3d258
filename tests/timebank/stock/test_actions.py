"""What comes, goes to another shop, is counted and is written off: in the register and in the books alike."""

import asyncio

import pytest

from tests.timebank.shops.scene import NOW, Market
from timebank.errors import RefusalError
from timebank.funds.actions import close_fund, open_fund
from timebank.shops.actions import close_shop
from timebank.stock.actions import receive
from timebank.stock.queries import entries

RICE, FAR_RICE = "goods/S1/RICE", "goods/S2/RICE"


async def test_what_is_received_stands_on_the_shelf_with_what_it_cost(market: Market) -> None:
    entry = await market.receive(market.rice, 10, 2_500, fund=market.fund)
    assert (entry.kind, entry.quantity, entry.unit_cost_cents, entry.fund_id) == (
        "receive",
        10,
        2_500,
        market.fund,
    )
    assert entry.transaction_id is not None
    assert await market.balances(RICE) == {"shelf": 10, "supply": -10}
    assert await market.stock(market.rice) == 10
    await market.assert_sound()


async def test_the_same_receipt_twice_is_one(market: Market) -> None:
    async def once() -> int:
        entry = await market.write(
            lambda tx: receive(
                tx,
                goods_id=market.rice,
                quantity=4,
                unit_cost_cents=100,
                fund_id=None,
                key="receipt:once",
                by=market.cast.people["mia"],
                now=NOW,
            )
        )
        return entry.id

    assert await once() == await once()
    assert await market.stock(market.rice) == 4


async def test_a_transfer_takes_the_cost_of_the_oldest_with_it(market: Market) -> None:
    await market.receive(market.rice, 3, 100, fund=market.fund)
    await market.receive(market.rice, 5, 120)
    first, second = await market.transfer(market.rice, market.far_rice, 4)
    assert first.transaction_id == second.transaction_id
    assert [(e.quantity, e.unit_cost_cents, e.fund_id) for e in (first, second)] == [
        (3, 100, market.fund),
        (1, 120, None),
    ]
    assert await market.balances(RICE) == {"shelf": 4, "supply": -4}
    assert await market.balances(FAR_RICE) == {"shelf": 4, "supply": -4}
    await market.assert_sound()


async def test_no_more_is_transferred_or_written_off_than_is_there(market: Market) -> None:
    await market.receive(market.rice, 3)
    for attempt in (market.transfer(market.rice, market.far_rice, 4), market.write_off(market.rice, 4)):
        with pytest.raises(RefusalError, match="out_of_stock"):
            await attempt
    assert await market.stock(market.rice) == 3
    assert await market.balances(FAR_RICE) == {}


async def test_a_transfer_goes_to_the_same_item_of_another_shop(market: Market) -> None:
    await market.receive(market.rice, 3)
    await market.receive(market.oil, 3)
    for goods_id, to, code in (
        (market.rice, market.oil, "transfer_within_shop"),
        (market.rice, market.rice, "transfer_within_shop"),
        (market.oil, market.far_rice, "not_the_same_item"),
        (market.rice, 10**12, "unknown_goods"),
    ):
        with pytest.raises(RefusalError, match=code):
            await market.transfer(goods_id, to, 1)


@pytest.mark.parametrize(("counted", "variance"), [(12, {"variance": -2}), (7, {"variance": 3})])
async def test_a_count_puts_the_shelf_right_and_the_difference_to_the_variance(
    market: Market, counted: int, variance: dict[str, int]
) -> None:
    await market.receive(market.rice, 10)
    entry = await market.count(market.rice, counted)
    assert (entry.expected, entry.counted, entry.quantity) == (10, counted, counted - 10)
    assert await market.balances(RICE) == {"shelf": counted, "supply": -10, **variance}
    await market.assert_sound()


async def test_a_count_that_agrees_moves_nothing_and_stands_in_the_register(market: Market) -> None:
    await market.receive(market.rice, 10)
    entry = await market.count(market.rice, 10)
    assert (entry.quantity, entry.transaction_id) == (0, None)
    assert (await market.count(market.oil, 0)).expected == 0
    found = await market.count(market.oil, 2)
    assert await market.stock(market.oil) == 2
    assert found.expected == 0


async def test_what_is_set_aside_for_pick_up_is_counted_too(market: Market) -> None:
    await market.receive(market.rice, 10)
    await market.set_aside(market.rice, 4)
    assert (await market.count(market.rice, 10)).transaction_id is None
    assert (await market.count(market.rice, 9)).quantity == -1
    assert await market.stock(market.rice) == 5
    assert (await market.count(market.rice, 4)).quantity == -5
    with pytest.raises(RefusalError, match="out_of_stock"):
        await market.count(market.rice, 3)
    with pytest.raises(RefusalError, match="out_of_stock"):
        await market.write_off(market.rice, 1)


async def test_what_is_spoilt_is_written_off(market: Market) -> None:
    await market.receive(market.rice, 10)
    entry = await market.write_off(market.rice, 2)
    assert (entry.kind, entry.quantity, entry.reason) == ("write_off", 2, "受潮")
    assert await market.balances(RICE) == {"shelf": 8, "supply": -10, "variance": 2}
    await market.assert_sound()


async def test_a_cashier_of_the_shop_adjusts_nothing(market: Market) -> None:
    await market.receive(market.rice, 10)
    for attempt in (
        market.receive(market.rice, 1, by="carl"),
        market.transfer(market.rice, market.far_rice, 1, by="carl"),
        market.count(market.rice, 9, by="carl"),
        market.write_off(market.rice, 1, by="carl"),
    ):
        with pytest.raises(RefusalError, match="cashier_adjusts_stock"):
            await attempt
    assert await market.stock(market.rice) == 10


async def test_who_has_a_till_open_there_adjusts_nothing_though_the_role_is_gone(market: Market) -> None:
    till = await market.open_till(market.near, "mia")
    with pytest.raises(RefusalError, match="cashier_adjusts_stock"):
        await market.receive(market.rice, 1)
    assert (await market.receive(market.far_rice, 1)).quantity == 1
    await market.close_till(till)
    assert (await market.receive(market.rice, 1)).quantity == 1


async def test_a_tills_difference_is_settled_by_somebody_else_after_its_closing(market: Market) -> None:
    await market.receive(market.rice, 10)
    till = await market.open_till(market.near, "carl")
    for wrong, code in ((till, "till_open"), (10**12, "unknown_till")):
        with pytest.raises(RefusalError, match=code):
            await market.count(market.rice, 9, till=wrong)
    with pytest.raises(RefusalError, match="unknown_till"):
        await market.count(market.far_rice, 9, till=till)
    await market.close_till(till)
    assert (await market.count(market.rice, 9, till=till)).till_id == till


async def test_who_closed_their_own_till_does_not_settle_it(market: Market) -> None:
    till = await market.open_till(market.near, "mia")
    await market.close_till(till)
    with pytest.raises(RefusalError, match="cashier_adjusts_stock"):
        await market.count(market.rice, 9, till=till)


async def test_goods_are_bought_from_an_open_fund_of_the_shops_organisation_or_above(market: Market) -> None:
    places = market.cast.organisations

    async def fund(code: str, kind: str, at: str) -> int:
        return await market.write(
            lambda tx: open_fund(
                tx,
                code=code,
                name="测试金",
                kind="care" if kind == "care" else "money",
                organisation_id=places[at],
                now=NOW,
            )
        )

    assert (await market.receive(market.rice, 1, fund=await fund("above", "money", "root"))).quantity == 1
    birch, care = await fund("birch", "money", "birch"), await fund("care", "care", "apple")
    closed = await fund("closed", "money", "apple")
    await market.write(lambda tx: close_fund(tx, closed, expected_version=None, now=NOW))
    for wrong in (birch, care, closed, 10**12):
        with pytest.raises(RefusalError, match="unknown_fund"):
            await market.receive(market.rice, 1, fund=wrong)


async def test_nothing_comes_into_a_closed_shop_and_what_is_there_can_leave(market: Market) -> None:
    await market.receive(market.rice, 5)
    await market.receive(market.far_rice, 5)
    await market.write(lambda tx: close_shop(tx, market.near, expected_version=None, now=NOW))
    for attempt in (market.receive(market.rice, 1), market.transfer(market.far_rice, market.rice, 1)):
        with pytest.raises(RefusalError, match="shop_closed"):
            await attempt
    await market.transfer(market.rice, market.far_rice, 4)
    await market.write_off(market.rice, 1)
    assert await market.stock(market.far_rice) == 9


async def test_counts_and_write_offs_at_once_leave_the_shelf_as_one_after_another_would(
    market: Market,
) -> None:
    await market.receive(market.rice, 20)
    await asyncio.gather(
        *(market.write_off(market.rice, 1) for _ in range(5)),
        *(market.transfer(market.rice, market.far_rice, 1) for _ in range(5)),
    )
    await asyncio.gather(*(market.count(market.rice, 8) for _ in range(3)))
    lines = await market.read(lambda tx: entries(tx, market.rice, before_id=2**62, limit=50))
    assert sorted(line.quantity for line in lines if line.kind == "count") == [-2, 0, 0]
    assert await market.stock(market.rice) == 8
    await market.assert_sound()


async def test_transfers_both_ways_at_once_do_not_deadlock(market: Market) -> None:
    await market.receive(market.rice, 10)
    await market.receive(market.far_rice, 10)
    await asyncio.gather(
        *(market.transfer(market.rice, market.far_rice, 1) for _ in range(5)),
        *(market.transfer(market.far_rice, market.rice, 1) for _ in range(5)),
    )
    assert (await market.stock(market.rice), await market.stock(market.far_rice)) == (10, 10)
    await market.assert_sound()
