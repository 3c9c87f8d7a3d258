"""Waiting for pages: for as long as a machine may need that is many times slower than others."""

from playwright.async_api import Locator

PATIENCE_SECONDS = 60
"""So long something is waited for that comes at once on a quick machine; a test may take ten times as long."""


async def arrive(locator: Locator) -> None:
    """Wait for what a page shows that a click leads to, and for its scripts: when it is loaded, they have run."""
    await locator.first.wait_for()
    await locator.page.wait_for_load_state()
