"""Schedules: which periods are due between two moments, whatever the clocks on the wall do."""

from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from timebank.jobs.periods import Daily, Hourly, Monthly, Schedule, Yearly, due_between, last_due, next_due

SHANGHAI, BERLIN = ZoneInfo("Asia/Shanghai"), ZoneInfo("Europe/Berlin")
NIGHT, ODD = Daily(time(0, 10)), Daily(time(2, 30))
SCHEDULES: tuple[Schedule, ...] = (Hourly(5), NIGHT, ODD, Monthly(1, time(3, 30)), Yearly(1, 5, time(4)))

BEGINNING = datetime(2026, 3, 1, tzinfo=UTC)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def names(schedule: Schedule, after: str, until: str, zone: ZoneInfo = SHANGHAI) -> list[str]:
    return [due.period for due in due_between(schedule, at(after), at(until), zone)]


@pytest.mark.parametrize(
    ("schedule", "after", "until", "found"),
    [
        (NIGHT, "2026-11-21 16:10", "2026-11-22 16:10", ["2026-11-23"]),
        (NIGHT, "2026-11-21 16:09", "2026-11-21 16:10", ["2026-11-22"]),
        (NIGHT, "2026-11-21 16:10", "2026-11-22 16:09", []),
        (Hourly(5), "2026-11-21 15:00", "2026-11-21 16:05", ["2026-11-21T23", "2026-11-22T00"]),
        (Monthly(1, time(3)), "2026-01-31 18:59", "2026-02-28 19:00", ["2026-02", "2026-03"]),
        (Yearly(1, 5, time(4)), "2025-01-04 20:00", "2027-01-04 20:00", ["2026", "2027"]),
    ],
)
def test_what_is_due_after_one_moment_and_by_another(
    schedule: Schedule, after: str, until: str, found: list[str]
) -> None:
    assert names(schedule, after, until) == found


def test_clocks_that_jump_leave_out_no_period_and_repeat_none() -> None:
    days = [date(2026, 3, 28) + timedelta(days=n) for n in range(3)]
    assert names(ODD, "2026-03-27 12:00", "2026-03-30 12:00", BERLIN) == [str(day) for day in days]
    spring = names(Hourly(5), "2026-03-28 22:30", "2026-03-29 21:30", BERLIN)
    autumn = names(Hourly(5), "2026-10-24 21:30", "2026-10-25 22:30", BERLIN)
    assert sorted(spring) == [f"2026-03-29T{hour:02d}" for hour in range(24)]
    assert autumn == [f"2026-10-25T{hour:02d}" for hour in range(24)]


MINUTES = st.integers(0, 200 * 24 * 60)


@settings(max_examples=30, deadline=None)
@given(
    schedule=st.sampled_from(SCHEDULES),
    zone=st.sampled_from([SHANGHAI, BERLIN]),
    moments=st.lists(MINUTES, min_size=3, max_size=6),
)
def test_a_span_cut_in_pieces_has_the_same_periods(
    schedule: Schedule, zone: ZoneInfo, moments: list[int]
) -> None:
    cuts = [BEGINNING + timedelta(minutes=minutes) for minutes in sorted(moments)]
    pieces = [due for after, until in pairwise(cuts) for due in due_between(schedule, after, until, zone)]
    assert pieces == due_between(schedule, cuts[0], cuts[-1], zone)
    assert len({due.period for due in pieces}) == len(pieces)


@settings(max_examples=30, deadline=None)
@given(schedule=st.sampled_from(SCHEDULES), minutes=MINUTES)
def test_the_last_and_the_next_have_none_between_them(schedule: Schedule, minutes: int) -> None:
    now = BEGINNING + timedelta(minutes=minutes)
    last, following = last_due(schedule, now, SHANGHAI), next_due(schedule, now, SHANGHAI)
    assert last.due_at <= now < following.due_at
    assert due_between(schedule, last.due_at, following.due_at, SHANGHAI) == [following]
    assert schedule.parse(last.period, SHANGHAI) == last


@pytest.mark.parametrize("schedule", SCHEDULES)
@pytest.mark.parametrize(
    "text", ["", "2026-13", "2026-02-30", "26", "2026-11-22T24", "2026-11-22 ", "１２３４"]
)
def test_no_other_name_is_a_period(schedule: Schedule, text: str) -> None:
    assert schedule.parse(text, SHANGHAI) is None


@pytest.mark.parametrize(
    ("schedule", "period"),
    [
        (Hourly(5), "2026-11-22T14"),
        (NIGHT, "2026-11-22"),
        (Monthly(1, time(3)), "2026-11"),
        (Yearly(1, 5, time(4)), "2026"),
    ],
)
def test_by_hand_it_is_the_period_of_the_day(schedule: Schedule, period: str) -> None:
    now = at("2026-11-22 06:59")
    assert schedule.by_hand(date(2026, 11, 22), now, SHANGHAI).period == period
