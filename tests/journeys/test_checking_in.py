"""A volunteer with a phone: scan the station's screen, log in, press the button; and the code of one's own."""

import asyncio
from urllib.parse import urlsplit

from playwright.async_api import Page, expect

from tests.journeys.conftest import PHONES, TABLET_SIZE, Opens, Site
from tests.journeys.patience import PATIENCE_SECONDS, arrive
from timebank.codes.rules import STATION_WINDOW_SECONDS

LATER = "by => { const now = Date.now; Date.now = () => now() + by; }"
"""Lets it be that many milliseconds later for the page."""
OFFLINE_KEPT = "() => localStorage.getItem('offline') !== null"
"""Whether a volunteer's phone has what it shows without network, and the script that shows it."""


async def scans_of(site: Site, kind: str) -> list[str]:
    """Return the outcomes of the session's scans of a kind."""
    rows = await site.do(
        lambda tx: tx.connection.fetch(
            "select outcome from scans where bank_id = $1 and session_id = $2 and kind = $3 order by id",
            tx.bank_id,
            site.scene.session,
            kind,
        )
    )
    return [row["outcome"] for row in rows]


def path_of(link: str) -> str:
    """Return where a code leads to."""
    return urlsplit(link).path


async def screen_of(site: Site, opens: Opens, language: str = "zh") -> Page:
    """Open the screen of the session's first station as its steward."""
    path = f"/stations/{site.scene.stations[0]}/screen?session={site.scene.session}"
    return await opens(path, who="stella", language=language, size=TABLET_SIZE)


async def test_from_the_screen_over_the_login_to_the_button(site: Site, opens: Opens) -> None:
    await site.scene.sign_up([site.cast.people["alice"]])
    screen = await screen_of(site, opens)
    link = await site.code_in(screen)
    assert link.startswith("HTTP://LOCALHOST")
    await site.shot(screen, "screen")

    phone = await opens(path_of(link))
    assert urlsplit(phone.url).path == "/login"
    await site.shot(phone, "login")
    await phone.get_by_label("手机号").fill(PHONES["alice"])
    await phone.get_by_role("button", name="获取验证码").click()
    await phone.get_by_label("六位验证码").fill(await site.code())
    await site.shot(phone, "login-code")
    await phone.get_by_role("button", name="登录").click()

    button = phone.get_by_role("button", name="签到")
    await arrive(button)
    await site.shot(phone, "scan")
    await button.dblclick()
    await phone.get_by_text("签到成功").wait_for()
    await site.shot(phone, "scanned")
    assert await scans_of(site, "in") == ["accepted"]

    # Scanned again at once: it worked, and leaving is not pressed by mistake.
    await phone.goto(site.url + path_of(await site.code_in(screen)))
    await phone.get_by_text("您已签到").wait_for()
    await site.shot(phone, "scan-again")
    await phone.get_by_role("button", name="签退").click()
    await phone.get_by_text("签退成功").wait_for()
    assert await scans_of(site, "out") == ["accepted"]


async def test_a_second_member_on_one_phone_is_sent_to_the_steward(site: Site, opens: Opens) -> None:
    people = [site.cast.people["alice"], site.cast.people["bob"]]
    await site.scene.sign_up(people)
    screen = await screen_of(site, opens)
    phone = await opens("/me", who="alice", language="en")
    await phone.goto(site.url + path_of(await site.code_in(screen)))
    await phone.get_by_role("button", name="Check in").click()
    await phone.get_by_text("Checked in").wait_for()
    other = await opens("/me", who="bob", language="en")
    mark = next(each for each in await phone.context.cookies() if each["name"] == "phone")
    await other.context.add_cookies([{"name": "phone", "value": mark["value"], "url": site.url}])
    await other.goto(site.url + path_of(await site.code_in(screen)))
    await other.get_by_role("button", name="Check in").click()
    await other.get_by_text("One phone checks in one member").wait_for()
    await site.shot(other, "scan-refused")
    assert await scans_of(site, "in") == ["accepted", "phone_used"]


async def test_the_screen_turns_its_code_without_a_line_too(site: Site, opens: Opens) -> None:
    screen = await screen_of(site, opens, "en")
    shown = [await site.code_in(screen)]
    # A line that is bad stops nothing: the next codes are there already.
    await screen.context.set_offline(True)
    for _ in range(2):
        await screen.evaluate(LATER, STATION_WINDOW_SECONDS * 1000)
        async with asyncio.timeout(PATIENCE_SECONDS):
            while (code := await site.code_in(screen)) in shown:
                await screen.wait_for_timeout(100)
        shown.append(code)


async def test_the_members_code_works_without_network_and_the_steward_scans_it(
    site: Site, opens: Opens
) -> None:
    await site.scene.sign_up([site.cast.people["alice"]])
    phone = await opens("/me/code", who="alice", language="en")
    await phone.locator("canvas").wait_for()
    await phone.wait_for_function(
        "() => navigator.serviceWorker.controller?.scriptURL.endsWith('/me/worker.js')"
    )
    await phone.wait_for_function(OFFLINE_KEPT)
    await phone.reload()
    shown = await site.code_in(phone)
    await site.shot(phone, "my-code")
    screen = await screen_of(site, opens, "en")
    await phone.context.set_offline(True)
    await phone.reload()
    shown = await site.code_in(phone)

    box = screen.get_by_label("Scan a member")
    await screen.keyboard.type(shown)
    await screen.keyboard.press("Enter")
    await screen.get_by_text("测*").first.wait_for()
    await expect(box).to_be_focused()
    await site.shot(screen, "screen-scanned")
    assert await scans_of(site, "in") == ["accepted"]
    # The same again is friendly; what is no code is said.
    await screen.keyboard.type(shown)
    await screen.keyboard.press("Enter")
    await screen.get_by_text("this was done before").wait_for()
    await screen.keyboard.type("NONSENSE")
    await screen.keyboard.press("Enter")
    await screen.get_by_role("alert").first.wait_for()
    await site.shot(screen, "screen-refused")


async def test_without_script_one_logs_in_and_checks_in_too(site: Site, opens: Opens) -> None:
    await site.scene.sign_up([site.cast.people["alice"]])
    path = f"/stations/{site.scene.stations[0]}/screen"
    screen = await opens(path, who="stella", size=TABLET_SIZE, java_script_enabled=False)
    phone = await opens(path_of(await site.code_in(screen)), language="en", java_script_enabled=False)
    await phone.get_by_label("Mobile number").fill(PHONES["alice"])
    await phone.get_by_role("button", name="Send me a code").click()
    await phone.get_by_label("Six-digit code").fill(await site.code())
    await phone.get_by_role("button", name="Log in").click()
    await phone.get_by_role("button", name="Check in").click()
    await phone.get_by_text("Checked in").wait_for()
    assert await scans_of(site, "in") == ["accepted"]
