"""Reserving: what is set aside and until when, what is refused, and that both come back."""

from collections.abc import Awaitable
from datetime import UTC, datetime, timedelta

import pytest

from tests.api.cast import enter
from tests.timebank.reservations.scene import (
    END_OF_2027,
    HOUR,
    KEYS,
    STOCK,
    TODAY,
    Counter,
    open_counter,
)
from tests.timebank.shops.scene import NOW
from timebank.codes.rules import CodeKeys, pick_up_code, station_code
from timebank.database import Bank, Database
from timebank.errors import RefusalError
from timebank.policy.spending import RedemptionRule
from timebank.reservations.queries import resolve_pick_up
from timebank.shops.actions import close_shop, edit_goods

TOMORROW = TODAY + timedelta(days=1)


async def opened(database: Database, bank: Bank, rule: RedemptionRule | None = None) -> Counter:
    """Open the shop, and give Alice 200 points that end in 2027."""
    counter = await open_counter(database, await enter(database, bank), rule)
    await counter.give(200)
    return counter


@pytest.fixture
async def counter(database: Database, bank: Bank) -> Counter:
    """Return the shop under the default pack."""
    return await opened(database, bank)


async def refusal(work: Awaitable[object]) -> tuple[str, dict[str, object]]:
    with pytest.raises(RefusalError) as refused:
        await work
    return refused.value.code, refused.value.params


async def test_points_and_goods_are_set_aside_together(counter: Counter) -> None:
    market = counter.market
    made = await counter.reserve((market.rice, 2), (market.oil, 1), (market.rice, 1))
    assert [(line.name, line.quantity, line.points) for line in made.lines] == [
        ("大米 5kg", 3, 90),
        ("菜籽油", 1, 50),
    ]
    assert (made.points, made.state, made.shop, made.until_at) == (
        140,
        "reserved",
        "东门积分超市",
        NOW + timedelta(hours=48),
    )
    assert await counter.lots() == [(END_OF_2027, 60)]
    assert await counter.lots(kind="held") == [(END_OF_2027, 140)]
    assert (await market.stock(market.rice), await market.stock(market.oil)) == (STOCK - 3, STOCK - 1)
    assert await market.balances("goods/S1/RICE") == {"shelf": 7, "held": 3, "supply": -10}
    assert [one.id for one in await counter.of("alice")] == [made.id]
    assert await counter.of("bob") == []
    await market.assert_sound()


async def test_cancelling_gives_both_back_once(counter: Counter) -> None:
    made = await counter.reserve()
    cancelled = await counter.cancel(made, now=NOW + HOUR)
    assert (cancelled.state, cancelled.resolved_at) == ("cancelled", NOW + HOUR)
    assert await counter.cancel(made, now=NOW + 2 * HOUR) == cancelled
    assert await counter.lots() == [(END_OF_2027, 200)]
    assert await counter.market.stock(counter.market.rice) == STOCK
    assert not await counter.pick_up(made)
    await counter.market.assert_sound()


async def test_what_is_picked_up_is_spent_and_gone(counter: Counter) -> None:
    made = await counter.reserve((counter.market.rice, 2))
    assert await counter.pick_up(made, now=NOW + HOUR)
    assert not await counter.pick_up(made, now=NOW + HOUR)
    assert (await counter.again(made)).state == "picked_up"
    assert await counter.lots(kind="held") == []
    assert await counter.market.balances("goods/S1/RICE") == {"shelf": 8, "handed_out": 2, "supply": -10}
    assert (await refusal(counter.cancel(made)))[0] == "reservation_over"
    await counter.market.assert_sound()


async def test_anothers_reservation_is_not_there(counter: Counter) -> None:
    made = await counter.reserve()
    assert (await refusal(counter.cancel(made, name="bob")))[0] == "unknown_reservation"
    assert (await counter.again(made)).state == "reserved"


async def test_it_ends_with_the_first_lot_that_pays(counter: Counter) -> None:
    await counter.give(10, expires_on=TODAY)
    await counter.give(500, expires_on=TODAY - timedelta(days=1))
    made = await counter.reserve()
    assert made.until_at == datetime(2026, 5, 9, 23, 59, 59, 999_999, tzinfo=counter.market.bank.zone)
    assert await counter.lots(kind="held") == [(TODAY, 10), (END_OF_2027, 20)]
    assert await counter.pick_up(made, now=made.until_at - timedelta(seconds=1))


async def test_what_costs_nothing_holds_goods_only(counter: Counter) -> None:
    market = counter.market
    await market.write(
        lambda tx: edit_goods(tx, market.oil, changes={"price_points": 0}, expected_version=None)
    )
    made = await counter.reserve((market.oil, 1), name="bob")
    assert (made.points, made.until_at) == (0, NOW + timedelta(hours=48))
    assert await counter.pick_up(made)
    await market.assert_sound()


