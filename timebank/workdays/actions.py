"""Departing from the published calendar: a day that the bank works on, or does not.

What has begun is not moved by it: a notice keeps the last day that it opened with.
"""

from datetime import date, datetime

from ledger.session import WriteTx
from timebank.errors import RefusalError
from timebank.workdays.rules import CalendarDay, Override, calendar_day

_SET = """
insert into calendar_days (bank_id, day, is_working, name, set_by, set_at) values ($1, $2, $3, $4, $5, $6)
on conflict on constraint calendar_days_pkey do update set is_working = excluded.is_working, name = excluded.name,
  set_by = excluded.set_by, set_at = excluded.set_at
"""
_REMOVE = "delete from calendar_days where bank_id = $1 and day = $2 returning true"


async def set_calendar_day(
    tx: WriteTx, *, day: date, is_working: bool, name: str, actor: str, now: datetime
) -> CalendarDay:
    """Say of a day whether the bank works on it, and why, in place of what was said before."""
    await tx.connection.execute(_SET, tx.bank_id, day, is_working, name, actor, now)
    return calendar_day(day, Override(is_working, name))


async def remove_calendar_day(tx: WriteTx, *, day: date) -> CalendarDay:
    """Go back to the published calendar on a day.

    Raises:
        RefusalError: `unknown_calendar_day` if the bank says nothing of it.
    """
    if await tx.connection.fetchval(_REMOVE, tx.bank_id, day) is None:
        raise RefusalError("unknown_calendar_day", day=day.isoformat())
    return calendar_day(day)
