"""A merchant's offers over HTTP: drafted once, published, withdrawn, and by their own staff alone."""

import re
from datetime import timedelta

import pytest
import pytest_asyncio

from tests.api.cast import Cast
from tests.api.conftest import As
from tests.api.entering import Door
from tests.api.v1.bazaar import Bazaar, open_bazaar
from tests.api.web.browser import Browser, Browsers
from timebank.database import Database


@pytest_asyncio.fixture
async def bazaar(as_: As, cast: Cast, database: Database, door: Door) -> Bazaar:
    """Return a merchant with an offer."""
    del door
    return await open_bazaar(as_, cast, database)


def typed(door: Door, **fields: str) -> dict[str, str]:
    day = door.clock.at.date()
    said = {"title": "洗衣减五元", "kind": "amount_off", "value": "5.50", "price": "8", "member_limit": "2"}
    days = {"starts_on": f"{day}", "ends_on": f"{day + timedelta(days=30)}"}
    return said | days | {"total_limit": "", "terms": ""} | fields


async def opened(of: Browsers, bazaar: Bazaar) -> tuple[Browser, str]:
    max_, path = of("max"), f"/merchant/{bazaar.merchant}/new"
    assert (await max_.get(path)).status_code == 200
    return max_, path


async def press(browser: Browser, step: str, **fields: str) -> int:
    """Press a button of the list's last offer."""
    await browser.get("/merchant")
    (*_, (action, form)) = re.findall(
        rf'<form method="post" action="(/merchant/offers/\d+/{step})">(.*?)</form>', browser.last.text
    )
    answer = await browser.send(action, {**browser.hidden_of(form), **fields})
    return int(answer.status_code)


async def test_drafted_once_published_and_withdrawn(of: Browsers, bazaar: Bazaar, door: Door) -> None:
    max_, path = await opened(of, bazaar)
    fields = {"csrf": max_.token, "once": max_.hidden("once"), **typed(door)}
    for _ in range(2):
        assert (await max_.send(path, dict(fields))).headers["location"] == "/merchant"
    await max_.get("/merchant")
    assert max_.text.count("洗衣减五元</h3>") == 1
    assert "5.50 yuan off" in max_.text
    alice = of("alice")
    for step, is_shown in (("publish", True), ("withdraw", False)):
        assert await press(max_, step, version="1000") == 412  # somebody changed it meanwhile
        assert 'role="alert"' in max_.last.text
        assert await press(max_, step) == 303
        await alice.get("/offers")
        assert ("洗衣减五元" in alice.text) is is_shown


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"kind": "percent_off", "value": "120"}, "does not fit"),
        ({"kind": "housekeeping", "value": "1.5"}, "does not fit"),
        ({"price": "0"}, "does not fit"),
        ({"title": ""}, "does not fit"),
        ({"ends_on": "2020-01-01"}, "before"),
    ],
)
async def test_what_makes_no_offer_is_said_and_stays_typed(
    of: Browsers, bazaar: Bazaar, door: Door, fields: dict[str, str], said: str
) -> None:
    max_, path = await opened(of, bazaar)
    answer = await max_.post(path, once=max_.hidden("once"), **typed(door, **fields))
    assert answer.status_code == 422
    assert said in max_.text
    assert f'value="{typed(door, **fields)["value"]}"' in max_.last.text
    await max_.get("/merchant")
    assert "洗衣减五元" not in max_.text


async def test_nobody_else_offers_anything(of: Browsers, bazaar: Bazaar, door: Door) -> None:
    path = f"/merchant/{bazaar.merchant}/new"
    for name in ("alice", "olga", "carl"):
        browser = of(name)
        assert (await browser.get(path)).status_code == 403
        answer = await browser.post(path, once="0" * 32, **typed(door))
        assert answer.status_code == 403
        assert (
            await browser.post(f"/merchant/offers/{bazaar.offer}/withdraw", version="2")
        ).status_code == 403
    alice = of("alice")
    await alice.get("/offers")
    assert "理发八折" in alice.text
    assert "洗衣减五元" not in alice.text
    max_ = of("max")
    assert (await max_.get(f"/merchant/{bazaar.merchant + 99}/new")).status_code == 404
