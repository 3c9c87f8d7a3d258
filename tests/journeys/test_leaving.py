"""Lines that hang, logins that end, and phones that are handed on: what is lost then, and what must be."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from playwright.async_api import Error, Page, Request, Route, expect

from tests.journeys.conftest import PHONES, Opens, Site
from tests.journeys.patience import PATIENCE_SECONDS
from tests.journeys.test_checking_in import OFFLINE_KEPT, screen_of
from tests.journeys.test_deciding import records_of
from tests.serving import VAULT_KEY
from timebank.notices.actions import open_notice
from timebank.vault.cipher import Cipher

ASKS_AGAIN = 5_000
"""Milliseconds after which a screen asks for codes anew."""
PASSES = """
async () => {
  if (!(await indexedDB.databases()).some((each) => each.name === "timebank")) return 0;
  const opened = await new Promise((resolve) => {
    const asked = indexedDB.open("timebank");
    asked.onsuccess = () => resolve(asked.result);
  });
  if (!opened.objectStoreNames.contains("passes")) {
    opened.close();
    return 0;
  }
  return new Promise((resolve) => {
    const asked = opened.transaction("passes").objectStore("passes").count();
    asked.onsuccess = () => { opened.close(); resolve(asked.result); };
  });
}
"""
PAGES = """
() => caches.has("member-code").then(Number)
"""


async def end_session(site: Site, who: str) -> None:
    """End somebody's session, as another of their browsers can."""
    await site.do(
        lambda tx: tx.connection.execute(
            "update sessions set ended_at = $2, ended_for = 'logout' where bank_id = $1 and id = $3",
            tx.bank_id,
            datetime.now(UTC),
            site.cast.sessions[who],
        )
    )


async def code_of_alice(opens: Opens) -> Page:
    """Open alice's code and have the phone keep it."""
    phone = await opens("/me/code", who="alice", language="en")
    await phone.locator("canvas").wait_for()
    await phone.wait_for_function(
        "() => navigator.serviceWorker.controller?.scriptURL.endsWith('/me/worker.js')"
    )
    await phone.wait_for_function(OFFLINE_KEPT)
    await phone.reload()
    await phone.locator("canvas").wait_for()
    await keeps(phone, 1)
    return phone


async def keeps(phone: Page, many: int) -> None:
    """Wait until a phone keeps a code and its page, or neither: its script puts them there and clears them away."""
    kept = []
    for _ in range(PATIENCE_SECONDS * 10):
        kept = [await phone.evaluate(each) for each in (PASSES, PAGES)]
        if kept == [many, many]:
            return
        await asyncio.sleep(0.1)
    raise AssertionError(f"it keeps {kept}")


async def assert_gone(phone: Page, url: str) -> None:
    """Assert that without network nothing of a member is shown."""
    await keeps(phone, 0)
    await phone.context.set_offline(True)
    with pytest.raises(Error, match=r"ERR_INTERNET_DISCONNECTED|ERR_FAILED"):
        await phone.goto(url)


async def test_after_the_logout_neither_the_back_button_nor_no_network_shows_anything(
    site: Site, opens: Opens
) -> None:
    phone = await code_of_alice(opens)
    await phone.goto(f"{site.url}/me")
    await phone.get_by_role("button", name="Log out").click()
    await phone.get_by_label("Mobile number").wait_for()
    for _ in range(2):
        await phone.go_back()
        await expect(phone.get_by_label("Mobile number")).to_be_visible()
        await expect(phone.locator("canvas")).to_have_count(0)
    await assert_gone(phone, f"{site.url}/me/code")


