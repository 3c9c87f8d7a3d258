"""Tablets and tills as pages: a code for a new one, shown once; a lost one is stopped; each desk has its own."""

import re
from uuid import uuid4

import pytest

from tests.api.cast import Cast
from tests.api.web.browser import Browser, Browsers
from tests.api.web.counter import Counter
from tests.api.web.office.test_stations import open_one

OFFICE, SHOP = "/office/devices", "/shop/devices"


async def make(browser: Browser, path: str, kind: str, at: object, name: str = "窗口二") -> str:
    """Ask for the code of a new device, and return it as the answer shows it; nothing if it shows none."""
    await browser.get("/notices")
    await browser.post(path, kind=kind, at=at, name=name)
    found = re.search(r"TBD:[A-Z0-9]+:[A-Z2-7]+", browser.last.text)
    return found[0] if found else ""


@pytest.mark.parametrize(
    ("name", "office", "shop"),
    [
        ("alice", 403, 403),
        ("carl", 403, 403),
        ("stella", 403, 403),
        ("olga", 403, 403),
        ("station", 403, 403),
        ("till", 403, 403),
        ("mia", 403, 200),
        ("audrey", 200, 200),
        ("wen", 200, 200),
        ("adam", 200, 200),
    ],
)
async def test_who_sees_devices_where(of: Browsers, cast: Cast, name: str, office: int, shop: int) -> None:
    browser = of(name)
    one = cast.devices["till"]
    assert (await browser.get(OFFICE)).status_code == office
    assert (await browser.get(f"{OFFICE}/{one}")).status_code == office
    assert (await browser.get(SHOP)).status_code == shop
    assert (await browser.get(f"{SHOP}/{one}")).status_code == shop
    assert (await browser.get(f"{SHOP}/{uuid4()}")).status_code == (404 if shop == 200 else 403)


async def test_a_shop_managers_code_makes_a_till(of: Browsers, counter: Counter) -> None:
    mia, carl, other = of("mia"), of("carl"), of("carl")
    await mia.get(SHOP)
    assert ">till<" in mia.text
    code = await make(mia, SHOP, "till", counter.desk.market.near)
    assert (mia.last.status_code, mia.last.headers["cache-control"]) == (200, "no-store")
    assert ("<svg" in mia.last.text, "good until 10:10" in mia.text) == (True, True)
    await mia.get(SHOP)
    assert code not in mia.text
    for browser, status in ((carl, 303), (other, 422)):
        await browser.get("/till")
        assert (await browser.post("/till/enrol", token=code)).status_code == status
    await mia.get(SHOP)
    assert "窗口二" in mia.text
    assert await make(mia, SHOP, "station", counter.desk.market.near) == ""
    assert mia.last.status_code == 404


async def test_a_workers_code_is_for_a_station(of: Browsers, cast: Cast) -> None:
    wen = of("wen")
    await wen.get(OFFICE)
    assert ("open a station first" in wen.text, 'id="new"' in wen.last.text) == (True, False)
    station = (await open_one(wen, cast)).rsplit("/", 1)[-1]
    await wen.get(f"/office/stations/{station}")
    assert f"{OFFICE}?kind=station&at={station}#new" in wen.text
    assert await make(wen, OFFICE, "station", station)
    assert await make(wen, OFFICE, "station", station, name=" ") == ""
    assert (wen.last.status_code, 'role="alert"' in wen.last.text) == (422, True)
    assert await make(wen, OFFICE, "till", "999999999") == ""
    assert (wen.last.status_code, 'role="alert"' in wen.last.text) == (404, True)
    assert await make(of("xu"), OFFICE, "station", station) == ""
    for name in ("audrey", "olga", "mia", "carl"):
        browser = of(name)
        assert await make(browser, OFFICE, "station", station) == ""
        assert browser.last.status_code == 403, name
    await wen.get(f"/office/stations/{station}")
    await wen.post(f"/office/stations/{station}", do="close", version="1")
    assert await make(wen, OFFICE, "station", station) == ""
    assert (wen.last.status_code, 'role="alert"' in wen.last.text) == (422, True)


@pytest.mark.parametrize(("name", "desk", "kind"), [("mia", SHOP, "till"), ("wen", OFFICE, "station")])
async def test_a_lost_one_is_stopped_after_a_question(
    of: Browsers, cast: Cast, name: str, desk: str, kind: str
) -> None:
    one = f"{desk}/{cast.devices[kind]}"
    browser = of(name)
    await browser.get(f"{desk}?kind={kind}")
    assert one in browser.last.text
    await browser.get(one)
    assert "Stop this device" in browser.text
    assert (await of(kind).get("/notices")).status_code == 200
    assert (await browser.post(one)).status_code == 303
    assert (await of(kind).get("/me")).status_code == 303  # its session is over
    await browser.get(one)
    assert ("Stopped" in browser.text, "Stop this device" in browser.text) == (True, False)
    await browser.post(one)
    assert (browser.last.status_code, 'role="alert"' in browser.last.text) == (409, True)
    await browser.get(f"{desk}?kind={kind}")
    assert one not in browser.last.text
    await browser.get(f"{desk}?kind={kind}&revoked=true")
    assert one in browser.last.text


async def test_nobody_stops_what_is_out_of_reach_or_only_read(of: Browsers, cast: Cast) -> None:
    one = f"{OFFICE}/{cast.devices['station']}"
    audrey, xu, mia = of("audrey"), of("xu"), of("mia")
    await audrey.get(one)
    assert "Stop this device" not in audrey.text
    assert (await audrey.post(one)).status_code == 403
    assert (await xu.get(one)).status_code == 404
    await xu.get("/notices")
    assert (await xu.post(one)).status_code == 404
    assert (await mia.get(f"{SHOP}/{cast.devices['station']}")).status_code == 404
    await of("wen").get(one)
    assert (await audrey.get(one)).status_code == 200
    assert "In use" in audrey.text
