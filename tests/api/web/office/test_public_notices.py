"""Notices at the desk: opened, shown with their lines, ended when their last day is over."""

import pytest

from tests.api.cast import Cast
from tests.api.entering import Door
from tests.api.web.browser import Browsers
from tests.timebank.notices.scene import OPENED, OVER, Scene, earning_pack

NOTICES = "/office/notices"


@pytest.fixture(autouse=True)
def _at_the_opening(door: Door) -> None:
    door.clock.at = OPENED


@pytest.mark.parametrize("name", ["alice", "carl", "stella", "audrey", "adam"])
async def test_is_not_for_others(of: Browsers, name: str) -> None:
    assert (await of(name).get(NOTICES)).status_code == 403


async def test_one_is_opened_shown_and_ended(of: Browsers, cast: Cast, records: Scene, door: Door) -> None:
    id_ = await records.record("alice")
    wen = of("wen")
    await wen.get(NOTICES)
    assert "Records that wait for a notice: 1" in wen.text
    fields = {"csrf": wen.token, "once": wen.hidden("once"), "organisation": cast.organisations["apple"]}
    first = await wen.send(NOTICES, fields)
    assert first.status_code == 303
    assert (await wen.send(NOTICES, fields)).headers["location"] == first.headers["location"]
    page = first.headers["location"]
    await wen.get(page)
    assert "清洁日" in wen.text
    assert "End and credit" not in wen.text
    door.clock.at = OVER
    await wen.get(page)
    assert "Over, to be credited" in (await wen.get(NOTICES)).text
    await wen.get(page)
    await wen.post(page, once=wen.hidden("once"))
    assert "1 record was credited" in wen.text
    assert (await records.state(id_))[0] == "credited"


@pytest.mark.usefixtures("records")
async def test_nothing_to_show_is_said(of: Browsers, cast: Cast) -> None:
    wen = of("wen")
    await wen.get(NOTICES)
    assert "No notice was opened yet" in wen.text
    place = cast.organisations["apple"]
    await wen.post(NOTICES, once=wen.hidden("once"), organisation=place)
    assert wen.last.status_code == 422
    await wen.post(NOTICES, once=wen.hidden("once"), organisation="x")
    assert "does not fit" in wen.text


async def test_without_days_it_is_credited_at_once(of: Browsers, cast: Cast, records: Scene) -> None:
    await records.adopt(earning_pack(notice_working_days=0), effective_from=OPENED.date())
    id_ = await records.record("alice")
    wen = of("wen")
    await wen.get(NOTICES)
    assert "credited at once" in wen.text
    await wen.post(NOTICES, once=wen.hidden("once"), organisation=cast.organisations["apple"])
    assert "1 record was credited" in wen.text
    assert (await records.state(id_))[0] == "credited"


async def test_what_is_out_of_reach_is_not_ended(of: Browsers, records: Scene, door: Door) -> None:
    await records.record("alice")
    notice = await records.notice()
    door.clock.at = OVER
    xu = of("xu")
    await xu.get(f"{NOTICES}/{notice}")
    assert "End and credit" not in xu.text
    await xu.get(NOTICES)
    await xu.post(f"{NOTICES}/{notice}", once=xu.hidden("once"))
    assert xu.last.status_code == 404


async def test_one_that_is_not_there(of: Browsers) -> None:
    assert (await of("wen").get(f"{NOTICES}/999999999")).status_code == 404
