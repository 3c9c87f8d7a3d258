"""What a pack would make of service that is past: record by record, day by day. Pure.

What somebody decided is taken as decided: an overlap, a rejection, an approval. Only what a pack decides is
decided anew.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Literal

from timebank.notices.rules import earned_amount
from timebank.policy.rules import POINT
from timebank.records.deciding import is_service, policy_of
from timebank.records.grades import second_approval
from timebank.records.rules import credited_minutes, points_for

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import date
    from uuid import UUID

    from timebank.policy.past import PastService
    from timebank.policy.rules import PolicyPack

WORKBOOK: Final = "workbook"
CREDITED: Final = "credited"
_REJECTED: Final = "rejected"
_BY_RULE: Final = frozenset({"not_volunteer_service", "too_short", "day_full"})
"""What a pack rejected and another pack may not; overlaps stay."""
_TAKEN_FIRST: Final = {CREDITED: 0, _REJECTED: 2}

Fate = Literal["credited", "waiting", "nothing"]


@dataclass(frozen=True, slots=True)
class Priced:
    """What a pack makes of a record: credited, waiting for somebody's approval, or nothing."""

    fate: Fate = "nothing"
    minutes: int = 0
    points: int = 0
    earned: Mapping[str, int] = field(default_factory=dict)
    is_over_cap: bool = False
    needs_second: bool = False


NOTHING: Final = Priced()


def in_order(records: Iterable[PastService]) -> list[PastService]:
    """Return the records of some days as they fill each day: what is credited first, then what waits, by the time.

    So the pack that priced them comes to what it came to then, whatever was entered late.
    """
    return sorted(
        records,
        key=lambda one: (
            one.day,
            _TAKEN_FIRST.get(one.state, 1),
            one.outcome == "needs_review",
            one.served[0] if one.served else one.plan.starts_at,
            one.record_id,
        ),
    )


class Day:
    """The minutes that count of each person's day so far, under one pack for each record."""

    def __init__(self) -> None:
        self._on: date | None = None
        self._minutes: Counter[UUID] = Counter()

    def price(self, record: PastService, pack: PolicyPack, *, has_decided: bool) -> Priced:
        """Return what a pack makes of the next record in order; what `has_decided` it credits nothing that it did not.

        Since then something else of the day may have been voided: what waited still waits.
        """
        if record.day != self._on:
            self._on, self._minutes = record.day, Counter()
        if record.state == _REJECTED and (has_decided or record.outcome not in _BY_RULE):
            return NOTHING
        if not (record.plan.volunteer_service and is_service(pack, record.category)):
            return NOTHING
        policy = policy_of(pack, record.category)
        minutes = credited_minutes(record.served, record.plan, policy)
        if minutes <= 0:
            return NOTHING
        was_approved = record.state == CREDITED and record.outcome != "accepted"
        total = self._minutes[record.person_id] + minutes
        # The import of a workbook leaves it to the reviewer how much beyond the cap is too much.
        if record.origin != WORKBOOK and total > pack.attendance.blocked_minutes_per_day:
            return NOTHING
        is_over = total > policy.daily_cap_minutes
        if was_approved or not is_over or record.origin != WORKBOOK:
            self._minutes[record.person_id] = total
        outcome = "needs_review" if is_over else "accepted"
        return Priced(
            fate=_fate(record, is_over=is_over, was_approved=was_approved, has_decided=has_decided),
            minutes=minutes,
            points=points_for(minutes, record.plan, policy),
            earned=_earned(record, pack, minutes),
            is_over_cap=is_over,
            needs_second=bool(second_approval(record.grade, minutes, outcome, pack)),
        )


def _fate(record: PastService, *, is_over: bool, was_approved: bool, has_decided: bool) -> Fate:
    """Tell whether a record is credited; of scans, what has not been approved waits for who approves it."""
    if was_approved:
        return "credited"
    if is_over or (record.state != CREDITED and (has_decided or record.origin != WORKBOOK)):
        return "waiting"
    return "credited"


def _earned(record: PastService, pack: PolicyPack, minutes: int) -> dict[str, int]:
    found: Counter[str] = Counter()
    for earned in pack.earned:
        if earned.unit != POINT and (record.is_party_member or not earned.party_members_only):
            found[earned.unit] += earned_amount(minutes, earned.per_hour_permille)
    return dict(found)
