"""Which days are worked on in China: weekdays but for holidays, and the make-up days (调休), as published each year.

A bank may depart from the published calendar. Beyond the last published year weekdays count as working but for the
holidays whose dates the law itself names, and the answer says so by its source: the moon's are not known before the
calendar is published, and a bank enters them itself until then.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

import chinese_calendar  # type: ignore[import-untyped]  # the library has no annotations
from chinese_calendar.constants import Holiday, holidays  # type: ignore[import-untyped]  # as above

Source = Literal["bank", "published", "law", "weekday"]
"""Who says so: the bank's own entry, the published calendar, the law's own dates, or only the day of the week."""

PUBLISHED_YEARS = range(min(holidays).year, max(holidays).year + 1)
"""The years for which the library has the published calendar."""

_BY_LAW = {
    (1, 1): "元旦",
    (5, 1): "劳动节",
    (5, 2): "劳动节",
    (10, 1): "国庆节",
    (10, 2): "国庆节",
    (10, 3): "国庆节",
}
"""全国年节及纪念日放假办法 (2024) Art 2, but for the holidays of the lunar calendar and of the sun's terms."""

_FRIDAY = 4
_ONE = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Override:
    """What a bank says of one day, and why."""

    is_working: bool
    name: str


@dataclass(frozen=True, slots=True)
class CalendarDay:
    """A day, and who says so. The name is its holiday's; of a make-up day, the holiday's that it makes up for."""

    day: date
    is_working: bool
    name: str | None
    source: Source


def calendar_day(day: date, override: Override | None = None) -> CalendarDay:
    """Return what is known of a day; the bank's own entry comes first."""
    if override is not None:
        return CalendarDay(day, override.is_working, override.name, "bank")
    if day.year >= PUBLISHED_YEARS.stop and (day.month, day.day) in _BY_LAW:
        return CalendarDay(day, is_working=False, name=_BY_LAW[day.month, day.day], source="law")
    if day.year not in PUBLISHED_YEARS:
        return CalendarDay(day, day.weekday() <= _FRIDAY, None, "weekday")
    _, name = chinese_calendar.get_holiday_detail(day)
    return CalendarDay(
        day,
        chinese_calendar.is_workday(day),
        None if name is None else str(Holiday(name).chinese),
        "published",
    )


def is_working_day(day: date, overrides: Mapping[date, Override]) -> bool:
    """Tell whether a day is worked on."""
    return calendar_day(day, overrides.get(day)).is_working


def add_working_days(first: date, n: int, overrides: Mapping[date, Override]) -> date:
    """Return the last of `n` working days after the day `first`, which itself does not count; `first` if `n` is 0.

    So a notice of 3 working days that opens on a Monday of a plain week is open until Thursday is over. Across the
    National Day of 2025 (holidays 1 to 8 October, Saturday 11 October worked in their stead), one that opens on
    Tuesday 30 September counts Thursday the 9th, Friday the 10th and Saturday the 11th, and is open until that is over.
    """
    day = first
    for _ in range(n):
        day += _ONE
        while not is_working_day(day, overrides):
            day += _ONE
    return day
