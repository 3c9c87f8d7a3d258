"""Policy packs as data: what is refused, where and why; what follows from one."""

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from timebank.errors import RefusalError
from timebank.policy.rules import (
    AttendanceRule,
    EndOfMonth,
    EndOfYear,
    GradeRule,
    default_pack,
    level_of,
    parse_pack,
    written,
)
from timebank.policy.spending import RedemptionRule, SettlementRule

CATEGORY = {
    "code": "elder_care",
    "label": {"zh": "助老", "en": "Elder care"},
    "is_volunteer_service": True,
    "points_per_hour": 12,
}
NEW_PARTS = (
    "attendance",
    "grades",
    "categories",
    "earned",
    "redemption",
    "conversions",
    "vouchers",
    "settlement",
    "timecoins",
    "labels",
)


def body() -> dict[str, Any]:
    """Return the default pack as values."""
    found: dict[str, Any] = json.loads(default_pack().model_dump_json(by_alias=True))
    return found


def changed(**parts: object) -> str:
    """Return the default pack with some parts exchanged."""
    return json.dumps({**body(), **parts})


def within(part: str, **values: object) -> str:
    """Return the default pack with some values of a part exchanged."""
    return changed(**{part: {**body()[part], **values}})


def earned(unit: str, per_hour_permille: object = 500) -> dict[str, object]:
    return {"unit": unit, "per_hour_permille": per_hour_permille}


def unit(code: str, class_: str, *, spendable: bool) -> dict[str, object]:
    return {"code": code, "class": class_, "spendable": spendable}


@pytest.mark.parametrize(
    ("text", "place", "reason"),
    [
        ("", "pack", "JSON"),
        ("[]", "pack", "object"),
        (changed(surprise=1), "surprise", "not permitted"),
        (changed(name=""), "name", "at least 1"),
        (changed(name="a\u0000b"), "name", "pattern"),
        (changed(crediting={"rounding_minutes": 0}), "crediting.rounding_minutes", "greater than 0"),
        (changed(crediting={"rounding_minutes": 30.5}), "crediting.rounding_minutes", "integer"),
        (changed(crediting={"rounding_minutes": "30"}), "crediting.rounding_minutes", "integer"),
        (changed(crediting={"rounding_minutes": 30}), "crediting.daily_cap_minutes", "required"),
        (changed(star_hours=[]), "pack", "star_hours: steps must rise"),
        (changed(star_hours=[100, 100]), "pack", "star_hours: steps must rise"),
        (changed(annual_hours=[200, 100]), "pack", "annual_hours: steps must rise"),
    ],
)
def test_a_faulty_pack_is_refused_with_place_and_reason(text: str, place: str, reason: str) -> None:
    assert_refused(text, place, reason)


@pytest.mark.parametrize(
    ("text", "place", "reason"),
    [
        (changed(units=[]), "pack", "units: minute, point missing"),
        (changed(units=[unit("minute", "honour", spendable=True)]), "units.0", "never spent"),
        (changed(units=[unit("party_score", "score", spendable=True)]), "units.0", "never spent"),
        (changed(units=[unit("分钟", "honour", spendable=False)]), "units.0.code", "pattern"),
        (changed(units=[*body()["units"], body()["units"][2]]), "pack", "units: fufen stands twice"),
        (
            changed(units=[unit("minute", "score", spendable=False), *body()["units"][1:]]),
            "pack",
            "units.minute: the class of minute can only be honour",
        ),
        (changed(exchanges=[["minute", "point"]]), "pack", "minute is not a unit that can be given"),
        (
            changed(exchanges=[["party_score", "point"]]),
            "pack",
            "party_score is not a unit that can be given",
        ),
        (changed(exchanges=[["gold", "point"]]), "pack", "gold is not a unit that can be given"),
        (changed(exchanges=[["point", "minute"]]), "pack", "minute is not to be had for point"),
        (changed(exchanges=[["point", "class:score"]]), "pack", "class:score is not to be had for point"),
        (changed(exchanges=[["point", "class:money"]]), "pack", "class:money is not to be had for point"),
        (
            changed(
                units=[*body()["units"], unit("timecoin", "value", spendable=True)],
                exchanges=[["timecoin", "class:goods"]],
            ),
            "pack",
            "class:goods is not to be had for timecoin",
        ),
        (changed(exchanges=[["point"]]), "exchanges.0.1", "required"),
    ],
)
def test_units_and_exchanges_hang_together(text: str, place: str, reason: str) -> None:
    assert_refused(text, place, reason)


