"""Every page outside the office by day and by night, plain and for elders, Chinese and English: held to one measure."""

import pytest

from api.web.navigation import DESKS, DOCK, PUBLIC
from tests.journeys.conftest import PHONE_SIZE
from tests.journeys.demonstration import Fair
from tests.journeys.judging import figure_faults, shape
from tests.journeys.sweeping import PEOPLE, Sweep

PLANTED = """
(html) => {
  document.querySelector("main").innerHTML = html;
  for (const each of document.querySelectorAll("[data-tall]")) {
    each.style.minHeight = each.style.height = `${each.dataset.tall}px`;
  }
}
"""
TARGETS = (
    ("<p>见<a href=/>这里</a>。</p>", 0, 0),
    ("<p>见：<br><a href=/>下一行</a></p>", 1, 0),
    ("<p><a href=/>只有这里</a></p>", 1, 0),
    ("<table><tr><td><a href=/>一</a></table>", 0, 0),
    ("<button>存</button>", 0, 0),
    ("<button data-tall=43>存</button>", 1, 1),
    ("<button data-tall=45>存</button>", 0, 1),
    ("<input type=checkbox aria-label=选>", 1, 1),
)
"""What is planted on a page, and how many targets of it are too small: in the plain view, in the elders'."""


@pytest.mark.timeout(600)
async def test_every_page_outside_the_office_holds_in_every_mode(fair: Fair) -> None:
    sweep = Sweep(fair, PEOPLE, of_office=False)
    await sweep.run()
    assert not sweep.faults, sweep.said()
    assert {way.address for way in (*DOCK, *PUBLIC, *DESKS)} <= sweep.seen


async def test_what_is_too_small_to_press_is_found(fair: Fair) -> None:
    context = await fair.visitor(viewport=PHONE_SIZE)
    page = await context.new_page()
    await page.goto(f"{fair.url}/verify")
    for html, *too_small in TARGETS:
        await page.evaluate(PLANTED, html)
        found = []
        for step in (0, 1):
            await shape(page, step)
            found.append(await figure_faults(page, elder=step > 0))
        assert [len(each) for each in found] == too_small, (html, found)
    await context.close()
