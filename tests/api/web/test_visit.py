"""What all pages share: how they are sent, in which language and view, and what is refused as a page."""

import re
from base64 import b64encode
from hashlib import sha256

import pytest
from fastapi import FastAPI

from api.app import create_app
from api.limits import Buckets
from api.service import Service
from api.web.rendering import language_of
from tests.api.cast import Cast
from tests.api.entering import Door
from tests.api.web.browser import Browser, Browsers
from tests.timebank.scans.scene import Scene


async def test_may_load_nothing_from_elsewhere_and_run_nothing_written_in_it(
    of: Browsers, scene: Scene
) -> None:
    browser = of("wen")
    screen = f"/stations/{scene.stations[0]}/screen"
    for path in ("/", "/login", "/me", "/me/code", "/stations", screen, "/office/reviews", "/notices"):
        answer = await browser.get(path)
        assert answer.status_code == 200, path
        policy = answer.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        # Of a page with a camera the decoder is compiled in the browser: of that, and of nothing else.
        assert "unsafe" not in policy.replace(" 'wasm-unsafe-eval'", "")
        assert "data:" not in policy
        assert "*" not in policy
        assert answer.headers["cross-origin-opener-policy"] == "same-origin"
        assert answer.headers["cache-control"] == "no-store"
        assert " style=" not in answer.text
        (style,) = re.findall(r"<style>(.*?)</style>", answer.text, re.DOTALL)
        assert f"style-src 'sha256-{b64encode(sha256(style.encode()).digest()).decode()}'" in policy
        assert " onclick" not in answer.text
        assert "http://" not in answer.text.replace("http://www.w3.org/2000/svg", "")