async def test_a_login_that_ended_elsewhere_takes_the_code_along(site: Site, opens: Opens) -> None:
    phone = await code_of_alice(opens)
    await end_session(site, "alice")
    number, over = phone.get_by_label("Mobile number"), phone.get_by_text("The session is over")
    await phone.goto(f"{site.url}/me/code")
    await number.or_(over).first.wait_for()
    while (
        await over.is_visible()
    ):  # an answer that takes seconds is as good as none: then the kept page says it
        await phone.goto(f"{site.url}/me/code")
        await number.or_(over).first.wait_for()
    await number.wait_for()
    await assert_gone(phone, f"{site.url}/me/code")


async def test_an_open_page_of_the_code_ends_with_the_login(site: Site, opens: Opens) -> None:
    phone = await code_of_alice(opens)
    await end_session(site, "alice")
    await phone.evaluate("dispatchEvent(new Event('online'))")
    await phone.get_by_text("The session is over").wait_for()
    assert await phone.evaluate(PASSES) == 0


async def test_a_line_that_hangs_does_not_keep_the_code_from_being_shown(site: Site, opens: Opens) -> None:
    phone = await opens("/me/code", who="alice", language="en", service_workers="block")
    await phone.locator("canvas").wait_for()

    given_up: list[Request] = []
    ends = asyncio.Event()

    async def hang(route: Route) -> None:
        await ends.wait()
        await route.abort()

    phone.on("requestfailed", lambda each: given_up.append(each) if each.url.endswith("/pass") else None)
    await phone.route("**/me/code/pass", hang)
    async with phone.expect_request("**/me/code/pass"):
        await phone.reload()
    await phone.locator("canvas").wait_for()
    assert not given_up  # it is shown while the page still waits for the answer
    assert await site.code_in(phone)
    ends.set()
    await phone.unroute_all(behavior="ignoreErrors")


async def test_what_was_typed_outlives_the_login(site: Site, opens: Opens) -> None:
    records = await records_of(site)
    now = datetime.now(UTC)
    await records.record("alice", starts_at=now - timedelta(days=2))
    place, cipher = site.cast.organisations["apple"], Cipher(VAULT_KEY)
    opened = await records.do(
        "wen", lambda tx, actor: open_notice(tx, actor, cipher, organisation_id=place, now=now)
    )
    phone = await opens(f"/notices/{opened.notice_id}?line=1", who="bob", language="en")
    await phone.get_by_label("What is not right").fill("测试：第一行\n第二行")
    await end_session(site, "bob")
    await phone.get_by_role("button", name="Send").click()
    await phone.get_by_label("Mobile number").fill(PHONES["bob"])
    await phone.get_by_role("button", name="Send me a code").click()
    await phone.get_by_label("Six-digit code").wait_for()
    await phone.get_by_label("Six-digit code").fill(await site.code())
    await phone.get_by_role("button", name="Log in").click()
    box = phone.get_by_label("What is not right")
    await expect(box).to_have_value("测试：第一行\n第二行")
    await phone.get_by_role("button", name="Send").click()
    await phone.get_by_text("Your objection to line 1 was received").wait_for()
    await phone.wait_for_function("() => sessionStorage.length === 0")


async def test_a_busy_server_does_not_stop_the_screen(site: Site, opens: Opens) -> None:
    screen = await screen_of(site, opens, "en")
    await screen.clock.install()
    await screen.route("**/screen/codes*", lambda route: route.fulfill(status=503, body="<p>busy"))
    async with screen.expect_response("**/screen/codes*"):
        await screen.reload()
    await screen.unroute_all()
    await screen.clock.fast_forward(ASKS_AGAIN)
    await screen.wait_for_function("() => document.querySelector('[data-symbol]').dataset.link")


async def test_a_screen_whose_login_is_over_asks_for_it(site: Site, opens: Opens) -> None:
    screen = await screen_of(site, opens, "en")
    await screen.clock.install()
    await screen.reload()
    await screen.locator("[data-symbol] canvas").wait_for()
    await end_session(site, "stella")
    await screen.clock.fast_forward(ASKS_AGAIN)
    await screen.get_by_label("Mobile number").wait_for()
    assert "next=/stations/" in screen.url
