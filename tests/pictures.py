"""Pictures of the main pages for the documentation: `python -m tests.pictures [FOLDER]`, or `make pictures`.

The demo is booked in a temporary home and served by the real command; each page is opened by who it is for.
"""

import asyncio
import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from PIL import Image
from playwright.async_api import BrowserContext, Page, ViewportSize, async_playwright

from tests.journeys.conftest import CHROMIUM, FLAGS, PHONE_SIZE, TABLET_SIZE

FOLDER: Final = Path(__file__).parent.parent / "docs" / "pictures"
SIZES: Final[dict[str, ViewportSize]] = {
    "phone": PHONE_SIZE,
    "tablet": TABLET_SIZE,
    "desk": {"width": 1440, "height": 900},
}
COLOURS: Final = 128
MOST_BYTES: Final = 2_500_000
START_SECONDS: Final = 120
BUTTON: Final = "#people ~ ul form:has(input[name=who][value={who}]) button"
STEP: Final = "#try ~ ol form:has(input[name=to][value={to}]) button"


@dataclass(frozen=True, slots=True)
class Picture:
    """A page: who looks at it, on what, and how; an address, or a button of the start page that leads to it."""

    name: str
    who: str
    address: str
    size: str = "phone"
    dark: bool = False
    language: str = "zh"
    step: str = ""


PICTURES: Final = (
    Picture("start", "", "/", "desk"),
    Picture("volunteer", "volunteer", "/me"),
    Picture("code", "volunteer", "/me/code"),
    Picture("sessions", "volunteer", "/sessions"),
    Picture("statement", "volunteer", "/me/statement"),
    Picture("check-in", "volunteer", "", step="scan"),
    Picture("elder", "volunteer", "/me?elder=1"),
    Picture("dark", "volunteer", "/me", dark=True),
    Picture("station", "steward", "", "tablet", step="screen"),
    Picture("till", "cashier", "/till", "tablet"),
    Picture("office", "office", "/office", "desk"),
    Picture("reviews", "office", "/office/reviews", "desk"),
    Picture("policy", "administrator", "/office/policy", "desk"),
    Picture("recognition", "office_2", "", "desk", step="approval"),
    Picture("office-english-dark", "office", "/office", "desk", dark=True, language="en"),
    Picture("list", "", "/recognition/1", "tablet"),
    Picture("verification", "", "", step="certificate"),
)


@contextmanager
def demo() -> Iterator[str]:
    """Serve the demo from a home of its own; the address it is at.

    Raises:
        AssertionError: it does not answer in time.
    """
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with tempfile.TemporaryDirectory(prefix="timebank-pictures-") as home:
        command = [sys.executable, "-m", "timebank.cli", "demo", "--serve", "--port", str(port)]
        environment = os.environ | {"TIMEBANK_HOME": home}
        with subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL) as running:
            try:
                url = f"http://localhost:{port}"
                _wait(url)
                yield url
            finally:
                running.terminate()
                running.wait()


def _wait(url: str) -> None:
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until:
        with suppress(OSError), urllib.request.urlopen(f"{url}/health/ready"):  # noqa: S310 -- ours
            return
        time.sleep(0.2)
    raise AssertionError("the demo does not answer")


async def take(url: str, folder: Path) -> None:
    """Take all pictures."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        for picture in PICTURES:
            context = await browser.new_context(
                viewport=SIZES[picture.size],
                locale="zh-CN" if picture.language == "zh" else "en-GB",
                color_scheme="dark" if picture.dark else "light",
                device_scale_factor=1,
            )
            page = await _opened(context, url, picture)
            if picture.name == "till":
                card, pin, *_ = await context.pages[0].locator("#try ~ ol .copy dd").all_inner_texts()
                await _fill_basket(page, card, pin)
            await page.wait_for_timeout(500)
            path = folder / f"{picture.name}.png"
            await page.screenshot(path=path, animations="disabled")
            shrink(path)
            await context.close()
        await browser.close()


async def _opened(context: BrowserContext, url: str, picture: Picture) -> Page:
    """Come to the page as who it is for."""
    page = await context.new_page()
    await page.goto(url)
    if picture.step == "certificate":
        address = await page.locator('#try ~ ol a[href^="/V/"]').get_attribute("href")
        await page.goto(f"{url}{address}")
        return page
    if picture.who:
        button = STEP.format(to=picture.step) if picture.step else BUTTON.format(who=picture.who)
        async with context.expect_page() as opened:
            await page.locator(button).click()
        page = await opened.value
        await page.wait_for_load_state()
    if picture.address:
        await page.goto(f"{url}{picture.address}")
    return page


async def _fill_basket(page: Page, card: str, pin: str) -> None:
    """Open the till, scan the volunteer's card and some goods."""
    start = page.locator('form[action="/till/open"] button').first
    if await start.count():
        await start.click()
        await page.wait_for_load_state()
    for said in (card, pin, "2000000000015", "3*2000000000039", "2000000000022"):
        box = page.locator("#entry, #pin")
        await box.fill(said)
        await box.press("Enter")
        await page.wait_for_timeout(600)


def shrink(path: Path) -> None:
    """Write a picture anew with fewer colours."""
    with Image.open(path) as whole:
        whole.convert("RGB").quantize(COLOURS, method=Image.Quantize.MEDIANCUT).save(path, optimize=True)


def main() -> None:
    """Take the pictures into a folder, in place of those that are there."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("*.png"):
        old.unlink()
    with demo() as url:
        asyncio.run(take(url, folder))
    sizes = {path.name: path.stat().st_size for path in sorted(folder.glob("*.png"))}
    for name, size in sizes.items():
        sys.stdout.write(f"{size:>9,} {name}\n")
    assert sum(sizes.values()) < MOST_BYTES, "too large together"


if __name__ == "__main__":
    main()