@pytest.mark.parametrize(
    ("rule", "place", "reason"),
    [
        ({"rule": "never", "years_after": 1}, "expiry.point", "'end_of_year', 'end_of_month'"),
        ({"years_after": 1}, "expiry.point", "discriminator"),
        ({"rule": "end_of_year", "years_after": -1}, "expiry.point.years_after", "0"),
        ({"rule": "end_of_year", "years_after": 51}, "expiry.point.years_after", "50"),
        ({"rule": "end_of_year", "months_after": 1}, "expiry.point.years_after", "required"),
        ({"rule": "end_of_month", "months_after": -1}, "expiry.point.months_after", "0"),
        ({"rule": "end_of_month", "months_after": 601}, "expiry.point.months_after", "600"),
        ({"rule": "end_of_month", "months_after": 1.5}, "expiry.point.months_after", "integer"),
    ],
)
def test_an_expiry_is_one_of_two_rules(rule: object, place: str, reason: str) -> None:
    assert_refused(changed(expiry={"point": rule}), place, reason)


@pytest.mark.parametrize(
    ("code", "reason"),
    [("gold", "expiry.gold: gold is not among the units"), ("minute", "expiry.minute: minute is honour")],
)
def test_hours_never_end_and_only_what_there_is_does(code: str, reason: str) -> None:
    assert_refused(changed(expiry={code: {"rule": "end_of_year", "years_after": 1}}), "pack", reason)


@pytest.mark.parametrize(
    ("text", "place", "reason"),
    [
        (within("attendance", early_minutes=-1), "attendance.early_minutes", "0"),
        (within("attendance", late_minutes=1441), "attendance.late_minutes", "1440"),
        (within("attendance", haircut_minutes="30"), "attendance.haircut_minutes", "integer"),
        (within("attendance", second_approval_minutes=0), "attendance.second_approval_minutes", "0"),
        (within("attendance", travel_metres_per_minute=0), "attendance.travel_metres_per_minute", "0"),
        (within("attendance", record_working_days=0), "attendance.record_working_days", "1"),
        (within("attendance", notice_working_days=-1), "attendance.notice_working_days", "0"),
        (within("attendance", notice_working_days=61), "attendance.notice_working_days", "60"),
        (within("attendance", surprise=1), "attendance.surprise", "not permitted"),
        (
            within("attendance", blocked_minutes_per_day=479),
            "pack",
            "attendance.blocked_minutes_per_day: is below the daily cap",
        ),
        (changed(grades={"A": {}}), "pack", "grades: B, C, D, E missing"),
        (within("grades", F={}), "grades.F", "'A'"),
        (within("grades", A={"approvals": 0}), "grades.A.approvals", "1"),
        (within("grades", A={"approvals": 3}), "grades.A.approvals", "2"),
        (within("grades", A={"counts_for_stars": "yes"}), "grades.A.counts_for_stars", "boolean"),
        (changed(categories=[CATEGORY, CATEGORY]), "pack", "categories: elder_care stands twice"),
        (changed(categories=[{**CATEGORY, "code": "助老"}]), "categories.0.code", "pattern"),
        (changed(categories=[{**CATEGORY, "label": {"zh": "助老"}}]), "categories.0.label.en", "required"),
        (
            changed(categories=[{**CATEGORY, "points_per_hour": -1}]),
            "categories.0.points_per_hour",
            "0",
        ),
        (changed(earned=[earned("gold")]), "pack", "gold is not a unit that service earns"),
        (changed(earned=[earned("minute")]), "pack", "minute is not a unit that service earns"),
        (changed(earned=[earned("point")]), "pack", "point is not a unit that service earns"),
        (changed(earned=[earned("fufen"), earned("fufen")]), "pack", "earned: fufen stands twice"),
        (changed(earned=[earned("fufen", 0)]), "earned.0.per_hour_permille", "0"),
        (changed(labels={"Doing": {"zh": "办理", "en": "In hand"}}), "labels.Doing", "pattern"),
        (changed(labels={"doing": {"zh": "", "en": "In hand"}}), "labels.doing.zh", "1"),
        (changed(labels={"doing": {"zh": "办" * 41, "en": "x"}}), "labels.doing.zh", "40"),
        (changed(labels={"doing": {"zh": "办\u0000", "en": "x"}}), "labels.doing.zh", "pattern"),
    ],
)
def test_what_becomes_of_an_attendance_is_checked(text: str, place: str, reason: str) -> None:
    assert_refused(text, place, reason)


