"""What an activity must be before it is shown, how it goes on, when its sessions are, and who may sign up: pure."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

from timebank.errors import RefusalError
from timebank.people.rules import FEBRUARY, LEAP_DAY, is_of_age
from timebank.policy.rules import PolicyPack

DRAFT, PUBLISHED, RUNNING, CLOSED, CANCELLED = "draft", "published", "running", "closed", "cancelled"
STATES: Final = (DRAFT, PUBLISHED, RUNNING, CLOSED, CANCELLED)

TRANSITIONS: Final[Mapping[str, Collection[str]]] = {
    DRAFT: (PUBLISHED, CANCELLED),
    PUBLISHED: (RUNNING, CANCELLED),
    RUNNING: (CLOSED, CANCELLED),
    CLOSED: (),
    CANCELLED: (),
}
"""A state: those that may follow it."""

EDITABLE: Final = (DRAFT, PUBLISHED)
COMPLETED_LATER: Final = frozenset({"content", "leader_id"})
"""Of an emergency these may be entered when it runs or is over, until it is approved."""

OPEN: Final = (PUBLISHED, RUNNING)
"""States in which an activity takes sign-ups."""

ORDINARY, EMERGENCY = "ordinary", "emergency"

PLANNED = "planned"
"""The state of a session before it is closed or cancelled."""

SIGNED_UP, WAITING, WITHDRAWN = "signed_up", "waiting", "withdrawn"

ALL, FIT = "all", "fit"
"""How a team signs up: everybody or nobody, or as many as fit."""

MAX_SERIES: Final = 100
MAX_SESSION: Final = timedelta(hours=24)
MAX_ACTIVITY: Final = timedelta(days=366)

RELIED_ON: Final = ("starts_at", "ends_at", "place", "min_age")
"""What people signed up for: they are told when it changes."""


@dataclass(frozen=True, slots=True)
class Plan:
    """An activity as it is planned: the fields of 民政部令第67号 Art 7, and what the bank asks besides.

    `difficulty_permille` is in thousandths; capacity, place and rest are what its sessions begin with.
    """

    name: str
    category: str
    is_volunteer_service: bool
    team_id: int | None
    place: str
    starts_at: datetime
    ends_at: datetime
    rest_minutes: int
    difficulty_permille: int
    capacity: int | None
    kind: str
    content: str
    leader_id: UUID | None
    skills: tuple[str, ...]
    min_age: int | None
    is_dangerous: bool
    insurance: str | None


def check_transition(state: str, to: str) -> None:
    """Refuse a state that does not follow.

    Raises:
        RefusalError: `activity_state_refused`.
    """
    if to not in TRANSITIONS[state]:
        raise RefusalError("activity_state_refused", state=state)


def check_editable(state: str, changed: Iterable[str], *, is_open_emergency: bool) -> None:
    """Refuse to plan anew what runs or is over; an emergency that waits for its approval may still be completed.

    Raises:
        RefusalError: `activity_state_refused`.
    """
    is_completed = is_open_emergency and state != CANCELLED and set(changed) <= COMPLETED_LATER
    if state not in EDITABLE and not is_completed:
        raise RefusalError("activity_state_refused", state=state)


def check_plan(plan: Plan) -> None:
    """Refuse times that make no activity.

    Raises:
        RefusalError: `activity_span_invalid`.
    """
    if not timedelta() < plan.ends_at - plan.starts_at <= MAX_ACTIVITY:
        raise RefusalError("activity_span_invalid", days=MAX_ACTIVITY.days)


def service_of(pack: PolicyPack | None, category: str, *, given: bool) -> bool:
    """Tell whether a category is volunteer service: as the pack says, or as given where the pack lists none.

    Raises:
        RefusalError: `category_unknown`.
    """
    if pack is None or not pack.categories:
        return given
    for known in pack.categories:
        if known.code == category:
            return known.is_volunteer_service
    raise RefusalError("category_unknown", category=category)


def check_publishable(plan: Plan, *, has_sessions: bool) -> None:
    """Refuse to show an activity that lacks what the law asks of it; an emergency is shown at once and completed later.

    Raises:
        RefusalError: `insurance_missing` (志愿服务条例 Art 17: insured before dangerous work, whatever the hurry),
            `law_fields_missing`, `activity_without_sessions`.
    """
    if plan.is_dangerous and plan.insurance is None:
        raise RefusalError("insurance_missing")
    if plan.kind == EMERGENCY:
        return
    check_law_fields(plan)
    if not has_sessions:
        raise RefusalError("activity_without_sessions")


def check_law_fields(plan: Plan) -> None:
    """Refuse what no record of 民政部令第67号 Art 7 could be made of.

    Raises:
        RefusalError: `law_fields_missing`.
    """
    missing = [
        field
        for field, value in (("content", plan.content), ("leader_id", plan.leader_id), ("place", plan.place))
        if not value
    ]
    if missing:
        raise RefusalError("law_fields_missing", fields=", ".join(missing))


def check_session(plan: Plan, starts_at: datetime, ends_at: datetime, *, now: datetime) -> None:
    """Refuse a session that is none, is over before it is planned, or lies outside its activity.

    Raises:
        RefusalError: `activity_session_span_invalid`, `activity_session_over`, `activity_session_outside`.
    """
    if not timedelta() < ends_at - starts_at <= MAX_SESSION:
        raise RefusalError("activity_session_span_invalid", hours=MAX_SESSION // timedelta(hours=1))
    if ends_at <= now:
        raise RefusalError("activity_session_over")
    if starts_at < plan.starts_at or ends_at > plan.ends_at:
        raise RefusalError("activity_session_outside")


def series(
    *,
    weekdays: Collection[int],
    first: date,
    last: date,
    begins: time,
    ends: time,
    zone: ZoneInfo,
) -> list[tuple[datetime, datetime]]:
    """Return start and end of each session on those weekdays (1 is Monday) between two days, both included.

    One that ends no later than it begins, by the clock on the wall, ends on the day after.

    Raises:
        RefusalError: `series_empty`, `series_too_long`.
    """
    found: list[tuple[datetime, datetime]] = []
    for day in _days(first, last):
        if day.isoweekday() not in weekdays:
            continue
        if len(found) == MAX_SERIES:
            raise RefusalError("series_too_long", limit=MAX_SERIES)
        until = day if begins < ends else day + timedelta(days=1)
        found.append((datetime.combine(day, begins, zone), datetime.combine(until, ends, zone)))
    if not found:
        raise RefusalError("series_empty")
    return found


def _days(first: date, last: date) -> Iterator[date]:
    day = first
    while day <= last:
        yield day
        day += timedelta(days=1)


def age_on(born_on: date, day: date) -> int:
    """Return the full years of somebody on a day; who was born on 29 February has a birthday on 1 March."""
    is_leap = (born_on.month, born_on.day) == (FEBRUARY, LEAP_DAY)
    birthday = (FEBRUARY + 1, 1) if is_leap else (born_on.month, born_on.day)
    if is_leap and (day.month, day.day) == (FEBRUARY, LEAP_DAY):
        birthday = (FEBRUARY, LEAP_DAY)
    return day.year - born_on.year - ((day.month, day.day) < birthday)


def refusal_of_age(
    born_on: date | None,
    *,
    on: date,
    min_age: int | None,
    is_dangerous: bool,
    guardian_agrees: bool,
) -> str | None:
    """Return why somebody's age keeps them from an activity on a day, or None.

    Who is not of age needs a guardian's consent, and does no dangerous work whoever agrees. An unknown age is as good
    as any unless the activity asks for one.
    """
    if born_on is None:
        return "age_unknown" if min_age or is_dangerous else None
    if min_age and age_on(born_on, on) < min_age:
        return "age_too_low"
    if is_of_age(born_on, on):
        return None
    if is_dangerous:
        return "minor_in_danger"
    return None if guardian_agrees else "guardian_consent_missing"


def free_places(capacity: int | None, taken: int) -> int | None:
    """Return how many places are left; None if there is no end of them."""
    return None if capacity is None else max(0, capacity - taken)


@dataclass(frozen=True, slots=True)
class Candidate:
    """Somebody who would sign up: `refusal` is why not, `has_place` and `waits` what they have already."""

    person_id: UUID
    refusal: str | None = None
    has_place: bool = False
    waits: bool = False


FULL, HELD_BACK = "activity_session_full", "held_back"


def seat(candidates: Sequence[Candidate], *, free: int | None, mode: str | None) -> list[str]:
    """Return what becomes of each candidate, in order: a state of a sign-up, or the code of a refusal.

    Without a `mode` who finds no place waits. A team in the mode `all` signs up whole or not at all (`held_back`),
    in the mode `fit` as many as fit. Who waits already goes on waiting: while anybody waits there is no place.
    """
    left = len(candidates) if free is None else free
    outcomes = []
    for candidate in candidates:
        if candidate.refusal is not None:
            outcomes.append(candidate.refusal)
        elif candidate.has_place:
            outcomes.append(SIGNED_UP)
        elif candidate.waits:
            outcomes.append(WAITING)
        elif left > 0:
            left -= 1
            outcomes.append(SIGNED_UP)
        else:
            outcomes.append(WAITING if mode is None else FULL)
    if mode == ALL and any(outcome != SIGNED_UP for outcome in outcomes):
        return [HELD_BACK if outcome == SIGNED_UP else outcome for outcome in outcomes]
    return outcomes
