"""Activities at the desk: the list, planning one, each step of it, planning it otherwise, its sessions."""

import re
from datetime import datetime, timedelta

import pytest

from tests.api.cast import Cast
from tests.api.entering import Door
from tests.api.web.browser import Browser, Browsers
from tests.timebank.notices.scene import ZONE

LIST = "/office/activities"
MONDAY = datetime(2026, 3, 2, 8, tzinfo=ZONE)


@pytest.fixture(autouse=True)
def _on_a_monday(door: Door) -> None:
    door.clock.at = MONDAY


async def planned(browser: Browser, cast: Cast, **wanted: object) -> str:
    """Plan an activity of apple's through the form, on Saturday from nine to eleven, and return its page."""
    await browser.get(f"{LIST}/new")
    hidden = {"csrf": browser.token, "once": browser.hidden("once")}
    fields = {
        "code": "H-1",
        "name": "清洁日",
        "organisation": cast.organisations["apple"],
        "category": "环境",
        "place": "广场",
        "starts": "2026-03-07T09:00",
        "ends": "2026-03-07T11:00",
        "content": "打扫广场",
        "session": "yes",
        **wanted,
    }
    await browser.send(f"{LIST}/new", {**hidden, **fields})
    return str(browser.last.headers.get("location", ""))


async def step(browser: Browser, page: str, do: str) -> None:
    await browser.get(page)
    await browser.post(page, do=do)


@pytest.mark.parametrize("name", ["alice", "carl", "stella", "audrey", "mia"])
async def test_is_not_for_others(of: Browsers, name: str) -> None:
    for path in (LIST, f"{LIST}/new", f"{LIST}/calendar"):
        assert (await of(name).get(path)).status_code == 403


async def test_one_is_planned_published_run_and_listed(of: Browsers, cast: Cast) -> None:
    wen = of("wen")
    assert "No such activity" in (await wen.get(LIST)).text
    page = await planned(wen, cast)
    await wen.get(page)
    assert "清洁日" in wen.text
    assert "2026-03-07 09:00–11:00" in wen.text
    await step(wen, page, "publish")
    assert wen.last.status_code == 303
    await wen.get(page)
    assert "open for sign-up" in wen.text.lower()
    await step(wen, page, "start")
    await step(wen, page, "close")
    assert "sessions" in wen.text.lower()
    assert wen.last.status_code == 422
    assert "清洁日" in (await wen.get(f"{LIST}?state=running")).text
    assert "清洁日" not in (await wen.get(f"{LIST}?state=draft")).text


async def test_the_same_form_twice_plans_once(of: Browsers, cast: Cast) -> None:
    wen = of("wen")
    await wen.get(f"{LIST}/new")
    fields: dict[str, object] = {
        "csrf": wen.token,
        "once": wen.hidden("once"),
        "code": "H-2",
        "name": "一次",
        "category": "环境",
    }
    fields |= {"organisation": str(cast.organisations["apple"]), "place": "广场"}
    fields |= {"starts": "2026-03-07T09:00", "ends": "2026-03-07T11:00"}
    found = {(await wen.send(f"{LIST}/new", fields)).headers["location"] for _ in range(2)}
    assert len(found) == 1


@pytest.mark.parametrize(
    ("wanted", "said"),
    [
        ({"starts": "Saturday"}, "Some fields do not fit"),
        ({"factor": "7"}, "Some fields do not fit"),
        ({"ends": "2026-03-07T08:00"}, "must end after it begins"),
        ({"leader": "V404"}, "No volunteer with the code V404"),
    ],
)
async def test_what_does_not_fit_is_said_and_what_was_typed_stays(
    of: Browsers, cast: Cast, wanted: dict[str, object], said: str
) -> None:
    wen = of("wen")
    assert await planned(wen, cast, name="名称还在", **wanted) == ""
    assert wen.last.status_code in {404, 422}
    assert "名称还在" in wen.text
    if said != "must end after it begins":
        assert said in wen.text
    assert 'role="alert"' in wen.last.text


async def test_what_the_law_asks_for_is_named_in_words(of: Browsers, cast: Cast) -> None:
    wen = of("wen")
    page = await planned(wen, cast, content="")
    await step(wen, page, "publish")
    assert "content" in wen.text.lower()
    assert "leader_id" not in wen.text
    await step(wen, page, "close")
    assert "draft" in wen.text.lower()


