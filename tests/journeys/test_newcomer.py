"""A newcomer at the demo's start page does the five things it proposes, by what stands there and nothing else."""

from playwright.async_api import Page

from tests.journeys.conftest import TABLET_SIZE
from tests.journeys.demonstration import Fair
from tests.journeys.patience import arrive


async def press(start: Page, name: str) -> Page:
    """Press a button of the start page and return the tab that it opens."""
    button = start.locator("#try ~ ol").get_by_role("button", name=name)
    link = start.locator("#try ~ ol").get_by_role("link", name=name)
    async with start.context.expect_page() as opened:
        await button.or_(link).click()
    page = await opened.value
    await page.wait_for_load_state()
    return page


async def test_a_newcomer_does_five_things_from_the_start_page(fair: Fair) -> None:
    context = await fair.visitor(viewport=TABLET_SIZE)
    start = await context.new_page()
    await start.goto(f"{fair.url}/")
    # to check in
    page = await press(start, "以志愿者扫码")
    await page.get_by_role("button", name="签到").click()
    await page.get_by_text("签到成功").wait_for()
    screen = await press(start, "看站点屏幕")
    await screen.get_by_text("示*").first.wait_for()
    await screen.close()  # it would go on asking as whoever is logged in by then
    # to redeem
    till = await press(start, "打开收银台")
    await till.locator('form[action="/till/open"] button').click()
    card, pin, barcode = await start.locator(".copy").first.locator("dd").all_inner_texts()
    await arrive(till.locator("#entry"))
    await till.locator("#entry").fill(card)
    await till.keyboard.press("Enter")
    await till.locator("#pin").fill(pin)
    await till.keyboard.press("Enter")
    await till.locator("#entry").fill(barcode)
    await till.keyboard.press("Enter")
    await till.get_by_text("示例毛巾").first.wait_for()
    await till.keyboard.press("F9")
    await till.locator("[data-done]").wait_for()
    # to approve a record
    page = await press(start, "以党建办复核")
    await page.get_by_label("全选本页").check()
    await page.get_by_role("button", name="通过所选").click()
    await page.get_by_text("通过 5 条").wait_for()
    # to run the recognition
    page = await press(start, "以党建办新开一轮")
    await page.get_by_label("名称").fill("试一试")
    await page.get_by_role("button", name="封存并计算").click()
    await page.get_by_role("heading", name="试一试").wait_for()
    page = await press(start, "以第二人批准")
    await page.get_by_role("button", name="批准").click()
    await page.get_by_text("已批准").first.wait_for()
    # to verify a certificate
    page = await press(start, "核验这份证书")
    await page.get_by_text("有效").first.wait_for()
    await context.close()
