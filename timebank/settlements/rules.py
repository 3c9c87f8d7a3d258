"""Months, as statements count them. Pure."""

from datetime import date

_DECEMBER = 12


def next_month(month_on: date) -> date:
    """Return the first day of the month after the one that begins on a day."""
    is_last = month_on.month == _DECEMBER
    return date(month_on.year + is_last, 1 if is_last else month_on.month + 1, 1)


def month_before(day: date) -> date:
    """Return the first day of the month before the one that a day is in."""
    is_first = day.month == 1
    return date(day.year - is_first, _DECEMBER if is_first else day.month - 1, 1)
