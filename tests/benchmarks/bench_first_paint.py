"""When a page is first painted: Chromium's slow 4G, a processor four times as slow, a browser that is new to it.

The demo bank is served and each page opened as who uses it; the target is a second. What a page waits for before it is
painted is asserted by `tests/journeys/test_sweep.py`, without a clock.
"""

from playwright.async_api import StorageState, async_playwright

from tests.benchmarks.arena import Arena
from tests.benchmarks.figures import Figure, Target
from tests.benchmarks.scale import Scale
from tests.journeys.conftest import CHROMIUM, FLAGS, PHONE_SIZE
from tests.journeys.demonstration import Fair, fair_of
from tests.journeys.test_slow_network import SLOW_4G

NAME = "first paint"
PAINTED_MS = 1_000
PAGES = (
    ("", "/"),
    ("", "/login"),
    ("", "/notices"),
    ("", "/verify"),
    ("volunteer", "/me"),
    ("volunteer", "/me/code"),
    ("volunteer", "/sessions"),
    ("volunteer", "/shops"),
    ("steward", "/stations/{station}/screen?session={session}"),
    ("cashier", "/till"),
    ("office", "/office"),
    ("office", "/office/reviews"),
)
SLOWER_CPU = 4
PAINTED = """
() => new Promise((done) => {
  new PerformanceObserver((list, observer) => {
    const found = list.getEntriesByName("first-contentful-paint")[0];
    if (!found) return;
    observer.disconnect();
    done(found.startTime);
  }).observe({ type: "paint", buffered: true });
})
"""


async def run(arena: Arena, scale: Scale) -> list[Figure]:
    """Open the main pages one after another."""
    figures: list[Figure] = []
    async with arena.books("paint") as books, async_playwright() as playwright:
        chromium = await playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        async with fair_of(books.address, books.database, chromium, arena.folder) as fair:
            for who, path in PAGES[: scale.pages]:
                known = await fair.visitor(who)
                state = await known.storage_state()
                await known.close()
                place = path.format(station=fair.shown.station, session=fair.shown.session)
                painted = [await _painted_ms(fair, state, place) for _ in range(scale.repeats)]
                limit = [PAINTED_MS] * len(painted)
                figures.append(Figure(NAME, path, "ms", painted, "a second", limit, Target("≤", 1)))
        await chromium.close()
    return figures


async def _painted_ms(fair: Fair, state: StorageState, path: str) -> float:
    context = await fair.chromium.new_context(
        viewport=PHONE_SIZE, storage_state=state, service_workers="block"
    )
    page = await context.new_page()
    cdp = await context.new_cdp_session(page)
    await cdp.send("Network.enable")
    await cdp.send("Network.emulateNetworkConditions", SLOW_4G)
    await cdp.send("Emulation.setCPUThrottlingRate", {"rate": SLOWER_CPU})
    await page.goto(f"{fair.url}{path}", wait_until="commit")
    found = float(await page.evaluate(PAINTED))
    await context.close()
    return found
