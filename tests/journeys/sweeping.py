"""Going through all pages of the demo that are linked, as each kind of user, and holding each to one measure.

Of pages that differ in their numbers only, one is looked at. A link that leads to a refusal is a fault like any other.
"""

import asyncio
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from playwright.async_api import BrowserContext, Response

from api.web.navigation import DOCK, PUBLIC, RAIL
from tests.journeys.conftest import PHONE_SIZE
from tests.journeys.demonstration import Fair
from tests.journeys.judging import (
    AXE_ITSELF,
    CONTRAST,
    WHOLE,
    Watch,
    axe_faults,
    figure_faults,
    loading_faults,
    shape,
    unfold,
    waiting_faults,
    watched,
    word_faults,
)
from tests.journeys.patience import PATIENCE_SECONDS
from timebank.permissions import PERMISSIONS, Role

OK = 200
NOWHERE = "/nowhere"
OF_THE_RAIL = [way for group in RAIL for way in group.ways]


def ways_of(role: Role) -> tuple[str, ...]:
    """Return what stands in the rail for a role."""
    return tuple(way.address for way in OF_THE_RAIL if role in PERMISSIONS[str(way.permission)].roles)


PEOPLE = {
    "": ("/", "/login", "/login?by=password", NOWHERE, *(way.address for way in PUBLIC)),
    "volunteer": ("/me", *(way.address for way in DOCK)),
    "steward": ("/stations",),
    "cashier": ("/till",),
    "shop_manager": ("/shop",),
    "merchant": ("/merchant",),
}
OFFICES = {
    "office": ways_of(Role.OFFICE),
    "auditor": ways_of(Role.AUDITOR),
    "administrator": ways_of(Role.ADMINISTRATOR),
    "community_worker": ways_of(Role.COMMUNITY_WORKER),
}
"""Where each begins; what the visitor may not see of the office is led to by no link."""
DESK = "/office"

OF_NO_PAGE = re.compile(
    r"^/(api|static|health|metrics|L|Q|q|logout|checkpoint)/|\.(pdf|csv|txt|json|xlsx|zip|svg|png)$"
)
LINKS = """
() => [...document.querySelectorAll("a[href]:not([download])")]
  .map((each) => new URL(each.href)).filter((url) => url.origin === location.origin)
  .map((url) => url.pathname)
"""
MOST_PAGES = 250
LANGUAGES = ("zh", "en")
STEPS = (1, 2)
"""The steps of the elders' view; a page is loaded at one of them and turned to the other."""


def pattern_of(path: str) -> str:
    """Return a page's address without the numbers that tell it from others of its kind."""
    return re.sub(r"/[^/?]*\d[^/?]*", "/N", path)


@dataclass(slots=True)
class Sweep:
    """What was looked at, and what is wrong with it."""

    fair: Fair
    starts: Mapping[str, Sequence[str]]
    """Where each kind of user begins."""
    of_office: bool
    """Whether it goes to the office's pages; another sweep goes to the rest."""
    seen: set[str] = field(default_factory=set)
    faults: dict[str, list[str]] = field(default_factory=dict)

    def blame(self, path: str, how: str, found: Iterable[str]) -> None:
        """Note what is wrong with a page in a mode."""
        for each in found:
            self.faults.setdefault(path, []).append(f"{how}: {each}")

    async def run(self) -> None:
        """Look at all that anybody gets to, one kind of user after another."""
        for who in self.starts:
            await self.follow(who)

    async def follow(self, who: str) -> None:
        """Look at all that one kind of user gets to."""
        plain = await self.fair.visitor(who, viewport=PHONE_SIZE)
        elder = await self.fair.chromium.new_context(
            viewport=PHONE_SIZE, service_workers="block", storage_state=await plain.storage_state()
        )
        elder.set_default_timeout(PATIENCE_SECONDS * 1000)
        await plain.add_init_script(script=AXE_ITSELF)
        first = await watched(plain, self.fair.url)
        second = await watched(elder, self.fair.url, is_new=False)
        waiting = list(self.starts[who])
        while waiting:
            path = waiting.pop(0)
            pattern = pattern_of(path)
            if (
                pattern in self.seen
                or OF_NO_PAGE.search(path)
                or path.startswith(DESK) != self.of_office
                or len(self.seen) > MOST_PAGES
            ):
                continue
            turn, step = len(self.seen) % 2, STEPS[len(self.seen) // 2 % 2]
            self.seen.add(pattern)
            language, other = LANGUAGES[turn], LANGUAGES[1 - turn]
            await self.choose(plain, language=language, step=0)
            await self.choose(elder, language=other, step=step)
            found, _ = await asyncio.gather(
                self.look(first, path, language), self.look_old(second, path, other, step)
            )
            if path == self.starts[who][0]:
                await self.look_at_the_frame(second, path)
            waiting += found
        await plain.close()
        await elder.close()

    async def choose(self, context: BrowserContext, *, language: str, step: int) -> None:
        """Choose the language and the view of the next page, as the browser keeps them."""
        kept = {"lang": language, "elder": str(step)}
        await context.add_cookies([{"name": k, "value": v, "url": self.fair.url} for k, v in kept.items()])

    async def look(self, watch: Watch, path: str, language: str) -> list[str]:
        """Look at a page in the plain view, then at its colours in every view, and return where it leads."""
        answer = await self.load(watch, path)
        if answer.status != OK and path != NOWHERE:
            self.blame(path, "loading", [f"status {answer.status}"])
            return []
        page = watch.page
        self.blame(path, language, await word_faults(page, language))
        self.blame(path, "loading", loading_faults(watch, answer))
        self.blame(path, "loading", await waiting_faults(page))
        found = [str(each) for each in await page.evaluate(LINKS)]
        await unfold(page)
        self.blame(path, f"plain {language}", await figure_faults(page, elder=False))
        self.blame(path, "light", await axe_faults(page, WHOLE))
        self.blame(path, "light", await axe_faults(page, CONTRAST, STEPS))
        await page.emulate_media(color_scheme="dark")
        self.blame(path, "dark", await axe_faults(page, CONTRAST, (0, *STEPS)))
        await page.emulate_media(color_scheme="light")
        return found

    async def look_old(self, watch: Watch, path: str, language: str, step: int) -> None:
        """Look at a page in the elders' view in the other language: the step that was chosen, and the other."""
        answer = await self.load(watch, path)
        if answer.status != OK and path != NOWHERE:  # said before
            return
        page = watch.page
        self.blame(path, language, await word_faults(page, language))
        self.blame(path, "loading", loading_faults(watch, answer))
        await unfold(page)
        for each in (step, *(other for other in STEPS if other != step)):
            await shape(page, each)
            self.blame(path, f"elder {each} {language}", await figure_faults(page, elder=True))

    async def look_at_the_frame(self, watch: Watch, path: str) -> None:
        """Look at what stands in the elders' view only, which is in the frame of each kind of user's pages."""
        self.blame(path, "elder frame light", await axe_faults(watch.page, WHOLE))
        await watch.page.emulate_media(color_scheme="dark")
        self.blame(path, "elder frame dark", await axe_faults(watch.page, CONTRAST))
        await watch.page.emulate_media(color_scheme="light")

    async def load(self, watch: Watch, path: str) -> Response:
        """Open a page."""
        watch.begin()
        answer = await watch.page.goto(f"{self.fair.url}{path}")
        assert answer is not None
        return answer

    def said(self) -> str:
        """Return what is wrong, page by page."""
        return "\n".join(f"{path}\n  " + "\n  ".join(found) for path, found in sorted(self.faults.items()))