def assert_refused(text: str, place: str, reason: str) -> None:
    with pytest.raises(RefusalError) as refused:
        parse_pack(text)
    assert refused.value.code == "policy_invalid"
    assert refused.value.params["place"] == place
    assert reason in str(refused.value.params["reason"])


def test_a_pack_survives_being_written_and_read() -> None:
    pack = parse_pack(
        changed(categories=[CATEGORY], earned=[earned("fufen")], exchanges=[["point", "fufen"]])
    )
    assert parse_pack(written(pack)) == pack
    assert "助老" in written(pack)


def test_a_pack_of_before_is_read_as_it_was(tmp_path: Path) -> None:
    old = {key: value for key, value in body().items() if key not in NEW_PARTS}
    old["units"], old["expiry"] = (
        [one for one in old["units"] if one["code"] != "fufen"],
        {"point": {"rule": "end_of_year", "years_after": 1}},
    )
    (tmp_path / "stored.json").write_text(json.dumps(old), encoding="utf-8")
    pack = parse_pack((tmp_path / "stored.json").read_text(encoding="utf-8"))
    assert pack.crediting == default_pack().crediting
    assert pack.expires_on("point", date(2024, 6, 1)) == date(2025, 12, 31)
    assert pack.expires_on("fufen", date(2024, 6, 1)) is None
    assert pack.attendance == AttendanceRule()
    assert pack.grades["A"] == GradeRule(approvals=1, counts_for_stars=True)
    assert pack.grades["E"] == GradeRule(approvals=2, counts_for_stars=False)
    assert (pack.categories, pack.earned, dict(pack.labels)) == ((), (), {})


def test_what_a_stored_pack_leaves_out_is_what_the_default_pack_says() -> None:
    full = default_pack()
    bare = parse_pack(json.dumps({key: value for key, value in body().items() if key not in NEW_PARTS}))
    # Limits, and what is paid in money, are never what somebody did not say.
    assert (bare.redemption, bare.settlement) == (RedemptionRule(), SettlementRule())
    assert bare == full.model_copy(update={"redemption": bare.redemption, "settlement": bare.settlement})


def test_lots_end_with_a_year_or_never() -> None:
    pack = default_pack()
    assert pack.expires_on("point", date(2024, 1, 1)) == date(2025, 12, 31)
    assert pack.expires_on("point", date(2024, 12, 31)) == date(2025, 12, 31)
    assert pack.expires_on("minute", date(2024, 1, 1)) is None
    assert EndOfYear(rule="end_of_year", years_after=0).last_day(date(2024, 1, 1)) == date(2024, 12, 31)


@pytest.mark.parametrize(
    ("effective_on", "months_after", "last_day"),
    [
        (date(2025, 3, 5), 0, date(2025, 3, 31)),
        (date(2025, 3, 31), 0, date(2025, 3, 31)),
        (date(2025, 3, 31), 1, date(2025, 4, 30)),
        (date(2025, 1, 31), 1, date(2025, 2, 28)),
        (date(2024, 1, 31), 1, date(2024, 2, 29)),
        (date(2024, 2, 29), 12, date(2025, 2, 28)),
        (date(2025, 11, 1), 1, date(2025, 12, 31)),
        (date(2025, 12, 1), 0, date(2025, 12, 31)),
        (date(2025, 12, 31), 1, date(2026, 1, 31)),
        (date(2025, 6, 30), 12, date(2026, 6, 30)),
        (date(2025, 6, 30), 600, date(2075, 6, 30)),
    ],
)
def test_lots_end_with_a_month(effective_on: date, months_after: int, last_day: date) -> None:
    rule = EndOfMonth(rule="end_of_month", months_after=months_after)
    assert rule.last_day(effective_on) == last_day


def test_fufen_ends_with_the_twelfth_month_after() -> None:
    assert default_pack().expires_on("fufen", date(2025, 3, 5)) == date(2026, 3, 31)


@pytest.mark.parametrize(
    ("minutes", "level"), [(0, 0), (5_999, 0), (6_000, 1), (17_999, 1), (18_000, 2), (90_000, 5), (10**9, 5)]
)
def test_a_step_is_reached_by_its_last_minute(minutes: int, level: int) -> None:
    assert level_of(minutes, (100, 300, 600, 1000, 1500)) == level
