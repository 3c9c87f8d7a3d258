"""A member's own page, and the pass of their phone."""

import base64
import hashlib
import hmac

import pytest

from tests.api.cast import Cast
from tests.api.entering import Door
from tests.api.web.browser import Browsers
from tests.timebank.scans.scene import Scene
from timebank.codes.rules import MemberCode, check_member_code, read_code

CODE = "/me/code"


async def test_shows_what_one_has_and_what_is_on(of: Browsers, scene: Scene) -> None:
    alice = of("alice")
    assert (await alice.get("/me")).status_code == 200
    assert "清洁日" in alice.text
    assert "No records yet" in alice.text
    assert scene.session in [int(form["id"]) for form in alice.forms() if form.get("act") == "sign_up"]


@pytest.mark.usefixtures("scene")
async def test_signs_up_and_withdraws(of: Browsers) -> None:
    alice = of("alice")
    await alice.get("/me")
    (form,) = [form for form in alice.forms() if form.get("act") == "sign_up"]
    assert (await alice.post("/me", **form)).status_code == 200
    assert "You are signed up" in alice.text
    (form,) = [form for form in alice.forms() if form.get("act") == "withdraw"]
    await alice.post("/me", **form)
    assert "You have withdrawn" in alice.text
    assert [form for form in alice.forms() if form.get("act") == "withdraw"] == []


async def test_what_has_begun_shows_when_one_came_and_is_not_given_back(
    of: Browsers, scene: Scene, cast: Cast, door: Door
) -> None:
    await scene.sign_up([cast.people["alice"]])
    alice = of("alice")
    door.clock.pass_(minutes=15)
    await alice.get("/me")
    assert "On now" in alice.text
    assert [form for form in alice.forms() if form.get("act") == "withdraw"] == []
    path = f"/Q/{scene.shown(door.clock.at)}"
    await alice.get(path)
    await alice.post(path, **alice.forms()[0])
    await alice.get("/me")
    at = door.clock.at.astimezone(cast.bank.zone)
    assert f"In at {at:%H:%M}" in alice.text


async def test_a_full_session_is_waited_for(of: Browsers, scene: Scene, cast: Cast) -> None:
    await scene.do("update activity_sessions set capacity = 1 where bank_id = $1")
    await scene.sign_up([cast.people["bob"]])
    alice = of("alice")
    await alice.get("/me")
    assert "Full: you would wait" in alice.text
    (form,) = [form for form in alice.forms() if form.get("act") == "sign_up"]
    await alice.post("/me", **form)
    assert "Number 1 on the waiting list" in alice.text


async def test_a_refusal_is_said_on_the_page(of: Browsers) -> None:
    alice = of("alice")
    await alice.get("/me")
    answer = await alice.post("/me", act="sign_up", id=999_999)
    assert answer.status_code == 404
    assert "There is no such session" in alice.text
    assert (await alice.post("/me", act="steal", id=1)).status_code == 422


async def test_the_pass_is_told_once_and_makes_codes_that_are_taken(
    of: Browsers, cast: Cast, door: Door
) -> None:
    alice = of("alice")
    await alice.get(CODE)
    token = {"X-CSRF-Token": alice.token}
    made = (await alice.client.post(f"{CODE}/pass", json={"pass_id": None}, headers=token)).json()
    assert made["now_milliseconds"] == int(door.clock.at.timestamp() * 1000)
    head = bytes.fromhex(made["head"])
    assert head[0] == 3
    again = await alice.client.post(f"{CODE}/pass", json={"pass_id": made["pass_id"]}, headers=token)
    assert again.json()["seed"] is None
    # Somebody else's pass on this phone is replaced by one's own.
    bob = of("bob")
    await bob.get(CODE)
    other = await bob.client.post(
        f"{CODE}/pass", json={"pass_id": made["pass_id"]}, headers={"X-CSRF-Token": bob.token}
    )
    assert other.json()["pass_id"] != made["pass_id"]
    code = read_code(_made_of(made, int(door.clock.at.timestamp())))
    assert isinstance(code, MemberCode)
    seed = bytes.fromhex(made["seed"])
    check_member_code(seed, code, bank_id=cast.bank.id, now=door.clock.at)


async def test_without_a_login_there_is_no_pass(of: Browsers, door: Door) -> None:
    alice = of("alice")
    await alice.get(CODE)
    token = {"X-CSRF-Token": alice.token}
    door.clock.pass_(days=2)
    assert (await alice.client.post(f"{CODE}/pass", json={}, headers=token)).status_code == 401
    alice.client.cookies.clear()
    assert (await alice.client.post(f"{CODE}/pass", json={}, headers=token)).status_code == 401


async def test_the_page_of_the_code_has_nothing_of_the_member(of: Browsers, cast: Cast) -> None:
    alice = of("alice")
    await alice.get(CODE)
    assert str(cast.people["alice"]) not in alice.last.text
    assert (await of("station").get(CODE)).status_code == 403


def _made_of(made: dict[str, object], now: int) -> str:
    """Make the code as docs/codes.md says, by other means than the program's own."""
    body = bytes.fromhex(str(made["head"])) + (now // 30).to_bytes(4, "big")
    mac = hmac.new(bytes.fromhex(str(made["seed"])), body, hashlib.sha256).digest()[:10]
    return base64.b32encode(body + mac).decode().rstrip("=")
