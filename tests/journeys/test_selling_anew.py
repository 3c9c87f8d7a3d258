"""A cashier's login ends during a sale: by keys alone to a new one, the shift closed, and the basket is back."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest_asyncio
from playwright.async_api import Page

from tests.journeys.conftest import Opens, Site
from tests.journeys.counter import OIL, RICE, Shop, open_shop
from tests.serving import TOKEN_KEY
from timebank.login.tokens import TokenKeys

_SESSION = """
insert into sessions (bank_id, id, person_id, method, began_at, seen_at, expires_at)
values ($1, $2, $3, 'password_totp', $4, $4, $5)
"""


@pytest_asyncio.fixture
async def shop(site: Site, opens: Opens) -> Shop:
    """Return the near shop."""
    return await open_shop(site, opens)


async def log_in_anew(shop: Shop, page: Page) -> None:
    """Have Carl come back from the login, in a session of its own."""
    now, id_ = datetime.now(UTC), uuid4()
    await shop.desk.do(_SESSION, id_, shop.desk.person("carl"), now, now + timedelta(hours=8))
    cookie = TokenKeys([TOKEN_KEY]).issue_cookie(shop.site.cast.bank.code, id_, now=now)
    await page.context.add_cookies([{"name": "session", "value": cookie, "url": shop.site.url}])
    await page.goto(f"{shop.site.url}/till")


async def test_what_was_scanned_before_a_login_ended_is_sold_after_the_next(shop: Shop) -> None:
    page = await shop.open("en")
    await shop.gun(page, await shop.code())
    await shop.gun(page, f"2*{RICE}")
    await page.context.clear_cookies(name="session")
    await page.keyboard.type(OIL)
    await page.keyboard.press("Enter")
    await page.wait_for_url("**/login**")
    await log_in_anew(shop, page)
    await page.locator("[data-waits]").filter(has_text="2 items").wait_for()
    await shop.site.shot(page, "till-login-ended")
    # the shift of the login before is counted
    await page.keyboard.press("F9")
    await page.locator("[data-counting] #cash").wait_for()
    await page.keyboard.type("100")
    await page.keyboard.press("F9")
    await page.locator("dl.figures").wait_for()
    await page.keyboard.press("Escape")
    # what is typed into the drawer is what is in it
    await page.locator("#opening").wait_for()
    await page.keyboard.type("100")
    assert await page.locator("#opening").input_value() == "100"
    await page.keyboard.press("F9")
    await page.locator("[data-waits]").wait_for()
    await shop.gun(page, await shop.code())
    await page.locator("[data-brought-back]").wait_for()
    await page.locator("[data-total='60']").wait_for()
    await shop.site.shot(page, "till-brought-back")
    await shop.gun(page, OIL)
    await page.locator("[data-total='110']").wait_for()
    await page.keyboard.press("F9")
    await page.locator("[data-sold='110']").wait_for()
    assert await shop.desk.points() == 190
