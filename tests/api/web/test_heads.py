"""The head alone: whatever can be got is answered with the same status and headers, and without a body."""

import pytest

from tests.api.conftest import As
from tests.api.web.browser import Browsers


@pytest.mark.parametrize(
    "path", ["/", "/login", "/manifest.webmanifest", "/health/live", "/api/v1/openapi.json"]
)
async def test_what_anybody_may_get_has_a_head(as_: As, path: str) -> None:
    client = as_("stranger")
    whole, head = await client.get(path), await client.head(path)
    assert whole.status_code == 200, path
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["content-type"] == whole.headers["content-type"]
    assert "x-frame-options" in head.headers


async def test_a_page_of_one_s_own_has_one_for_its_owner(of: Browsers) -> None:
    alice = of("alice")
    assert (await alice.client.head("/me")).status_code == 200
    alice.client.cookies.clear()
    answer = await alice.client.head("/me")
    assert (answer.status_code, answer.headers["location"]) == (303, "/login?next=/me")


async def test_what_is_only_sent_has_none(as_: As) -> None:
    answer = await as_("stranger").head("/logout")
    assert (answer.status_code, answer.content) == (405, b"")
    assert (await as_("stranger").head("/nowhere")).status_code == 404