async def test_names_and_places_are_text_whatever_they_hold(
    of: Browsers, door: Door, scene: Scene, cast: Cast
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


async def test_what_the_address_says_is_text_too(browser: Browser) -> None:
    for path in (
        '/login?next=/"><script>alert(1)</script>&x="><script>',
        '/login?by="><script>&bank="><script>',
        '/L/nobody"><script>/x',
        '/Q/"><script>alert(1)<',
        '/notices?after="><script>',
    ):
        answer = await browser.get(path)
        assert "<script>" not in answer.text, path


async def test_its_files_are_kept_for_good_by_their_digest(browser: Browser) -> None:
    await browser.get("/login")
    address = browser.text.partition('<script src="')[2].partition('"')[0]
    answer = await browser.client.get(address)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/javascript; charset=utf-8"
    assert "immutable" in answer.headers["cache-control"]
    again = await browser.client.get(
        address.partition("?")[0], headers={"If-None-Match": answer.headers["etag"]}
    )
    assert (again.status_code, again.headers["cache-control"]) == (304, "no-cache")
    for missing in ("/static/nothing.js", "/static/..%2fvisit.py", "/static/visit.py"):
        assert (await browser.client.get(missing)).status_code == 404


async def test_is_chinese_unless_somebody_wants_english(app: FastAPI, browser: Browser) -> None:
    assert '<html lang="zh-CN"' in (await browser.get("/login")).text
    assert '<html lang="en"' in (await browser.get("/login?lang=en")).text
    assert '<html lang="en"' in (await browser.get("/login")).text
    assert '<html lang="zh-CN"' in (await browser.get("/login?lang=zh")).text
    other = Browser(app)
    assert '<html lang="en"' in (await other.get("/login", **{"Accept-Language": "en-GB,en;q=0.9"})).text
    assert '<html lang="zh-CN"' in (await other.get("/login", **{"Accept-Language": "fr"})).text
    assert language_of("xx", "en", "zh") == "en"


async def test_the_elders_view_is_kept_until_it_is_left(browser: Browser) -> None:
    assert 'class="elder"' in (await browser.get("/login?elder=1")).text
    assert 'class="elder"' in (await browser.get("/login")).text
    assert 'class="elder"' not in (await browser.get("/login?elder=0")).text
    assert 'class="elder"' not in (await browser.get("/login")).text


async def test_a_choice_keeps_the_rest_of_the_address(browser: Browser) -> None:
    await browser.get("/login?next=/me/code&lang=en")
    assert 'href="?next=%2Fme%2Fcode&elder=1"' in browser.text


async def test_nothing_here_is_a_page_too_and_the_interface_says_it_as_before(browser: Browser) -> None:
    for nowhere in ("/nothing/here?lang=en", "/notices/%00", "/recognition/99999999999999999999"):
        answer = await browser.get(nowhere)
        assert (answer.status_code, 'data-code="not_found"' in answer.text) == (404, True)
        assert answer.headers["content-type"].startswith("text/html")
    for path, accept in (("/api/v1/nothing", "text/html"), ("/nothing", "*/*")):
        answer = await browser.client.get(path, headers={"Accept": accept})
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


async def test_a_refusal_says_what_the_interface_says(of: Browsers) -> None:
    browser = of("alice")
    answer = await browser.get("/stations/999999/screen")
    assert answer.status_code == 403
    assert "forbidden" in browser.text


async def test_a_method_that_a_page_has_not_is_refused_as_a_page(browser: Browser) -> None:
    answer = await browser.client.put("/login")
    assert (answer.status_code, answer.headers["content-type"]) == (405, "text/html; charset=utf-8")


@pytest.mark.parametrize(
    ("form", "page"),
    [
        ("/office/activities/1/sessions", "/office/activities/1"),
        ("/till/open", "/till"),
        ("/till/enrol", "/till"),
        ("/office/recognition/1/packs", "/office/recognition/1"),
    ],
)
async def test_the_address_of_a_form_leads_to_the_page_above_it(
    browser: Browser, form: str, page: str
) -> None:
    """Who chooses another language on what a form was answered with asks for the form's address."""
    for address in (form, f"{form}?lang=en"):
        answer = await browser.get(address)
        assert (answer.status_code, answer.headers["location"]) == (303, address.replace(form, page))
    for nowhere in ("/till/shut", "/office/recognition/1/x"):
        assert (await browser.get(nowhere)).status_code == 404


async def test_a_mistake_of_ours_is_a_page_that_says_nothing_of_it(app: FastAPI, browser: Browser) -> None:
    async def fail() -> None:
        raise RuntimeError("the cat")

    app.add_api_route("/broken", fail)
    answer = await browser.get("/broken?lang=en")
    assert (answer.status_code, answer.headers["content-type"]) == (500, "text/html; charset=utf-8")
    assert "the cat" not in answer.text
    assert "style-src 'sha256-" in answer.headers["content-security-policy"]
    assert answer.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize("path", ["/me/privacy", "/verify", "/office/imports"])
async def test_too_much_is_refused_by_a_page(of: Browsers, path: str) -> None:
    """The phone is not taken for a stranger's: its page would throw the member's code away."""
    alice = of("alice")
    too_much = {"content-length": str(2**40)}
    answer = await alice.client.post(path, headers=too_much)
    assert (answer.status_code, answer.headers["content-type"]) == (413, "text/html; charset=utf-8")
    assert 'data-code="body_too_large"' in answer.text
    assert " data-member" in answer.text
    assert (await alice.client.post("/api/v1/imports", headers=too_much)).json()["code"] == "body_too_large"


async def test_each_session_has_a_limit_of_its_own_behind_one_address(service: Service, of: Browsers) -> None:
    app = create_app(service, buckets=Buckets(2, 0.001))
    alice, bob = of("alice"), of("bob")
    statuses = []
    for browser in (alice, bob):
        one = Browser(app)
        one.client.cookies.set("session", str(browser.cookie("session")), domain="test.local", path="/")
        statuses.append([(await one.get("/")).status_code for _ in range(3)])
        assert 'data-code="throttled"' in one.text
        assert one.last.headers["retry-after"]
    assert statuses == [[200, 200, 429]] * 2
    made_up = Browser(app)
    made_up.client.cookies.set("session", "nonsense", domain="test.local", path="/")
    await made_up.get("/")
    made_up.client.cookies.set("session", "other", domain="test.local", path="/")
    assert [(await made_up.get("/")).status_code for _ in range(2)] == [200, 429]


async def test_no_page_is_part_of_the_interface(app: FastAPI) -> None:
    assert all(path.startswith(("/api/", "/health", "/metrics")) for path in app.openapi()["paths"])
