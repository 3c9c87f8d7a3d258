"""What is spent, looked at: the till and the catalogue by old eyes, a basket as a whole, and the office's board."""

import pytest_asyncio
from playwright.async_api import ViewportSize, expect

from tests.journeys.conftest import PHONE_SIZE, Opens, Site
from tests.journeys.counter import MORE, OIL, RICE, Shop, open_shop
from tests.journeys.judging import VIEWS, judge

SIZES: tuple[ViewportSize, ...] = ({"width": 1180, "height": 820}, {"width": 1440, "height": 900})
BELOW = "document.documentElement.scrollHeight - innerHeight"
SIZE = "parseFloat(getComputedStyle(document.querySelector('[data-total] .figure')).fontSize)"


@pytest_asyncio.fixture
async def shop(site: Site, opens: Opens) -> Shop:
    """Return the near shop."""
    return await open_shop(site, opens)


async def test_the_till_can_be_read_and_touched(shop: Shop) -> None:
    for scheme, elder in VIEWS:
        kind = f"{scheme}-{'elder' if elder == '1' else 'usual'}"
        await shop.forget_codes()
        page = await shop.open("zh", size=PHONE_SIZE, color_scheme=scheme)
        await page.goto(f"{shop.site.url}/till?elder={elder}")
        await judge(page, "/till", elder=elder)
        await shop.gun(page, await shop.code())
        await shop.gun(page, RICE)
        await shop.site.shot(page, f"till-small-{kind}")
        await judge(page, "/till (basket)", elder=elder)
        await page.keyboard.press("F9")
        await page.locator("[data-done]").wait_for()
        await judge(page, "/till (done)", elder=elder)
        for path in ("/till/today", "/till/close", "/till/shifts"):
            await page.goto(f"{shop.site.url}{path}")
            await judge(page, path, elder=elder)


async def test_a_basket_of_eight_lines_is_on_the_screen_as_a_whole(shop: Shop) -> None:
    await shop.stock(6)
    page = await shop.open("zh")
    await shop.gun(page, await shop.code())
    for entry in (RICE, OIL, *(f"{MORE}{n}" for n in range(6))):
        await shop.gun(page, entry)
    await expect(page.locator("tr[data-line]")).to_have_count(8)
    for size in SIZES:
        await page.set_viewport_size(size)
        await page.wait_for_function("height => innerHeight === height", arg=size["height"])
        assert await page.evaluate(BELOW) <= 0
        assert float(await page.evaluate(SIZE)) >= 80  # of the total: 21 mm on a screen of 96 dots an inch


async def test_the_catalogue_and_what_is_set_aside_can_be_read_and_touched(shop: Shop) -> None:
    for scheme, elder in VIEWS:
        kind = f"{scheme}-{'elder' if elder == '1' else 'usual'}"
        member = await shop.opens(
            f"/shops/{shop.desk.market.near}?elder={elder}", who="alice", color_scheme=scheme
        )
        await shop.site.shot(member, f"shop-{kind}")
        await judge(member, "/shops/ID", elder=elder)
        await member.locator("input[name='count[]']").first.fill("2")
        await member.get_by_role("button", name="预留待取").click()
        await member.locator("[data-symbol]").wait_for()
        await shop.site.shot(member, f"reservation-{kind}")
        await judge(member, "/me/reservations/ID", elder=elder)
        await member.goto(f"{shop.site.url}/me/spending")
        await shop.site.shot(member, f"spending-{kind}")
        await judge(member, "/me/spending", elder=elder)


async def test_the_office_sees_what_was_spent_and_what_stands_behind_the_rest(shop: Shop) -> None:
    page = await shop.open()
    await shop.gun(page, await shop.code())
    await shop.gun(page, RICE)
    await page.keyboard.press("F9")
    await page.locator("[data-done]").wait_for()
    office = page
    for scheme, elder in VIEWS:
        office = await shop.opens(
            f"/office/solvency?elder={elder}", who="olga", size=PHONE_SIZE, color_scheme=scheme
        )
        kind = f"{scheme}-{'elder' if elder == '1' else 'usual'}"
        await shop.site.shot(office, f"solvency-{kind}")
        await judge(office, "/office/solvency", elder=elder)
    whole = office.locator("section").filter(has_text="积分").locator("dl dd")
    await expect(whole.nth(0)).to_have_text("300")
    await expect(whole.nth(1)).to_have_text("30")
    await office.get_by_role("link", name="测试apple").click()
    await office.wait_for_url("**organisation=*")
    await expect(office.locator("h1")).to_contain_text("测试apple")
    cashier = await shop.opens("/office/solvency", who="carl")
    await expect(cashier.locator("dl.figures")).to_have_count(0)
