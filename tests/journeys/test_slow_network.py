"""Each kind of user on a slow line, pressing twice for want of an answer: the page says so, and it is done once."""

from datetime import UTC, datetime, timedelta

from playwright.async_api import Page, Request, ViewportSize, expect

from tests.journeys.conftest import PHONE_SIZE, TABLET_SIZE, Opens, Site
from tests.journeys.counter import DESK_SIZE, RICE, open_shop
from tests.journeys.offer import open_offer
from tests.journeys.test_checking_in import path_of, scans_of
from tests.journeys.test_deciding import records_of
from tests.timebank.records.scene import NINE
from tests.timebank.records.scene import Scene as Records
from timebank.codes.rules import STATION_WINDOW_SECONDS

SLOW_4G = {
    "offline": False,
    "latency": 562.5,  # milliseconds
    "downloadThroughput": 1_440_000 // 8,
    "uploadThroughput": 675_000 // 8,
}
"""As Chromium's own tools have it."""

# What is said is read as soon as the page could say it, long before any answer can be there; then it is pressed again.
PRESS_TWICE = """
button => new Promise((resolve) => {
  button.click();
  setTimeout(() => {
    const said = button.closest("[aria-busy=true]") !== null;
    button.click();
    resolve(said);
  });
})
"""


async def slow(opens: Opens, path: str, who: str | None, *, language: str, size: ViewportSize) -> Page:
    """Open a page as somebody whose line is slow."""
    page = await opens("/offline", who=who, language=language, size=size)
    session = await page.context.new_cdp_session(page)
    await session.send("Network.enable")
    await session.send("Network.emulateNetworkConditions", SLOW_4G)
    await page.goto(page.url.removesuffix("/offline") + path)
    return page


async def press_twice(page: Page, selector: str) -> list[str]:
    """Press a button, and again while the answer is under way; give the paths asked for, as they are asked for."""
    asked: list[str] = []

    def ask(request: Request) -> None:
        if request.method == "POST" or "number=" in request.url:
            asked.append(path_of(request.url))

    page.on("request", ask)
    assert await page.locator(selector).evaluate(PRESS_TWICE), "the page says nothing"
    return asked


async def test_a_volunteer_checks_in(site: Site, opens: Opens) -> None:
    await site.scene.sign_up([site.cast.people["alice"]])
    # The next one is good already, and for longer.
    code = site.scene.shown(datetime.now(UTC) + timedelta(seconds=STATION_WINDOW_SECONDS))
    phone = await slow(opens, f"/Q/{code}?elder=1", "alice", language="zh", size=PHONE_SIZE)
    asked = await press_twice(phone, "main form button")
    await phone.get_by_text("签到成功").wait_for()
    assert len(asked) == 1
    assert await scans_of(site, "in") == ["accepted"]


async def test_a_steward_calls_the_roll(site: Site, opens: Opens) -> None:
    await site.scene.sign_up([site.cast.people["alice"], site.cast.people["bob"]])
    path = f"/stations/{site.scene.stations[0]}/roll?session={site.scene.session}"
    tablet = await slow(opens, path, "stella", language="en", size=TABLET_SIZE)
    await tablet.locator("[name='person[]']").first.check()
    asked = await press_twice(tablet, "button[value=in]")
    await tablet.locator(".note.good").wait_for()
    assert len(asked) == 1
    assert await scans_of(site, "in") == ["accepted"]


async def test_a_cashier_sells(site: Site, opens: Opens) -> None:
    shop = await open_shop(site, opens)
    page = await shop.open("zh")
    session = await page.context.new_cdp_session(page)
    await session.send("Network.emulateNetworkConditions", SLOW_4G)
    # The gun goes on while the answer to the member's code is under way: what it said waits for its turn.
    await page.keyboard.type(await shop.code())
    await page.keyboard.press("Enter")
    await shop.gun(page, RICE)
    await page.locator("[data-total='30']").wait_for()
    asked = await press_twice(page, "[data-key=F9]")
    await page.locator("[data-sold='30']").wait_for()
    assert asked == ["/till/confirm"]
    assert (await shop.desk.points(), await shop.desk.booked()) == (270, 30)


async def test_an_office_approves_a_record(site: Site, opens: Opens) -> None:
    records = await records_of(site)
    record = await records.record("alice", state="pending")
    _, before = await records.state(record)
    desk = await slow(opens, "/office/reviews", "wen", language="en", size=DESK_SIZE)
    await desk.locator("[data-all]").check()
    asked = await press_twice(desk, "button[value=approve]")
    await desk.get_by_text("1 approved").wait_for()
    assert len(asked) == 1
    assert await records.state(record) == ("approved", [*before, "approved"])


async def test_a_merchant_honours_a_voucher(site: Site, opens: Opens) -> None:
    offer = await open_offer(site)
    phone = await opens("/offers", who="alice")
    await phone.locator("main li form button").click()
    await phone.locator("[data-symbol]").wait_for()
    screen = await slow(opens, f"/merchant/offers/{offer}", "max", language="zh", size=PHONE_SIZE)
    await screen.locator("#shown").fill(await site.code_in(phone))
    asked = await press_twice(screen, "form.card > p > button.whole")
    await screen.get_by_text("✓ 20 福分").wait_for()
    assert len(asked) == 1
    await expect(screen.locator("[data-count=times]")).to_have_text("1")
    await phone.goto(f"{site.url}/me/spending")
    await expect(phone.locator(".purses")).to_contain_text("80")


async def test_a_visitor_verifies_a_certificate(site: Site, opens: Opens) -> None:
    records = Records(site.database, site.cast)
    await records.adopt()
    record = await records.served("alice", starts_at=NINE, hours=3)
    await records.review("olga", record)
    await records.credit(record)
    member = await opens("/me/certificates", who="alice")
    await member.locator("[value=all]").check()
    await member.locator("main form button.whole").click()
    number = await member.locator("article .mono").first.inner_text()
    path = f"/verify?bank={site.cast.bank.code}"
    visitor = await slow(opens, path, None, language="en", size=PHONE_SIZE)
    await visitor.locator("#number").fill(number)
    asked = await press_twice(visitor, "form[method=get] button")
    await visitor.wait_for_url(f"**/V/{number}")
    assert asked == ["/verify"]
    await visitor.locator("dl.facts").get_by_text(number).wait_for()
