"""When a job is due: pure schedules in the bank's zone, each period with a name of its own.

A period's name is its text: `2026-11-22`, `2026-11-22T14`, `2026-11`, `2026`; names of one schedule sort as time goes.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final, Protocol
from zoneinfo import ZoneInfo

DAY: Final = timedelta(days=1)

_HOUR_TEXT: Final = re.compile(r"(\d{4}-\d{2}-\d{2})T([01]\d|2[0-3])")
_DAY_TEXT: Final = re.compile(r"\d{4}-\d{2}-\d{2}")
_MONTH_TEXT: Final = re.compile(r"(\d{4}-\d{2})")
_YEAR_TEXT: Final = re.compile(r"(\d{4})")


@dataclass(frozen=True, slots=True)
class Due:
    """A period, the instant at which it is due, and the day that its run stands for."""

    period: str
    due_at: datetime
    as_of: date


class Schedule(Protocol):
    """How often a job is due.

    `catch_up` is how far back missed periods are made up for; older ones are left, for a later run does their work too.
    """

    @property
    def catch_up(self) -> timedelta:
        """How far back missed periods are made up for."""

    @property
    def text(self) -> str:
        """The schedule for people: `daily 00:10`."""

    def on(self, day: date, zone: ZoneInfo) -> Iterator[Due]:
        """Return what is due on a day of the bank, in order."""

    def by_hand(self, day: date, now: datetime, zone: ZoneInfo) -> Due:
        """Return the period that a run by hand for a day belongs to."""

    def parse(self, period: str, zone: ZoneInfo) -> Due | None:
        """Return a period by its name; None if this schedule has none of that name."""


@dataclass(frozen=True, slots=True)
class Hourly:
    """Every hour, at a minute of the wall's clock; each hour's name is had once a day, whatever the clocks do."""

    minute: int = 0
    catch_up: timedelta = timedelta(days=2)

    @property
    def text(self) -> str:
        """The schedule for people."""
        return f"hourly :{self.minute:02d}"

    def on(self, day: date, zone: ZoneInfo) -> Iterator[Due]:
        """Return what is due on a day of the bank, in order."""
        for hour in range(24):
            yield self._due(day, hour, zone)

    def by_hand(self, day: date, now: datetime, zone: ZoneInfo) -> Due:
        """Return the hour that it is, or the last one of another day."""
        here = now.astimezone(zone)
        return self._due(day, here.hour if here.date() == day else 23, zone)

    def parse(self, period: str, zone: ZoneInfo) -> Due | None:
        """Return a period by its name; None if this schedule has none of that name."""
        match = _HOUR_TEXT.fullmatch(period)
        day = _date(match[1]) if match else None
        return None if match is None or day is None else self._due(day, int(match[2]), zone)

    def _due(self, day: date, hour: int, zone: ZoneInfo) -> Due:
        return Due(f"{day}T{hour:02d}", _instant(day, time(hour, self.minute), zone), day)


@dataclass(frozen=True, slots=True)
class Daily:
    """Every day, at a time of the wall's clock."""

    at: time
    catch_up: timedelta = timedelta(days=60)

    @property
    def text(self) -> str:
        """The schedule for people."""
        return f"daily {self.at:%H:%M}"

    def on(self, day: date, zone: ZoneInfo) -> Iterator[Due]:
        """Return what is due on a day of the bank, in order."""
        yield Due(day.isoformat(), _instant(day, self.at, zone), day)

    def by_hand(self, day: date, now: datetime, zone: ZoneInfo) -> Due:
        """Return the day itself."""
        del now
        return next(self.on(day, zone))

    def parse(self, period: str, zone: ZoneInfo) -> Due | None:
        """Return a period by its name; None if this schedule has none of that name."""
        day = _date(period) if _DAY_TEXT.fullmatch(period) else None
        return None if day is None else next(self.on(day, zone))


@dataclass(frozen=True, slots=True)
class Monthly:
    """Every month, on a day that all months have."""

    day: int
    at: time
    catch_up: timedelta = timedelta(days=400)

    @property
    def text(self) -> str:
        """The schedule for people."""
        return f"monthly {self.day:02d} {self.at:%H:%M}"

    def on(self, day: date, zone: ZoneInfo) -> Iterator[Due]:
        """Return what is due on a day of the bank, in order."""
        if day.day == self.day:
            yield Due(f"{day:%Y-%m}", _instant(day, self.at, zone), day)

    def by_hand(self, day: date, now: datetime, zone: ZoneInfo) -> Due:
        """Return the month that the day lies in."""
        del now
        return next(self.on(day.replace(day=self.day), zone))

    def parse(self, period: str, zone: ZoneInfo) -> Due | None:
        """Return a period by its name; None if this schedule has none of that name."""
        day = _date(f"{period}-{self.day:02d}") if _MONTH_TEXT.fullmatch(period) else None
        return None if day is None else next(self.on(day, zone))


@dataclass(frozen=True, slots=True)
class Yearly:
    """Every year, on a day that all years have."""

    month: int
    day: int
    at: time
    catch_up: timedelta = timedelta(days=800)

    @property
    def text(self) -> str:
        """The schedule for people."""
        return f"yearly {self.month:02d}-{self.day:02d} {self.at:%H:%M}"

    def on(self, day: date, zone: ZoneInfo) -> Iterator[Due]:
        """Return what is due on a day of the bank, in order."""
        if (day.month, day.day) == (self.month, self.day):
            yield Due(f"{day:%Y}", _instant(day, self.at, zone), day)

    def by_hand(self, day: date, now: datetime, zone: ZoneInfo) -> Due:
        """Return the year that the day lies in."""
        del now
        return next(self.on(date(day.year, self.month, self.day), zone))

    def parse(self, period: str, zone: ZoneInfo) -> Due | None:
        """Return a period by its name; None if this schedule has none of that name."""
        day = _date(f"{period}-{self.month:02d}-{self.day:02d}") if _YEAR_TEXT.fullmatch(period) else None
        return None if day is None else next(self.on(day, zone))


def due_between(schedule: Schedule, after: datetime, until: datetime, zone: ZoneInfo) -> list[Due]:
    """Return the periods that are due after one moment and by another, in order of their dues."""
    # A time that the clocks skip falls on a later instant, so the day before is looked at too.
    day, last = after.astimezone(zone).date() - DAY, until.astimezone(zone).date()
    found: list[Due] = []
    while day <= last:
        found += [due for due in schedule.on(day, zone) if after < due.due_at <= until]
        day += DAY
    return sorted(found, key=lambda due: (due.due_at, due.period))


def next_due(schedule: Schedule, now: datetime, zone: ZoneInfo) -> Due:
    """Return the first period that is due after a moment."""
    day = now.astimezone(zone).date()
    while True:
        for due in schedule.on(day, zone):
            if due.due_at > now:
                return due
        day += DAY


def last_due(schedule: Schedule, now: datetime, zone: ZoneInfo) -> Due:
    """Return the last period that was due by a moment."""
    day = now.astimezone(zone).date()
    while True:
        for due in reversed(list(schedule.on(day, zone))):
            if due.due_at <= now:
                return due
        day -= DAY


def _instant(day: date, at: time, zone: ZoneInfo) -> datetime:
    """Return the instant of a time on the wall: the first of two where the clocks go back."""
    return datetime.combine(day, at, zone).astimezone(UTC)


def _date(text: str) -> date | None:
    parse: Callable[[str], date] = date.fromisoformat
    try:
        return parse(text)
    except ValueError:
        return None
