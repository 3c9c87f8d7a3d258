"""The solvency board over HTTP: who sees it, and of which organisation."""

import pytest

from tests.api.cast import Cast
from tests.api.web.browser import Browsers

PATH = "/office/solvency"


@pytest.mark.parametrize("name", ["alice", "carl", "mia", "max", "stella", "till"])
async def test_who_is_of_no_office_sees_nothing(of: Browsers, name: str) -> None:
    assert (await of(name).get(PATH)).status_code == 403


@pytest.mark.parametrize("name", ["olga", "audrey", "adam"])
async def test_who_reaches_the_whole_bank_sees_it_whole_or_by_organisation(
    of: Browsers, cast: Cast, name: str
) -> None:
    browser = of(name)
    assert (await browser.get(PATH)).status_code == 200
    assert 'dl class="figures roomy"' in browser.last.text
    assert (await browser.get(f"{PATH}?organisation={cast.organisations['apple']}")).status_code == 200
    assert (await browser.get(f"{PATH}?organisation={2**40}")).status_code == 404
    assert (await browser.get(f"{PATH}?organisation=0")).status_code == 422


async def test_of_a_part_the_rest_is_not_there(of: Browsers, cast: Cast) -> None:
    ada = of("ada")
    assert (await ada.get(PATH)).status_code == 200
    assert (await ada.get(f"{PATH}?organisation={cast.organisations['apple']}")).status_code == 200
    assert (await ada.get(f"{PATH}?organisation={cast.organisations['south']}")).status_code == 404


async def test_a_stranger_is_led_to_the_login(of: Browsers) -> None:
    stranger = of("olga")
    stranger.client.cookies.clear()
    assert (await stranger.get(PATH)).headers["location"] == f"/login?next={PATH}"
