"""Policy packs as pages: read in words, drafted field by field, tried on the past, adopted once."""

import html
import re
from datetime import date, timedelta
from typing import Any

import pytest

from tests.api.books import SPRING, add_activity, add_record, adopt_pack
from tests.api.cast import Cast
from tests.api.entering import Door
from tests.api.web.browser import Browser, Browsers
from timebank.database import Database
from timebank.policy.rules import parse_pack

PATH, DRAFT = "/office/policy", "/office/policy/draft"
_FIELD = re.compile(
    r"<(input|select|textarea)\b([^>]*)>(.*?)(?=<(?:input|select|textarea|/form)\b)", re.DOTALL
)
_ATTRIBUTE = re.compile(r'([\w-]+)(?:="([^"]*)")?')
_CHOSEN = re.compile(r'<option value="([^"]*)" selected>')
_FIRST = re.compile(r'<option value="([^"]*)"')


@pytest.fixture(autouse=True)
async def _served(database: Database, cast: Cast) -> None:
    await adopt_pack(database, cast)
    activity = await add_activity(database, cast, "A1", "apple", starts_at=SPRING)
    await add_record(database, cast, activity, "alice")


def typed(page: str) -> dict[str, Any]:
    """Return what a browser would send of the form of a draft."""
    form = page[page.index('id="draft"') :]
    found: dict[str, Any] = {}
    for tag, written, rest in _FIELD.findall(form):
        named = dict(_ATTRIBUTE.findall(written))
        name, value = html.unescape(named.get("name", "")), html.unescape(named.get("value", ""))
        if not name:
            continue
        if named.get("type") == "checkbox":
            if "checked" in named:
                found[name] = [*found.get(name, []), value] if name.endswith("[]") else "on"
        elif tag == "select":
            found[name] = (_CHOSEN.findall(rest) or _FIRST.findall(rest) or [""])[0]
        else:
            found[name] = html.unescape(rest.split("</textarea>")[0]) if tag == "textarea" else value
    return found


async def send(browser: Browser, do: str, **changes: str) -> Browser:
    """Send the draft as it stands on the last page, with changes; a double underscore is a dot."""
    changed = {name.replace("__", "."): value for name, value in changes.items()}
    await browser.send(DRAFT, {**typed(browser.last.text), "do": do, **changed})
    return browser


@pytest.mark.parametrize("name", ["alice", "wen", "carl", "mia", "till"])
async def test_is_not_for_others(of: Browsers, name: str) -> None:
    browser = of(name)
    for path in (PATH, f"{PATH}/1", DRAFT):
        assert (await browser.get(path)).status_code == 403


@pytest.mark.parametrize("name", ["olga", "audrey", "adam", "ada"])
async def test_an_office_reads_each_version_in_words(of: Browsers, name: str) -> None:
    browser = of(name)
    await browser.get(PATH)
    assert "In force today: version 1" in browser.text
    await browser.get(f"{PATH}/1")
    assert ("Points an hour" in browser.text, "The end of a year" in browser.text) == (True, True)
    assert (await browser.get(f"{PATH}/9")).status_code == 404


async def test_a_version_is_a_file(of: Browsers) -> None:
    answer = await of("olga").get(f"{PATH}/1/file")
    assert parse_pack(answer.text).crediting.points_per_hour == 10


async def test_what_is_wrong_stands_by_its_field_and_nothing_typed_is_lost(of: Browsers) -> None:
    olga = of("olga")
    await olga.get(DRAFT)
    await send(olga, "check", pack__crediting__points_per_hour="ten", pack__name="新规则")
    assert olga.last.status_code == 422
    assert 'id="fault-crediting-points_per_hour"' in olga.last.text
    assert (typed(olga.last.text)["pack.crediting.points_per_hour"], "新规则" in olga.text) == ("ten", True)
    assert 'value="adopt"' not in olga.last.text


async def test_a_draft_is_held_against_its_base(of: Browsers) -> None:
    olga = of("olga")
    await olga.get(DRAFT)
    await send(olga, "check")
    assert "Nothing is different" in olga.text
    await send(olga, "check", pack__crediting__points_per_hour="20")
    assert "<del>10</del>" in olga.last.text
    assert "<ins>20</ins>" in olga.last.text
    assert ('value="simulate"' in olga.last.text, 'value="adopt"' in olga.last.text) == (True, False)
    await send(olga, "file")
    assert parse_pack(olga.last.text).crediting.points_per_hour == 20


async def test_a_draft_is_tried_on_the_past(of: Browsers, database: Database, cast: Cast) -> None:
    olga = of("olga")
    await olga.get(DRAFT)
    await send(olga, "check", pack__crediting__points_per_hour="20")
    await send(olga, "simulate", from_on="2025-01-01", until_on="2025-12-31", with_people="on")
    assert olga.last.status_code == 200
    assert "just what the books credited" in olga.text
    assert ("Before: 20" in olga.text, "+20 · +100.0%" in olga.text) == (True, True)
    assert "ALICE" in olga.text
    assert olga.last.text.count("<svg viewBox") >= 2
    looks = await database.read(
        cast.bank,
        lambda tx: tx.connection.fetchval(
            "select count(*) from look_ups where bank_id = $1 and purpose = 'policy.simulate'", tx.bank_id
        ),
    )
    assert looks == 1
    await send(olga, "simulate", from_on="2025-12-31", until_on="2025-01-01")
    assert (olga.last.status_code, 'role="alert"' in olga.last.text) == (422, True)


async def test_an_administrator_adopts_it_once(of: Browsers, door: Door, cast: Cast) -> None:
    adam = of("adam")
    await adam.get(DRAFT)
    await send(adam, "check", pack__crediting__points_per_hour="20")
    await send(adam, "adopt")
    assert (adam.last.status_code, "from which day" in adam.text) == (422, True)
    tomorrow = door.clock.at.astimezone(cast.bank.zone).date() + timedelta(days=1)
    await send(adam, "adopt", effective_from=str(date(2021, 1, 1)))
    assert (adam.last.status_code, 'role="alert"' in adam.last.text) == (422, True)
    sent = {**typed(adam.last.text), "do": "adopt", "effective_from": str(tomorrow), "note": "试行"}
    for _ in range(2):  # a double click, or the back button
        await adam.send(DRAFT, sent)
        assert adam.last.headers["location"] == f"{PATH}/2"
    await adam.get(f"{PATH}/2")
    assert ("试行" in adam.text, "<ins>20</ins>" in adam.last.text) == (True, True)
    assert (await adam.get(f"{PATH}/3")).status_code == 404


@pytest.mark.parametrize(("name", "do"), [("olga", "adopt"), ("ada", "adopt"), ("ada", "simulate")])
async def test_nobody_else_adopts_it_or_tries_it_on_all(of: Browsers, name: str, do: str) -> None:
    browser = of(name)
    await browser.get(DRAFT)
    await send(browser, "check", pack__crediting__points_per_hour="20")
    await send(browser, do, effective_from="2098-01-01", from_on="2025-01-01", until_on="2025-12-31")
    assert browser.last.status_code == 403


async def test_a_form_that_is_not_ours_is_refused(of: Browsers) -> None:
    olga = of("olga")
    await olga.get(DRAFT)
    fields = typed(olga.last.text)
    for changed in ({"do": "dance"}, {"surprise": "1"}, {"once": "x"}, {"pack.name": "长" * 10_001}):
        await olga.send(DRAFT, {**fields, "do": "check", **changed})
        assert olga.last.status_code == 422
    await olga.send(DRAFT, {**fields, "do": "check", "csrf": "0" * 64})
    assert olga.last.status_code == 403
