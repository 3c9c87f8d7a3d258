"""The station's screen: who may show it, what it counts, and what the scanner gun types."""

import pytest

from tests.api.cast import Cast
from tests.api.entering import Door
from tests.api.web.browser import Browsers
from tests.timebank.scans.scene import Scene

RUNS_IT = {"stella", "wen"}
EVERYBODY = ("alice", "wen", "xu", "olga", "audrey", "adam", "carl", "stella", "mia", "max")


def screen(scene: Scene) -> str:
    return f"/stations/{scene.stations[0]}/screen?session={scene.session}"


@pytest.mark.parametrize("name", EVERYBODY)
async def test_who_may_show_it(of: Browsers, scene: Scene, name: str) -> None:
    browser = of(name)
    listed, shown = await browser.get("/stations"), await browser.get(screen(scene))
    if name in RUNS_IT:
        assert (listed.status_code, shown.status_code) == (200, 200)
        assert "<svg" in shown.text
    elif name == "xu":  # another community's: hers is empty, this one is not there
        assert (listed.status_code, shown.status_code) == (200, 404)
    else:
        assert (listed.status_code, shown.status_code) == (403, 403)


async def test_a_stranger_is_led_to_the_login(of: Browsers, scene: Scene) -> None:
    stranger = of("alice")
    stranger.client.cookies.clear()
    answer = await stranger.get(screen(scene))
    assert answer.status_code == 303
    assert answer.headers["location"].startswith("/login?next=/stations/")


async def test_the_only_session_is_shown_at_once_and_of_several_one_is_chosen(
    of: Browsers, scene: Scene, door: Door
) -> None:
    stella = of("stella")
    await stella.get(f"/stations/{scene.stations[0]}/screen")
    assert "data-symbol" in stella.last.text
    await scene.another_session(door.clock.at)
    await stella.get(f"/stations/{scene.stations[0]}/screen")
    assert "data-symbol" not in stella.last.text
    assert f"?session={scene.session}" in stella.text
    await stella.get(f"/stations/{scene.stations[2]}/screen")
    assert "nothing to check in to" in stella.text


async def test_the_codes_for_the_script(of: Browsers, scene: Scene, door: Door) -> None:
    stella = of("stella")
    path = screen(scene).replace("?", "/codes?")
    said = (await stella.get(path)).json()
    assert said["now"] == int(door.clock.at.timestamp() * 1000)
    assert [each["until"] - each["from"] for each in said["codes"]] == [15_000] * 9
    assert said["codes"][0]["link"] == f"HTTP://TEST/Q/{scene.shown(door.clock.at)}"
    assert said["counts"] == {"checked_in": 0, "checked_out": 0, "refused": 0}
    door.service.settings = door.service.settings.model_copy(update={"public_url": "https://tb.example"})
    assert (await stella.get(path)).json()["codes"][0]["link"].startswith("HTTPS://TB.EXAMPLE/Q/")
    door.clock.pass_(hours=20)
    over = await stella.get(path)
    assert (over.status_code, "sentence" in over.json()) == (409, True)
    assert (await of("alice").get(path)).status_code == 409


class TestTheGun:
    """What the box takes."""

    async def test_a_members_code_and_a_card(self, of: Browsers, scene: Scene, door: Door) -> None:
        people = [await door.give_phone("alice", "19900000201"), await door.give_phone("bob", "19900000202")]
        await scene.sign_up(people)
        phone, card = await scene.pass_of(people[0]), await scene.card_of(people[1])
        stella = of("stella")
        await stella.get(screen(scene))
        await stella.post(
            screen(scene), once=stella.hidden("once"), kind="in", shown=phone.code(door.clock.at)
        )
        assert "✓ 测*" in stella.text
        await stella.post(screen(scene), once=stella.hidden("once"), kind="in", shown=f" {card} ")
        assert "✓ 测*" in stella.text
        assert 'data-count="checked_in">2<' in stella.last.text

    async def test_the_same_form_twice_is_one_scan_and_another_a_repeat(
        self, of: Browsers, scene: Scene, cast: Cast, door: Door
    ) -> None:
        await scene.sign_up([cast.people["alice"]])
        phone = await scene.pass_of(cast.people["alice"])
        stella = of("stella")
        await stella.get(screen(scene))
        fields: dict[str, object] = {"csrf": stella.token, "once": stella.hidden("once"), "kind": "in"}
        fields["shown"] = phone.code(door.clock.at)
        for _ in range(2):
            await stella.send(screen(scene), fields)
            assert "this was done before" not in stella.text.lower()
        await stella.send(screen(scene), {**fields, "once": stella.hidden("once")})
        assert "this was done before" in stella.text.lower()
        count = await scene.database.read(
            scene.bank,
            lambda tx: tx.connection.fetchval("select count(*) from scans where bank_id = $1", tx.bank_id),
        )
        assert count == 2

    @pytest.mark.parametrize(
        ("shown", "said"),
        [("NONSENSE", "no code of the time bank"), ("TBC-" + "X" * 20, "card"), ("", "no code")],
    )
    async def test_what_is_refused_is_said_and_counted(
        self, of: Browsers, scene: Scene, shown: str, said: str
    ) -> None:
        stella = of("stella")
        await stella.get(screen(scene))
        await stella.post(screen(scene), once=stella.hidden("once"), kind="in", shown=shown)
        assert said in stella.text
        assert f'data-count="refused">{1 if shown else 0}<' in stella.last.text

    async def test_nobody_else_takes_scans_here(self, of: Browsers, scene: Scene) -> None:
        for name, status in (("alice", 403), ("xu", 404)):
            browser = of(name)
            await browser.get("/me")
            answer = await browser.post(screen(scene), once="0" * 32, kind="in", shown="X")
            assert answer.status_code == status

    async def test_who_was_logged_out_is_led_to_the_login(
        self, of: Browsers, scene: Scene, door: Door
    ) -> None:
        stella = of("stella")
        path = screen(scene).replace("?", "/codes?")
        assert (await stella.get(path)).status_code == 200
        door.clock.pass_(days=40)
        assert (await stella.get(path)).status_code == 401
        stella.client.cookies.clear()
        assert (await stella.get(path)).status_code == 401


async def test_a_code_names_no_address_that_only_the_request_made_up(of: Browsers, scene: Scene) -> None:
    stella = of("stella")
    for path in (screen(scene), screen(scene).replace("/screen?", "/screen/codes?")):
        answer = await stella.get(path, Host="evil.example/<script>")
        assert answer.status_code == 422
        assert "evil" not in answer.text
