"""Logging in and out in a browser, and what the browser keeps of it."""

import re

import pytest
from fastapi import FastAPI
from structlog.testing import capture_logs

from api.service import Service
from tests.api.cast import Cast
from tests.api.entering import ALICE, NOBODY, PASSWORD, WEN, Door
from tests.api.web.browser import Browser, Browsers
from tests.conftest import new_bank
from timebank.errors import RefusalError


async def enter(browser: Browser, door: Door, phone: str = ALICE, back: str = "") -> None:
    await browser.get(f"/login?bank={door.cast.bank.code}&lang=en" + (f"&next={back}" if back else ""))
    await browser.post("/login", **{**browser.forms()[0], "phone": phone})
    assert browser.last.status_code == 200, browser.text
    await door.service.outgoing.settle()
    sent = [m.code for m in door.phones.messages if m.reference == browser.hidden("reference")]
    await browser.post("/login", **{**browser.forms()[0], "code": sent[0] if sent else "000000"})


class TestByCode:
    """The way of nearly everybody."""

    async def test_leads_to_ones_own_page(self, browser: Browser, door: Door) -> None:
        await door.give_phone("alice", ALICE)
        await enter(browser, door)
        assert (browser.last.status_code, browser.last.headers["location"]) == (303, "/me")
        assert (await browser.get("/me")).status_code == 200

    async def test_leads_back_to_where_one_was(self, browser: Browser, door: Door) -> None:
        await door.give_phone("alice", ALICE)
        answer = await browser.get(f"/me/code?bank={door.cast.bank.code}")
        assert answer.status_code == 303
        back = answer.headers["location"]
        assert back == f"/login?next=/me/code%3Fbank%3D{door.cast.bank.code}"
        await enter(browser, door, back=back.partition("next=")[2])
        assert browser.last.headers["location"] == f"/me/code?bank={door.cast.bank.code}"

    async def test_a_wrong_code_is_said_and_may_be_typed_anew(self, browser: Browser, door: Door) -> None:
        await door.give_phone("alice", ALICE)
        await browser.get(f"/login?bank={door.cast.bank.code}&lang=en")
        await browser.post("/login", **{**browser.forms()[0], "phone": ALICE})
        await door.service.outgoing.settle()
        right = door.phones.messages[-1].code
        wrong = "111111" if right != "111111" else "222222"
        answer = await browser.post("/login", **{**browser.forms()[0], "code": wrong})
        assert answer.status_code == 401
        assert browser.cookie("session") is None
        answer = await browser.post("/login", **{**browser.forms()[0], "code": right})
        assert answer.status_code == 303
        assert browser.cookie("session")

    async def test_a_known_and_an_unknown_phone_see_the_same_page(self, app: FastAPI, door: Door) -> None:
        await door.give_phone("alice", ALICE)
        pages = []
        for phone in (ALICE, NOBODY):
            browser = Browser(app)
            await browser.get(f"/login?bank={door.cast.bank.code}")
            answer = await browser.post("/login", **{**browser.forms()[0], "phone": phone})
            pages.append((answer.status_code, re.sub(r"[0-9a-fA-F-]{8,}", "", browser.text)))
        assert pages[0] == pages[1]

    async def test_who_shares_a_phone_is_asked_who_it_is(self, browser: Browser, door: Door) -> None:
        await door.give_phone("alice", ALICE, "测小明")
        bob = await door.give_phone("bob", ALICE, "测小芳")
        await enter(browser, door)
        assert browser.last.status_code == 200
        assert "**明" in browser.text
        answer = await browser.post("/login", **{**browser.forms()[0], "person_id": str(bob)})
        assert answer.status_code == 303
        claims = door.service.tokens.verify_cookie(str(browser.cookie("session")), now=door.clock())
        assert claims.bank == door.cast.bank.code

    @pytest.mark.parametrize("phone", ["12", "x", "1" * 30])
    async def test_what_is_no_number_is_said(self, browser: Browser, door: Door, phone: str) -> None:
        await browser.get(f"/login?bank={door.cast.bank.code}&lang=en")
        answer = await browser.post("/login", **{**browser.forms()[0], "phone": phone})
        assert answer.status_code == 422
        assert "11 digits" in browser.text

    async def test_who_asks_too_often_is_told_to_wait(self, browser: Browser, door: Door) -> None:
        for _ in range(3):
            await browser.get(f"/login?bank={door.cast.bank.code}")
            await browser.post("/login", **{**browser.forms()[0], "phone": ALICE})
        assert (browser.last.status_code, browser.last.headers["retry-after"]) == (429, "60")