async def test_neither_points_nor_goods_are_set_aside_that_are_not_there(counter: Counter) -> None:
    market = counter.market
    assert await refusal(counter.reserve((market.rice, 7))) == (
        "insufficient_points",
        {"available": 200, "requested": 210},
    )
    await counter.give(2_000)
    assert await refusal(counter.reserve((market.oil, 1), (market.rice, STOCK + 1))) == (
        "out_of_stock",
        {"available": STOCK, "requested": STOCK + 1},
    )
    assert await counter.of("alice") == []
    assert await counter.lots(kind="held") == []
    assert (await counter.reserve((market.rice, STOCK))).points == 300
    assert (await refusal(counter.reserve()))[0] == "out_of_stock"


async def test_what_a_shop_does_not_sell_is_refused(counter: Counter) -> None:
    market = counter.market
    assert (await refusal(counter.reserve((market.far_rice, 1))))[0] == "goods_not_sold"
    assert (await refusal(counter.reserve(shop=10**9)))[0] == "unknown_shop"
    await market.write(
        lambda tx: edit_goods(tx, market.oil, changes={"is_listed": False}, expected_version=None)
    )
    assert (await refusal(counter.reserve((market.oil, 1))))[0] == "goods_not_sold"
    await market.write(lambda tx: close_shop(tx, market.near, expected_version=None, now=NOW))
    assert (await refusal(counter.reserve()))[0] == "shop_closed"


async def test_an_erased_member_reserves_nothing_and_picks_nothing_up(counter: Counter) -> None:
    made = await counter.reserve()
    erase = "update people set erased_at = $3 where bank_id = $1 and id = $2"
    await counter.market.write(
        lambda tx: tx.connection.execute(erase, tx.bank_id, counter.people["alice"], NOW)
    )
    assert (await refusal(counter.reserve()))[0] == "unknown_person"
    code = pick_up_code(KEYS, bank_id=counter.market.bank.id, reservation_id=made.id)
    resolved = counter.market.read(lambda tx: resolve_pick_up(tx, KEYS, code, now=NOW))
    assert (await refusal(resolved))[0] == "unknown_reservation"


async def test_open_reservations_count_against_the_limit_of_the_day(database: Database, bank: Bank) -> None:
    counter = await opened(database, bank, RedemptionRule(member_day_points=70))
    first = await counter.reserve()
    await counter.reserve()
    code, params = await refusal(counter.reserve())
    assert (code, params["limit"], params["used"], params["requested"]) == ("limit_reached", 70, 60, 30)
    await counter.cancel(first)
    await counter.reserve()
    # The next day it counts no more.
    await counter.reserve((counter.market.rice, 2), now=NOW + timedelta(days=1))


async def test_it_is_made_any_day_that_leaves_a_day_to_pick_it_up(database: Database, bank: Bank) -> None:
    # Redemption days are the 11th only: two days from the 9th reach it, and end with its morning.
    rule = RedemptionRule(days_of_month=(11,), reservation_hours=48)
    counter = await opened(database, bank, rule)
    assert (await refusal(counter.reserve(now=NOW - timedelta(days=1)))) == (
        "not_a_redemption_day",
        {"next_on": "2026-05-11"},
    )
    await counter.reserve()
    await counter.reserve(now=NOW + timedelta(days=2))
    assert (await refusal(counter.reserve(now=NOW + timedelta(days=3))))[0] == "not_a_redemption_day"


async def test_no_pack_no_reservation(counter: Counter) -> None:
    code, params = await refusal(counter.reserve(now=NOW.replace(year=2020)))
    assert (code, params) == ("policy_missing", {"day": "2020-05-09"})


async def test_a_pick_up_code_finds_what_waits(counter: Counter) -> None:
    market, made = counter.market, await counter.reserve()
    code = pick_up_code(KEYS, bank_id=market.bank.id, reservation_id=made.id)

    async def resolve(text: str, *, keys: CodeKeys = KEYS, now: datetime = NOW) -> object:
        return await market.read(lambda tx: resolve_pick_up(tx, keys, text, now=now))

    assert await resolve(code) == made
    assert await resolve(code.lower(), now=made.until_at - timedelta(seconds=1)) == made
    assert (await refusal(resolve(code, now=made.until_at)))[0] == "reservation_over"
    assert (await refusal(resolve(code, keys=CodeKeys([b"w" * 32]))))[0] == "code_forged"
    assert (await refusal(resolve(code[:-1])))[0] == "code_unreadable"
    station = station_code(KEYS, bank_id=market.bank.id, station_id=1, session_id=1, at=NOW)
    assert (await refusal(resolve(station)))[0] == "code_unreadable"
    nothing = pick_up_code(KEYS, bank_id=market.bank.id, reservation_id=made.id + 1)
    assert (await refusal(resolve(nothing)))[0] == "unknown_reservation"
    elsewhere = pick_up_code(KEYS, bank_id=market.bank.id + 1, reservation_id=made.id)
    assert (await refusal(resolve(elsewhere)))[0] == "code_of_other_bank"
    await counter.cancel(made)
    assert (await refusal(resolve(code)))[0] == "reservation_over"


async def test_in_the_last_second_of_the_points_one_still_reserves(counter: Counter) -> None:
    await counter.give(30, TODAY)
    end = datetime(2026, 5, 9, 16, 0, tzinfo=UTC)  # midnight in Shanghai
    made = await counter.reserve(now=end - timedelta(milliseconds=400))
    assert end - timedelta(milliseconds=400) < made.until_at < end
