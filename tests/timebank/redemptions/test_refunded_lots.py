"""What becomes of lots when what they paid for is taken back: each as it was, or a new one for some days."""

from datetime import date, datetime

import pytest

from tests.api.cast import Cast
from tests.timebank.redemptions.test_refunding import DAY, LATER, SOON, bought, later, opened
from tests.timebank.reservations.scene import END_OF_2027, KEYS, STOCK, TODAY
from tests.timebank.shops.scene import NOW
from timebank.codes.rules import pick_up_code
from timebank.database import Database
from timebank.jobs.running import run_now
from timebank.policy.spending import RedemptionRule
from timebank.redemptions.refunding import grace_on


@pytest.mark.parametrize(
    ("refunded", "grace", "lots"),
    [
        # Both live: each gets back what it gave.
        (TODAY, 30, [(SOON, 40), (LATER, 50), (END_OF_2027, 100)]),
        # On its last day a lot lives.
        (SOON, 30, [(SOON, 40), (LATER, 50), (END_OF_2027, 100)]),
        # The first has lapsed: what it gave lives on for the days of grace, in a lot of its own.
        (SOON + DAY, 30, [(LATER, 50), (SOON + 31 * DAY, 40), (END_OF_2027, 100)]),
        # Both have lapsed: their shares are one lot.
        (LATER + DAY, 30, [(LATER + 31 * DAY, 90), (END_OF_2027, 100)]),
        # The days of grace end with a lot that is there.
        (SOON + DAY, 5, [(LATER, 90), (END_OF_2027, 100)]),
        # Without grace it is back where it was, and lapses again.
        (SOON + DAY, 0, [(SOON, 40), (LATER, 50), (END_OF_2027, 100)]),
    ],
)
async def test_points_return_to_the_lots_they_came_from(
    database: Database, cast: Cast, refunded: date, grace: int, lots: list[tuple[date, int]]
) -> None:
    desk = await opened(database, cast, (40, SOON), (50, LATER), (100, END_OF_2027), refund_grace_days=grace)
    # 120 points: all 40, all 50, and 30 of the last.
    receipt = await bought(desk, await desk.open(), (desk.market.rice, 4))
    assert await desk.counter.lots() == [(END_OF_2027, 70)]
    now = datetime(refunded.year, refunded.month, refunded.day, 12, tzinfo=desk.market.bank.zone)
    await later(desk, receipt, now=max(now, NOW))
    assert await desk.counter.lots() == lots
    assert await desk.market.stock(desk.market.rice) == STOCK
    await desk.market.assert_sound()


async def test_what_was_left_of_a_lapsed_lot_stays_expired(database: Database, cast: Cast) -> None:
    desk = await opened(database, cast, (40, SOON), (20, END_OF_2027))
    receipt = await bought(desk, await desk.open(), (desk.market.rice, 1))
    market, day = desk.market, SOON + DAY
    expired = await run_now(market.database, market.bank, "expire", as_of=day, now=NOW + 4 * DAY)
    assert expired["amounts"] == {"point": 10}
    await later(desk, receipt, now=NOW + 4 * DAY)
    assert await desk.counter.lots() == [(day + 30 * DAY, 30), (END_OF_2027, 20)]
    over = await run_now(market.database, market.bank, "expire", as_of=day + 31 * DAY, now=NOW + 40 * DAY)
    assert over["amounts"] == {"point": 30}
    await market.assert_sound()


async def test_without_grace_the_next_run_takes_it_again(database: Database, cast: Cast) -> None:
    desk = await opened(database, cast, (40, SOON), refund_grace_days=0)
    receipt = await bought(desk, await desk.open(), (desk.market.rice, 1))
    await later(desk, receipt, now=NOW + 4 * DAY)
    market = desk.market
    expired = await run_now(market.database, market.bank, "expire", as_of=SOON + DAY, now=NOW + 4 * DAY)
    assert expired["amounts"] == {"point": 40}
    assert await desk.points() == 0


async def test_what_was_picked_up_goes_back_through_its_hold(database: Database, cast: Cast) -> None:
    desk = await opened(database, cast, (40, SOON), (100, END_OF_2027))
    till, made = await desk.open(), await desk.counter.reserve((desk.market.rice, 2))
    code = pick_up_code(KEYS, bank_id=desk.market.bank.id, reservation_id=made.id)
    answer = await desk.confirm(await desk.pick_up(till, code))
    assert answer.receipt is not None
    await later(desk, answer.receipt, now=NOW + 5 * DAY)
    assert await desk.counter.lots() == [(TODAY + 35 * DAY, 40), (END_OF_2027, 100)]
    assert await desk.held() == 0
    assert await desk.market.balances("goods/S1/RICE") == {"shelf": STOCK, "supply": -STOCK}
    assert (await desk.counter.again(made)).state == "picked_up"
    await desk.market.assert_sound()


def test_grace_ends_after_its_days_and_none_is_none() -> None:
    assert grace_on(RedemptionRule(refund_grace_days=30), TODAY) == date(2026, 6, 8)
    assert grace_on(RedemptionRule(refund_grace_days=0), TODAY) is None
