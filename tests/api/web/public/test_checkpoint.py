"""The published checkpoint: read, downloaded and verified by a stranger."""

import html
from pathlib import Path

import pytest

from api.service import Service
from api.web.rendering import say
from tests.api.cast import Cast
from tests.api.entering import Door
from tests.api.web.browser import Browser
from tests.timebank.certificates.scene import enter_scene
from timebank.database import Database
from timebank.words import words

NOT_THERE = 404


@pytest.fixture
async def sealed(database: Database, cast: Cast, service: Service, door: Door) -> None:
    """Have the bank's books sealed with its key in the service's home."""
    del door  # which sets the clock
    await enter_scene(database, cast, Path(service.settings.home))


async def test_a_stranger_reads_it_and_what_they_keep_is_verified(
    browser: Browser, sealed: None, cast: Cast
) -> None:
    del sealed
    assert (await browser.get(f"/checkpoint?lang=en&bank={cast.bank.code}")).status_code == 200
    page = browser.text
    note = (await browser.get("/checkpoint/checkpoint.txt")).text
    key = (await browser.get("/checkpoint/key.txt")).text.strip()
    assert note in page
    assert key in page
    assert browser.last.headers["content-disposition"].startswith("attachment")
    await browser.get("/verify")
    answer = await browser.client.post("/verify", data={"csrf": browser.token}, files={"file": ("c", note)})
    assert say("en", "verified_checkpoint", {"size": note.splitlines()[1]}) in html.unescape(answer.text)


async def test_books_that_were_never_sealed_have_none_and_say_so(browser: Browser, door: Door) -> None:
    await browser.get(f"/checkpoint?lang=zh&bank={door.cast.bank.code}")
    assert words("page.checkpoint.none")[0] in browser.text
    for name in ("checkpoint", "key", "other"):
        assert (await browser.get(f"/checkpoint/{name}.txt")).status_code == NOT_THERE
