"""A counter for tests of the till's pages: Carl's browser with the device's cookie, and what Alice shows."""

from dataclasses import dataclass
from uuid import UUID

from tests.api.entering import Door
from tests.api.web.browser import Browser, Browsers
from tests.timebank.tills.scene import CODE, Desk


@dataclass(slots=True)
class Counter:
    """The desk at a clock that is set, and the door that sets it."""

    door: Door
    desk: Desk

    def browser(self, of: Browsers, name: str = "carl", *, session: UUID | None = None) -> Browser:
        """Return a browser that is the till's device; of another login if one is named."""
        browser = of(name)
        tokens, bank, now = self.door.service.tokens, self.door.cast.bank.code, self.door.clock.at
        device = tokens.issue_cookie(bank, self.desk.sessions["till"], now=now)
        browser.client.cookies.set("device", device, domain="test.local", path="/")
        if session is not None:
            cookie = tokens.issue_cookie(bank, session, now=now)
            browser.client.cookies.set("session", cookie, domain="test.local", path="/")
        return browser

    async def open(self, of: Browsers, cash: str = "10") -> Browser:
        """Open the till of the near shop."""
        carl = self.browser(of)
        await carl.get("/till")
        answer = await carl.post("/till/open", shop=str(self.desk.market.near), cash=cash)
        assert answer.status_code == 303, carl.text
        await carl.get("/till")
        return carl

    async def code(self, name: str = "alice") -> str:
        """Return the next code that a member's phone shows."""
        self.door.clock.at += CODE
        return await self.desk.code(name, self.door.clock.at)

    async def enter(self, browser: Browser, entry: str, **fields: object) -> int:
        """Scan something, follow where it leads, and return the first status."""
        hidden = browser.hidden_of(browser.last.text)
        kept = {name: hidden[name] for name in ("quote", "version", "line")}
        form = {"csrf": browser.token, **kept, "entry": entry}
        answer = await browser.send("/till/entry", {**form, **fields})
        if answer.status_code == 303:
            await browser.get(answer.headers["location"])
        return int(answer.status_code)
