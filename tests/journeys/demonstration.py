"""The demo bank, booked in the worker's database and served, and its people in browsers."""

import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from playwright.async_api import Browser, BrowserContext

from tests.journeys.patience import PATIENCE_SECONDS
from tests.served import served
from tests.serving import VAULT_KEY
from timebank.banks.actions import ensure_bank
from timebank.database import Address, Database
from timebank.demo.actions import book_demo
from timebank.demo.shown import Shown
from timebank.vault.cipher import Cipher
from timebank.words import words

BUTTONS = "#people ~ ul form:has(input[name=who][value={who}]) button"
"""Where the start page has the one click that is a login."""


@dataclass(frozen=True, slots=True)
class Fair:
    """Where the demo is served, what it shows, and the browser to look with."""

    url: str
    shown: Shown
    chromium: Browser

    async def visitor(self, who: str = "", **more: Any) -> BrowserContext:
        """Return a browser in which one of the demo's people was logged in by one click; nobody if none is named."""
        context = await self.chromium.new_context(**({"locale": "zh-CN", "service_workers": "block"} | more))
        context.set_default_timeout(PATIENCE_SECONDS * 1000)
        page = await context.new_page()
        await page.goto(f"{self.url}/?bank={self.shown.bank}")
        if who:
            async with context.expect_page() as opened:
                await page.locator(BUTTONS.format(who=who)).click()
            inside = await opened.value
            await inside.wait_for_load_state()
            await inside.close()
        await page.close()
        return context


@asynccontextmanager
async def fair_of(
    address: Address, database: Database, chromium: Browser, folder: Path
) -> AsyncIterator[Fair]:
    """Book the demo in a bank of its own and serve it."""
    code, name = f"d{secrets.token_hex(6)}", words("demo_bank")[0]
    bank = await ensure_bank(database, code, name=name, zone="Asia/Shanghai", actor="test")
    home = folder / "home"
    demo = await book_demo(
        database, bank, home, cipher=Cipher(VAULT_KEY), now=datetime.now(UTC), progress=lambda *_: None
    )
    assert demo.violations == []
    async with served(address, log=folder / "service.log", home=home, demo=demo.shown) as port:
        yield Fair(f"http://localhost:{port}", demo.shown, chromium)
