"""Where a login may lead to: pages of ours, and nowhere else."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.web.redirects import HOME, safe_path


@pytest.mark.parametrize(
    "wanted",
    [
        "https://evil.example/",
        "//evil.example",
        "/\\evil.example",
        "\\\\evil.example",
        "/\t/evil.example",
        "javascript:alert(1)",
        " /me",
        "me",
        "",
        "/" + "a" * 600,
        "/me\r\nSet-Cookie: x=1",
        "/a\\b",
    ],
)
def test_nowhere_but_here(wanted: str) -> None:
    assert safe_path(wanted) == HOME


@pytest.mark.parametrize("wanted", ["/me", "/Q/ABC?x=1", "/notices/1?after=0&line=2#objection"])
def test_to_any_page_of_ours(wanted: str) -> None:
    assert safe_path(wanted) == wanted


@given(st.text())
def test_whatever_is_asked_for_it_is_a_path_on_this_host(wanted: str) -> None:
    found = safe_path(wanted)
    assert found.startswith("/")
    assert not found.startswith(("//", "/\\"))
    assert found.isascii()
    assert found.isprintable()
