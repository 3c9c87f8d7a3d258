"""The demo bank's start page: one click is a login there, and nowhere else."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from api.service import Service
from api.web.public.demo import PEOPLE, TRIES
from tests.api.cast import Cast
from tests.api.entering import Door
from tests.api.web.browser import Browser
from tests.timebank.scans.scene import Scene
from timebank.demo.shown import Shown, read_shown
from timebank.words import words

SEE_OTHER, STALE, NOT_THERE = 303, 403, 404
PEOPLE_OF_THE_CAST = {
    "volunteer": "alice",
    "steward": "stella",
    "cashier": "carl",
    "shop_manager": "mia",
    "office": "olga",
}


@pytest.fixture
def shown(service: Service, cast: Cast, scene: Scene) -> Shown:
    """Have the service started by the demo's command, for the cast's bank."""
    service.demo = Shown(
        bank=cast.bank.code,
        people={who: cast.people[name] for who, name in PEOPLE_OF_THE_CAST.items()},
        organisation=cast.organisations["apple"],
        station=scene.stations[0],
        session=scene.session,
        card="TBC-0123456789ABCDEF",
        pin="2580",
        barcode="2000000000039",
        certificate="1-TEST",
        to_approve=7,
    )
    return service.demo


def fields_of(browser: Browser) -> dict[str, object]:
    """Return what one of the start page's buttons sends."""
    return dict(next(fields for fields in browser.forms() if "who" in fields))


async def press(browser: Browser, who: str, to: str, **changed: object) -> Any:
    """Press one of the start page's buttons, as the page gave them."""
    await browser.get("/?lang=zh")
    own = fields_of(browser)
    return await browser.send("/demo", own | {"who": who, "to": to} | changed)


async def test_the_start_page_offers_everybody_and_everything_to_try(browser: Browser, shown: Shown) -> None:
    await browser.get("/?lang=zh")
    said = [words(f"page.demo.who.{each.who}")[0] for each in PEOPLE]
    said += [words(f"page.demo.try.{name}")[0] for name in TRIES]
    assert [each for each in said if each not in browser.text] == []
    assert shown.card in browser.text
    assert f"/V/{shown.certificate}" in browser.text


async def test_a_click_is_a_login_and_the_page_stays_good_for_the_next(
    browser: Browser, shown: Shown
) -> None:
    answer = await press(browser, "volunteer", "me")
    assert (answer.status_code, answer.headers["location"]) == (SEE_OTHER, "/me")
    assert (await browser.get("/me")).status_code == 200
    first = browser.cookie("session")
    answer = await press(browser, "office", "approval")
    assert answer.headers["location"] == f"/office/recognition/{shown.to_approve}"
    assert (await browser.get("/office/reviews")).status_code == 200  # the role is carried, as by a link
    # Who was logged in before is not any more.
    office = browser.cookie("session")
    browser.client.cookies.set("session", str(first), domain="test.local", path="/")
    assert office != first
    assert (await browser.get("/me")).status_code == SEE_OTHER


async def test_a_scan_opens_the_code_of_this_moment(browser: Browser, shown: Shown, door: Door) -> None:
    del shown
    door.clock.at += timedelta(minutes=10)
    answer = await press(browser, "volunteer", "scan")
    assert answer.headers["location"].startswith("/Q/")
    assert (await browser.get(answer.headers["location"])).status_code == 200
    assert 'name="kind" value="in"' in browser.text


async def test_a_cashier_s_browser_is_a_till_once(browser: Browser, shown: Shown) -> None:
    del shown
    assert (await press(browser, "cashier", "till")).headers["location"] == "/till"
    device = browser.cookie("device")
    assert device
    await press(browser, "cashier", "till")
    assert browser.cookie("device") == device


@pytest.mark.parametrize(
    ("who", "to", "changed", "status"),
    [
        ("nobody", "me", {}, NOT_THERE),
        ("volunteer", "nowhere", {}, NOT_THERE),
        ("volunteer", "me", {"csrf": "0.0"}, STALE),
        ("volunteer", "me", {"more": "1"}, 422),
    ],
)
async def test_what_the_page_does_not_offer_is_refused(
    browser: Browser, shown: Shown, who: str, to: str, changed: dict[str, object], status: int
) -> None:
    del shown
    assert (await press(browser, who, to, **changed)).status_code == status
    assert browser.cookie("session") is None


async def test_what_another_site_sends_is_refused(browser: Browser, shown: Shown) -> None:
    del shown
    await browser.get("/")
    own = fields_of(browser)
    answer = await browser.send("/demo", own, **{"sec-fetch-site": "cross-site"})
    assert answer.status_code == STALE


async def test_a_real_bank_has_no_such_address(browser: Browser, service: Service, shown: Shown) -> None:
    await browser.get("/")
    own = fields_of(browser)
    for demo in (None, replace(shown, bank="another")):
        service.demo = demo
        assert (await browser.get("/demo")).status_code == NOT_THERE
        assert (await browser.send("/demo", own)).status_code == NOT_THERE
        await browser.get("/")
        assert "/demo" not in browser.text
    assert browser.cookie("session") is None


def test_what_the_command_says_the_processes_read(shown: Shown) -> None:
    assert read_shown(shown.text()) == shown
