"""What an attendance at a session comes to, decided against the volunteer's other records. Pure.

First that applies: `not_volunteer_service`, `too_short`, `overlap`, `day_full`, `impossible_travel`, `needs_review`,
`accepted`. The first four are rejected with nothing to credit; the others wait for approval.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

from timebank.records.rules import (
    CreditingPolicy,
    PlannedActivity,
    Span,
    credited_minutes,
    points_for,
    served_span,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from timebank.policy.rules import CategoryRule, PolicyPack
    from timebank.records.grades import Attended

Outcome = Literal[
    "accepted",
    "needs_review",
    "impossible_travel",
    "not_volunteer_service",
    "too_short",
    "overlap",
    "day_full",
]
REJECTED: Final = frozenset({"not_volunteer_service", "too_short", "overlap", "day_full"})
"""Outcomes that no approval can help: only other facts, or other records, would."""


@dataclass(frozen=True, slots=True)
class Standing:
    """What a volunteer's other records leave: their served spans, and the minutes of the session's day."""

    spans: Sequence[Span] = ()
    minutes_of_day: int = 0
    is_elsewhere: bool = False
    """They were scanned too far away, too soon before or after."""


@dataclass(frozen=True, slots=True)
class Decided:
    """What an attendance comes to; minutes and points are what it would credit."""

    outcome: Outcome
    served: Span | None
    minutes: int
    points: int

    @property
    def state(self) -> Literal["pending", "rejected"]:
        """The state a record of it begins in."""
        return "rejected" if self.outcome in REJECTED else "pending"


def decide_attendance(
    found: Attended, plan: PlannedActivity, pack: PolicyPack, category: str, others: Standing
) -> Decided:
    """Decide one attendance at a planned session by the pack in force on its starting date."""
    policy = policy_of(pack, category)
    served = served_span(found.check_in_at, found.check_out_at, plan)
    minutes = credited_minutes(served, plan, policy)
    if not (plan.volunteer_service and is_service(pack, category)):
        return Decided("not_volunteer_service", None, 0, 0)
    if served is None or minutes <= 0:
        return Decided("too_short", served, 0, 0)
    if any(served[0] < until and since < served[1] for since, until in others.spans):
        return Decided("overlap", served, 0, 0)
    total = others.minutes_of_day + minutes
    if total > pack.attendance.blocked_minutes_per_day:
        return Decided("day_full", served, 0, 0)
    outcome: Outcome = "accepted"
    if others.is_elsewhere:
        outcome = "impossible_travel"
    elif total > policy.daily_cap_minutes:
        outcome = "needs_review"
    return Decided(outcome, served, minutes, points_for(minutes, plan, policy))


def policy_of(pack: PolicyPack, category: str) -> CreditingPolicy:
    """Return the crediting figures of a pack for a category, which may have a rate of its own."""
    rule, own = pack.crediting, _category(pack, category)
    rate = rule.points_per_hour if own is None or own.points_per_hour is None else own.points_per_hour
    return CreditingPolicy(rule.rounding_minutes, rule.daily_cap_minutes, rate)


def is_service(pack: PolicyPack, category: str) -> bool:
    """Tell whether a category is volunteer service (民政部令第67号 Art 19); a word the pack does not know may be."""
    own = _category(pack, category)
    return own is None or own.is_volunteer_service


def _category(pack: PolicyPack, code: str) -> CategoryRule | None:
    return next((category for category in pack.categories if category.code == code), None)
