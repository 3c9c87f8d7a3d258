"""A till's day over HTTP: enrolling a browser, opening, closing with a count, and who may do none of it."""

import re

import pytest

from tests.api.cast import Cast
from tests.api.conftest import As
from tests.api.entering import Door
from tests.api.web.browser import Browser, Browsers
from tests.api.web.counter import Counter

EVERYBODY_ELSE = ("alice", "wen", "olga", "audrey", "adam", "mia", "max", "stella", "till")
READERS = ("audrey", "adam", "mia")
"""Who may look at the shifts of shops, and at none that is not there."""


@pytest.mark.parametrize("name", EVERYBODY_ELSE)
async def test_only_a_cashier_has_a_till(of: Browsers, counter: Counter, name: str) -> None:
    browser = of(name)
    for path in ("/till", "/till/close", "/till/today"):
        assert (await browser.get(path)).status_code == 403
    assert (await browser.get("/till/1")).status_code == (404 if name in READERS else 403)
    assert (await browser.get("/till/1/close")).status_code == (404 if name == "mia" else 403)
    for path, fields in (
        ("/till/enrol", {"token": "X"}),
        ("/till/open", {"shop": str(counter.desk.market.near)}),
        ("/till/entry", {"entry": "X"}),
        ("/till/confirm", {"quote": "00000000-0000-0000-0000-000000000000"}),
        ("/till/refund", {"receipt": "X", "reason": "other"}),
        ("/till/1/close", {"cash": "0"}),
    ):
        await browser.get("/notices")
        answer = await browser.post(path, **fields)
        assert answer.status_code in {200, 403, 404, 422}, path
        assert "data-done" not in browser.last.text


async def test_a_browser_is_enrolled_once_by_what_the_office_prepared(
    of: Browsers, as_: As, cast: Cast, door: Door
) -> None:
    del door  # which sets the clock
    body = {"kind": "till", "name": "收银台二", "organisation_id": cast.organisations["apple"]}
    made = await as_("adam").post("/api/v1/devices/enrolments", json=body)
    assert made.status_code == 201, made.text
    token = made.json()["token"]
    carl = of("carl")
    await carl.get("/till")
    assert "/till/enrol" in carl.last.text
    assert (await carl.post("/till/enrol", token="no token")).status_code == 422
    await carl.get("/till")
    assert (await carl.post("/till/enrol", token=token)).status_code == 303
    assert carl.cookie("device")
    await carl.get("/till")
    assert "/till/enrol" not in carl.last.text
    other = of("carl")
    await other.get("/till")
    assert (await other.post("/till/enrol", token=token)).status_code == 422
    assert other.cookie("device") is None


async def test_what_an_opening_cannot_be_asked_with_is_said_beside_the_form(
    of: Browsers, counter: Counter
) -> None:
    carl = counter.browser(of)
    shop = str(counter.desk.market.near)
    for cash in ("abc", "1.234", "-5", "九"):
        await carl.get("/till")
        await carl.post("/till/open", shop=shop, cash=cash)
        assert (carl.last.status_code, "data-problem" in carl.last.text) == (422, True)
        assert f'name="cash" type="text" inputmode="decimal" value="{cash}"' in carl.last.text
        assert f'<option value="{shop}" selected>' in carl.last.text
    assert (await carl.post("/till/open", shop=shop, cash="２００.50")).status_code == 303


async def test_opened_once_and_closed_with_what_was_counted(of: Browsers, counter: Counter) -> None:
    carl = await counter.open(of)
    await carl.get("/till")
    assert "entry" in carl.last.text
    again = await carl.post("/till/open", shop=str(counter.desk.market.near), cash="5")
    assert again.headers["location"] == "/till"  # the same form, sent twice
    await carl.get("/till/close")
    assert "大米 5kg" in carl.text
    assert "10" not in _cell(carl)  # nothing says how many there should be
    market = counter.desk.market
    fields = {"csrf": carl.token, "cash": "9.50", "note": "测试"}
    fields |= {"goods[]": [str(market.rice), str(market.oil)], "count[]": ["9", ""]}  # type: ignore[dict-item]  # fields that come many times
    till = re.search(r"/till/(\d+)/close", carl.last.text)
    assert till
    for counted in ("9.50", "10.00"):  # sent again after the answer was lost: the first count stands
        closed = await carl.send(till[0], {**fields, "cash": counted})
        assert closed.headers["location"] == f"/till/{till[1]}"
        await carl.get(closed.headers["location"])
        assert "-0.50" in carl.text
        assert "0.50 short" in carl.text
        assert ">-1<" in carl.last.text
        assert "1 short" in carl.text
    assert await market.stock(market.rice) == 10  # what differs is looked into by who keeps the stock
    await carl.get("/till")
    assert "/till/open" in carl.last.text
    assert (await carl.get("/till/close")).status_code == 303


async def test_another_login_of_the_cashier_sells_nothing_but_may_close(
    of: Browsers, counter: Counter
) -> None:
    carl = await counter.open(of)
    await counter.desk.log_in_anew("carl")
    elsewhere = counter.browser(of, session=counter.desk.sessions["carl"])
    await elsewhere.get("/till")
    assert "/till/entry" not in elsewhere.last.text
    await elsewhere.post("/till/entry", entry=await counter.code(), quote="", version="0")
    assert "<dl" not in elsewhere.last.text
    await carl.get("/till")
    assert "/till/entry" in carl.last.text


async def test_a_revoked_device_sells_nothing(of: Browsers, counter: Counter) -> None:
    carl = await counter.open(of)
    sql = "update devices set revoked_at = $3, revoked_by = 'test' where bank_id = $1 and id = $2"
    await counter.desk.do(sql, counter.desk.devices["till"], counter.door.clock.at)
    await carl.get("/till")
    await carl.post("/till/entry", entry=await counter.code(), quote="", version="0")
    assert carl.last.status_code != 303


def _cell(browser: Browser) -> str:
    """Return the rows of the list to count by, without what is typed into."""
    shown = (part.split("</td>")[0] for part in browser.text.split("<td>")[1::2])
    return re.sub("<[^>]*>", " ", "".join(shown))
