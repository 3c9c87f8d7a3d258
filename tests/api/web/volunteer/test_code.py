"""The code of one's own: the page that may be kept offline, and the pass of a phone."""

import base64
import hashlib
import hmac

from tests.api.cast import Cast
from tests.api.entering import Door
from tests.api.web.browser import Browsers
from timebank.codes.rules import MemberCode, check_member_code, read_code

CODE = "/me/code"


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
