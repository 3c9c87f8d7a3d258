"""Grades of evidence and the second approver, each by hand."""

from datetime import UTC, datetime, timedelta

import pytest

from timebank.policy.rules import default_pack
from timebank.records.grades import attended, grade_of, origin_of, second_approval, weakest

NINE = datetime(2025, 3, 5, 1, tzinfo=UTC)
ELEVEN = NINE + timedelta(hours=2)
HALF_AN_HOUR = timedelta(minutes=30)
BOTH = ("station_code", "member_code")


@pytest.mark.parametrize(
    ("in_modes", "out_modes", "grade"),
    [
        (BOTH, BOTH, "A"),
        (BOTH, ("station_code",), "B"),
        (("station_code",), ("member_code",), "B"),
        (("member_code",), ("card",), "C"),
        (("poster",), ("station_code",), "C"),
        (("station_code", "card"), ("station_code", "poster"), "B"),
        (("station_code",), ("roll_call",), "D"),
        (("station_code", "roll_call"), ("station_code",), "D"),
        (("station_code",), (), "D"),
        (("late_entry",), ("station_code",), "E"),
        (("late_entry", "roll_call"), BOTH, "E"),
        (("late_entry",), (), "E"),
    ],
)
def test_the_weaker_side_decides(in_modes: tuple[str, ...], out_modes: tuple[str, ...], grade: str) -> None:
    assert grade_of(in_modes, out_modes) == grade
    assert grade_of(in_modes, out_modes, is_doubtful=True) == max(grade, "D")


@pytest.mark.parametrize(
    ("in_modes", "out_modes", "origin"),
    [
        (BOTH, BOTH, "scans"),
        (("roll_call",), BOTH, "roll_call"),
        (("roll_call",), ("late_entry",), "late_entry"),
        (("poster",), (), "scans"),
    ],
)
def test_the_origin_is_the_weakest_way(
    in_modes: tuple[str, ...], out_modes: tuple[str, ...], origin: str
) -> None:
    assert origin_of(in_modes, out_modes) == origin


def test_the_weakest_grade_is_the_last_letter() -> None:
    assert weakest("B", "D", "A") == "D"


def seen(check_in_at: datetime, check_out_at: datetime | None) -> tuple[datetime, str, bool]:
    found = attended(
        check_in_at=check_in_at,
        check_out_at=check_out_at,
        in_modes=BOTH,
        out_modes=BOTH if check_out_at else (),
        is_doubtful=False,
        ends_at=ELEVEN,
        haircut=HALF_AN_HOUR,
    )
    return found.check_out_at, found.grade, found.is_cut


def test_who_checked_out_stays_as_scanned() -> None:
    assert seen(NINE, ELEVEN) == (ELEVEN, "A", False)


def test_a_forgotten_check_out_is_closed_before_the_planned_end_at_a_lower_grade() -> None:
    assert seen(NINE, None) == (NINE + timedelta(minutes=90), "D", True)


def test_it_is_never_closed_before_the_check_in() -> None:
    late = ELEVEN - timedelta(minutes=10)
    closed_at, grade, is_cut = seen(late, None)
    assert timedelta() < closed_at - late < timedelta(minutes=1)
    assert (grade, is_cut) == ("D", True)


def test_a_check_out_before_the_check_in_is_a_forgotten_one() -> None:
    assert seen(NINE, NINE) == seen(NINE, None)
    assert seen(NINE, NINE - timedelta(minutes=5)) == seen(NINE, None)


@pytest.mark.parametrize(
    ("grade", "minutes", "outcome", "why"),
    [
        ("A", 360, "accepted", ()),
        ("A", 361, "accepted", ("long_service",)),
        ("E", 60, "accepted", ("grade",)),
        (None, 60, "accepted", ()),
        (None, 600, "needs_review", ("long_service", "daily_cap")),
        ("B", 60, "impossible_travel", ("impossible_travel",)),
    ],
)
def test_a_second_approver_is_needed_over_the_measures_of_the_pack(
    grade: str | None, minutes: int, outcome: str, why: tuple[str, ...]
) -> None:
    assert second_approval(grade, minutes, outcome, default_pack()) == why  # type: ignore[arg-type]  # a grade
