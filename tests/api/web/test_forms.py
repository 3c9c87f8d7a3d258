"""Forms that no page of ours gave out, addresses that lead elsewhere, and what every page is sent with."""

from uuid import uuid4

import pytest
from fastapi import FastAPI
from hypothesis import given
from hypothesis import strategies as st

from api.app import create_app
from api.limits import Buckets
from api.service import Service
from api.web.forms import FormKeys
from api.web.redirects import HOME, safe_path
from api.web.rendering import language_of
from tests.api.cast import Cast
from tests.api.entering import Door
from tests.api.web.browser import Browser, Browsers
from tests.timebank.scans.scene import Scene

POSTS = (
    "/login",
    "/logout",
    "/me",
    "/office/reviews",
    "/stations/1/screen",
    "/notices/1",
    "/L/{bank}/x",
)


class TestForgery:
    """What another site can have a browser send."""

    @pytest.mark.parametrize("path", POSTS)
    async def test_without_the_token_everything_is_refused(self, of: Browsers, cast: Cast, path: str) -> None:
        browser = of("wen")
        await browser.get("/")
        path = path.format(bank=cast.bank.code)
        for fields in ({}, {"csrf": ""}, {"csrf": "0" * 64}, {"csrf": "ключ"}):
            answer = await browser.send(path, {**fields, "step": "phone"})
            assert answer.status_code == 403, (path, fields)
            assert "form_stale" in browser.text

    async def test_anothers_token_is_good_for_nothing(self, of: Browsers) -> None:
        alice, bob = of("alice"), of("bob")
        await alice.get("/")
        await bob.get("/")
        assert alice.token != bob.token
        assert (await alice.send("/logout", {"csrf": bob.token})).status_code == 403
        assert (await alice.get("/me")).status_code == 200
        assert (await alice.send("/logout", {"csrf": alice.token})).status_code == 303

    async def test_a_token_of_before_the_login_is_not_one_of_after(self, app: FastAPI, of: Browsers) -> None:
        browser = of("alice")
        stranger = Browser(app)
        await browser.get("/")
        phone = str(browser.cookie("phone"))
        stranger.client.cookies.set("phone", phone, domain="test.local", path="/")
        await stranger.get("/login")
        assert (await browser.send("/logout", {"csrf": stranger.token})).status_code == 403

    async def test_what_the_browser_says_came_from_elsewhere_is_refused_with_a_good_token(
        self, of: Browsers
    ) -> None:
        browser = of("alice")
        await browser.get("/")
        for site in ("cross-site", "same-site"):
            answer = await browser.send("/logout", {"csrf": browser.token}, **{"Sec-Fetch-Site": site})
            assert answer.status_code == 403
            await browser.get("/")
        answer = await browser.send("/logout", {"csrf": browser.token}, **{"Sec-Fetch-Site": "same-origin"})
        assert answer.status_code == 303

    async def test_the_code_page_asks_for_the_token_in_a_header(self, of: Browsers) -> None:
        browser = of("alice")
        await browser.get("/me/code")
        refused = await browser.client.post("/me/code/pass", json={})
        assert refused.status_code == 403
        token = {"X-CSRF-Token": browser.token}
        assert (await browser.client.post("/me/code/pass", json={}, headers=token)).status_code == 200

    async def test_what_another_site_sent_leaves_the_browsers_mark_as_it_is(self, of: Browsers) -> None:
        browser = of("alice")
        await browser.get("/")
        # SameSite=Lax: what another site has a browser send comes without cookies, and looks like a first visit.
        bare = await Browser(browser.app).send("/login", {"step": "phone"})
        assert bare.status_code == 403
        assert bare.headers.get_list("set-cookie") == []

    def test_a_rotated_key_goes_on_verifying(self) -> None:
        old, session = FormKeys([b"a" * 32]), uuid4()
        token = old.token("p", session)
        assert FormKeys([b"b" * 32, b"a" * 32]).verifies(token, "p", session)
        assert not FormKeys([b"b" * 32]).verifies(token, "p", session)
        assert not old.verifies(token, "p", None)

    async def test_a_file_or_a_field_twice_is_no_form_of_ours(self, of: Browsers) -> None:
        browser = of("alice")
        await browser.get("/me")
        token = browser.token
        twice = await browser.client.post(
            "/me",
            content=f"csrf={token}&csrf={token}",
            headers={"Content-Type": "application/x-www-form-urlencoded"},
        )
        assert twice.status_code == 422
        filed = await browser.client.post("/me", data={"csrf": token}, files={"x": b"1"})
        assert filed.status_code in {400, 422}


