"""What stars follow from, pure: the way to the next one, whose hours count, and why an office may take one away."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from timebank.errors import RefusalError

if TYPE_CHECKING:
    from timebank.policy.parts import Grade
    from timebank.policy.rules import PolicyPack

LoweredFor = Literal["hours_taken_back", "mistake", "fraud", "thresholds_raised", "other"]
"""Why a star is taken away, in a word: what is written into the register stays in it."""


@dataclass(frozen=True, slots=True)
class Way:
    """The next star, the minutes at which it stands, and how many are missing; 0: the next daily run gives it."""

    star: int
    minutes: int
    missing_minutes: int


def way_on(star: int, minutes: int, step_hours: Sequence[int]) -> Way | None:
    """Return the way from a star to the next with so many minutes that count; None from the highest."""
    if star >= len(step_hours):
        return None
    at = step_hours[star] * 60
    return Way(star + 1, at, max(0, at - minutes))


def uncounted_grades(pack: "PolicyPack") -> list["Grade"]:
    """Return the grades whose records count for no star; what has no grade always counts."""
    return sorted(grade for grade, rule in pack.grades.items() if not rule.counts_for_stars)


def check_lowering(*, star: int, to_star: int, by_hours: int) -> None:
    """Refuse to lower a star to where it would not stay: not below what the hours say, else the next run raises it.

    Raises:
        RefusalError: `star_not_lower`, `star_below_hours`.
    """
    if to_star >= star:
        raise RefusalError("star_not_lower", star=star)
    if to_star < by_hours:
        raise RefusalError("star_below_hours", star=by_hours)
