"""The service in a process of its own, Debian's chromium, and contexts in which one of the cast is logged in."""

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeAlias

import pytest
import pytest_asyncio
import zxingcpp
from PIL import Image
from playwright.async_api import Browser, BrowserContext, ConsoleMessage, Page, ViewportSize, async_playwright

from ledger.session import WriteTx
from tests.api.cast import Cast, enter
from tests.served import served
from tests.serving import TOKEN_KEY, VAULT_KEY
from tests.timebank.scans.scene import Scene, open_scene
from timebank.database import Address, Bank, Database
from timebank.login.tokens import TokenKeys
from timebank.vault.actions import put_fields
from timebank.vault.blind import PHONE, BlindIndex, put_index
from timebank.vault.cipher import Cipher

CHROMIUM = Path("/usr/bin/chromium")
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
PHONE_SIZE: ViewportSize = {"width": 360, "height": 740}
TABLET_SIZE: ViewportSize = {"width": 1180, "height": 820}
NAMES = {"alice": "测小明", "bob": "测乙", "wen": "测文", "stella": "测站长", "olga": "测办"}
PHONES = {"alice": "19900000101", "bob": "19900000102"}
READ_SECONDS = 10

Opens: TypeAlias = Callable[..., Awaitable[Page]]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip what needs a browser where there is none."""
    if CHROMIUM.exists():
        return
    for item in items:
        if "journeys" in str(item.path):
            item.add_marker(pytest.mark.skip(reason="no chromium"))


@dataclass(slots=True)
class Site:
    """The service, the cast, a session that has begun, and what was seen of the pages."""

    url: str
    cast: Cast
    scene: Scene
    database: Database
    shots: Path
    log: Path
    problems: list[str] = field(default_factory=list)

    async def do(self, work: Callable[[WriteTx], Awaitable[Any]]) -> Any:
        """Run work in the cast's bank."""
        return await self.database.write(self.cast.bank, work)

    async def code(self) -> str:
        """Return the last one-time code of the service's log, as who tries it out on one machine reads it."""
        for _ in range(READ_SECONDS * 10):
            if found := re.findall(r"login_code +code=(\d{6})", self.log.read_text(encoding="utf-8")):
                return str(found[-1])
            await asyncio.sleep(0.1)
        raise AssertionError("no code was sent")

    async def shot(self, page: Page, name: str) -> Path:
        """Take a picture of a page."""
        path = self.shots / f"{name}.png"
        await page.screenshot(path=path, full_page=True)
        return path

    async def code_in(self, page: Page) -> str:
        """Return what a scanner reads off the page as it is on the screen."""
        path = self.shots / "code.png"
        for _ in range(20):
            await page.screenshot(path=path)
            found = zxingcpp.read_barcodes(Image.open(path))
            if found:
                return str(found[0].text)
            await page.wait_for_timeout(200)
        raise AssertionError("no code on the page")


@pytest_asyncio.fixture(scope="session")
async def chromium() -> AsyncIterator[Browser]:
    """Return the browser."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        await browser.close()


@pytest_asyncio.fixture
async def site(address: Address, database: Database, bank: Bank, tmp_path: Path) -> AsyncIterator[Site]:
    """Return the service with the cast, who have names, and a session that began five minutes ago."""
    cast = await enter(database, bank)
    scene = await open_scene(database, cast, starts=datetime.now(UTC) - timedelta(minutes=5))
    cipher = Cipher(VAULT_KEY)
    blind = BlindIndex(cipher.ring)

    async def work(tx: WriteTx) -> None:
        await put_fields(tx, cipher, [(cast.people[who], "name", name) for who, name in NAMES.items()])
        for who, phone in PHONES.items():
            await put_index(tx, blind, cast.people[who], PHONE, phone)

    await database.write(bank, work)
    log = tmp_path / "service.log"
    async with served(address, log=log) as port:
        yield Site(f"http://localhost:{port}", cast, scene, database, tmp_path, log)


@pytest_asyncio.fixture
async def opens(chromium: Browser, site: Site) -> AsyncIterator[Opens]:
    """Return the way to open a page as one of the cast, or as a stranger; what a page complains of fails the test."""
    contexts: list[BrowserContext] = []

    async def open_(
        path: str = "/",
        *,
        who: str | None = None,
        language: str = "zh",
        size: ViewportSize = PHONE_SIZE,
        **more: Any,
    ) -> Page:
        context = await chromium.new_context(
            viewport=size,
            locale="zh-CN" if language == "zh" else "en-GB",
            **more,
        )
        contexts.append(context)
        if who is not None:
            keys = TokenKeys([TOKEN_KEY])
            cookie = keys.issue_cookie(site.cast.bank.code, site.cast.sessions[who], now=datetime.now(UTC))
            await context.add_cookies([{"name": "session", "value": cookie, "url": site.url}])
        page = await context.new_page()

        def hear(said: ConsoleMessage) -> None:
            if said.type in {"error", "warning"}:
                site.problems.append(said.text)

        page.on("console", hear)
        page.on("pageerror", lambda error: site.problems.append(str(error)))
        await page.goto(f"{site.url}{path}")
        return page

    yield open_
    for context in contexts:
        await context.close()
    # A refusal's status, and no network where a test takes it away, are said by the browser itself.
    assert not [said for said in site.problems if not said.startswith("Failed to load resource")]
