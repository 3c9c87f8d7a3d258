"""A bank in which nothing has happened yet: every list of the pages says so, and no heading stands above nothing."""

from html.parser import HTMLParser

import pytest

from tests.api.web.browser import Browsers

OWN = (
    *("/me", "/me/more", "/me/statement", "/me/records", "/me/stars", "/me/certificates", "/me/notices"),
    *("/me/spending", "/me/gifts", "/me/privacy", "/me/privacy/look-ups", "/sessions", "/shops", "/offers"),
    *("/notices", "/recognition"),
)
OFFICE = (
    *("/office", "/office/reviews", "/office/disputes", "/office/notices", "/office/notices/objections"),
    *("/office/staged", "/office/activities", "/office/activities/calendar", "/office/people"),
    *("/office/look-ups", "/office/recognition", "/office/solvency", "/office/merchants"),
    *("/office/settlements", "/office/policy", "/office/imports", "/office/exports", "/office/jobs"),
    *("/office/audit", "/office/stations", "/office/devices"),
)
SAID_OTHERWISE = frozenset(
    {
        *("/me", "/me/more", "/me/spending", "/me/privacy", "/office/people", "/office/jobs", "/till"),
        *("/office/devices", "/shop/devices"),
    }
)
"""Pages that are no list, and lists in which somebody or something always stands."""
OTHERS = (
    ("stella", "/stations"),
    ("mia", "/till/shifts"),
    ("mia", "/shop"),
    ("mia", "/shop/devices"),
    ("max", "/merchant"),
    ("carl", "/till"),
)
LISTS = frozenset({"ul", "ol", "dl", "tbody", "select"})
HEADINGS = ("h1", "h2", "h3")


class Reader(HTMLParser):
    """What a page's main part holds: lists without anything in them, and headings without anything below them."""

    def __init__(self) -> None:
        super().__init__()
        self.faults: list[str] = []
        self._is_main = False
        self._lists: list[tuple[str, int]] = []
        self._heading: tuple[str, str] | None = None
        self._is_heading = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Begin a list or a heading; whatever can be seen stands below the last one."""
        del attrs
        if tag == "main":
            self._is_main = True
        if not self._is_main:
            return
        if self._lists and tag in {"li", "tr", "div", "option"}:
            kind, items = self._lists[-1]
            self._lists[-1] = kind, items + 1
        if tag in LISTS:
            self._lists.append((tag, 0))
        if tag in HEADINGS:
            self._blame_heading(tag)
            self._heading, self._is_heading = (tag, ""), True
        elif tag in {"input", "canvas", "progress"}:
            self._heading = None

    def handle_endtag(self, tag: str) -> None:
        """End a list, a heading or all of it."""
        if tag in LISTS and self._lists:
            kind, items = self._lists.pop()
            if items == 0:
                self.faults.append(f"an empty {kind} below {self._heading}")
        if tag in HEADINGS:
            self._is_heading = False
        if tag == "main" and self._is_main:
            self._blame_heading("h1")
            self._is_main = False

    def handle_data(self, data: str) -> None:
        """Take a text as what a heading says, or as what stands below it."""
        if not data.strip() or not self._is_main:
            return
        if self._is_heading and self._heading:
            self._heading = self._heading[0], self._heading[1] + data
        else:
            self._heading = None

    def _blame_heading(self, following: str) -> None:
        """Note a heading that is followed by none of its own parts."""
        if self._heading and following <= self._heading[0]:
            self.faults.append(f"nothing below {self._heading[1]!r}")


def faults_of(page: str) -> list[str]:
    reader = Reader()
    reader.feed(page)
    return reader.faults


@pytest.mark.parametrize(
    ("who", "paths"),
    [("alice", OWN), ("adam", OFFICE), ("olga", OFFICE), *((who, (path,)) for who, path in OTHERS)],
)
async def test_every_page_says_that_there_is_nothing_yet(
    of: Browsers, who: str, paths: tuple[str, ...]
) -> None:
    browser = of(who)
    found = {}
    for path in paths:
        await browser.get(path)
        if browser.last.status_code != 403:
            found[path] = [str(browser.last.status_code)] if browser.last.status_code != 200 else []
            found[path] += faults_of(browser.last.text)
            if path not in SAID_OTHERWISE and 'class="card nothing"' not in browser.last.text:
                found[path].append("no sentence")
    assert found  # who may look at none of them tells nothing
    assert {path: faults for path, faults in found.items() if faults} == {}


def test_the_reader_finds_what_is_empty() -> None:
    page = "<main><h1>A</h1><h2>B</h2><ul></ul><h2>C</h2><p>words</p><h2>D</h2></main>"
    assert faults_of(page) == ["an empty ul below ('h2', 'B')", "nothing below 'B'", "nothing below 'D'"]
    assert faults_of("<main><h1>A</h1><h2>B</h2><p>words</p><table><tbody><tr></tr></tbody></main>") == []
