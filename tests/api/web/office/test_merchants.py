"""The whitelist of merchants as pages: entered, vetted by one, let in by another, staffed."""

import pytest

from tests.api.cast import Cast
from tests.api.v1.bazaar import second_of_office
from tests.api.web.browser import Browser, Browsers
from timebank.database import Database

PATH = "/office/merchants"
LONG = "春风社区幸福里小区门口老字号理发美容美发养生保健服务店旗舰"


async def enter(browser: Browser, cast: Cast, **changes: object) -> str:
    """Enter an application, and return the merchant's page."""
    await browser.get(f"{PATH}/new")
    said: dict[str, object] = {
        "name": LONG, "category": "理发", "address": "东门路 9 号", "licence": "L1",
        "organisation": cast.organisations["apple"], **changes,
    }  # fmt: skip
    await browser.post(f"{PATH}/new", **said)
    return str(browser.last.headers.get("location", ""))


async def step(browser: Browser, place: str, name: str, *, reason: str = "测试") -> int:
    """Take a step as the page offers it, and return the status."""
    await browser.get(place)
    version = browser.hidden("version") if "version" in browser.hidden_of(browser.last.text) else "1"
    await browser.post(f"{place}/steps", step=name, reason=reason, version=version)
    return int(browser.last.status_code)


@pytest.mark.parametrize("name", ["alice", "carl", "mia", "max", "till"])
async def test_is_not_for_others(of: Browsers, name: str) -> None:
    for path in (PATH, f"{PATH}/new", f"{PATH}/1"):
        assert (await of(name).get(path)).status_code == 403


async def test_two_people_let_a_merchant_in(of: Browsers, database: Database, cast: Cast) -> None:
    await second_of_office(database, cast)
    wen, olga, adam = of("wen"), of("olga"), of("adam")
    place = await enter(wen, cast)
    assert place.startswith(f"{PATH}/")
    assert await enter(wen, cast) == ""  # sent again: the licence is there already
    assert (wen.last.status_code, LONG in wen.text) == (409, True)
    await olga.get(PATH)
    assert LONG in olga.text  # what waits comes first
    assert await step(olga, place, "vetted") == 303
    assert await step(olga, place, "activated") == 422
    assert 'role="alert"' in olga.last.text
    assert await step(adam, place, "activated", reason="") == 422
    assert await step(adam, place, "activated") == 303
    assert await step(adam, place, "vetted") == 422
    await olga.get(f"{PATH}?state=active")
    assert LONG in olga.text
    await of("audrey").get(place)
    assert await step(olga, place, "suspended") == 303


async def test_its_staff_comes_and_goes(of: Browsers, cast: Cast) -> None:
    wen = of("wen")
    place = await enter(wen, cast)
    max_ = str(cast.people["max"])
    await wen.get(place)
    assert max_ in wen.last.text
    await wen.post(f"{place}/staff", do="add", person=max_)
    assert wen.last.status_code == 303
    await wen.get(place)
    await wen.post(f"{place}/staff", do="add", person=max_)
    assert wen.last.status_code == 409
    await wen.post(f"{place}/staff", do="remove", person=max_)
    assert wen.last.status_code == 303
    await wen.get(place)
    await wen.post(f"{place}/edit", name="新名", category="理发", address="西门", licence="L2", version="1")
    assert wen.last.status_code == 303
    await wen.get(place)
    assert ("新名" in wen.text, "L2" in wen.text) == (True, True)
    await wen.post(f"{place}/edit", name="旧名", category="理发", address="西门", licence="L2", version="1")
    assert (wen.last.status_code, 'role="alert"' in wen.last.text, "旧名" in wen.text) == (412, True, True)


async def test_out_of_reach_is_not_there(of: Browsers, cast: Cast) -> None:
    place = await enter(of("wen"), cast)
    xu = of("xu")
    assert (await xu.get(place)).status_code == 404
    assert await enter(xu, cast, licence="L9") == ""
    assert xu.last.status_code == 404
    assert await step(of("wen"), place, "vetted") == 403
    audrey = of("audrey")
    assert (await audrey.get(place)).status_code == 200
    assert "/steps" not in audrey.last.text
