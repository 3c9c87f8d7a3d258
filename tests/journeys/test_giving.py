"""A merchant's screen and a member's phone: a code scanned by either side, pressed twice, and taken once."""

from datetime import UTC, datetime
from urllib.parse import urlsplit
from uuid import UUID

import pytest
import pytest_asyncio
from playwright.async_api import Page

from ledger.session import WriteTx
from ledger.values import ISSUANCE, WALLET, Draft, Move, Place
from tests.api.books import END_OF_2099, SPRING, adopt_pack, book
from tests.journeys.conftest import TABLET_SIZE, Opens, Site
from tests.journeys.test_deciding import ELDER_TARGET, TARGET, judge
from timebank.access import Actor, load_actor
from timebank.merchants.actions import enter_merchant, take_step
from timebank.merchants.queries import Plan
from timebank.merchants.staff import add_staff
from timebank.offers.publishing import draft_offer, publish_offer
from timebank.offers.rules import OfferPlan

NAMES = ("wen", "olga", "adam", "max")


@pytest_asyncio.fixture
async def offer(site: Site) -> int:
    """Return an offer of 20 fufen of Max's merchant; Alice has 100."""
    cast, now = site.cast, datetime.now(UTC)
    await adopt_pack(site.database, cast)
    move = Move(Place(ISSUANCE), Place(WALLET, cast.people["alice"], END_OF_2099), "fufen", 100)
    await book(site.database, cast, Draft("credit", "fufen", SPRING, "test", (move,)))
    today = now.astimezone(cast.bank.zone).date()
    plan = OfferPlan("percent_off", "理发八折", "工作日", 20, 20, None, None, today, today, None, None, 30)

    async def work(tx: WriteTx) -> int:
        wen, olga, adam, max_ = [await load(tx, cast.sessions[name], now) for name in NAMES]
        place = Plan(cast.organisations["apple"], "测试理发店", "理发", "东门路 9 号", "L-1")
        merchant = (await enter_merchant(tx, wen, place, now=now)).id
        for by, step in ((olga, "vetted"), (adam, "activated")):
            await take_step(tx, by, merchant, step=step, reason="测试", expected_version=None, now=now)  # type: ignore[arg-type] # two of its words
        await add_staff(tx, wen, merchant_id=merchant, person_id=cast.people["max"], now=now)
        drafted = await draft_offer(tx, max_, merchant_id=merchant, plan=plan, now=now)
        await publish_offer(tx, max_, drafted.id, expected_version=None, now=now)
        return drafted.id

    found: int = await site.do(work)
    return found


async def load(tx: WriteTx, session: UUID, now: datetime) -> Actor:
    """Return one of the cast in their session."""
    return await load_actor(tx, session, now=now)


async def screen_of(site: Site, opens: Opens, offer: int, language: str = "zh") -> Page:
    """Open the merchant's screen."""
    page = await opens("/merchant", who="max", language=language, size=TABLET_SIZE)
    await site.shot(page, "merchant")
    await page.locator(f"a[href='/merchant/offers/{offer}']").click()
    await page.locator("[data-symbol]").wait_for()
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
    await screen.locator("[data-count=times]", has_text="1").wait_for(timeout=15_000)
    await screen.get_by_text("***").wait_for(timeout=15_000)
    await site.shot(screen, "merchant-screen")
    await phone.goto(f"{site.url}/me/spending")
    assert "80" in await phone.locator("dl.figures").inner_text()


async def test_the_merchants_gun_takes_a_members_code_and_a_voucher(
    site: Site, opens: Opens, offer: int
) -> None:
    phone = await opens("/me/code", who="alice", language="en")
    await phone.locator("canvas").wait_for()
    code = await site.code_in(phone)
    screen = await screen_of(site, opens, offer, "en")
    await screen.evaluate("document.activeElement.blur()")
    await screen.keyboard.type(code)
    await screen.keyboard.press("Enter")
    await screen.get_by_text("✓ 20 fufen").wait_for()
    await phone.goto(f"{site.url}/offers")
    await phone.get_by_role("button", name="oucher for 20 fufen").click()
    await phone.locator("[data-symbol]").wait_for()
    await site.shot(phone, "voucher")
    await screen.keyboard.type(await site.code_in(phone))
    await screen.keyboard.press("Enter")
    await screen.locator("[data-count=times]", has_text="2").wait_for()
    await screen.get_by_text("✓ 20 fufen").wait_for()


@pytest.mark.parametrize("elder", ["0", "1"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_the_merchants_pages_can_be_read_and_touched(
    site: Site, opens: Opens, offer: int, elder: str, scheme: str
) -> None:
    target = ELDER_TARGET if elder == "1" else TARGET
    page = await opens(f"/merchant?elder={elder}", who="max", color_scheme=scheme)
    await judge(page, "/merchant", target=target)
    await page.goto(f"{site.url}/merchant/offers/{offer}")
    await page.locator("[data-symbol] canvas").wait_for()
    await site.shot(page, f"merchant-screen-{scheme}-{elder}")
    await judge(page, "/merchant/offers/ID", target=target)
    link = urlsplit(await page.locator("[data-symbol]").get_attribute("data-link") or "").path
    member = await opens(f"/offers?elder={elder}", who="alice", color_scheme=scheme)
    await judge(member, "/offers", target=target)
    await member.goto(site.url + link)
    await judge(member, "/Q/CODE", target=target)
    await member.locator("button.giant").click()
    await member.locator(".note.good").wait_for()
    await judge(member, "/offers/given/ID", target=target)
    await member.goto(f"{site.url}/offers")
    await member.locator("main li button").first.click()
    await member.locator("[data-symbol]").wait_for()
    await judge(member, "/me/vouchers/ID", target=target)


async def test_without_script_fufen_are_given_too(site: Site, opens: Opens, offer: int) -> None:
    page = await opens(
        f"/merchant/offers/{offer}", who="max", language="en", size=TABLET_SIZE, java_script_enabled=False
    )
    phone = await opens(
        urlsplit(await site.code_in(page)).path, who="alice", language="en", java_script_enabled=False
    )
    await phone.locator("button.giant").click()
    await phone.get_by_text("✓ 20 fufen").wait_for()