class TestByPassword:
    """The way of offices."""

    async def test_needs_the_second_factor(self, browser: Browser, door: Door) -> None:
        await door.give_phone("wen", WEN)
        totp = await door.set_up_totp(await door.set_password(WEN))
        door.clock.pass_(minutes=5)
        await browser.get(f"/login?by=password&bank={door.cast.bank.code}&lang=en")
        fields = {**browser.forms()[0], "phone": WEN, "password": PASSWORD}
        assert (await browser.post("/login", **fields)).status_code == 401
        assert PASSWORD not in browser.last.text
        fields = {**browser.forms()[0], "phone": WEN, "password": PASSWORD, "totp": totp.at(door.clock.at)}
        assert (await browser.post("/login", **fields)).status_code == 303
        assert (await browser.get("/office/reviews")).status_code == 200

    async def test_a_login_by_code_carries_no_offices_role(self, browser: Browser, door: Door) -> None:
        door.service.settings = door.service.settings.model_copy(update={"office_links": False})
        await door.give_phone("wen", WEN)
        await enter(browser, door, WEN)
        assert (await browser.get("/office/reviews")).status_code == 403


class TestByLink:
    """A link on paper."""

    async def test_is_used_by_its_button_and_not_by_looking(self, browser: Browser, door: Door) -> None:
        token = await door.link("alice")
        path = f"/L/{door.cast.bank.code}/{token}"
        for _ in range(2):
            assert (await browser.get(path)).status_code == 200
        assert (await browser.post(path)).status_code == 303
        assert (await browser.get("/me")).status_code == 200

    async def test_is_written_down_nowhere(self, browser: Browser, door: Door) -> None:
        token = await door.link("alice")
        path = f"/L/{door.cast.bank.code}/{token}"
        with capture_logs() as logs:
            await browser.get(path)
            assert browser.last.headers["referrer-policy"] == "no-referrer"
            csrf = browser.token
            for status in (303, 403):  # the second time the form is of before the login
                assert (await browser.send(path, {"csrf": csrf})).status_code == status
        assert {line["route"] for line in logs if line["event"] == "request"} == {"/L/{bank}/{token}"}
        counted = (await browser.client.get("/metrics")).text
        assert token not in str(logs) + counted
        assert browser.last.headers.get("location", "") != path

    async def test_is_good_once(self, app: FastAPI, browser: Browser, door: Door) -> None:
        path = f"/L/{door.cast.bank.code}/{await door.link('alice')}"
        await browser.get(path)
        await browser.post(path)
        other = Browser(app)
        await other.get(path)
        # Like any login that failed: the page says so, and where to log in.
        assert (await other.post(path)).status_code == 401
        assert "/login" in other.text.partition("<main")[2].partition("</main>")[0]
        assert other.cookie("session") is None


