"""Sessions over HTTP: what is near, day by day; signing up, waiting, giving the place back; and who may not."""

from datetime import timedelta
from typing import get_args

import pytest

from api.web.volunteer.sessions import Where
from tests.api.entering import Door
from tests.api.web.browser import Browser, Browsers
from tests.timebank.scans.scene import Scene
from timebank.words import words


@pytest.fixture
def path(scene: Scene) -> str:
    """Return the address of the session that begins in ten minutes."""
    return f"/sessions/{scene.session}"


async def act(browser: Browser, path: str, act: str) -> None:
    await browser.post(path, act=act)


def test_each_tab_has_its_words() -> None:
    assert all(words(f"page.sessions.where.{each}") for each in get_args(Where))


@pytest.mark.parametrize("path", ["/sessions", "/sessions/1"])
async def test_a_stranger_is_led_to_the_login_and_a_device_nowhere(of: Browsers, path: str) -> None:
    stranger = of("alice")
    stranger.client.cookies.clear()
    assert (await stranger.get(path)).headers["location"] == f"/login?next={path}"
    assert (await of("till").get(path)).status_code == 403
    assert (await of("station").get(path)).status_code == 403


@pytest.mark.usefixtures("scene")
async def test_what_is_near_comes_first_and_elsewhere_if_nothing_is(of: Browsers) -> None:
    alice, bob = of("alice"), of("bob")
    await alice.get("/sessions")
    assert "清洁日" in alice.text
    assert "Today" in alice.text
    assert "elsewhere" not in alice.text
    await bob.get("/sessions")  # of birch, and the session is in apple
    assert "清洁日" in bob.text
    assert "elsewhere" in bob.text
    await bob.get("/sessions?where=near")
    assert "清洁日" not in bob.text
    assert "where=all" in bob.last.text


async def test_found_by_name_or_place_a_page_after_the_other(of: Browsers, scene: Scene, door: Door) -> None:
    second = await scene.another_session(door.clock.at + timedelta(days=1))
    alice = of("alice")
    for text, is_found in (("清洁", True), ("广场", True), ("唱歌", False)):
        await alice.get(f"/sessions?text={text}")
        assert ("清洁日" in alice.text) is is_found
        assert ("Nothing found" in alice.text) is not is_found
    await alice.get(f"/sessions?after={scene.session}")
    assert f'href="/sessions/{second}"' in alice.last.text
    assert f'href="/sessions/{scene.session}"' not in alice.last.text
    assert "Tomorrow" in alice.text


async def test_signed_up_once_however_often_it_is_pressed_and_given_back(of: Browsers, path: str) -> None:
    alice = of("alice")
    await alice.get("/sessions?where=mine")
    assert "signed up for nothing" in alice.text
    await alice.get(path)
    for _ in range(2):
        answer = await alice.post(path, act="sign_up")
        assert (answer.status_code, answer.headers["location"]) == (303, path)
        await alice.get(path)
        assert "You are signed up" in alice.text
        assert "No limit, 1 signed up" in alice.text
    await alice.get("/sessions?where=mine")
    assert "✓ Signed up" in alice.text
    for _ in range(2):
        assert (await alice.post(path, act="withdraw")).status_code == 303
        await alice.get(path)
        assert "You are signed up" not in alice.text


async def test_who_comes_late_waits_and_moves_up(of: Browsers, scene: Scene, door: Door) -> None:
    path = f"/sessions/{await scene.another_session(door.clock.at + timedelta(hours=9), capacity=1)}"
    alice, bob = of("alice"), of("bob")
    for browser in (alice, bob):
        await browser.get(path)
        await browser.post(path, act="sign_up")
        await browser.get(path)
    assert "number 1 on the waiting list" in bob.text
    assert "1 of 1 taken, 1 waiting" in bob.text
    await bob.get("/sessions?where=mine")
    assert "Waiting, number 1" in bob.text
    await alice.post(path, act="withdraw")
    await bob.get(path)
    assert "You are signed up" in bob.text
    await alice.get("/sessions?where=all")
    assert "Join the waiting list" in alice.text


async def test_refusals_are_sentences_on_the_page(of: Browsers, path: str) -> None:
    stella = of("stella")  # a steward, and no volunteer
    await stella.get(path)
    answer = await stella.post(path, act="sign_up")
    assert answer.status_code == 422
    assert 'role="alert"' in stella.last.text
    assert "清洁日" in stella.text
    bob = of("bob")
    await bob.get(path)
    assert (await bob.post(path, act="withdraw")).status_code == 404
    assert (await bob.post(path, act="marry")).status_code == 422
    assert (await bob.get("/sessions/999999")).status_code == 404
    assert (await bob.get("/sessions?after=999999")).status_code == 404
    assert (await bob.send(path, {"csrf": "0" * 64, "act": "sign_up"})).status_code == 403


async def test_what_has_begun_is_over_or_was_cancelled_says_so(
    of: Browsers, scene: Scene, path: str, door: Door
) -> None:
    alice = of("alice")
    await alice.get(path)
    await alice.post(path, act="sign_up")
    door.clock.pass_(minutes=30)
    await alice.get(path)
    assert "Give up my place" not in alice.text
    await alice.get("/sessions?where=mine")
    assert "On now" in alice.text
    bob = of("bob")
    await bob.get(path)
    assert "It has begun" in bob.text
    door.clock.pass_(minutes=200)
    await bob.get(path)
    assert "This event is over" in bob.text
    await scene.do("update activity_sessions set state = 'cancelled' where bank_id = $1")
    for browser in (alice, bob):
        await browser.get(path)
        assert "This event was cancelled" in browser.text
        assert "You are signed up" not in browser.text
