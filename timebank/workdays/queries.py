"""Reading a bank's calendar: its own entries, spans of days, and the end of so many working days."""

from collections.abc import Mapping
from datetime import date, timedelta

from ledger.session import ReadTx
from timebank.workdays.rules import CalendarDay, Override, add_working_days, calendar_day

_OVERRIDES = """
select day, is_working, name from calendar_days where bank_id = $1 and day between $2 and $3 order by day
"""
_LATER = "select day, is_working, name from calendar_days where bank_id = $1 and day > $2 order by day"


async def overrides_between(tx: ReadTx, first: date, last: date) -> Mapping[date, Override]:
    """Return what the bank itself says of the days from the first to the last, both included."""
    rows = await tx.connection.fetch(_OVERRIDES, tx.bank_id, first, last)
    return {day: Override(is_working, name) for day, is_working, name in rows}


async def overrides_after(tx: ReadTx, day: date) -> Mapping[date, Override]:
    """Return what the bank itself says of the days after one; an office enters a few dozen a year."""
    rows = await tx.connection.fetch(_LATER, tx.bank_id, day)
    return {later: Override(is_working, name) for later, is_working, name in rows}


async def calendar_span(tx: ReadTx, first: date, last: date) -> list[CalendarDay]:
    """Return each day from the first to the last, both included, in order."""
    overrides = await overrides_between(tx, first, last)
    days = (first + timedelta(days=step) for step in range((last - first).days + 1))
    return [calendar_day(day, overrides.get(day)) for day in days]


async def last_working_day(tx: ReadTx, first: date, n: int) -> date:
    """Return the last of `n` working days after the day `first` by the bank's calendar; see `add_working_days`."""
    return add_working_days(first, n, await overrides_after(tx, first))