class TestRedirects:
    """Where a login may lead to."""

    @pytest.mark.parametrize(
        "wanted",
        [
            "https://evil.example/",
            "//evil.example",
            "/\\evil.example",
            "\\\\evil.example",
            "/\t/evil.example",
            "javascript:alert(1)",
            " /me",
            "me",
            "",
            "/" + "a" * 600,
            "/me\r\nSet-Cookie: x=1",
            "/a\\b",
        ],
    )
    def test_nowhere_but_here(self, wanted: str) -> None:
        assert safe_path(wanted) == HOME

    @pytest.mark.parametrize("wanted", ["/me", "/Q/ABC?x=1", "/notices/1?after=0&line=2#objection"])
    def test_to_any_page_of_ours(self, wanted: str) -> None:
        assert safe_path(wanted) == wanted

    @given(st.text())
    def test_whatever_is_asked_for_it_is_a_path_on_this_host(self, wanted: str) -> None:
        found = safe_path(wanted)
        assert found.startswith("/")
        assert not found.startswith(("//", "/\\"))
        assert found.isascii()
        assert found.isprintable()


class TestEveryPage:
    """What all of them share."""

    async def test_may_load_nothing_from_elsewhere_and_run_nothing_written_in_it(
        self, of: Browsers, scene: Scene
    ) -> None:
        browser = of("wen")
        screen = f"/stations/{scene.stations[0]}/screen"
        for path in ("/", "/login", "/me", "/me/code", "/stations", screen, "/office/reviews", "/notices"):
            answer = await browser.get(path)
            assert answer.status_code == 200, path
            policy = answer.headers["content-security-policy"]
            assert "default-src 'none'" in policy
            assert "unsafe" not in policy
            assert "data:" not in policy
            assert "*" not in policy
            assert answer.headers["cross-origin-opener-policy"] == "same-origin"
            assert answer.headers["cache-control"] == "no-store"
            assert " style=" not in answer.text
            assert "<style" not in answer.text
            assert " onclick" not in answer.text
            assert "http://" not in answer.text.replace("http://www.w3.org/2000/svg", "")

    async def test_names_and_places_are_text_whatever_they_hold(
        self, of: Browsers, door: Door, scene: Scene, cast: Cast
    ) -> None:
        nasty = """"><script>alert(1)</script>'{{7*7}}\u202e"""
        await door.give_phone("alice", "19900000601", nasty)
        for table in ("activities set name", "activity_sessions set place", "stations set name"):
            await scene.do(f"update {table} = $2 where bank_id = $1", nasty)
        await scene.sign_up([cast.people["alice"]])
        alice, stella = of("alice"), of("stella")
        screen = f"/stations/{scene.stations[0]}/screen"
        await alice.get(f"/Q/{scene.shown(door.clock.at)}")
        await alice.post(f"/Q/{scene.shown(door.clock.at)}", **alice.forms()[0])
        seen = [alice.last.text]
        seen += [(await alice.get(path)).text for path in ("/me", f"/Q/{scene.shown(door.clock.at)}")]
        seen += [(await stella.get(path)).text for path in ("/stations", screen)]
        for page in seen:
            assert "&lt;script&gt;" in page
            assert "<script>" not in page
            assert "49" not in page.partition("<main")[2].partition("alert(1)")[2][:30]

    async def test_what_the_address_says_is_text_too(self, browser: Browser) -> None:
        for path in (
            '/login?next=/"><script>alert(1)</script>&x="><script>',
            '/login?by="><script>&bank="><script>',
            '/L/nobody"><script>/x',
            '/Q/"><script>alert(1)<',
            '/notices?after="><script>',
        ):
            answer = await browser.get(path)
            assert "<script>" not in answer.text, path

    async def test_its_files_are_kept_for_good_by_their_digest(self, browser: Browser) -> None:
        await browser.get("/login")
        address = browser.text.partition('rel="stylesheet" href="')[2].partition('"')[0]
        answer = await browser.client.get(address)
        assert answer.status_code == 200
        assert answer.headers["content-type"] == "text/css; charset=utf-8"
        assert "immutable" in answer.headers["cache-control"]
        again = await browser.client.get(
            address.partition("?")[0], headers={"If-None-Match": answer.headers["etag"]}
        )
        assert (again.status_code, again.headers["cache-control"]) == (304, "no-cache")
        for missing in ("/static/nothing.css", "/static/..%2fvisit.py", "/static/visit.py"):
            assert (await browser.client.get(missing)).status_code == 404

    async def test_is_chinese_unless_somebody_wants_english(self, app: FastAPI, browser: Browser) -> None:
        assert '<html lang="zh-CN"' in (await browser.get("/login")).text
        assert '<html lang="en"' in (await browser.get("/login?lang=en")).text
        assert '<html lang="en"' in (await browser.get("/login")).text
        assert '<html lang="zh-CN"' in (await browser.get("/login?lang=zh")).text
        other = Browser(app)
        assert '<html lang="en"' in (await other.get("/login", **{"Accept-Language": "en-GB,en;q=0.9"})).text
        assert '<html lang="zh-CN"' in (await other.get("/login", **{"Accept-Language": "fr"})).text
        assert language_of("xx", "en", "zh") == "en"

    async def test_the_elders_view_is_kept_until_it_is_left(self, browser: Browser) -> None:
        assert 'class="elder"' in (await browser.get("/login?elder=1")).text
        assert 'class="elder"' in (await browser.get("/login")).text
        assert 'class="elder"' not in (await browser.get("/login?elder=0")).text
        assert 'class="elder"' not in (await browser.get("/login")).text

    async def test_a_choice_keeps_the_rest_of_the_address(self, browser: Browser) -> None:
        await browser.get("/login?next=/me/code&lang=en")
        assert 'href="?next=%2Fme%2Fcode&elder=1"' in browser.text

    async def test_nothing_here_is_a_page_too_and_the_interface_says_it_as_before(
        self, browser: Browser
    ) -> None:
        answer = await browser.get("/nothing/here?lang=en")
        assert answer.status_code == 404
        assert answer.headers["content-type"].startswith("text/html")
        for path, accept in (("/api/v1/nothing", "text/html"), ("/nothing", "*/*")):
            answer = await browser.client.get(path, headers={"Accept": accept})
            assert (answer.status_code, answer.json()["code"]) == (404, "not_found")

    async def test_a_refusal_says_what_the_interface_says(self, of: Browsers) -> None:
        browser = of("alice")
        answer = await browser.get("/stations/999999/screen")
        assert answer.status_code == 403
        assert "forbidden" in browser.text

    async def test_a_method_that_a_page_has_not_is_refused_as_a_page(self, browser: Browser) -> None:
        answer = await browser.client.put("/login")
        assert (answer.status_code, answer.headers["content-type"]) == (405, "text/html; charset=utf-8")

    async def test_a_mistake_of_ours_is_a_page_that_says_nothing_of_it(
        self, app: FastAPI, browser: Browser
    ) -> None:
        async def fail() -> None:
            raise RuntimeError("the cat")

        app.add_api_route("/broken", fail)
        answer = await browser.get("/broken?lang=en")
        assert (answer.status_code, answer.headers["content-type"]) == (500, "text/html; charset=utf-8")
        assert "the cat" not in answer.text
        assert "style-src 'self'" in answer.headers["content-security-policy"]
        assert answer.headers["x-content-type-options"] == "nosniff"

    async def test_each_session_has_a_limit_of_its_own_behind_one_address(
        self, service: Service, of: Browsers
    ) -> None:
        app = create_app(service, buckets=Buckets(2, 0.001))
        alice, bob = of("alice"), of("bob")
        statuses = []
        for browser in (alice, bob):
            one = Browser(app)
            one.client.cookies.set("session", str(browser.cookie("session")), domain="test.local", path="/")
            statuses.append([(await one.get("/")).status_code for _ in range(3)])
        assert statuses == [[200, 200, 429]] * 2
        made_up = Browser(app)
        made_up.client.cookies.set("session", "nonsense", domain="test.local", path="/")
        await made_up.get("/")
        made_up.client.cookies.set("session", "other", domain="test.local", path="/")
        assert [(await made_up.get("/")).status_code for _ in range(2)] == [200, 429]

    async def test_no_page_is_part_of_the_interface(self, app: FastAPI) -> None:
        assert all(path.startswith(("/api/", "/health", "/metrics")) for path in app.openapi()["paths"])
