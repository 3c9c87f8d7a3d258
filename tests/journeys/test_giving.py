"""A merchant's screen and a member's phone: a code scanned by either side, pressed twice, and taken once."""

from urllib.parse import urlsplit

import pytest
import pytest_asyncio
from playwright.async_api import Page, expect

from tests.journeys.conftest import TABLET_SIZE, Opens, Site
from tests.journeys.judging import VIEWS, judge
from tests.journeys.offer import open_offer
from tests.journeys.patience import arrive


@pytest_asyncio.fixture
async def offer(site: Site) -> int:
    """Return an offer of 20 fufen of Max's merchant; Alice has 100."""
    return await open_offer(site)


async def screen_of(site: Site, opens: Opens, offer: int, language: str = "zh") -> Page:
    """Open the merchant's screen."""
    page = await opens("/merchant", who="max", language=language, size=TABLET_SIZE)
    await site.shot(page, "merchant")
    await page.locator(f"a[href='/merchant/offers/{offer}']").click()
    await arrive(page.locator("[data-symbol] canvas"))
    return page


async def test_a_phone_scans_the_screen_and_two_clicks_give_once(
    site: Site, opens: Opens, offer: int
) -> None:
    screen = await screen_of(site, opens, offer)
    path = urlsplit(await site.code_in(screen)).path
    phone = await opens(path, who="alice")
    await site.shot(phone, "give")
    await phone.locator("button.giant").dblclick()
    await phone.get_by_text("✓ 20 福分").wait_for()
    await site.shot(phone, "given")
    # The merchant's screen shows it by itself.
    await screen.locator("[data-count=times]", has_text="1").wait_for()
    await screen.get_by_text("***").wait_for()
    await site.shot(screen, "merchant-screen")
    await phone.goto(f"{site.url}/me/spending")
    await expect(phone.locator(".purses")).to_contain_text("80")


async def test_the_merchants_gun_takes_a_members_code_and_a_voucher(
    site: Site, opens: Opens, offer: int
) -> None:
    phone = await opens("/me/code", who="alice", language="en")
    await phone.locator("canvas").wait_for()
    screen = await screen_of(site, opens, offer, "en")
    code = await site.code_in(phone)
    await screen.evaluate("document.activeElement.blur()")
    await screen.keyboard.type(code)
    await screen.keyboard.press("Enter")
    await arrive(screen.get_by_text("✓ 20 fufen"))
    await phone.goto(f"{site.url}/offers")
    await phone.get_by_role("button", name="oucher for 20 fufen").click()
    await phone.locator("[data-symbol]").wait_for()
    await site.shot(phone, "voucher")
    await screen.keyboard.type(await site.code_in(phone))
    await screen.keyboard.press("Enter")
    await screen.locator("[data-count=times]", has_text="2").wait_for()
    await screen.get_by_text("✓ 20 fufen").wait_for()


@pytest.mark.parametrize(("scheme", "elder"), VIEWS)
async def test_the_merchants_pages_can_be_read_and_touched(
    site: Site, opens: Opens, offer: int, elder: str, scheme: str
) -> None:
    page = await opens(f"/merchant?elder={elder}", who="max", color_scheme=scheme)
    await judge(page, "/merchant", elder=elder)
    await page.goto(f"{site.url}/merchant/offers/{offer}")
    await page.locator("[data-symbol] canvas").wait_for()
    await site.shot(page, f"merchant-screen-{scheme}-{elder}")
    await judge(page, "/merchant/offers/ID", elder=elder)
    member = await opens(f"/offers?elder={elder}", who="alice", color_scheme=scheme)
    await judge(member, "/offers", elder=elder)
    link = await page.locator("[data-symbol]").get_attribute("data-link")
    await member.goto(site.url + urlsplit(link or "").path)
    await judge(member, "/Q/CODE", elder=elder)
    await member.locator("button.giant").click()
    await member.locator(".hero").wait_for()
    await judge(member, "/offers/given/ID", elder=elder)
    await member.goto(f"{site.url}/offers")
    await member.locator("main li button").first.click()
    await member.locator("[data-symbol]").wait_for()
    await judge(member, "/me/vouchers/ID", elder=elder)


async def test_without_script_fufen_are_given_too(site: Site, opens: Opens, offer: int) -> None:
    page = await opens(
        f"/merchant/offers/{offer}", who="max", language="en", size=TABLET_SIZE, java_script_enabled=False
    )
    phone = await opens(
        urlsplit(await site.code_in(page)).path, who="alice", language="en", java_script_enabled=False
    )
    await phone.locator("button.giant").click()
    await phone.get_by_text("✓ 20 fufen").wait_for()
