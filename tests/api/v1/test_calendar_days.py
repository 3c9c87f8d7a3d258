"""The calendar over HTTP: spans, the bank's own days, and who may enter them."""

import pytest

from tests.api.conftest import As

pytestmark = pytest.mark.usefixtures("cast")
DAYS = "/api/v1/calendar-days"
NATIONAL_DAY = {"from": "2025-09-30", "until": "2025-10-12"}


async def test_a_span_tells_working_days_names_and_sources(as_: As) -> None:
    for who in ("alice", "station"):
        days = (await as_(who).get(DAYS, params=NATIONAL_DAY)).json()
        assert [day["day"][8:] for day in days if day["is_working"]] == ["30", "09", "10", "11"]
        assert days[11] == {
            "day": "2025-10-11",
            "is_working": True,
            "name": "国庆节",
            "source": "published",
        }
    (far,) = (await as_("alice").get(DAYS, params={"from": "2999-12-31", "until": "2999-12-31"})).json()
    assert (far["source"], far["name"], far["is_working"]) == ("weekday", None, True)  # a Tuesday


async def test_the_administrator_departs_from_it_and_goes_back(as_: As) -> None:
    one = {"from": "2025-10-09", "until": "2025-10-09"}
    for name in ("测试停工", "测试健步日"):
        body = {"is_working": False, "name": name}
        assert (await as_("adam").put(f"{DAYS}/2025-10-09", json=body)).status_code == 200
    (day,) = (await as_("alice").get(DAYS, params=one)).json()
    assert day == {"day": "2025-10-09", "is_working": False, "name": "测试健步日", "source": "bank"}
    acts = (await as_("audrey").get("/api/v1/acts")).json()["items"]
    assert [act["subject"] for act in acts if act["action"] == "calendar_days.set"] == ["2025-10-09"] * 2
    back = await as_("adam").delete(f"{DAYS}/2025-10-09")
    assert back.json() == {"day": "2025-10-09", "is_working": True, "name": None, "source": "published"}
    again = await as_("adam").delete(f"{DAYS}/2025-10-09")
    assert (again.status_code, again.json()["code"]) == (404, "unknown_calendar_day")


async def test_only_who_administers_the_whole_bank_enters_days(as_: As) -> None:
    body = {"is_working": False, "name": "测试"}
    for who in ("ada", "olga", "wen", "alice", "station"):
        assert (await as_(who).put(f"{DAYS}/2025-10-09", json=body)).status_code == 403
        assert (await as_(who).delete(f"{DAYS}/2025-10-09")).status_code == 403


async def test_spans_that_are_no_spans_are_refused(as_: As) -> None:
    for span, code in (
        ({"from": "2025-01-01", "until": "2026-02-05"}, "calendar_span_too_long"),
        ({"from": "2025-01-02", "until": "2025-01-01"}, "span_backwards"),
        ({"from": "2025-01-01", "until": "soon"}, "request_invalid"),
    ):
        answer = await as_("alice").get(DAYS, params=span)
        assert (answer.status_code, answer.json()["code"]) == (422, code)
    whole = await as_("alice").get(DAYS, params={"from": "2025-01-01", "until": "2026-02-04"})
    assert len(whole.json()) == 400
