"""Stations as pages: opened, found, changed and closed by who may, seen by the rest of the office, their posters."""

import pytest

from tests.api.cast import Cast
from tests.api.web.browser import Browser, Browsers

PATH = "/office/stations"
NAME = "幸福里邻里服务站（东门入口二层活动室）"


async def open_one(browser: Browser, cast: Cast, **changes: object) -> str:
    """Open a station, and return its page; nothing if it was refused."""
    await browser.get(f"{PATH}/new")
    said: dict[str, object] = {
        "code": "ZD-1", "name": NAME, "kind": "neighbourhood", "place": "东门路 9 号", "hours": "08:30-18:00",
        "organisation": cast.organisations["apple"], **changes,
    }  # fmt: skip
    await browser.post(f"{PATH}/new", **said)
    return str(browser.last.headers.get("location", ""))


async def step(browser: Browser, place: str, name: str) -> int:
    """Take a step with the version that the page shows, and return the status."""
    await browser.get(place)
    await browser.post(place, do=name, version=browser.hidden("version"))
    return int(browser.last.status_code)


@pytest.mark.parametrize("name", ["alice", "carl", "stella", "mia", "max", "station"])
async def test_is_not_for_others(of: Browsers, name: str) -> None:
    for path in (PATH, f"{PATH}/new", f"{PATH}/1", f"{PATH}/1/edit"):
        assert (await of(name).get(path)).status_code == 403, path


@pytest.mark.parametrize("name", ["olga", "audrey"])
async def test_the_rest_of_the_office_looks_and_changes_nothing(of: Browsers, cast: Cast, name: str) -> None:
    place = await open_one(of("wen"), cast)
    browser = of(name)
    await browser.get(PATH)
    assert (NAME in browser.text, "/new" in browser.last.text) == (True, False)
    await browser.get(place)
    assert NAME in browser.text
    for absent in (f'action="{place}"', "poster.pdf", "/edit", "at=1#new"):
        assert absent not in browser.last.text
    for path in (f"{PATH}/new", f"{place}/edit", f"{place}/poster.pdf"):
        assert (await browser.get(path)).status_code == 403, path
    await browser.get(PATH)
    assert (await browser.post(place, do="close", version="1")).status_code == 403


async def test_is_opened_once_found_and_changed(of: Browsers, cast: Cast) -> None:
    wen = of("wen")
    place = await open_one(wen, cast, latitude="２6.08", longitude="119.3")
    assert place.startswith(f"{PATH}/")
    assert await open_one(wen, cast) == ""  # sent again: the code is there already
    assert (wen.last.status_code, 'role="alert"' in wen.last.text, NAME in wen.text) == (409, True, True)
    await wen.get(f"{PATH}?text=zd-1")
    assert NAME in wen.text
    await wen.get(f"{PATH}?text=西门")
    assert (NAME in wen.text, "No station fits" in wen.text) == (False, True)
    await wen.get(place)
    assert "latitude 26.08, longitude 119.3, within 300 m" in wen.text.lower()
    await wen.get(f"{place}/edit")
    said = {
        "code": "ZD-1", "name": "新名", "kind": "health", "place": "西门", "hours": "09:00-17:00",
        "organisation": cast.organisations["apple"], "version": wen.hidden("version"), "latitude": "", "longitude": "",
    }  # fmt: skip
    assert (await wen.post(f"{place}/edit", **said, steward=cast.people["alice"])).status_code == 404
    assert ('role="alert"' in wen.last.text, "新名" in wen.text) == (True, True)
    assert (await wen.post(f"{place}/edit", **said, steward=cast.people["stella"])).status_code == 303
    await wen.get(place)
    for shown in ("新名", "西门", "09:00-17:00", "Health station", "Not given"):
        assert shown in wen.text
    assert "Nobody" not in wen.text
    newer = said | {"version": wen.hidden("version"), "name": "再改"}
    assert (await wen.post(f"{place}/edit", **newer, steward="")).status_code == 303
    await wen.get(place)
    assert ("再改" in wen.text, "Nobody" in wen.text) == (True, True)
    await wen.post(f"{place}/edit", **said | {"name": "旧名"})  # from a page of before
    assert (wen.last.status_code, 'role="alert"' in wen.last.text, "旧名" in wen.text) == (412, True, True)


@pytest.mark.parametrize(
    "wrong",
    [
        {"latitude": "26.08"},
        {"latitude": "91", "longitude": "0"},
        {"radius": "300"},
        {"code": "站"},
        {"kind": "bar"},
    ],
)
async def test_what_does_not_fit_is_said_beside_what_was_typed(
    of: Browsers, cast: Cast, wrong: dict[str, str]
) -> None:
    wen = of("wen")
    assert await open_one(wen, cast, **wrong) == ""
    assert (wen.last.status_code, 'role="alert"' in wen.last.text, NAME in wen.text) == (422, True, True)
    await wen.get(PATH)
    assert NAME not in wen.text


async def test_a_closed_one_is_shown_on_asking_and_left_as_it_is(of: Browsers, cast: Cast) -> None:
    wen = of("wen")
    place = await open_one(wen, cast)
    assert await step(wen, place, "close") == 303
    await wen.get(PATH)
    assert NAME not in wen.text
    await wen.get(f"{PATH}?closed=true")
    assert NAME in wen.text
    await wen.get(place)
    assert ("Closed from" in wen.text, f'action="{place}"' in wen.last.text) == (True, False)
    await wen.post(place, do="close", version="2")
    assert (wen.last.status_code, 'role="alert"' in wen.last.text) == (409, True)
    assert (await wen.get(f"{place}/edit")).status_code == 422


async def test_its_poster_is_printed_and_given_another_code(of: Browsers, cast: Cast) -> None:
    wen = of("wen")
    place = await open_one(wen, cast)
    first = (await wen.get(f"{place}/poster.pdf")).content
    assert (first[:5], wen.last.headers["content-type"]) == (b"%PDF-", "application/pdf")
    await wen.get(place)
    assert "poster-ZD-1-1.pdf" in wen.last.text
    assert await step(wen, place, "renew") == 303
    await wen.get(place)
    assert "poster-ZD-1-2.pdf" in wen.last.text


async def test_out_of_reach_is_not_there(of: Browsers, cast: Cast) -> None:
    place = await open_one(of("wen"), cast)
    xu = of("xu")
    await xu.get(PATH)
    assert NAME not in xu.text
    for path in (place, f"{place}/edit", f"{place}/poster.pdf"):
        assert (await xu.get(path)).status_code == 404, path
    assert await open_one(xu, cast, code="ZD-2") == ""
    assert xu.last.status_code == 404
    await xu.post(place, do="close", version="1")
    assert xu.last.status_code == 404


async def test_a_long_list_goes_on(of: Browsers, cast: Cast) -> None:
    wen = of("wen")
    for number in range(31):
        await open_one(wen, cast, code=f"ZD-{number}", name=f"站点{number:02}号")
    await wen.get(f"{PATH}?text=站点")
    assert ("站点29号" in wen.text, "站点30号" in wen.text) == (True, False)
    following = next(part for part in wen.text.split('"') if "after=" in part)
    await wen.get(f"{PATH}{following}")
    assert ("站点29号" in wen.text, "站点30号" in wen.text) == (False, True)
