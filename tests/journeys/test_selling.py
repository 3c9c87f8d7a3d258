"""A counter with a scanner gun and keys: a whole sale, receipts, a double click, and a line that is lost."""

import asyncio
import re
from datetime import UTC, datetime
from urllib.parse import urlsplit

import pytest_asyncio
from playwright.async_api import Route, expect

from tests.journeys.conftest import Opens, Site
from tests.journeys.counter import ENTER, GUN_PACE_SECONDS, OIL, RICE, Shop, letters, open_shop, press

HEAR = """
() => {
  globalThis.heard = [];
  const { start } = OscillatorNode.prototype;
  OscillatorNode.prototype.start = function (...when) {
    heard.push(Math.round(this.frequency.value));
    return start.apply(this, when);
  };
}
"""


@pytest_asyncio.fixture
async def shop(site: Site, opens: Opens) -> Shop:
    """Return the near shop."""
    return await open_shop(site, opens)


async def test_a_whole_sale_without_a_mouse(shop: Shop) -> None:
    site, page = shop.site, await shop.open()
    await page.evaluate(HEAR)
    await shop.gun(page, await shop.code())
    await page.get_by_text("测*").first.wait_for()
    await page.evaluate("document.activeElement.blur()")
    await shop.gun(page, RICE)
    await shop.gun(page, f"2*{OIL}")
    await shop.costs(page, 130)
    await page.keyboard.press("ArrowUp")
    await expect(page.locator("tr[aria-current]")).not_to_be_empty()
    await page.keyboard.press("+")
    await page.locator("[data-total='160']").wait_for()
    await shop.gun(page, "3")
    await shop.costs(page, 190)
    await page.keyboard.press("-")
    await page.locator("[data-total='160']").wait_for()
    await shop.gun(page, "nothing like it")
    await expect(page.locator("[data-problem]")).to_contain_text("没有找到")
    await page.keyboard.press("F2")
    await page.keyboard.type("1.5", delay=60)
    # a gun that goes off in the wrong field is heard in the right one, and redeems nothing
    await shop.gun(page, RICE)
    await shop.costs(page, 190)
    await expect(page.locator("#cash")).to_have_value("1.5")
    await expect(page.locator("#entry")).to_be_focused()
    await site.shot(page, "till-basket")
    await page.keyboard.press("F9")
    await page.locator("[data-sold='190']").wait_for()
    assert await shop.desk.points() == 110
    heard = await page.evaluate("heard")
    assert heard.count(230) == 1  # refused
    assert heard[-3:] == [660, 880, 1320]  # done
    # the next one is scanned at once, and leaves
    await shop.gun(page, await shop.code())
    await page.locator("[data-total='0']").wait_for()
    await page.keyboard.press("Escape")
    await page.locator(".steps").wait_for()
    await expect(page.locator("#entry")).to_be_focused()
    await page.get_by_role("button", name="提示音：开").click()
    await page.reload()
    await page.get_by_role("button", name="提示音：关").wait_for()


async def test_what_a_key_ended_is_no_part_of_what_a_gun_says(shop: Shop) -> None:
    page = await shop.open()
    await shop.gun(page, await shop.code())
    await shop.gun(page, RICE)
    await page.keyboard.press("F2")
    began = datetime.now(UTC).timestamp() - 1
    await press(page, letters("100"), began=began)
    await page.keyboard.press("Escape")
    await press(page, [*letters(OIL), ENTER], began=began + 0.02)
    await shop.costs(page, 80)
    await expect(page.locator("#cash")).to_have_value("100")


async def test_an_answer_in_the_middle_of_a_burst_leaves_nothing_in_the_box(shop: Shop) -> None:
    page, goes = await shop.open(), asyncio.Event()

    async def hold(route: Route) -> None:
        await goes.wait()
        await route.continue_()

    await page.route("**/till/entry", hold)
    await page.keyboard.type(await shop.code())
    await page.keyboard.press("Enter")
    began, keys = datetime.now(UTC).timestamp() - 0.5, [*letters(RICE), ENTER]
    await press(page, keys[:6], began=began)
    goes.set()
    await page.locator("[data-total='0']").wait_for()
    await press(page, keys[6:], began=began + 6 * GUN_PACE_SECONDS)
    await page.locator("[data-total='30']").wait_for()
    await expect(page.locator("#entry")).to_have_value("")
    await shop.gun(page, OIL)
    await shop.costs(page, 80)


