"""A cashier's login ends during a sale: what was in the basket comes back for that member, and for nobody else."""

import re
from datetime import timedelta

import pytest

from tests.api.web.browser import Browser, Browsers
from tests.api.web.counter import Counter
from tests.api.web.till.test_selling import OIL, RICE, begun, confirm_form, confirmed, total

BACK = "data-brought-back"
_GONE = "update goods set is_listed = false where bank_id = $1 and id = $2"
_DEARER = "update goods set price_points = price_points + 30 where bank_id = $1 and id = $2"


async def logged_in_anew(of: Browsers, counter: Counter, cashier: str = "carl") -> Browser:
    """Return the cashier in a new login at the same device, with a till of that login open."""
    desk = counter.desk
    await desk.log_in_anew(cashier)
    browser = counter.browser(of, cashier, session=desk.sessions[cashier])
    await browser.get("/till")
    if found := re.search(r"/till/close", browser.last.text):
        await browser.get(found[0])
        action = re.search(r"/till/\d+/close", browser.last.text)
        assert action
        assert (await browser.post(action[0], cash="10")).status_code == 303
        await browser.get("/till")
    assert (await browser.post("/till/open", shop=str(desk.market.near), cash="10")).status_code == 303
    await browser.get("/till")
    return browser


async def left_by(of: Browsers, counter: Counter) -> Browser:
    carl = await begun(of, counter)
    await counter.enter(carl, f"2*{RICE}")
    await counter.enter(carl, OIL)
    return carl


async def test_the_basket_is_back_once_its_member_shows_a_code(of: Browsers, counter: Counter) -> None:
    await left_by(of, counter)
    await counter.desk.log_in_anew("carl")
    carl = counter.browser(of, session=counter.desk.sessions["carl"])
    await carl.get("/till")
    assert "What was not redeemed is kept (3 items)" in carl.text
    carl = await logged_in_anew(of, counter)
    assert "was not redeemed (3 items)" in carl.text
    assert await counter.enter(carl, await counter.code()) == 303
    assert BACK in carl.last.text
    assert total(carl) == 110
    await confirmed(carl, confirm_form(carl))
    assert await counter.desk.points() == 190
    # once: the same member's next basket is empty, and nothing is said to wait
    await carl.get("/till")
    assert "data-waits" not in carl.last.text
    assert await counter.enter(carl, await counter.code()) == 303
    assert (BACK in carl.last.text, total(carl)) == (False, 0)


async def test_what_was_left_on_purpose_stays_left(of: Browsers, counter: Counter) -> None:
    await left_by(of, counter)
    carl = await logged_in_anew(of, counter)
    await counter.enter(carl, await counter.code())
    await carl.get("/till")  # Escape
    assert "data-waits" not in carl.last.text
    await counter.enter(carl, await counter.code())
    assert total(carl) == 0


async def test_another_member_and_another_cashier_are_shown_nothing(of: Browsers, counter: Counter) -> None:
    await left_by(of, counter)
    carl = await logged_in_anew(of, counter)
    await counter.enter(carl, await counter.code("bob"))
    assert (BACK in carl.last.text, total(carl)) == (False, 0)
    carl = await logged_in_anew(of, counter)  # Bob's was the last there
    assert "data-waits" not in carl.last.text
    await counter.enter(carl, await counter.code())
    await counter.enter(carl, RICE)
    # the next login at this device is a colleague's
    await carl.get("/till/close")
    action = re.search(r"/till/\d+/close", carl.last.text)
    assert action
    await carl.post(action[0], cash="10")
    await counter.desk.enter_cashier("stella")
    stella = await logged_in_anew(of, counter, "stella")
    assert "data-waits" not in stella.last.text
    await counter.enter(stella, await counter.code())
    assert (BACK in stella.last.text, total(stella)) == (False, 0)


async def test_what_comes_back_costs_what_it_costs_now(of: Browsers, counter: Counter) -> None:
    await left_by(of, counter)
    await counter.desk.do(_DEARER, counter.desk.market.rice)
    carl = await logged_in_anew(of, counter)
    await counter.enter(carl, await counter.code())
    assert (BACK in carl.last.text, total(carl)) == (True, 170)


@pytest.mark.parametrize("what", ["redeemed", "late", "gone"])
async def test_nothing_comes_back_that_is_over(of: Browsers, counter: Counter, what: str) -> None:
    carl = await begun(of, counter)
    await counter.enter(carl, RICE)
    if what == "redeemed":
        await confirmed(carl, confirm_form(carl))
    elif what == "late":
        counter.door.clock.at += timedelta(minutes=61)
    else:
        await counter.desk.do(_GONE, counter.desk.market.rice)
    carl = await logged_in_anew(of, counter)
    assert "data-waits" not in carl.last.text
    assert await counter.enter(carl, await counter.code()) == 303
    assert total(carl) == 0
