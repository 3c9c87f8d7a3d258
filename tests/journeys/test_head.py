"""The head of a page in the elders' view: a row on a phone, two where there are places to go, each choice named."""

import pytest

from tests.journeys.conftest import PHONE_SIZE, Opens

ROW = 80
"""Pixels: a row of things of 60 to press, or three lines of a long name."""
HEAD = """
() => ({
  height: document.querySelector("header.top").getBoundingClientRect().height,
  choices: [...document.querySelectorAll(".choices :is(a, button)")].map((each) => each.innerText.trim()),
  small: [...document.querySelectorAll("header.top :is(a, button)")].filter((each) => {
    const box = each.getBoundingClientRect();
    return box.width < 60 || box.height < 60;
  }).length,
  here: [...document.querySelectorAll(".links [aria-current]")].every((each) => {
    const box = each.getBoundingClientRect();
    return box.left >= 0 && box.right <= innerWidth;
  }),
  overflow: document.documentElement.scrollWidth - innerWidth,
})
"""


@pytest.mark.parametrize(
    ("who", "path", "rows"), [("alice", "/me", 1), ("adam", "/office", 2), (None, "/verify", 2)]
)
async def test_leaves_the_page_to_what_it_is_about(
    opens: Opens, who: str | None, path: str, rows: int
) -> None:
    page = await opens(path, who=who, size=PHONE_SIZE)
    for elder, language in ((2, "en"), (2, "zh"), (1, "zh")):
        await page.goto(f"{page.url.partition('?')[0]}?elder={elder}&lang={language}")
        head = await page.evaluate(HEAD)
        assert head["height"] <= rows * ROW
        assert len(head["choices"]) == 5 - elder
        assert all(head["choices"])  # said to a screen reader, though drawn as pictures
        assert (head["small"], head["here"], head["overflow"]) == (0, True, 0)
