"""A merchant's pages over HTTP: choosing an offer, its code, the box for a scanner gun, and who sees whom."""

from datetime import timedelta

import pytest_asyncio

from tests.api.cast import Cast
from tests.api.conftest import As
from tests.api.entering import Door
from tests.api.v1.bazaar import Bazaar, draft_offer, open_bazaar
from tests.api.web.browser import Browser, Browsers
from timebank.database import Database
from timebank.offers.acceptances import taking_on


@pytest_asyncio.fixture
async def bazaar(as_: As, cast: Cast, database: Database, door: Door) -> Bazaar:
    """Return a merchant with an offer of 20 fufen, and Alice with 100 and a name."""
    bazaar = await open_bazaar(as_, cast, database)
    await door.give_phone("alice", "19900000201", "示例顾客")
    return bazaar


async def screen(of: Browsers, bazaar: Bazaar) -> Browser:
    max_ = of("max")
    assert (await max_.get(f"/merchant/offers/{bazaar.offer}")).status_code == 200
    return max_


async def show(browser: Browser, bazaar: Bazaar, code: str, **fields: object) -> None:
    form = {"once": browser.hidden("once"), "shown": code, **fields}
    await browser.post(f"/merchant/offers/{bazaar.offer}", **form)


async def test_the_staff_chooses_an_offer_and_nobody_else_does(of: Browsers, as_: As, bazaar: Bazaar) -> None:
    await draft_offer(as_, bazaar.merchant, title="草稿优惠")
    max_ = of("max")
    await max_.get("/merchant")
    assert f'href="/merchant/offers/{bazaar.offer}"' in max_.last.text
    assert "Draft" in max_.text
    assert 'href="/merchant"' in max_.last.text
    path = f"/merchant/offers/{bazaar.offer}"
    for name in ("alice", "wen", "olga", "carl", "adam"):
        browser = of(name)
        assert (await browser.get("/merchant")).status_code == 403
        assert (await browser.get(path)).status_code == 403
        await browser.get("/me")
        assert 'href="/merchant"' not in browser.last.text
        assert (await browser.post(path, once="0" * 32, shown="X")).status_code in {200, 403}
        assert "✓ 20" not in browser.text
    assert await bazaar.fufen() == 100


async def test_a_members_code_is_taken_once_and_listed_without_a_name(
    of: Browsers, bazaar: Bazaar, door: Door
) -> None:
    max_ = await screen(of, bazaar)
    code = bazaar.shown_by_alice(door.clock.at)
    once = max_.hidden("once")
    for _ in range(2):  # the same form
        await show(max_, bazaar, code, once=once)
        assert "✓ 20 fufen" in max_.text
    assert await bazaar.fufen() == 80
    assert 'data-count="times">1<' in max_.last.text
    assert 'data-count="fufen">20<' in max_.last.text
    assert "***" in max_.text
    assert "示例顾客" not in max_.text
    assert str(bazaar.cast.people["alice"]) not in max_.text
    await show(max_, bazaar, code)  # another form
    assert 'role="alert"' in max_.last.text
    assert await bazaar.fufen() == 80
    tomorrow = door.clock.at.date() + timedelta(days=2)
    later = await door.write(lambda tx: taking_on(tx, bazaar.merchant, tomorrow))
    assert (later.times, later.fufen) == (0, 0)


async def test_a_voucher_is_taken_and_the_same_form_again_is_the_same(
    of: Browsers, as_: As, bazaar: Bazaar, cast: Cast
) -> None:
    path = f"/api/v1/people/{cast.people['alice']}/vouchers"
    made = await as_("alice").post(path, json={"offer_id": bazaar.offer}, headers={"Idempotency-Key": "v1"})
    max_ = await screen(of, bazaar)
    once = max_.hidden("once")
    for _ in range(2):
        await show(max_, bazaar, made.json()["text"], once=once)
        assert "✓ 20 fufen" in max_.text, max_.text
    await show(max_, bazaar, made.json()["text"])
    assert "✓ 20" not in max_.text
    assert 'role="alert"' in max_.last.text
    await show(max_, bazaar, "V1NONSENSE")
    assert 'role="alert"' in max_.last.text


async def test_what_is_no_code_is_said(of: Browsers, bazaar: Bazaar) -> None:
    max_ = await screen(of, bazaar)
    for shown in ("NONSENSE", "", "6900000000011"):
        await show(max_, bazaar, shown)
        assert max_.last.status_code == 200
        assert 'role="alert"><p>' in max_.last.text


async def test_the_codes_for_the_script(of: Browsers, as_: As, bazaar: Bazaar, door: Door) -> None:
    path = f"/merchant/offers/{bazaar.offer}/codes"
    said = (await of("max").get(path)).json()
    assert [each["until"] - each["from"] for each in said["codes"]] == [60_000, 60_000]
    assert said["codes"][0]["link"] == await bazaar.shown_by_merchant()
    assert said["counts"] == {"times": 0, "fufen": 0}
    assert (await of("alice").get(path)).status_code == 409
    await as_("max").post(f"/api/v1/offers/{bazaar.offer}/withdraw", headers={"If-Match": "*"})
    over = await of("max").get(path)
    assert (over.status_code, "sentence" in over.json()) == (409, True)
    max_ = await screen(of, bazaar)
    assert "data-symbol" not in max_.last.text
    door.clock.pass_(days=40)
    assert (await of("max").get(path)).status_code == 401
