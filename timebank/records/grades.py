"""How good the evidence of an attendance is, and why a record needs a second approver. Pure.

A: both scanned each other; B: a rotating code in and out; C: a static code; D: the steward's roll, a forgotten
check-out or a clock in doubt; E: a late entry with papers. What is weaker, coming or going, decides.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import datetime, timedelta

    from timebank.policy.parts import Grade
    from timebank.policy.rules import PolicyPack

Mode = Literal["station_code", "member_code", "card", "poster", "roll_call", "late_entry"]
Origin = Literal["scans", "roll_call", "late_entry"]
Why = Literal["grade", "long_service", "daily_cap", "impossible_travel"]

MUTUAL: Final = frozenset({"station_code", "member_code"})
_GRADE_OF_MODE: Final[dict[str, Grade]] = {
    "station_code": "B",
    "member_code": "B",
    "card": "C",
    "poster": "C",
    "roll_call": "D",
    "late_entry": "E",
}


@dataclass(frozen=True, slots=True)
class Attended:
    """An attendance from coming to going, with its evidence; `is_cut` if nobody saw the person go."""

    check_in_at: datetime
    check_out_at: datetime
    grade: Grade
    origin: Origin
    is_cut: bool


def grade_of(in_modes: Collection[str], out_modes: Collection[str], *, is_doubtful: bool = False) -> Grade:
    """Return the grade of an attendance by the ways it was scanned; no way of going is a forgotten check-out."""
    grades = [_grade_of_side(in_modes), _grade_of_side(out_modes) if out_modes else "D"]
    if is_doubtful:
        grades.append("D")
    return weakest(*grades)


def weakest(*grades: Grade) -> Grade:
    """Return the weakest of some grades."""
    return max(grades)


def origin_of(in_modes: Collection[str], out_modes: Collection[str]) -> Origin:
    """Return what a record is made from: the weakest way that was used on either side."""
    used = {*in_modes, *out_modes}
    if "late_entry" in used:
        return "late_entry"
    return "roll_call" if "roll_call" in used else "scans"


def attended(
    *,
    check_in_at: datetime,
    check_out_at: datetime | None,
    in_modes: Collection[str],
    out_modes: Collection[str],
    is_doubtful: bool,
    ends_at: datetime,
    haircut: timedelta,
) -> Attended:
    """Return the attendance of who checked in.

    A forgotten check-out, or one before the check-in, is closed at the planned end less the haircut, never before the
    check-in: a moment after it, which is no whole minute.
    """
    origin = origin_of(in_modes, out_modes)
    if check_out_at is not None and check_out_at > check_in_at:
        grade = grade_of(in_modes, out_modes, is_doubtful=is_doubtful)
        return Attended(check_in_at, check_out_at, grade, origin, is_cut=False)
    closed_at = max(ends_at - haircut, check_in_at + haircut.resolution)
    return Attended(
        check_in_at, closed_at, grade_of(in_modes, (), is_doubtful=is_doubtful), origin, is_cut=True
    )


def second_approval(grade: Grade | None, minutes: int, outcome: str, pack: PolicyPack) -> tuple[Why, ...]:
    """Return why a record needs a second approver; nothing if one is enough."""
    why: list[Why] = []
    if grade is not None and pack.grades[grade].approvals > 1:
        why.append("grade")
    if minutes > pack.attendance.second_approval_minutes:
        why.append("long_service")
    if outcome == "needs_review":
        why.append("daily_cap")
    if outcome == "impossible_travel":
        why.append("impossible_travel")
    return tuple(why)


def _grade_of_side(modes: Collection[str]) -> Grade:
    """Return the grade of coming or of going.

    Of codes the best counts, and both codes together are mutual. What somebody entered by hand counts in full: its
    time was claimed, and may be the one that the record takes.
    """
    grades = [_GRADE_OF_MODE[mode] for mode in modes]
    by_hand = [grade for grade in grades if grade >= "D"]
    if by_hand:
        return weakest(*by_hand)
    return "A" if set(modes) >= MUTUAL else min(grades)
