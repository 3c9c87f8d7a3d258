"""The service in a process of its own, Debian's chromium, and contexts in which one of the cast is logged in."""

import asyncio
import os
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeAlias

import pytest
import pytest_asyncio
from playwright.async_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Page,
    ViewportSize,
    async_playwright,
    expect,
)

from ledger.session import WriteTx
from tests.api.cast import Cast, enter
from tests.journeys.demonstration import Fair, fair_of
from tests.journeys.judging import BROWSERS_OWN
from tests.journeys.patience import PATIENCE_SECONDS
from tests.served import served
from tests.serving import TOKEN_KEY, VAULT_KEY
from tests.timebank.codes.decoding import decode_zxing
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
expect.set_options(timeout=PATIENCE_SECONDS * 1000)

Opens: TypeAlias = Callable[..., Awaitable[Page]]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip what needs a browser where there is none, and give it time on a slow machine."""
    for item in items:
        if "journeys" not in str(item.path):
            continue
        item.add_marker(pytest.mark.timeout(PATIENCE_SECONDS * 10))
        if not CHROMIUM.exists():
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
    logged: int
    problems: list[str] = field(default_factory=list)

    async def do(self, work: Callable[[WriteTx], Awaitable[Any]]) -> Any:
        """Run work in the cast's bank."""
        return await self.database.write(self.cast.bank, work)

    async def code(self) -> str:
        """Return the last one-time code of the service's log, as who tries it out on one machine reads it."""
        for _ in range(PATIENCE_SECONDS * 10):
            said = self.log.read_bytes()[self.logged :].decode()
            if found := re.findall(r"login_code +code=(\d{6})", said):
                return str(found[-1])
            await asyncio.sleep(0.1)
        raise AssertionError("no code was sent")

    async def shot(self, page: Page, name: str) -> Path:
        """Take a picture of a page, for who runs some tests to look at; a run of all of them makes none."""
        path = self.shots / f"{name}.png"
        if "PYTEST_XDIST_WORKER" not in os.environ:
            await page.screenshot(path=path, full_page=True)
        return path

    async def code_in(self, page: Page) -> str:
        """Return what a scanner reads off the page as it is on the screen."""
        path = self.shots / "code.png"
        for _ in range(PATIENCE_SECONDS * 5):
            await page.screenshot(path=path)
            if found := decode_zxing(path.read_bytes()):
                return found[0]
            await page.wait_for_timeout(200)
        raise AssertionError("no code on the page")


@pytest_asyncio.fixture(scope="session")
async def chromium() -> AsyncIterator[Browser]:
    """Return the browser."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        await browser.close()


@pytest_asyncio.fixture(scope="session")
async def service(
    address: Address, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[tuple[str, Path]]:
    """Return the address of the service and its log: one for all banks of a worker, since it takes long to start."""
    log = tmp_path_factory.mktemp("service") / "service.log"
    async with served(address, log=log) as port:
        yield f"http://localhost:{port}", log


@pytest_asyncio.fixture(scope="session")
async def fair(
    address: Address, database: Database, chromium: Browser, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Fair]:
    """Return the demo: booked and served once for all tests of a worker, since it takes long."""
    async with fair_of(address, database, chromium, tmp_path_factory.mktemp("fair")) as served_demo:
        yield served_demo


@pytest_asyncio.fixture
async def site(service: tuple[str, Path], database: Database, bank: Bank, tmp_path: Path) -> Site:
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
    url, log = service
    return Site(url, cast, scene, database, tmp_path, log, logged=log.stat().st_size)


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
        browser: Browser = chromium,
        **more: Any,
    ) -> Page:
        context = await browser.new_context(
            viewport=size,
            locale="zh-CN" if language == "zh" else "en-GB",
            **more,
        )
        contexts.append(context)
        context.set_default_timeout(PATIENCE_SECONDS * 1000)
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
    assert not [said for said in site.problems if not BROWSERS_OWN.search(said)]
