"""What becomes of attendances: the crediting rules 1 to 7, pure, in their order of precedence.

Inputs are the attendances as read, the activities and volunteers there are, and what earlier imports took.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

MINUTE: Final = timedelta(minutes=1)
_MINUTES_PER_HOUR: Final = 60
_THOUSAND: Final = 1000

Span: TypeAlias = tuple[datetime, datetime]
"""A served interval: its start and its end, the end not included."""

TimeFault: TypeAlias = Literal["missing_time", "bad_time"]
RecordOutcome: TypeAlias = Literal[
    "credited", "needs_review", "already_recorded", "not_volunteer_service", "too_short", "overlap"
]


@dataclass(frozen=True, slots=True)
class CreditingPolicy:
    """The figures of a policy pack that crediting needs."""

    rounding_minutes: int
    daily_cap_minutes: int
    points_per_hour: int


@dataclass(frozen=True, slots=True)
class PlannedActivity:
    """An activity as far as crediting is concerned; both times lie in the bank's zone."""

    code: str
    volunteer_service: bool
    starts_at: datetime
    ends_at: datetime
    rest_minutes: int
    difficulty_thousandths: int


@dataclass(frozen=True, slots=True)
class Attendance:
    """One row: who was at what, from when to when; `time_fault` says why a time is None."""

    row_number: int
    activity: str
    volunteer: str
    check_in: datetime | None
    check_out: datetime | None
    time_fault: TimeFault | None


@dataclass(frozen=True, slots=True)
class ServiceRecord:
    """The attendances of one volunteer at one activity, and what they come to.

    `minutes` and `points` are what is credited, or for `needs_review` what approval would credit; 0
    otherwise. They take effect at `effective_at`, the activity's planned end. `served` is None where rule 4
    was not reached or left nothing.
    """

    outcome: RecordOutcome
    activity: str
    volunteer: str
    row_numbers: tuple[int, ...]
    check_in: datetime
    check_out: datetime
    served: Span | None
    minutes: int
    points: int
    effective_at: datetime

    @property
    def row_number(self) -> int:
        """Return the first row, under which the record is answered."""
        return self.row_numbers[0]


@dataclass(frozen=True, slots=True)
class Taken:
    """What earlier imports left behind, by volunteer code.

    `spans` are the served intervals of credited and waiting records, `minutes` what is credited for an
    activity's starting date, `records` the (activity, volunteer) pairs that have a record.
    """

    spans: Mapping[str, Sequence[Span]] = field(default_factory=dict)
    minutes: Mapping[tuple[str, date], int] = field(default_factory=dict)
    records: Collection[tuple[str, str]] = frozenset()


@dataclass(frozen=True, slots=True)
class Decision:
    """Every row exactly once: refused by itself, merged into an earlier row, or the first row of a record."""

    refused: dict[int, str]
    merged: dict[int, int]
    records: list[ServiceRecord]


@dataclass(slots=True)
class _Merged:
    rows: list[int]
    check_in: datetime
    check_out: datetime


def decide(
    attendances: Iterable[Attendance],
    *,
    activities: Mapping[str, PlannedActivity],
    volunteers: Collection[str],
    policy_of: Callable[[PlannedActivity], CreditingPolicy],
    taken: Taken | None = None,
) -> Decision:
    """Decide all attendances of an import together; `records` come in the order of their first rows.

    `policy_of` gives the figures in force for an activity on its starting date.

    A pair of activity and volunteer that an earlier import recorded is `already_recorded` before rule 3 is
    asked.
    """
    before = taken or Taken()
    refused, merged, gathered = _merge(attendances, activities, volunteers)
    policies = {code: policy_of(activity) for code, activity in activities.items()}
    records: dict[tuple[str, str], ServiceRecord] = {}
    waiting: list[tuple[datetime, str, str, Span, int]] = []
    for (activity_code, volunteer), found in gathered.items():
        activity = activities[activity_code]
        outcome: RecordOutcome
        served = served_span(found.check_in, found.check_out, activity)
        minutes = credited_minutes(served, activity, policies[activity_code])
        if (activity_code, volunteer) in before.records:
            outcome, served = "already_recorded", None
        elif not activity.volunteer_service:
            outcome, served = "not_volunteer_service", None
        elif served is None or minutes <= 0:
            outcome = "too_short"
        else:
            waiting.append((served[0], activity_code, volunteer, served, minutes))
            continue
        records[activity_code, volunteer] = _record(outcome, activity, volunteer, found, served)
    waiting.sort(key=lambda candidate: candidate[:3])
    diary = _Diary(before)
    for _, activity_code, volunteer, span, minutes in waiting:
        activity, found = activities[activity_code], gathered[activity_code, volunteer]
        policy = policies[activity_code]
        outcome = diary.take(volunteer, activity.starts_at.date(), span, minutes, policy.daily_cap_minutes)
        earned = (0, 0) if outcome == "overlap" else (minutes, points_for(minutes, activity, policy))
        records[activity_code, volunteer] = _record(outcome, activity, volunteer, found, span, earned)
    return Decision(refused, merged, [records[pair] for pair in gathered])


