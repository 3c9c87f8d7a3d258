"""Helping an elder: whose card it is, then one touch; each look at a name is on record."""

import pytest

from tests.api.cast import Cast
from tests.api.entering import Door
from tests.api.web.browser import Browsers
from tests.timebank.scans.scene import Scene

LOOKS = "select count(*) from look_ups where bank_id = $1 and subject_id = $2 and purpose = 'scan'"


def helping(scene: Scene) -> str:
    return f"/stations/{scene.stations[0]}/help?session={scene.session}"


async def test_a_card_is_asked_about_and_one_touch_does_it(of: Browsers, scene: Scene, door: Door) -> None:
    alice = await door.give_phone("alice", "19900000201")
    await scene.sign_up([alice])
    card = await scene.card_of(alice)
    stella = of("stella")
    await stella.get(helping(scene))
    await stella.post(helping(scene), once=stella.hidden("once"), shown=card.lower())
    assert "Is this you?" in stella.text
    assert "测*" in stella.text
    assert "Not checked in yet" in stella.text
    assert await scene.kept() == []
    fields: dict[str, object] = {
        "csrf": stella.token,
        "once": stella.hidden("once"),
        "shown": card,
        "kind": "in",
    }
    for _ in range(2):  # pressed twice
        await stella.send(helping(scene), fields)
        assert "Checked in" in stella.text
        assert "done before" not in stella.text
    assert await scene.kept() == [("accepted", scene.session)]
    looks = await scene.database.read(scene.bank, lambda tx: tx.connection.fetchval(LOOKS, tx.bank_id, alice))
    assert looks == 3

    # Whoever is in is asked about leaving first.
    await stella.get(helping(scene))
    await stella.post(helping(scene), once=stella.hidden("once"), shown=card)
    assert stella.last.text.index('value="out"') < stella.last.text.index('value="in"')


async def test_a_phones_code_does_too(of: Browsers, scene: Scene, cast: Cast, door: Door) -> None:
    await scene.sign_up([cast.people["alice"]])
    phone = await scene.pass_of(cast.people["alice"])
    stella = of("stella")
    await stella.get(helping(scene))
    await stella.post(helping(scene), once=stella.hidden("once"), shown=phone.code(door.clock.at))
    assert "Is this you?" in stella.text
    shown = stella.hidden("shown")
    door.clock.pass_(minutes=5)  # it took them a while
    await stella.post(helping(scene), once=stella.hidden("once"), shown=shown, kind="in")
    assert "out of date" in stella.text
    assert 'name="shown" type="text"' in stella.text


@pytest.mark.parametrize(
    ("shown", "said"),
    [("NONSENSE", "no code of the time bank"), ("TBC-" + "X" * 16, "card"), ("", "no code of the time bank")],
)
async def test_what_is_refused_is_said(of: Browsers, scene: Scene, shown: str, said: str) -> None:
    stella = of("stella")
    await stella.get(helping(scene))
    await stella.post(helping(scene), once=stella.hidden("once"), shown=shown)
    assert said in stella.text
    assert await scene.kept() == []


async def test_who_may_and_where(of: Browsers, scene: Scene, cast: Cast, door: Door) -> None:
    card = await scene.card_of(cast.people["alice"])
    for name, status in (("alice", 403), ("audrey", 403), ("xu", 404), ("wen", 200)):
        browser = of(name)
        await browser.get(helping(scene))
        assert browser.last.status_code == status
        await browser.get("/me")
        answer = await browser.post(helping(scene), once="0" * 32, shown=card)
        assert answer.status_code == status
    stella = of("stella")
    door.clock.pass_(hours=20)
    await stella.get(helping(scene))
    assert stella.last.headers["location"] == f"/stations/{scene.stations[0]}/screen"


async def test_a_form_that_comes_back_with_another_card_is_another_scan(
    of: Browsers, scene: Scene, door: Door
) -> None:
    """The back button shows the form with the mark that it had: it is no answer to who stands there now."""
    people = [
        await door.give_phone(who, f"1990000020{number}") for number, who in enumerate(("alice", "bob"))
    ]
    await scene.sign_up(people)
    stella = of("stella")
    await stella.get(helping(scene))
    fields: dict[str, object] = {"csrf": stella.token, "once": stella.hidden("once"), "kind": "in"}
    for person in people:
        await stella.send(helping(scene), fields | {"shown": await scene.card_of(person)})
        assert "Checked in" in stella.text
    assert len(await scene.attendances()) == len(people)
