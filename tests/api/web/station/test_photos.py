"""A photo instead of a camera: what comes back is the same form, filled in."""

import asyncio
import contextlib

import pytest

from api.service import PHOTOS_AT_ONCE, Service
from tests.api.web.browser import Browser, Browsers
from tests.api.web.station.test_screens import screen
from tests.timebank.scans.scene import Scene
from timebank.codes.images import qr_png

CARD = "TBC-0123456789ABCDEF"
TO = "/codes/read?to=/stations/1/screen%3Fsession%3D2&field=shown"


async def sent(browser: Browser, photo: bytes, *, to: str = TO, **fields: str) -> int:
    browser.last = await browser.client.post(
        to, data=fields, files={"photo": ("code.png", photo, "image/png")}
    )
    return int(browser.last.status_code)


async def test_the_form_comes_back_filled_in(of: Browsers, scene: Scene) -> None:
    stella = of("stella")
    await stella.get(screen(scene))
    assert f'formaction="/codes/read?to=/stations/{scene.stations[0]}/screen%3Fsession%3D' in stella.last.text
    fields = {"csrf": stella.token, "once": "0" * 32, "kind": "out", "shown": ""}
    assert await sent(stella, qr_png(CARD), **fields) == 200
    assert f'value="{CARD}"' in stella.last.text
    assert 'action="/stations/1/screen?session=2"' in stella.text
    (form,) = [each for each in stella.forms() if "kind" in each]
    assert (form["kind"], form["once"]) == ("out", "0" * 32)


async def test_a_photo_without_a_code_may_be_taken_again(of: Browsers) -> None:
    stella = of("stella")
    await stella.get("/stations")
    assert await sent(stella, b"no picture", csrf=stella.token, kind="in", once="0" * 32) == 422
    assert "This is no photo" in stella.text
    assert 'name="photo"' in stella.text
    form = next(each for each in stella.forms() if "kind" in each)
    assert form["kind"] == "in"
    assert await sent(stella, b"", csrf=stella.token) == 422
    assert "no code was found" in stella.text.lower()


@pytest.mark.parametrize(
    "to",
    [
        "/codes/read?to=https://elsewhere.example/&field=shown",
        "/codes/read?to=//elsewhere.example/till&field=shown",
        "/codes/read?to=/logout&field=shown",
        "/codes/read?to=/till&field=csrf_1",
        "/codes/read?to=/till",
    ],
)
async def test_it_goes_to_no_other_form(of: Browsers, to: str) -> None:
    stella = of("stella")
    await stella.get("/stations")
    assert await sent(stella, qr_png(CARD), to=to, csrf=stella.token) == 422


async def test_a_stranger_and_another_sites_form_are_refused(of: Browsers) -> None:
    stella = of("stella")
    await stella.get("/stations")
    assert await sent(stella, qr_png(CARD), csrf="0.0") == 403
    token = stella.token if "csrf" in stella.last.text else "0.0"
    stella.client.cookies.clear()
    assert await sent(stella, qr_png(CARD), csrf=token) == 303


async def test_a_form_that_is_sent_without_its_photo_is_taken(of: Browsers, scene: Scene) -> None:
    """Without script the file's field is sent by its name, whichever button was pressed."""
    stella = of("stella")
    await stella.get(screen(scene))
    await stella.post(
        screen(scene), once=stella.hidden("once"), kind="in", shown="NONSENSE", photo="card.jpg"
    )
    assert "no code of the time bank" in stella.text


async def test_the_photo_of_a_login_that_is_over_is_not_looked_at(of: Browsers, scene: Scene) -> None:
    stella = of("stella")
    await stella.get(screen(scene))
    token, session = stella.token, stella.cookie("session")
    assert (await stella.post("/logout")).status_code == 303
    stella.client.cookies.set("session", str(session), domain="test.local", path="/")
    assert await sent(stella, qr_png(CARD), csrf=token, kind="in") == 303
    assert stella.last.headers["location"].startswith("/login")


async def test_few_photos_are_unpacked_at_a_time(of: Browsers, service: Service) -> None:
    stella = of("stella")
    await stella.get("/stations")
    async with contextlib.AsyncExitStack() as others:
        for _ in range(PHOTOS_AT_ONCE):
            await others.enter_async_context(service.photos)
        waiting = asyncio.create_task(sent(stella, qr_png(CARD), csrf=stella.token))
        done, _ = await asyncio.wait({waiting}, timeout=0.5)
        assert not done
    assert await waiting == 200
