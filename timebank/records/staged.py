"""Signs that an activity was staged for its hours, by the figures of one session. Pure; a sign never blocks alone.

What a prosecutor's files show again and again: the activity made and closed within minutes, everybody on the roll and
nobody scanned, more people than the place holds, whole hours all over, a burst before the quarter's report, one person
as creator, leader and approver, hours for meetings.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Final, Literal

if TYPE_CHECKING:
    from collections.abc import Collection
    from uuid import UUID

Sign = Literal[
    "all_low_grade",
    "closed_at_once",
    "over_capacity",
    "quarter_end_burst",
    "round_hours",
    "one_hand",
    "no_service",
]

FEW: Final = 3
"""Below so many people a pattern is no sign."""
AT_ONCE: Final = timedelta(minutes=10)
BURST_DAYS: Final = 10
BURST_FACTOR: Final = 3
CROWDED_PERCENT: Final = 150
_PERCENT: Final = 100
_QUARTER: Final = 3
_YEAR_MONTHS: Final = 12


@dataclass(frozen=True, slots=True)
class SessionFigures:
    """What the signs are read from. Times are in the bank's zone.

    `minutes_of_days` are what the organisation's records come to in the ten days up to the session's, `usual_minutes`
    what they come to in ten days of the eighty before, on average. `low_grades` are the records of grade D or E,
    `round_hours` those that begin and end on a whole hour.
    """

    day: date
    created_at: datetime
    closed_at: datetime | None
    capacity: int | None
    people: int
    low_grades: int
    round_hours: int
    minutes: int
    is_service: bool
    minutes_of_days: int
    usual_minutes: int
    creator_id: UUID | None
    leader_id: UUID | None
    approver_ids: Collection[UUID]
    """Who closed the session, and who has approved of its records."""


def signs_of(figures: SessionFigures) -> tuple[Sign, ...]:
    """Return the signs that a session shows, none of them proof."""
    shown: dict[Sign, bool] = {
        "all_low_grade": figures.low_grades == figures.people >= FEW,
        "closed_at_once": figures.closed_at is not None and figures.closed_at - figures.created_at < AT_ONCE,
        "over_capacity": figures.capacity is not None
        and figures.people * _PERCENT > figures.capacity * CROWDED_PERCENT,
        "quarter_end_burst": is_before_quarter_end(figures.day)
        and figures.usual_minutes > 0
        and figures.minutes_of_days > BURST_FACTOR * figures.usual_minutes,
        "round_hours": figures.round_hours == figures.people >= FEW,
        "one_hand": figures.creator_id is not None
        and figures.creator_id == figures.leader_id
        and figures.creator_id in figures.approver_ids,
        "no_service": figures.minutes > 0 and not figures.is_service,
    }
    return tuple(sign for sign, is_shown in shown.items() if is_shown)


def is_before_quarter_end(day: date) -> bool:
    """Tell whether a day is one of the last ten of its quarter."""
    return (quarter_end(day) - day).days < BURST_DAYS


def quarter_end(day: date) -> date:
    """Return the last day of a day's quarter."""
    month = day.month + (-day.month) % _QUARTER
    following = date(day.year + month // _YEAR_MONTHS, month % _YEAR_MONTHS + 1, 1)
    return following - timedelta(days=1)