async def test_is_planned_otherwise_by_who_has_it_in_reach(of: Browsers, cast: Cast) -> None:
    wen = of("wen")
    page = await planned(wen, cast)
    await wen.get(f"{page}/edit")
    fields = {"version": wen.hidden("version"), "name": "清洁周", "category": "环境", "place": "广场西"}
    fields |= {"starts": "2026-03-07T09:00", "ends": "2026-03-08T11:00", "content": "打扫", "capacity": "12"}
    token = wen.token
    assert (await wen.send(f"{page}/edit", {"csrf": token, **fields})).status_code == 303
    await wen.get(page)
    assert "清洁周" in wen.text
    assert "广场西" in wen.text
    stale = await wen.send(f"{page}/edit", {"csrf": token, **fields, "name": "又改"})
    assert stale.status_code in {409, 412}
    assert "又改" in wen.text
    xu = of("xu")
    assert (await xu.get(page)).status_code == 404  # a draft of elsewhere
    assert (await xu.get(f"{page}/edit")).status_code == 404
    await xu.get("/office/activities")
    assert (await xu.post(f"{page}/edit", **fields)).status_code == 404  # even what changes nothing


async def test_sessions_are_added_one_by_one_and_as_a_series(of: Browsers, cast: Cast) -> None:
    wen = of("wen")
    page = await planned(wen, cast, session="no", ends="2026-03-31T20:00")
    await wen.get(page)
    assert "No session yet" in wen.text
    once = {"csrf": wen.token, "once": wen.hidden("once")}
    one: dict[str, object] = {
        **once,
        "starts": "2026-03-07T09:00",
        "ends": "2026-03-07T11:00",
        "capacity": "5",
    }
    for _ in range(2):
        assert (await wen.send(f"{page}/sessions", one)).status_code == 303
    await wen.get(wen.last.headers["location"])
    assert "Sessions planned: 1" in wen.text
    assert wen.last.text.count('href="/office/sessions/') == 1
    series = {"first": "2026-03-09", "last": "2026-03-22", "begins": "14:00", "finishes": "16:00"}
    await wen.post(f"{page}/series", once=wen.hidden("once"), **{"weekday[]": ["2", "4"]}, **series)
    await wen.get(page)
    assert wen.last.text.count('href="/office/sessions/') == 5
    await wen.post(f"{page}/series", once=wen.hidden("once"), **series)
    assert "do not fit" in wen.text
    await wen.post(f"{page}/sessions", once=wen.hidden("once"), starts="x", ends="y")
    assert "do not fit" in wen.text


async def test_what_was_typed_of_sessions_stays_where_it_is_refused(of: Browsers, cast: Cast) -> None:
    wen = of("wen")
    page = await planned(wen, cast, session="no", ends="2026-03-31T20:00")
    await wen.get(page)
    one = {"starts": "2026-03-07T10:00", "ends": "2026-03-07T11:00", "place": "北门", "capacity": "7"}
    for status in (303, 409):  # another form: one of this activity begins then
        await wen.get(page)
        await wen.post(f"{page}/sessions", once=wen.hidden("once"), **one)
        assert wen.last.status_code == status
    assert "begins then" in wen.text
    assert wen.last.text.count('value="2026-03-07T10:00"') == 1
    assert wen.last.text.count('value="北门"') == 1
    series = {"first": "2026-03-09", "last": "2026-03-10", "begins": "14:00", "finishes": "16:00"}
    await wen.post(f"{page}/series", once=wen.hidden("once"), **{"weekday[]": ["7"]}, **series)
    assert wen.last.status_code == 422
    assert 'name="weekday[]" value="7" checked' in wen.last.text
    assert 'value="2026-03-10"' in wen.last.text


