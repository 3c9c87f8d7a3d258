"""A member's privacy over HTTP: consents, channels, who looked, who acts, and taking everything along."""

import io
import zipfile
from typing import get_args

import pytest

from api.service import Service
from api.v1.channels import Channel
from api.web.volunteer.privacy import DONE, SEEN
from tests.api.cast import Cast
from tests.api.conftest import As
from tests.api.entering import Door
from tests.api.timecoins import let_act
from tests.api.v1.test_channels import mailed
from tests.api.web.browser import Browser, Browsers
from timebank.database import Database
from timebank.permissions import SCOPES, Role
from timebank.privacy.rules import Purpose
from timebank.words import words

PAGE = "/me/privacy"


def test_whatever_the_page_puts_together_has_words() -> None:
    codes = [
        *(f"page.privacy.{each}{end}" for each in Purpose for end in ("", ".what")),
        *(f"page.privacy.done.{each}" for each in (*DONE, "mailed")),
        *(f"page.channel.{each}" for each in get_args(Channel)),
        *(f"page.scope.{each}" for each in SCOPES),
        *(f"page.field.{each}" for each in (*SEEN, "other")),
        *(f"page.role.{each}" for each in (*Role, "station", "till")),
    ]
    assert all(words(code) for code in codes)


async def consent(browser: Browser, purpose: str, act: str) -> int:
    await browser.get(PAGE)
    return int((await browser.post(f"{PAGE}/consents", purpose=purpose, act=act)).status_code)


async def test_consent_is_given_and_withdrawn(of: Browsers, as_: As, cast: Cast) -> None:
    alice = of("alice")
    for act, is_given in (("give", True), ("withdraw", False)):
        assert await consent(alice, "location", act) == 303
        await alice.get(alice.last.headers["location"])
        assert ("Your consent is on record" in alice.text) is is_given
        said = (await as_("alice").get(f"/api/v1/people/{cast.people['alice']}/consents")).json()
        assert {one["purpose"]: one["is_given"] for one in said}["location"] is is_given
    assert await consent(alice, "guardian", "give") == 422
    assert "guardian" in alice.text
    assert await consent(alice, "everything", "give") == 422
    assert (await of("till").get(PAGE)).status_code == 403


async def test_who_looked_is_shown_by_role_never_by_name(
    of: Browsers, as_: As, cast: Cast, door: Door
) -> None:
    await door.give_phone("wen", "19900000203", "示例社工")
    alice = of("alice")
    await alice.get(PAGE)
    assert "Nobody has looked yet" in alice.text
    for _ in range(4):
        await as_("wen").get(f"/api/v1/people/{cast.people['alice']}?purpose=contact&fields=name")
    await as_("wen").get(f"/api/v1/people/{cast.people['alice']}/gifts")
    for path in (PAGE, f"{PAGE}/look-ups"):
        await alice.get(path)
        assert "测试apple · Community worker" in alice.text
        assert str(cast.people["wen"]) not in alice.last.text
        assert "示例社工" not in alice.text
    await alice.get(f"{PAGE}/look-ups?before=1")
    assert "Nobody has looked yet" in alice.text


async def test_everything_is_taken_along_and_that_is_on_record(of: Browsers) -> None:
    alice = of("alice")
    await alice.get(PAGE)
    answer = await alice.post(f"{PAGE}/export")
    assert answer.headers["content-type"] == "application/zip"
    assert "index.html" in zipfile.ZipFile(io.BytesIO(answer.content)).namelist()
    await alice.get(PAGE)
    assert "Everything (export)" in alice.text
    assert (await alice.send(f"{PAGE}/export", {"csrf": "0" * 64})).status_code == 403


async def test_a_mail_address_is_kept_confirmed_and_left(of: Browsers, service: Service, cast: Cast) -> None:
    service.offered = frozenset({"email", "sms", "wechat"})
    alice = of("alice")
    await alice.get(PAGE)
    assert "community’s desk" in alice.text  # no phone for short messages
    assert (await alice.post(f"{PAGE}/email", email="nonsense")).status_code == 422
    assert 'value="nonsense"' in alice.last.text
    assert (await alice.post(f"{PAGE}/email", email="someone@mail.example.org")).status_code == 303
    await alice.get(PAGE)
    await alice.post(f"{PAGE}/email/code")
    assert "on its way" in alice.text
    form = {"code_id": alice.hidden("code_id")}
    for wrong in ("", "abc", "12345６"):
        assert (await alice.post(f"{PAGE}/email/confirm", **form, code=wrong)).status_code == 422
        assert alice.hidden("code_id") == form["code_id"]
    digits = await mailed(service, cast, "someone@mail.example.org")
    assert (await alice.post(f"{PAGE}/email/confirm", **form, code=digits)).status_code == 303
    await alice.get(PAGE)
    assert "Turn off: E-mail" in alice.text
    for channel, act, shown in (
        ("wechat", "choose", "Turn off: WeChat"),
        ("email", "leave", "Mail me a code"),
    ):
        assert (await alice.post(f"{PAGE}/channels", channel=channel, act=act)).status_code == 303
        await alice.get(PAGE)
        assert shown in alice.text
    assert (await alice.post(f"{PAGE}/channels", channel="sms", act="choose")).status_code == 422
    assert 'role="alert"' in alice.last.text


@pytest.mark.parametrize("who", ["alice", "bob"])
async def test_either_side_ends_a_proxy(of: Browsers, cast: Cast, database: Database, who: str) -> None:
    await let_act(database, cast, "bob", "alice", "sign_ups")
    browser = of(who)
    await browser.get(PAGE)
    assert ("may act for me" in browser.text) is (who == "alice")
    assert "Sign-ups" in browser.text
    (form,) = [each for each in browser.forms() if "id" in each]
    assert (await of("xu").get(PAGE)).status_code == 200
    stranger = of("carl")
    await stranger.get(PAGE)
    assert (await stranger.post(f"{PAGE}/proxies", id=form["id"])).status_code in {403, 404}
    assert (await browser.send(f"{PAGE}/proxies", {**form})).status_code == 303
    await browser.get(PAGE)
    assert "Nobody acts for you" in browser.text
    assert (await browser.send(f"{PAGE}/proxies", {**form})).status_code == 409
