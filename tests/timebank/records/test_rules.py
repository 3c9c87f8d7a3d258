"""The crediting rules, each boundary by hand."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from timebank.records.rules import (
    Attendance,
    CreditingPolicy,
    Decision,
    PlannedActivity,
    Taken,
    TimeFault,
    decide,
    points_for,
)

SHANGHAI = ZoneInfo("Asia/Shanghai")
POLICY = CreditingPolicy(rounding_minutes=30, daily_cap_minutes=480, points_per_hour=10)
PEOPLE = frozenset({"V1", "V2"})


def clock(hours: int, minutes: int = 0, seconds: int = 0) -> datetime:
    """Return a time counted from midnight of 5 March 2025; hours may pass 24."""
    return datetime(2025, 3, 5, tzinfo=SHANGHAI) + timedelta(hours=hours, minutes=minutes, seconds=seconds)


def plan(
    code: str, start: datetime, end: datetime, *, rest: int = 0, difficulty: int = 1000, service: bool = True
) -> PlannedActivity:
    return PlannedActivity(code, service, start, end, rest, difficulty)


def row(
    number: int,
    activity: str,
    check_in: datetime | None,
    check_out: datetime | None,
    *,
    volunteer: str = "V1",
    fault: TimeFault | None = None,
) -> Attendance:
    return Attendance(number, activity, volunteer, check_in, check_out, fault)


def judge(rows: list[Attendance], *plans: PlannedActivity, taken: Taken | None = None) -> Decision:
    return decide(
        rows,
        activities={each.code: each for each in plans},
        volunteers=PEOPLE,
        policy_of=lambda _: POLICY,
        taken=taken,
    )


def outcomes(decision: Decision) -> dict[int, tuple[str, int, int]]:
    return {record.row_number: (record.outcome, record.minutes, record.points) for record in decision.records}


MORNING = plan("A1", clock(9), clock(11))


@pytest.mark.parametrize(
    ("attendance", "code"),
    [
        (row(2, "A9", None, None, volunteer="V9", fault="bad_time"), "unknown_activity"),
        (row(2, "A1", None, None, volunteer="V9", fault="bad_time"), "unknown_volunteer"),
        (row(2, "A1", None, None, fault="missing_time"), "missing_time"),
        (row(2, "A1", clock(9), None), "missing_time"),
        (row(2, "A1", None, None, fault="bad_time"), "bad_time"),
        (row(2, "A1", clock(9), clock(9)), "checkout_not_after_checkin"),
        (row(2, "A1", clock(9, 1), clock(9)), "checkout_not_after_checkin"),
    ],
)
def test_the_first_reason_refuses_a_row(attendance: Attendance, code: str) -> None:
    assert judge([attendance], MORNING) == Decision({2: code}, {}, [])


def test_a_whole_service_is_credited_at_its_planned_end() -> None:
    (record,) = judge([row(2, "A1", clock(8, 50), clock(11, 5))], MORNING).records
    assert (record.outcome, record.minutes, record.points) == ("credited", 120, 20)
    assert record.served == (clock(9), clock(11))
    assert (record.check_in, record.check_out) == (clock(8, 50), clock(11, 5))
    assert record.effective_at == clock(11)


def test_rows_of_one_service_are_merged_to_the_widest() -> None:
    decision = judge(
        [
            row(2, "A1", clock(9, 40), clock(10)),
            row(3, "A1", clock(9), clock(9, 40)),
            row(4, "A1", None, None, fault="bad_time"),
            row(5, "A1", clock(10, 30), clock(10, 31)),
            row(6, "A1", clock(9), clock(10), volunteer="V2"),
        ],
        MORNING,
    )
    assert decision.refused == {4: "bad_time"}
    assert decision.merged == {3: 2, 5: 2}
    assert outcomes(decision) == {2: ("credited", 90, 15), 6: ("credited", 60, 10)}
    assert decision.records[0].row_numbers == (2, 3, 5)


def test_other_activities_earn_nothing() -> None:
    meeting = plan("A2", clock(9), clock(11), service=False)
    decision = judge([row(2, "A2", clock(9), clock(11)), row(3, "A1", clock(9), clock(11))], meeting, MORNING)
    assert outcomes(decision) == {2: ("not_volunteer_service", 0, 0), 3: ("credited", 120, 20)}


@pytest.mark.parametrize(
    ("check_in", "check_out", "rest", "minutes"),
    [
        (clock(9), clock(9, 30), 0, 30),
        (clock(9), clock(9, 29, 59), 0, 0),
        (clock(9, 0, 30), clock(9, 30, 29), 0, 0),
        (clock(9, 0, 30), clock(9, 30, 30), 0, 30),
        (clock(9), clock(11), 61, 30),
        (clock(9), clock(11), 60, 60),
        (clock(9), clock(11), 120, 0),
        (clock(9), clock(11), 300, 0),
        (clock(7), clock(9), 0, 0),
        (clock(11), clock(12), 0, 0),
        (clock(5), clock(6), 0, 0),
    ],
)
def test_what_is_left_after_the_rest_is_rounded_down(
    check_in: datetime, check_out: datetime, rest: int, minutes: int
) -> None:
    (record,) = judge([row(2, "A1", check_in, check_out)], plan("A1", clock(9), clock(11), rest=rest)).records
    assert record.minutes == minutes
    assert record.outcome == ("credited" if minutes else "too_short")


def test_an_activity_that_ends_before_it_starts_leaves_nothing() -> None:
    (record,) = judge([row(2, "A1", clock(8), clock(12))], plan("A1", clock(11), clock(9))).records
    assert (record.outcome, record.served) == ("too_short", None)


def test_touching_services_do_not_overlap() -> None:
    plans = plan("A1", clock(9), clock(11)), plan("A2", clock(11), clock(12)), plan("A3", clock(8), clock(9))
    rows = [row(n, each.code, each.starts_at, each.ends_at) for n, each in enumerate(plans, start=2)]
    assert {outcome for outcome, *_ in outcomes(judge(rows, *plans)).values()} == {"credited"}


def test_the_earlier_start_takes_the_time_then_the_smaller_code() -> None:
    early, late = plan("A9", clock(8), clock(10)), plan("A1", clock(9), clock(12))
    twin = plan("A8", clock(8), clock(9))
    rows = [
        row(2, "A1", clock(9), clock(12)),
        row(3, "A9", clock(8), clock(10)),
        row(4, "A8", clock(8), clock(9)),
    ]
    assert outcomes(judge(rows, early, late, twin)) == {
        2: ("credited", 180, 30),
        3: ("overlap", 0, 0),
        4: ("credited", 60, 10),
    }


def test_only_the_served_part_overlaps() -> None:
    first, second = plan("A1", clock(9), clock(11)), plan("A2", clock(10), clock(12))
    rows = [row(2, "A1", clock(9), clock(10)), row(3, "A2", clock(9), clock(12))]
    assert outcomes(judge(rows, first, second)) == {2: ("credited", 60, 10), 3: ("credited", 120, 20)}


def test_the_day_holds_exactly_the_cap() -> None:
    plans = (
        plan("A1", clock(6), clock(13)),
        plan("A2", clock(13), clock(14)),
        plan("A3", clock(14), clock(14, 30)),
        plan("A4", clock(14), clock(15)),
        plan("A5", clock(24), clock(25)),
    )
    rows = [row(n, each.code, each.starts_at, each.ends_at) for n, each in enumerate(plans, start=2)]
    assert outcomes(judge(rows, *plans)) == {
        2: ("credited", 420, 70),
        3: ("credited", 60, 10),
        4: ("needs_review", 30, 5),
        # What waits for review has taken its time.
        5: ("overlap", 0, 0),
        6: ("credited", 60, 10),
    }


def test_a_smaller_service_still_fits_under_the_cap() -> None:
    plans = (
        plan("A1", clock(6), clock(13)),
        plan("A2", clock(13), clock(15)),
        plan("A3", clock(15), clock(16)),
    )
    rows = [row(n, each.code, each.starts_at, each.ends_at) for n, each in enumerate(plans, start=2)]
    assert [outcome for outcome, *_ in outcomes(judge(rows, *plans)).values()] == [
        "credited",
        "needs_review",
        "credited",
    ]


def test_minutes_belong_to_the_day_on_which_the_activity_starts() -> None:
    night = plan("A1", clock(23), clock(26))
    day = plan("A2", clock(32), clock(40))
    rows = [row(2, "A1", clock(24), clock(26)), row(3, "A2", clock(32), clock(40))]
    assert outcomes(judge(rows, night, day)) == {2: ("credited", 120, 20), 3: ("credited", 480, 80)}


@pytest.mark.parametrize(
    ("minutes", "difficulty", "points"),
    [(30, 1000, 5), (30, 1100, 6), (30, 1099, 5), (30, 1500, 8), (90, 1200, 18), (30, 100, 1), (30, 99, 0)],
)
def test_points_are_rounded_half_up_once(minutes: int, difficulty: int, points: int) -> None:
    assert points_for(minutes, plan("A1", clock(9), clock(11), difficulty=difficulty), POLICY) == points


def test_earlier_imports_are_remembered() -> None:
    taken = Taken(
        spans={"V1": [(clock(10, 30), clock(12)), (clock(10), clock(11))]},
        minutes={("V1", date(2025, 3, 5)): 420},
        records={("A4", "V1")},
    )
    plans = (
        plan("A1", clock(9), clock(11)),
        plan("A2", clock(12), clock(13)),
        plan("A3", clock(13), clock(14)),
        plan("A4", clock(10), clock(11)),
        plan("A5", clock(11, 45), clock(12, 30)),
    )
    rows = [row(n, each.code, each.starts_at, each.ends_at) for n, each in enumerate(plans, start=2)]
    assert outcomes(judge(rows, *plans, taken=taken)) == {
        2: ("overlap", 0, 0),
        3: ("credited", 60, 10),
        4: ("needs_review", 60, 10),
        5: ("already_recorded", 0, 0),
        6: ("overlap", 0, 0),
    }
    assert taken.minutes == {("V1", date(2025, 3, 5)): 420}


SPANS = st.lists(
    st.tuples(st.integers(0, 40), st.integers(1, 20), st.sampled_from(["V1", "V2"])), max_size=12
)


@given(SPANS)
def test_taken_services_never_overlap_and_no_day_passes_the_cap(spans: list[tuple[int, int, str]]) -> None:
    plans = [
        plan(f"A{n:02}", clock(start), clock(start + length)) for n, (start, length, _) in enumerate(spans)
    ]
    rows = [
        row(n + 2, each.code, each.starts_at, each.ends_at, volunteer=spans[n][2])
        for n, each in enumerate(plans)
    ]
    decision = judge(rows, *plans)
    assert {*decision.refused, *decision.merged, *outcomes(decision)} == {each.row_number for each in rows}
    for volunteer in PEOPLE:
        kept = sorted(
            record.served
            for record in decision.records
            if record.volunteer == volunteer
            and record.served
            and record.outcome in {"credited", "needs_review"}
        )
        assert all(before[1] <= after[0] for before, after in pairwise(kept))
    days: dict[tuple[str, date], int] = {}
    for record in decision.records:
        if record.outcome == "credited":
            day = (record.volunteer, plans[record.row_number - 2].starts_at.date())
            days[day] = days.get(day, 0) + record.minutes
    assert all(minutes <= 480 for minutes in days.values())
