"""A counter with a scanner gun: from the code in the hand to the receipt, and the catalogue on a phone."""

from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import urlsplit

import pytest
import pytest_asyncio
from playwright.async_api import Page, Route, ViewportSize

from tests.api.books import END_OF_2099
from tests.journeys.conftest import PHONE_SIZE, Opens, Site
from tests.journeys.test_deciding import ELDER_TARGET, TARGET, judge
from tests.serving import TOKEN_KEY
from tests.timebank.tills.scene import CODE, Desk, open_desk
from timebank.login.tokens import TokenKeys

DESK_SIZE: ViewportSize = {"width": 1280, "height": 900}
RICE, OIL = "6900000000011", "6900000000028"


@dataclass(slots=True)
class Shop:
    """The counter's desk, the page at it, and the codes that Alice showed so far."""

    site: Site
    desk: Desk
    opens: Opens
    shown: int = 0

    async def open(self, language: str = "zh", **more: object) -> Page:
        """Open the till's page in a browser that is the till's device, and the till with it."""
        page = await self.opens("/", who="carl", language=language, **{"size": DESK_SIZE, **more})
        cookie = TokenKeys([TOKEN_KEY]).issue_cookie(
            self.site.cast.bank.code, self.desk.sessions["till"], now=datetime.now(UTC)
        )
        await page.context.add_cookies([{"name": "device", "value": cookie, "url": self.site.url}])
        await page.goto(f"{self.site.url}/till")
        if await page.locator("#opening").count():
            await page.locator("#opening").fill("100")
            await page.locator("main form button").click()
        await page.locator("#entry").wait_for()
        return page

    async def code(self) -> str:
        """Return the next code of Alice's phone: each is taken once."""
        at = datetime.now(UTC) + (1 - self.shown) * CODE
        self.shown += 1
        return await self.desk.code("alice", at)

    async def gun(self, page: Page, text: str) -> None:
        """Type as a scanner gun does, wherever the focus is, and wait for what comes."""
        await page.locator("[data-main]").wait_for()
        async with page.expect_navigation():
            await page.keyboard.type(text)
            await page.keyboard.press("Enter")


@pytest_asyncio.fixture
async def shop(site: Site, opens: Opens) -> Shop:
    """Return the near shop with ten bags of rice and ten bottles of oil; Alice has 300 points."""
    desk = await open_desk(site.database, site.cast, points=0)
    await desk.counter.give(300, END_OF_2099)
    return Shop(site, desk, opens)


async def test_from_the_code_in_the_hand_to_the_receipt(shop: Shop) -> None:
    site, page = shop.site, await shop.open()
    await site.shot(page, "till-empty")
    await shop.gun(page, await shop.code())
    await page.get_by_text("测*").first.wait_for()
    await page.evaluate("document.activeElement.blur()")
    await shop.gun(page, RICE)
    await shop.gun(page, f"2*{OIL}")
    assert await page.locator("[data-total]").inner_text() == "130"
    await page.get_by_role("button", name="大米 5kg 加一件").click()
    await page.get_by_text("160", exact=True).first.wait_for()
    await page.get_by_role("button", name="大米 5kg 减一件").click()
    await page.get_by_text("130", exact=True).first.wait_for()
    await page.locator("#cash").fill("1.5")
    await site.shot(page, "till-basket")
    await page.keyboard.press("F9")
    await page.get_by_text("兑换成功").wait_for()
    await site.shot(page, "till-done")
    assert await shop.desk.points() == 170
    await page.get_by_role("link", name="打印小票").click()
    await page.locator(".receipt").wait_for()
    for paper in ("58", "80"):
        await page.goto(f"{page.url.partition('?')[0]}?paper={paper}")
        await page.pdf(path=site.shots / f"receipt-{paper}.pdf", prefer_css_page_size=True)


async def test_a_double_click_is_one_redemption_and_no_stock_none(shop: Shop) -> None:
    page = await shop.open("en")
    await shop.gun(page, await shop.code())
    await shop.gun(page, f"11*{RICE}")
    assert await page.locator("[data-key=F9]").is_disabled()
    await shop.site.shot(page, "till-no-stock")
    await page.locator("button[value='10']").click()
    await page.locator("[data-key=F9]:enabled").dblclick()
    await page.locator(".note.good").wait_for()
    assert await shop.desk.points() == 0
    assert await shop.desk.booked() == 300


