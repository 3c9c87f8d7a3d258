"""What a pack says of the calendar: warnings and extensions of what ends, and the lists of recognition."""

from datetime import date
from typing import Annotated, Literal

from pydantic import Field

from timebank.policy.parts import Grade, Hours, Strict, UnitCode, Words

GraceDays = Annotated[int, Field(ge=0, le=364)]
"""So many days after its last day a lot is renewed for, once, in place of ending."""

WarningDays = Annotated[int, Field(ge=1, le=366)]


class ExtensionRule(Strict):
    """Lots of a unit that would end from one day to another live until a later one."""

    unit: UnitCode
    ends_from: Annotated[date, Field(strict=False)]
    ends_until: Annotated[date, Field(strict=False)]
    to: Annotated[date, Field(strict=False)]
    reason: Words


class QuotaRule(Strict):
    """How many of a list each community may name: so many, or so many of a hundred who took part, rounded up."""

    per: Literal["community", "list"] = "community"
    most: Annotated[int, Field(ge=1, le=1_000_000)] | None = None
    percent: Annotated[int, Field(ge=1, le=100)] | None = None


Bar = Literal["debt", "voided_record"]
"""What keeps somebody from a list: a debt that is open at the cut-off, a record of the period that was voided."""


class RecognitionScheme(Strict):
    """A list: whom it counts, by what, from which hours on, and how many at most."""

    code: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
    label: Words
    """What the office calls it: 嘉许, 激励, 通报表扬; 表彰 is licensed."""
    subject: Literal["volunteer", "team", "unit"] = "volunteer"
    """Volunteers, teams by the hours of their members, or co-building units by those of who reports there."""
    step_hours: Annotated[tuple[Hours, ...], Field(strict=False, min_length=1)]
    step_labels: Annotated[tuple[Words, ...], Field(strict=False)] = ()
    """Empty, or one for each step."""
    grades: Annotated[tuple[Grade, ...], Field(strict=False, min_length=1)] = ("A", "B", "C", "D", "E")
    """Whose hours count; what was imported without a grade always does."""
    least_points: Annotated[int, Field(ge=0, le=1_000_000_000)] = 0
    """Points earned in the period, whatever became of them."""
    party_members_only: bool = False
    quota: QuotaRule | None = None
    at_tie: Literal["include", "leave_out"] = "include"
    """Who ties for the last place of a quota: all of them are on the list, or none."""
    bars: Annotated[tuple[Bar, ...], Field(strict=False)] = ()
    notice_working_days: Annotated[int, Field(ge=0, le=60)] = 5
