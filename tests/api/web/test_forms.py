"""Forms that no page of ours gave out: what another site can have a browser send."""

import re
from uuid import uuid4

import pytest
from fastapi import FastAPI

from api.web.forms import FormKeys
from tests.api.cast import Cast
from tests.api.web.browser import Browser, Browsers

POSTS = (
    "/login",
    "/logout",
    "/me/notices",
    "/me/records/1",
    "/me/certificates",
    "/office/reviews",
    "/stations/1/screen",
    "/notices/1",
    "/L/{bank}/x",
)


@pytest.mark.parametrize("path", POSTS)
async def test_without_the_token_everything_is_refused(of: Browsers, cast: Cast, path: str) -> None:
    browser = of("wen")
    await browser.get("/")
    path = path.format(bank=cast.bank.code)
    for fields in ({}, {"csrf": ""}, {"csrf": "0" * 64}, {"csrf": "ключ"}):
        answer = await browser.send(path, {**fields, "step": "phone"})
        assert answer.status_code == 403, (path, fields)
        assert "form_stale" in browser.text


async def test_anothers_token_is_good_for_nothing(of: Browsers) -> None:
    alice, bob = of("alice"), of("bob")
    await alice.get("/")
    await bob.get("/")
    assert alice.token != bob.token
    assert (await alice.send("/logout", {"csrf": bob.token})).status_code == 403
    assert (await alice.get("/me")).status_code == 200
    assert (await alice.send("/logout", {"csrf": alice.token})).status_code == 303


async def test_a_token_of_before_the_login_is_not_one_of_after(app: FastAPI, of: Browsers) -> None:
    browser = of("alice")
    stranger = Browser(app)
    await browser.get("/")
    phone = str(browser.cookie("phone"))
    stranger.client.cookies.set("phone", phone, domain="test.local", path="/")
    await stranger.get("/login")
    assert (await browser.send("/logout", {"csrf": stranger.token})).status_code == 403


async def test_what_the_browser_says_came_from_elsewhere_is_refused_with_a_good_token(of: Browsers) -> None:
    browser = of("alice")
    await browser.get("/")
    for site in ("cross-site", "same-site"):
        answer = await browser.send("/logout", {"csrf": browser.token}, **{"Sec-Fetch-Site": site})
        assert answer.status_code == 403
        await browser.get("/")
    answer = await browser.send("/logout", {"csrf": browser.token}, **{"Sec-Fetch-Site": "same-origin"})
    assert answer.status_code == 303


async def test_the_code_page_asks_for_the_token_in_a_header(of: Browsers) -> None:
    browser = of("alice")
    await browser.get("/me/code")
    refused = await browser.client.post("/me/code/pass", json={})
    assert refused.status_code == 403
    token = {"X-CSRF-Token": browser.token}
    assert (await browser.client.post("/me/code/pass", json={}, headers=token)).status_code == 200


async def test_what_another_site_sent_leaves_the_browsers_mark_as_it_is(of: Browsers) -> None:
    browser = of("alice")
    await browser.get("/")
    # SameSite=Lax: what another site has a browser send comes without cookies, and looks like a first visit.
    bare = await Browser(browser.app).send("/login", {"step": "phone"})
    assert bare.status_code == 403
    assert bare.headers.get_list("set-cookie") == []


async def test_a_browser_that_dropped_its_login_meanwhile_is_led_to_it(of: Browsers) -> None:
    browser = of("alice")
    await browser.get("/me/certificates")
    token = browser.token
    browser.client.cookies.delete("session", domain="test.local", path="/")
    ours = {"Sec-Fetch-Site": "same-origin"}
    answer = await browser.send("/me/certificates", {"csrf": token}, **ours)
    assert answer.headers["location"] == "/login?next=/me/certificates"
    # What is sent to where no page is came from the page above.
    answer = await browser.send("/me/gifts/donations", {"csrf": token}, **ours)
    assert answer.headers["location"] == "/login?next=/me/gifts"
    # Where anybody sends forms it is the form that is stale.
    assert (await browser.send("/verify", {"csrf": "0"}, **ours)).status_code == 403


def test_a_rotated_key_goes_on_verifying() -> None:
    old, session = FormKeys([b"a" * 32]), uuid4()
    token = old.token("p", session)
    assert FormKeys([b"b" * 32, b"a" * 32]).verifies(token, "p", session)
    assert not FormKeys([b"b" * 32]).verifies(token, "p", session)
    assert not old.verifies(token, "p", None)


async def test_a_page_tells_its_readers_apart_and_says_of_nobody_who(of: Browsers, cast: Cast) -> None:
    marks = []
    for who in ("alice", "alice", "bob"):
        browser = of(who)
        await browser.get("/me")
        marks += re.findall(r'data-member="([0-9a-f]{16})"', browser.text)
        assert str(cast.people[who]) not in browser.text
    assert marks[0] == marks[1] != marks[2]


async def test_a_file_or_a_field_twice_is_no_form_of_ours(of: Browsers) -> None:
    browser = of("alice")
    await browser.get("/me")
    token = browser.token
    twice = await browser.client.post(
        "/me/notices",
        content=f"csrf={token}&csrf={token}",
        headers={"Content-Type": "application/x-www-form-urlencoded"},
    )
    assert twice.status_code == 422
    filed = await browser.client.post("/me/notices", data={"csrf": token}, files={"x": b"1"})
    assert filed.status_code in {400, 422}