async def test_a_line_that_is_lost_redeems_nothing_twice(shop: Shop) -> None:
    page = await shop.open("en")
    await shop.gun(page, await shop.code())
    await shop.gun(page, RICE)
    where = page.url

    async def lose_the_answer(route: Route) -> None:
        await route.fetch(max_redirects=0)
        await route.abort()

    await page.route("**/till/confirm", lose_the_answer)
    await page.keyboard.press("F9")
    await page.wait_for_timeout(500)
    assert await shop.desk.points() == 270
    await page.unroute_all()
    await page.goto(where)
    if await page.locator("[data-key=F9]").count():
        await page.keyboard.press("F9")
        await page.locator(".note.good, .note.bad").first.wait_for()
    await shop.site.shot(page, "till-again")
    assert await shop.desk.points() == 270


async def test_without_script_one_sells_and_closes_too(shop: Shop) -> None:
    page = await shop.open("en", java_script_enabled=False)
    for entry in (await shop.code(), RICE):
        await page.locator("#entry").fill(entry)
        await page.locator("#entry").press("Enter")
        await page.locator("[data-total]").wait_for()
    await page.locator("[data-key=F9]").click()
    await page.locator(".note.good").wait_for()
    assert await shop.desk.points() == 270
    await page.goto(f"{shop.site.url}/till/close")
    await page.locator("#cash").fill("100")
    await page.locator("input[name='count[]']").first.fill("9")
    await shop.site.shot(page, "till-close")
    await page.locator("main form button").click()
    await page.locator("dl.figures").wait_for()
    assert urlsplit(page.url).path.startswith("/till/")
    await shop.site.shot(page, "till-report")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("elder", ["0", "1"])
async def test_the_till_and_the_catalogue_can_be_read_and_touched(
    shop: Shop, scheme: str, elder: str
) -> None:
    target = ELDER_TARGET if elder == "1" else TARGET
    kind = f"{scheme}-{'elder' if elder == '1' else 'usual'}"
    page = await shop.open("zh", size=PHONE_SIZE, color_scheme=scheme)
    await page.goto(f"{shop.site.url}/till?elder={elder}")
    await judge(page, "/till", target=target)
    await shop.gun(page, await shop.code())
    await shop.gun(page, RICE)
    await shop.site.shot(page, f"till-small-{kind}")
    await judge(page, "/till (basket)", target=target)
    await page.keyboard.press("F9")
    await page.locator(".note.good").wait_for()
    await judge(page, "/till (done)", target=target)
    await page.goto(f"{shop.site.url}/till/close")
    await judge(page, "/till/close", target=target)
    member = await shop.opens(
        f"/shops/{shop.desk.market.near}?elder={elder}", who="alice", color_scheme=scheme
    )
    await shop.site.shot(member, f"shop-{kind}")
    await judge(member, "/shops/ID", target=target)
    await member.locator("input[name='count[]']").first.fill("2")
    await member.get_by_role("button", name="预留待取").click()
    await member.locator("[data-symbol]").wait_for()
    await shop.site.shot(member, f"reservation-{kind}")
    await judge(member, "/me/reservations/ID", target=target)
    await member.goto(f"{shop.site.url}/me/spending")
    await shop.site.shot(member, f"spending-{kind}")
    await judge(member, "/me/spending", target=target)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("elder", ["0", "1"])
async def test_the_office_sees_what_was_spent_and_what_stands_behind_the_rest(
    shop: Shop, scheme: str, elder: str
) -> None:
    page = await shop.open()
    await shop.gun(page, await shop.code())
    await shop.gun(page, RICE)
    await page.keyboard.press("F9")
    await page.locator(".note.good").wait_for()
    office = await shop.opens(
        f"/office/solvency?elder={elder}", who="olga", size=PHONE_SIZE, color_scheme=scheme
    )
    kind = f"{scheme}-{'elder' if elder == '1' else 'usual'}"
    await shop.site.shot(office, f"solvency-{kind}")
    await judge(office, "/office/solvency", target=ELDER_TARGET if elder == "1" else TARGET)
    whole = office.locator("section.card").filter(has_text="积分").locator("tbody tr").first
    assert (await whole.locator("td").all_inner_texts())[:2] == ["300", "30"]
    await office.get_by_role("link", name="测试apple").click()
    await office.wait_for_url("**organisation=*")
    assert "测试apple" in await office.locator("h1").inner_text()
    cashier = await shop.opens("/office/solvency", who="carl")
    assert await cashier.locator("dl.figures").count() == 0
