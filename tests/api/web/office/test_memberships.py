"""Where a person belongs, at the desk: entered from one list of kinds and places, ended from a day."""

import re
from uuid import UUID

import pytest
import pytest_asyncio

from tests.api.cast import Cast
from tests.api.conftest import As
from tests.api.v1.residents import enrolled
from tests.api.web.browser import Browser, Browsers
from timebank.words import words


@pytest_asyncio.fixture
async def places(as_: As, cast: Cast) -> dict[str, int]:
    """Return the cast's organisations, with a team in apple and in birch and a work unit in the south."""
    found = dict(cast.organisations)
    for code, level, parent in (
        ("helpers", "team", "apple"),
        ("others", "team", "birch"),
        ("bureau", "work_unit", "south"),
    ):
        body = {"code": code, "name": f"测试{code}", "level": level, "parent_id": found[parent]}
        answer = await as_("adam").post("/api/v1/organisations", json={**body, "opened_on": "2024-01-01"})
        found[code] = answer.json()["id"]
    return found


def page_of(who: UUID) -> str:
    return f"/office/people/{who}/memberships"


async def join(browser: Browser, page: str, to: str, since: str = "2025-03-01") -> Browser:
    await browser.post(page, to=to, since=since)
    if browser.last.status_code == 303:
        await browser.get(browser.last.headers["location"])
    return browser


def current(browser: Browser) -> str:
    """Return what the page shows of today."""
    return browser.text.split('id="current"')[1].split('id="join"')[0]


@pytest.mark.parametrize("name", ["alice", "audrey", "carl"])
async def test_is_not_for_others(of: Browsers, cast: Cast, name: str) -> None:
    page = page_of(cast.people["alice"])
    assert (await of(name).get(page)).status_code == 403
    browser = of(name)
    await browser.get("/me/privacy")
    for way, fields in (("", {"to": "residence:1"}), ("/end", {"membership": "1"})):
        await browser.post(f"{page}{way}", **fields)
        assert browser.last.status_code == 403
    wen = of("wen")
    assert (await wen.get(page_of(cast.people["bob"]))).status_code == 404


async def test_an_office_reads_and_enters_nothing(
    of: Browsers, cast: Cast, as_: As, places: dict[str, int]
) -> None:
    who = await enrolled(as_, cast, "M1")
    olga = of("olga")
    await olga.get(page_of(who))
    assert "测试apple" in current(olga)
    assert ('name="to"' in olga.text, 'name="until"' in olga.text) == (False, False)
    await olga.post(page_of(who), to=f"team:{places['helpers']}")
    assert olga.last.status_code == 403


async def test_one_list_shows_what_fits_and_is_in_reach(
    of: Browsers, cast: Cast, as_: As, places: dict[str, int]
) -> None:
    wen, who = of("wen"), await enrolled(as_, cast, "M2")
    await wen.get(page_of(who))
    shown = set(re.findall(r'<option value="(\w+:\d+)"', wen.text))
    assert shown == {
        f"residence:{places['apple']}",
        f"residence:{places['grid']}",
        f"team:{places['helpers']}",
        f"work_unit:{places['bureau']}",
    }
    party = await enrolled(as_, cast, "M3", party=True)
    await wen.get(page_of(party))
    for to in (f"party_unit:{places['bureau']}", f"party_community:{places['apple']}"):
        assert words("page.memberships.reported")[1] not in wen.text
        await join(wen, page_of(party), to)
        assert "Added." in wen.text
    assert words("page.memberships.reported")[1] in wen.text


async def test_a_membership_begins_and_ends_on_a_day(
    of: Browsers, cast: Cast, as_: As, places: dict[str, int]
) -> None:
    wen, who = of("wen"), await enrolled(as_, cast, "M4")
    page = page_of(who)
    await wen.get(page)
    await join(wen, page, f"team:{places['helpers']}")
    assert ("测试helpers" in current(wen), "Since 2025-03-01" in current(wen)) == (True, True)
    await wen.post(page, to=f"team:{places['helpers']}", since="2025-03-01")
    assert (wen.last.status_code, words("already_a_member")[1][1:] in wen.text) == (409, True)
    assert f'value="team:{places["helpers"]}" selected' in wen.text
    team = _newest(wen)
    await wen.post(f"{page}/end", membership=team, until="2025-02-01")
    assert wen.last.status_code == 422
    await wen.post(f"{page}/end", membership=team, until="2025-04-01")
    await wen.get(wen.last.headers["location"])
    assert ("Ended." in wen.text, "测试helpers" in current(wen)) == (True, False)
    assert "2025-03-01 – 2025-04-01" in wen.text
    await wen.post(f"{page}/end", membership=team)
    assert wen.last.status_code == 409


@pytest.mark.parametrize("to", ["team:0", "team:x", "friend:1", "", f"team:{10**18}"])
async def test_what_does_not_fit_is_said(of: Browsers, cast: Cast, as_: As, to: str) -> None:
    wen, who = of("wen"), await enrolled(as_, cast, "M5")
    await wen.get(page_of(who))
    await wen.post(page_of(who), to=to)
    assert (wen.last.status_code, 'role="alert"' in wen.last.text) == (422, True)


async def test_a_team_out_of_reach_is_not_there(
    of: Browsers, cast: Cast, as_: As, places: dict[str, int]
) -> None:
    wen, who = of("wen"), await enrolled(as_, cast, "M6")
    await wen.get(page_of(who))
    await wen.post(page_of(who), to=f"team:{places['others']}")
    assert (wen.last.status_code, 'role="alert"' in wen.last.text) == (404, True)


def _newest(browser: Browser) -> str:
    """Return the membership that was entered last."""
    return max((form["membership"] for form in browser.forms() if "membership" in form), key=int)