async def test_a_receipt_is_printed_and_taken_back_by_keys(shop: Shop) -> None:
    page = await shop.open("en")
    await shop.gun(page, await shop.code())
    await shop.gun(page, RICE)
    await page.keyboard.press("F9")
    await page.locator("[data-done]").wait_for()
    await page.keyboard.press("F8")
    await page.locator(".roll80 .receipt").wait_for()
    await page.get_by_role("link", name="58 mm").click()
    await page.locator(".roll58 .receipt").wait_for()
    for paper in ("58", "80"):
        await page.goto(f"{page.url.partition('?')[0]}?paper={paper}")
        await page.pdf(path=shop.site.shots / f"receipt-{paper}.pdf", prefer_css_page_size=True)
    number = (await page.locator(".receipt p").nth(1).inner_text()).split()[0]
    await page.keyboard.press("Escape")
    await page.locator("#entry").wait_for()
    # of what was printed on before, the device keeps the paper
    await expect(page.locator("[data-paper]").first).to_have_attribute("href", re.compile("paper=58$"))
    await page.keyboard.press("F4")
    await page.locator("#receipt").wait_for()
    await page.keyboard.type(number)
    await page.keyboard.press("Enter")
    await page.locator("#reason").wait_for()
    await page.keyboard.press("F9")
    await page.locator("[data-done]").wait_for()
    assert await shop.desk.points() == 300


async def test_a_double_click_is_one_redemption_and_no_stock_none(shop: Shop) -> None:
    page = await shop.open("en")
    await shop.gun(page, await shop.code())
    await shop.gun(page, f"11*{RICE}")
    await expect(page.locator("[data-key=F9]")).to_be_disabled()
    await shop.site.shot(page, "till-no-stock")
    await page.locator("button[value='10']").click()
    await page.locator("[data-key=F9]:enabled").dblclick()
    await page.locator("[data-done]").wait_for()
    assert await shop.desk.points() == 0
    assert await shop.desk.booked() == 300
    # back to the basket that is redeemed: it tells what came of it
    await page.keyboard.press("F4")
    await page.locator("#receipt").wait_for()
    await page.go_back()
    await page.locator("[data-sold='300']").wait_for()


async def test_without_network_nothing_is_booked_and_the_basket_stays(shop: Shop) -> None:
    page = await shop.open("en")
    bar = page.locator("[data-lost]")
    await shop.gun(page, await shop.code())
    await shop.gun(page, RICE)
    await page.context.set_offline(offline=True)
    await page.keyboard.type(OIL)
    await page.keyboard.press("Enter")
    await bar.filter(has_text="Nothing was booked and the basket is kept").wait_for()
    await expect(page.locator("#entry")).to_have_value(OIL)
    await page.keyboard.press("Escape")
    await page.keyboard.press("F9")
    await bar.filter(has_text="No network").wait_for()
    await shop.site.shot(page, "till-offline")
    await shop.costs(page, 30)
    assert await shop.desk.points() == 300
    await page.context.set_offline(offline=False)
    await bar.filter(has_text="The network is back").wait_for()
    await page.keyboard.press("F9")
    await page.locator("[data-sold='30']").wait_for()
    assert await shop.desk.points() == 270


async def test_an_answer_that_is_lost_is_found_again_and_redeems_nothing_twice(shop: Shop) -> None:
    page = await shop.open("en")
    bar = page.locator("[data-lost]")
    await shop.gun(page, await shop.code())
    await shop.gun(page, RICE)

    async def lose_the_answer(route: Route) -> None:
        await route.fetch(max_redirects=0)
        await route.abort()

    # everything is lost from here on: the answer to the confirmation, and to whoever asks what came of it
    await page.route("**/till/confirm", lose_the_answer)
    await page.route("**/till?**", lambda route: route.abort())
    for _ in range(2):
        await page.keyboard.press("F9")
        await bar.filter(has_text="No answer came about this redemption").wait_for()
        await page.locator("[data-till]:not([aria-busy])").wait_for()
        await shop.costs(page, 30)
        assert await shop.desk.points() == 270
    await shop.site.shot(page, "till-unanswered")
    await page.unroute_all()
    await page.locator("[data-sold='30']").wait_for()
    assert await shop.desk.points() == 270

    # the request itself is lost: nothing is booked, the page finds that out, and it is sent again
    await shop.gun(page, await shop.code())
    await shop.gun(page, RICE)
    await page.route("**/till/confirm", lambda route: route.abort())
    await page.keyboard.press("F9")
    await bar.filter(has_text="Nothing had been booked: press F9 again").wait_for()
    assert await shop.desk.points() == 270
    await page.unroute_all()
    await page.keyboard.press("F9")
    await page.locator("[data-sold='30']").wait_for()
    assert await shop.desk.points() == 240


async def test_without_script_one_sells_and_closes_too(shop: Shop) -> None:
    page = await shop.open("en", java_script_enabled=False)
    for entry, points in ((await shop.code(), 0), (RICE, 30)):
        await page.locator("#entry").fill(entry)
        await page.locator("#entry").press("Enter")
        await shop.costs(page, points)
    await page.locator("[data-key=F9]").click()
    await page.locator("[data-done]").wait_for()
    assert await shop.desk.points() == 270
    await page.goto(f"{shop.site.url}/till/close")
    await page.locator("#cash").fill("100")
    await page.locator("input[name='count[]']").first.fill("9")
    await shop.site.shot(page, "till-close")
    await page.locator("main form button").click()
    await page.locator("dl.figures").wait_for()
    assert urlsplit(page.url).path.startswith("/till/")
    await shop.site.shot(page, "till-report")
