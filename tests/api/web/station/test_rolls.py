"""The roll call: who signed up, ticked and taken once; each has an answer."""

import secrets
from uuid import UUID

import pytest

from tests.api.cast import Cast
from tests.api.entering import Door
from tests.api.web.browser import Browsers
from tests.timebank.scans.scene import Scene


def roll(scene: Scene) -> str:
    return f"/stations/{scene.stations[0]}/roll?session={scene.session}"


def ticked(*people: UUID, kind: str = "in") -> dict[str, object]:
    return {"person[]": [str(each) for each in people], "kind": kind}


async def test_who_is_ticked_is_taken_once(of: Browsers, scene: Scene, door: Door) -> None:
    people = [await door.give_phone("alice", "19900000201"), await door.give_phone("bob", "19900000202")]
    await scene.sign_up(people)
    stella = of("stella")
    await stella.get(roll(scene))
    assert stella.last.text.count("Not checked in yet") == 2
    assert stella.text.count("测*") == 2
    fields = {"csrf": stella.token, "once": stella.hidden("once"), **ticked(*people)}
    for _ in range(2):
        await stella.send(roll(scene), fields)
        assert "Checked in: 2." in stella.text
    assert await scene.kept() == [("accepted", scene.session)] * 2
    await stella.post(roll(scene), once=stella.hidden("once"), **ticked(people[0], kind="out"))
    assert "Checked out: 1." in stella.text


async def test_who_cannot_be_taken_stays_ticked_with_the_reason(
    of: Browsers, scene: Scene, cast: Cast, door: Door
) -> None:
    await scene.sign_up([cast.people["alice"]])
    stella = of("stella")
    await stella.get(roll(scene))
    door.clock.pass_(hours=2, minutes=20)  # over, but for leaving
    await stella.post(roll(scene), once=stella.hidden("once"), **ticked(cast.people["alice"]))
    assert "Not done for 1" in stella.text
    assert "Checked in" not in stella.text
    assert f'value="{cast.people["alice"]}" checked' in stella.text


@pytest.mark.parametrize("fields", [{"kind": "in"}, {"kind": "up"}, {"kind": "in", "person[]": "nobody"}])
async def test_what_is_not_filled_in_is_said(of: Browsers, scene: Scene, fields: dict[str, object]) -> None:
    stella = of("stella")
    await stella.get(roll(scene))
    assert "Nobody signed up" in stella.text
    await scene.members(1)
    answer = await stella.post(roll(scene), once=secrets.token_hex(16), **fields)
    assert answer.status_code == 200
    assert 'role="alert"' in stella.text
    assert await scene.kept() == []


async def test_who_may(of: Browsers, scene: Scene, cast: Cast) -> None:
    for name, status in (("alice", 403), ("audrey", 403), ("xu", 404), ("wen", 200)):
        browser = of(name)
        await browser.get(roll(scene))
        assert browser.last.status_code == status
        await browser.get("/me")
        answer = await browser.post(roll(scene), once=secrets.token_hex(16), **ticked(cast.people["bob"]))
        assert answer.status_code == status


async def test_a_long_list_says_that_it_goes_on(of: Browsers, scene: Scene) -> None:
    await scene.members(201)
    stella = of("stella")
    await stella.get(roll(scene))
    assert stella.last.text.count('name="person[]"') == 200
    assert "the first 200" in stella.text
