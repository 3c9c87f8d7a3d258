"""The ways through the pages: on which of them a page lies."""

import re
from pathlib import Path

import pytest

import api.web
from api.web.icons import icon
from api.web.navigation import DESKS, DOCK, ME, OFFICE, PUBLIC, RAIL, nearest
from timebank.permissions import PERMISSIONS
from timebank.words import words

OF_THE_RAIL = [way for group in RAIL for way in group.ways]
WAYS = [*DOCK, *OF_THE_RAIL, *PUBLIC, *DESKS, OFFICE, ME]


@pytest.mark.parametrize(
    ("path", "address"),
    [
        ("/office", "/office"),
        ("/office/jobs", "/office/jobs"),
        ("/office/jobs/expire/2026", "/office/jobs"),
        ("/office/jobsworth", "/office"),
        ("/officer", None),
    ],
)
def test_a_page_lies_on_the_way_with_the_longest_address(path: str, address: str | None) -> None:
    found = nearest(OF_THE_RAIL, path)
    assert (found.address if found else None) == address


@pytest.mark.parametrize(
    ("path", "address"),
    [
        ("/me", "/me"),
        ("/me/code", "/me/code"),
        ("/me/records/7", "/me/more"),
        ("/me/statement", "/me/more"),
        ("/me/spent/redeemed", "/shops"),
        ("/me/vouchers/7", "/shops"),
        ("/offers", "/shops"),
        ("/sessions/7", "/sessions"),
        ("/notices", None),
    ],
)
def test_in_the_dock_a_page_lies_where_one_comes_to_it_from(path: str, address: str | None) -> None:
    found = nearest(DOCK, path)
    assert (found.address if found else None) == address


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.address)
def test_each_way_has_words_an_icon_and_a_permission_that_there_is(way: object) -> None:
    assert isinstance(way, type(ME))
    assert words(way.words)
    assert icon(way.icon)
    assert way.permission is None or way.permission in PERMISSIONS


def test_the_page_of_a_phone_without_network_is_shown_in_place_of_no_desk() -> None:
    worker = (Path(api.web.__file__).parent / "static" / "app-worker.js").read_text(encoding="utf-8")
    found = re.search(r"NOT_OURS = /(.*)/;", worker)
    assert found is not None
    left_alone = re.compile(found[1].replace("\\/", "/"))
    assert [way.address for way in (*DESKS, *OF_THE_RAIL, OFFICE) if not left_alone.match(way.address)] == []
    assert [way.address for way in (*DOCK, *PUBLIC, ME) if left_alone.match(way.address)] == []