def row_refusal(
    row: Attendance, activities: Collection[str] | Mapping[str, PlannedActivity], volunteers: Collection[str]
) -> str | None:
    """Return the first reason of rule 1 that applies to a row, None if it stands."""
    if row.activity not in activities:
        return "unknown_activity"
    if row.volunteer not in volunteers:
        return "unknown_volunteer"
    if row.time_fault or row.check_in is None or row.check_out is None:
        return row.time_fault or "missing_time"
    return "checkout_not_after_checkin" if row.check_out <= row.check_in else None


def served_span(check_in: datetime, check_out: datetime, activity: PlannedActivity) -> Span | None:
    """Clip to the planned start and end (rule 4); None if nothing lies inside."""
    start = max(check_in, activity.starts_at)
    end = min(check_out, activity.ends_at)
    return (start, end) if start < end else None


def credited_minutes(served: Span | None, activity: PlannedActivity, policy: CreditingPolicy) -> int:
    """Return whole minutes less the rest, rounded down to the step (rule 4); 0 if nothing is left."""
    if served is None:
        return 0
    net = (served[1] - served[0]) // MINUTE - activity.rest_minutes
    return max(0, net - net % policy.rounding_minutes)


def points_for(minutes: int, activity: PlannedActivity, policy: CreditingPolicy) -> int:
    """Return minutes / 60 × rate × difficulty, rounded half up once, in whole numbers only (rule 7)."""
    whole = _MINUTES_PER_HOUR * _THOUSAND
    return (2 * minutes * policy.points_per_hour * activity.difficulty_thousandths + whole) // (2 * whole)


class _Diary:
    """Who has already served when, and how long on which day."""

    def __init__(self, taken: Taken) -> None:
        self._spans = {volunteer: _apart(spans) for volunteer, spans in taken.spans.items()}
        self._minutes = dict(taken.minutes)

    def take(
        self, volunteer: str, on: date, span: Span, minutes: int, cap_minutes: int
    ) -> Literal["credited", "needs_review", "overlap"]:
        """Enter a span unless it overlaps (rule 5) and count its minutes unless the day is full (rule 6)."""
        spans = self._spans.setdefault(volunteer, [])
        # The spans in a diary do not overlap, so only the neighbours can touch the new one.
        place = bisect_left(spans, span)
        if (place and spans[place - 1][1] > span[0]) or (place < len(spans) and spans[place][0] < span[1]):
            return "overlap"
        insort(spans, span)
        total = self._minutes.get((volunteer, on), 0) + minutes
        if total > cap_minutes:
            return "needs_review"
        self._minutes[volunteer, on] = total
        return "credited"


def _apart(spans: Iterable[Span]) -> list[Span]:
    """Unite spans that overlap, in order of time: corrections by hand may have left such behind."""
    apart: list[Span] = []
    for span in sorted(spans):
        if apart and span[0] < apart[-1][1]:
            apart[-1] = (apart[-1][0], max(apart[-1][1], span[1]))
        else:
            apart.append(span)
    return apart


def _merge(
    attendances: Iterable[Attendance], activities: Mapping[str, PlannedActivity], volunteers: Collection[str]
) -> tuple[dict[int, str], dict[int, int], dict[tuple[str, str], _Merged]]:
    """Refuse rows by rule 1 and gather the others by activity and volunteer (rule 2)."""
    refused: dict[int, str] = {}
    merged: dict[int, int] = {}
    gathered: dict[tuple[str, str], _Merged] = {}
    for row in attendances:
        refusal = row_refusal(row, activities, volunteers)
        if refusal or row.check_in is None or row.check_out is None:
            refused[row.row_number] = refusal or "missing_time"
            continue
        pair = (row.activity, row.volunteer)
        found = gathered.get(pair)
        if found is None:
            gathered[pair] = _Merged([row.row_number], row.check_in, row.check_out)
            continue
        merged[row.row_number] = found.rows[0]
        found.rows.append(row.row_number)
        found.check_in = min(found.check_in, row.check_in)
        found.check_out = max(found.check_out, row.check_out)
    return refused, merged, gathered


def _record(
    outcome: RecordOutcome,
    activity: PlannedActivity,
    volunteer: str,
    found: _Merged,
    served: Span | None,
    earned: tuple[int, int] = (0, 0),
) -> ServiceRecord:
    return ServiceRecord(
        outcome=outcome,
        activity=activity.code,
        volunteer=volunteer,
        row_numbers=tuple(found.rows),
        check_in=found.check_in,
        check_out=found.check_out,
        served=served,
        minutes=earned[0],
        points=earned[1],
        effective_at=activity.ends_at,
    )