class TestTheSession:
    """What the browser keeps."""

    async def test_cookies_are_out_of_reach_of_scripts_and_other_sites(
        self, browser: Browser, door: Door
    ) -> None:
        await door.give_phone("alice", ALICE)
        await enter(browser, door)
        said = [line for line in browser.last.headers.get_list("set-cookie") if line.startswith("session=")]
        assert len(said) == 1
        assert "HttpOnly" in said[0]
        assert "SameSite=lax" in said[0]
        assert "Path=/" in said[0]

    async def test_on_https_they_are_of_this_host_alone(self, app: FastAPI, door: Door) -> None:
        browser = Browser(app, "https://test")
        await door.give_phone("alice", ALICE)
        await enter(browser, door)
        said = [line for line in browser.last.headers.get_list("set-cookie") if "session=" in line]
        assert said[0].startswith("__Host-session=")
        assert "Secure" in said[0]
        assert (await browser.get("/me")).status_code == 200

    async def test_is_no_access_token_nor_that_a_session(
        self, browser: Browser, cast: Cast, service: Service
    ) -> None:
        cookie = service.tokens.issue_cookie(cast.bank.code, cast.sessions["alice"], now=service.now())
        answer = await browser.client.get("/api/v1/me", headers={"Authorization": f"Bearer {cookie}"})
        assert (answer.status_code, answer.json()["code"]) == (401, "token_invalid")
        token, _ = service.tokens.issue(cast.bank.code, cast.sessions["alice"], now=service.now())
        with pytest.raises(RefusalError, match="token_invalid"):
            service.tokens.verify_cookie(token, now=service.now())

    async def test_a_logout_ends_it_here_and_on_the_server(
        self, app: FastAPI, browser: Browser, door: Door
    ) -> None:
        await door.give_phone("alice", ALICE)
        await enter(browser, door)
        stolen = str(browser.cookie("session"))
        await browser.get("/me")
        answer = await browser.post("/logout")
        assert (answer.status_code, answer.headers["location"]) == (303, "/login")
        assert answer.headers["clear-site-data"] == '"cache", "storage"'
        assert browser.cookie("session") is None
        thief = Browser(app)
        thief.client.cookies.set("session", stolen, domain="test.local", path="/")
        assert (await thief.get("/me")).status_code == 303

    async def test_slides_as_long_as_it_is_used(self, browser: Browser, door: Door) -> None:
        await door.give_phone("alice", ALICE)
        await enter(browser, door)
        first = browser.cookie("session")
        door.clock.pass_(minutes=59)
        await browser.get("/me")
        assert browser.cookie("session") == first
        for _ in range(3):
            door.clock.pass_(days=29)
            assert (await browser.get("/me")).status_code == 200
        assert browser.cookie("session") != first
        door.clock.pass_(days=30)
        assert (await browser.get("/me")).status_code == 303

    async def test_of_an_office_ends_after_twelve_hours(self, browser: Browser, door: Door) -> None:
        path = f"/L/{door.cast.bank.code}/{await door.link('wen')}"
        await browser.get(path)
        await browser.post(path)
        door.clock.pass_(hours=11)
        assert (await browser.get("/office/reviews")).status_code == 200
        door.clock.pass_(hours=1)
        assert (await browser.get("/office/reviews")).status_code == 303

    async def test_a_cookie_that_was_tampered_with_is_none(self, of: Browsers) -> None:
        browser = of("alice")
        cookie = str(browser.cookie("session"))
        browser.client.cookies.clear()
        browser.client.cookies.set("session", cookie[:-6] + "AAAAAA", domain="test.local", path="/")
        assert (await browser.get("/me")).status_code == 303

    async def test_who_logs_in_as_somebody_else_leaves_no_session_behind(
        self, app: FastAPI, browser: Browser, door: Door
    ) -> None:
        for name in ("alice", "bob"):
            path = f"/L/{door.cast.bank.code}/{await door.link(name)}"
            before = browser.cookie("session")
            await browser.get(path)
            assert (await browser.post(path)).status_code == 303
            assert browser.cookie("session") != before
            if before is not None:
                old = Browser(app)
                old.client.cookies.set("session", before, domain="test.local", path="/")
                assert (await old.get("/me")).status_code == 303
        assert (await browser.get("/me")).status_code == 200


class TestWithoutTheSecondFactor:
    """An office's people who logged in by code."""

    async def test_they_are_told_why_the_offices_pages_are_missing(
        self, browser: Browser, door: Door
    ) -> None:
        door.service.settings = door.service.settings.model_copy(update={"office_links": False})
        await door.give_phone("wen", WEN)
        await enter(browser, door, WEN)
        for path, status in (("/me", 200), ("/office/reviews", 403), ("/stations", 403)):
            answer = await browser.get(path)
            assert answer.status_code == status
            assert "log in with password and second factor" in browser.text, path
            assert f'href="/login?by=password&next={path}"' in browser.text

    async def test_nobody_else_is(self, of: Browsers) -> None:
        for name in ("alice", "stella", "wen"):
            for path in ("/me", "/office/reviews"):
                browser = of(name)
                await browser.get(path)
                assert "second factor" not in browser.text


class TestWithSeveralBanks:
    """Where a browser has to say which bank it means."""

    @pytest.mark.parametrize("step", ["phone", "code", "choose", "password", "x"])
    async def test_whatever_is_sent_without_one_is_a_page(
        self, browser: Browser, door: Door, step: str
    ) -> None:
        await new_bank(door.service.database)
        await browser.get("/login?lang=en")
        answer = await browser.send("/login", {"csrf": browser.token, "step": step})
        assert answer.status_code == 422
        assert "your own community" in browser.text
        assert 'name="bank" type="text"' in answer.text
