"""A volunteer's phone: signing up, a catalogue that adds up, and a line that breaks in between."""

from datetime import UTC, datetime, timedelta

import pytest
from playwright.async_api import expect

from tests.journeys.conftest import Opens, Site
from tests.journeys.test_checking_in import OFFLINE_KEPT
from tests.timebank.reservations.scene import END_OF_2027, open_counter

DOUBLE_CLICK = "button => { button.click(); button.click(); }"


@pytest.mark.parametrize(("language", "elder"), [("zh", 0), ("en", 2)])
async def test_signed_up_by_a_double_click_and_again_after_the_back_button(
    site: Site, opens: Opens, language: str, elder: int
) -> None:
    session = await site.scene.another_session(datetime.now(UTC) + timedelta(days=1), capacity=3)
    page = await opens(f"/sessions?elder={elder}", who="alice", language=language)
    await site.shot(page, f"sessions-{language}")
    button = page.locator(f"form[action='/sessions/{session}'] button")
    async with page.expect_navigation():
        await button.evaluate(DOUBLE_CLICK)
    assert page.url == f"{site.url}/sessions/{session}"
    await expect(page.locator(".note.good")).to_have_count(1)
    await page.go_back()
    await page.locator(".tag.good").wait_for()
    await expect(button).to_have_count(0)  # the page is fetched anew: there is nothing to press again
    assert await page.evaluate("document.documentElement.scrollWidth") <= 360
    taken = await site.do(
        lambda tx: tx.connection.fetchval(
            "select count(*) from sign_ups where bank_id = $1 and session_id = $2 and state = 'signed_up'",
            tx.bank_id,
            session,
        )
    )
    assert taken == 1


async def test_the_catalogue_adds_up_and_what_is_set_aside_has_a_code(site: Site, opens: Opens) -> None:
    counter = await open_counter(site.database, site.cast)
    await counter.give(200, END_OF_2027.replace(year=2099))
    rice = counter.market.rice  # 30 points
    page = await opens(f"/shops/{counter.market.near}", who="alice")
    more = page.locator(f".stepper:has(#count-{rice}) [data-step='1']")
    for _ in range(2):
        await more.click()
    await expect(page.locator("[data-sum]")).to_have_text("60")
    await page.locator(f"#count-{rice}").fill("99")
    await expect(page.locator("[data-too-many]")).to_be_visible()
    await page.locator(f"#count-{rice}").fill("2")
    await expect(page.locator("[data-too-many]")).to_be_hidden()
    await site.shot(page, "shop")
    async with page.expect_navigation():
        await page.locator(".basket button").evaluate(DOUBLE_CLICK)
    assert "/me/reservations/" in page.url
    assert len(await counter.of("alice")) == 1
    await expect(page.locator(".typed")).to_have_text(await site.code_in(page))


async def test_without_network_a_page_of_ours_says_so_and_goes_on_when_it_is_back(
    site: Site, opens: Opens
) -> None:
    page = await opens("/sessions", who="alice")
    await page.wait_for_function(OFFLINE_KEPT)
    # It is ready once it has put the page aside.
    assert await page.evaluate("navigator.serviceWorker.ready.then(() => caches.has('offline'))")
    await page.context.set_offline(True)
    await page.goto(f"{site.url}/me/spending")
    await expect(page.locator("main")).to_contain_text("没有网络")
    await page.context.set_offline(False)
    await page.locator("main a").first.click()
    await page.wait_for_function("() => document.title.includes('我的消费')")
    assert page.url == f"{site.url}/me/spending"
