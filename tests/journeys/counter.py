"""A counter for journeys: the till's page at a device of its own, a scanner gun, and the codes that Alice shows."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from playwright.async_api import Page, ViewportSize

from ledger.session import WriteTx
from tests.api.books import END_OF_2099
from tests.journeys.conftest import Opens, Site
from tests.journeys.patience import arrive
from tests.serving import TOKEN_KEY
from tests.timebank.tills.scene import CODE, Desk, open_desk
from timebank.login.tokens import TokenKeys
from timebank.shops.actions import add_goods
from timebank.shops.queries import Terms

DESK_SIZE: ViewportSize = {"width": 1280, "height": 900}
GUN_PACE_SECONDS = 0.001
PAUSE_SECONDS = 0.1
"""Longer than the letters of one burst may be apart: what was typed before is not the gun's."""
ENTER = {"key": "Enter", "code": "Enter", "text": "\r", "windowsVirtualKeyCode": 13}
RICE, OIL, MORE = "6900000000011", "6900000000028", "69000000001"


@dataclass(slots=True)
class Shop:
    """The counter's desk, the page at it, and the codes that Alice showed so far."""

    site: Site
    desk: Desk
    opens: Opens
    shown: set[datetime] = field(default_factory=set)
    """The beginnings of the half minutes of those codes."""

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
        await arrive(page.locator("#entry"))
        return page

    async def code(self) -> str:
        """Return a code of Alice's phone that she has not shown yet, of these the one that is good for longest."""
        now = datetime.now(UTC)
        since = now - timedelta(seconds=now.timestamp() % CODE.total_seconds())
        at = next(each for each in (since + CODE, since, since - CODE) if each not in self.shown)
        self.shown.add(at)
        return await self.desk.code("alice", at)

    async def costs(self, page: Page, points: int) -> None:
        """Wait until the page shows what the basket costs."""
        await page.locator(f"[data-total='{points}']").get_by_text(str(points), exact=True).wait_for()

    async def forget_codes(self) -> None:
        """Let Alice show her codes again: no more than three are good at one moment."""
        await self.desk.do("delete from quotes where bank_id = $1")
        self.shown.clear()

    async def stock(self, many: int) -> None:
        """Put more items on the shelf, one of them with a name that goes over two lines."""
        shop_id = self.desk.market.near
        for n in range(many):
            name = "示例社区公益积分兑换专用大容量不锈钢真空保温杯带茶隔家庭礼盒装" if n == 0 else f"示例{n}"

            async def work(tx: WriteTx, name: str = name, n: int = n) -> int:
                terms = Terms("日用", barcode=f"{MORE}{n}")
                now = datetime.now(UTC)
                return await add_goods(
                    tx, shop_id=shop_id, sku=f"X{n}", name=name, price_points=n, now=now, terms=terms
                )

            await self.desk.market.receive(await self.site.do(work), 5)

    async def gun(self, page: Page, text: str) -> None:
        """Type as a scanner gun does, wherever the focus is, and wait for what comes."""
        await page.locator("[data-main]").wait_for()
        async with page.expect_response("**/till/entry"):
            await shoot(page, text)
        await page.locator("[data-till]:not([aria-busy])").wait_for()


async def shoot(page: Page, text: str) -> None:
    """Press keys as fast as a gun does, after a pause, and then Enter."""
    keys = [*letters(text), ENTER]
    await asyncio.sleep(len(keys) * GUN_PACE_SECONDS + PAUSE_SECONDS)
    await press(page, keys, began=datetime.now(UTC).timestamp() - len(keys) * GUN_PACE_SECONDS)


def letters(text: str) -> list[Mapping[str, object]]:
    """Return the keys of a text."""
    return [{"key": letter, "text": letter} for letter in text]


async def press(page: Page, keys: Sequence[Mapping[str, object]], *, began: float) -> None:
    """Press keys as fast as a gun does: each says when that was, however slow the machine is that the test runs on.

    None may be of a time to come.
    """
    keyboard = await page.context.new_cdp_session(page)
    for number, key in enumerate(keys):
        pressed = {**key, "timestamp": began + number * GUN_PACE_SECONDS}
        for kind in ("keyDown", "keyUp"):
            await keyboard.send("Input.dispatchKeyEvent", {**pressed, "type": kind})
    await keyboard.detach()


async def open_shop(site: Site, opens: Opens) -> Shop:
    """Set the scene: the near shop with ten bags of rice and ten bottles of oil; Alice has 300 points."""
    desk = await open_desk(site.database, site.cast, points=0)
    await desk.counter.give(300, END_OF_2099)
    return Shop(site, desk, opens)