async def test_what_was_planned_is_said_to_who_planned_it_alone(of: Browsers, cast: Cast) -> None:
    wen, olga = of("wen"), of("olga")
    page = await planned(wen, cast, session="no", ends="2026-03-31T20:00")
    other = await planned(wen, cast, code="H-2", name="别的", session="no")
    await wen.get(page)
    span = {"starts": "2026-03-07T10:00", "ends": "2026-03-07T11:00"}
    await wen.post(f"{page}/sessions", once=wen.hidden("once"), **span)
    done = wen.last.headers["location"].partition("?")[2]
    for browser, path, is_said in ((wen, page, True), (wen, other, False), (olga, page, False)):
        await browser.get(f"{path}?{done}")
        assert ("Sessions planned" in browser.text) is is_said, path
    assert (await wen.get(f"{page}?done=x")).status_code == 422


async def test_many_sessions_are_shown_page_by_page(of: Browsers, cast: Cast) -> None:
    wen = of("wen")
    page = await planned(wen, cast, session="no", ends="2026-04-30T20:00")
    await wen.get(page)
    series = {"first": "2026-03-08", "last": "2026-04-29", "begins": "14:00", "finishes": "16:00"}
    every = {"weekday[]": [str(weekday) for weekday in range(1, 8)]}
    await wen.post(f"{page}/series", once=wen.hidden("once"), **every, **series)
    await wen.get(wen.last.headers["location"])
    assert "Sessions planned: 53" in wen.text  # 24 days of March and 29 of April
    first = re.findall(r'href="(/office/sessions/\d+)"', wen.last.text)
    following = re.search(r'href="([?]after=[^"#]+)', wen.last.text)
    assert following is not None
    await wen.get(f"{page}{following[1]}")
    last = re.findall(r'href="(/office/sessions/\d+)"', wen.last.text)
    assert (len(first), len(last), len({*first, *last})) == (50, 3, 53)
    assert ">Next" not in wen.last.text
    assert (await wen.get(f"{page}?after=x")).status_code == 422


async def test_a_session_is_planned_otherwise_and_cancelled(of: Browsers, cast: Cast) -> None:
    wen = of("wen")
    page = await planned(wen, cast)
    await wen.get(page)
    session = wen.last.text.split('href="/office/sessions/')[1].split('"')[0]
    path = f"/office/sessions/{session}"
    await wen.get(path)
    assert "Nobody signed up yet" in wen.text
    changed = {"starts": "2026-03-07T09:30", "ends": "2026-03-07T11:00", "place": "门口", "capacity": ""}
    await wen.post(path, do="edit", version=wen.hidden("version"), **changed)
    await wen.get(path)
    assert "2026-03-07 09:30" in wen.text
    await wen.post(path, do="edit", version=wen.hidden("version"), **{**changed, "starts": ""})
    assert "do not fit" in wen.text
    await wen.post(path, do="cancel", version=wen.hidden("version"))
    await wen.get(path)
    assert "Cancelled" in wen.text
    assert (await of("alice").get(path)).status_code == 403


async def test_the_calendar_shows_a_month_with_its_days_off(of: Browsers, cast: Cast) -> None:
    wen = of("wen")
    await planned(wen, cast)
    await wen.get(f"{LIST}/calendar")
    assert "March 2026" in wen.text
    assert "09:00" in wen.text
    assert "month=2026-04" in wen.last.text
    assert "No session in this month" in (await wen.get(f"{LIST}/calendar?month=2026-05")).text
    assert "Off" in wen.text  # Labour Day
    assert (await wen.get(f"{LIST}/calendar?month=2026-13")).status_code == 422
    assert "清洁日" not in (await of("xu").get(f"{LIST}/calendar")).text


async def test_a_cancelled_activity_is_told_apart(of: Browsers, cast: Cast) -> None:
    wen = of("wen")
    page = await planned(wen, cast)
    await step(wen, page, "cancel")
    await wen.get(page)
    assert "Cancelled" in wen.text
    await wen.get(f"{LIST}/calendar")
    assert "Cancelled" in wen.text


async def test_an_emergency_waits_for_its_approval(of: Browsers, cast: Cast) -> None:
    wen, olga = of("wen"), of("olga")
    starts = (MONDAY + timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M")
    page = await planned(wen, cast, kind="emergency", starts=starts, session="no")
    await step(wen, page, "publish")
    await step(wen, page, "approve")
    assert wen.last.status_code in {403, 409}
    await olga.get(page)
    assert "not approved yet" in olga.text
    await olga.post(page, do="approve")
    await olga.get(page)
    assert "not approved yet" not in olga.text
