"""Working days, by dates that anybody can look up on a wall calendar of the year."""

from datetime import date, timedelta

import pytest

from timebank.workdays.rules import (
    PUBLISHED_YEARS,
    CalendarDay,
    Override,
    add_working_days,
    calendar_day,
    is_working_day,
)

FAR = date(PUBLISHED_YEARS[-1] + 40, 3, 1)


@pytest.mark.parametrize(
    ("day", "is_working", "name"),
    [
        (date(2025, 9, 30), True, None),  # a Tuesday
        (date(2025, 10, 1), False, "国庆节"),  # a Wednesday
        (date(2025, 10, 8), False, "国庆节"),  # a Wednesday
        (date(2025, 10, 11), True, "国庆节"),  # a Saturday made up for
        (date(2025, 10, 12), False, None),  # a Sunday
        (date(2024, 2, 4), True, "春节"),  # a Sunday made up for
    ],
)
def test_published_calendar_knows_holidays_and_make_up_days(
    day: date,
    is_working: bool,
    name: str | None,
) -> None:
    assert calendar_day(day) == CalendarDay(day, is_working, name, "published")


def test_beyond_the_published_years_weekdays_count_and_the_answer_says_so() -> None:
    week = [calendar_day(FAR + timedelta(days=step)) for step in range(7)]
    assert {day.source for day in week} == {"weekday"}
    assert [day.is_working for day in week] == [day.day.isoweekday() <= 5 for day in week]
    assert sum(day.is_working for day in week) == 5
    assert calendar_day(date(PUBLISHED_YEARS[0] - 1, 10, 1)).source == "weekday"


def test_beyond_the_published_years_the_law_s_own_dates_are_no_working_days() -> None:
    year = PUBLISHED_YEARS.stop
    assert calendar_day(date(year, 1, 1)) == CalendarDay(
        date(year, 1, 1), is_working=False, name="元旦", source="law"
    )
    free = [(1, 1), (5, 1), (5, 2), (10, 1), (10, 2), (10, 3)]
    for far in range(year, year + 8):
        assert not any(is_working_day(date(far, *day), {}) for day in free)
        assert calendar_day(date(far, 5, 3)).source == "weekday"
        new_year = date(far, 1, 1)
        assert add_working_days(new_year - timedelta(days=1), 1, {}) > new_year
    override = Override(is_working=True, name="值班")
    assert calendar_day(date(year, 1, 1), override).source == "bank"


def test_the_banks_own_word_comes_first() -> None:
    day = date(2025, 10, 9)
    overrides = {day: Override(is_working=False, name="市民健步日")}
    assert calendar_day(day, overrides[day]) == CalendarDay(
        day, is_working=False, name="市民健步日", source="bank"
    )
    assert not is_working_day(day, overrides)
    assert is_working_day(day, {})


@pytest.mark.parametrize(
    ("first", "n", "last"),
    [
        (date(2025, 9, 15), 3, date(2025, 9, 18)),  # Monday to Thursday of a plain week
        (date(2025, 9, 19), 1, date(2025, 9, 22)),  # Friday to Monday
        (date(2025, 9, 30), 3, date(2025, 10, 11)),  # 9th, 10th, and the make-up Saturday
        (date(2025, 10, 3), 4, date(2025, 10, 13)),  # opened in the holiday: 9th, 10th, 11th, Monday the 13th
        (date(2025, 9, 26), 1, date(2025, 9, 28)),  # Friday to the make-up Sunday
        (date(2025, 9, 30), 0, date(2025, 9, 30)),
    ],
)
def test_so_many_working_days_end_on_that_day(first: date, n: int, last: date) -> None:
    assert add_working_days(first, n, {}) == last


def test_overrides_lengthen_and_shorten() -> None:
    first = date(2025, 9, 30)
    off = {date(2025, 10, 9): Override(is_working=False, name="停工")}
    on = {date(2025, 10, 4): Override(is_working=True, name="防汛值守")}
    assert add_working_days(first, 3, off) == date(2025, 10, 13)
    assert add_working_days(first, 3, on) == date(2025, 10, 10)


@pytest.mark.parametrize("n", [1, 5, 10, 60])
def test_between_the_days_lie_exactly_so_many_working_ones(n: int) -> None:
    for step in range(0, 365 * 2, 3):
        first = date(2025, 1, 1) + timedelta(days=step)
        last = add_working_days(first, n, {})
        after = [first + timedelta(days=i) for i in range(1, (last - first).days + 1)]
        assert sum(is_working_day(day, {}) for day in after) == n
        assert is_working_day(last, {})
