"""What a policy pack says, validated, and the pure answers that follow from it."""

from datetime import date, timedelta
from importlib.resources import files
from typing import Annotated, Literal

from pydantic import Field, ValidationError, ValidationInfo, model_validator
from pydantic_core import PydanticCustomError

from timebank.errors import RefusalError
from timebank.policy.calendar import ExtensionRule, GraceDays, RecognitionScheme, WarningDays
from timebank.policy.faults import faults, place
from timebank.policy.parts import WRITTEN, Grade, Hours, Strict, UnitCode, Words
from timebank.policy.spending import ConversionRule, RedemptionRule, SettlementRule, TimecoinRule, VoucherRule

MINUTE, POINT = "minute", "point"


class UnitRule(Strict):
    """A unit of the bank: its class and whether its owner may give it away."""

    code: UnitCode
    class_: Literal["honour", "value", "goods", "score", "money"] = Field(alias="class")
    spendable: bool

    @model_validator(mode="after")
    def _honour_is_never_spent(self) -> "UnitRule":
        if self.spendable and self.class_ in ("honour", "score"):
            raise PydanticCustomError(
                "honour_given", "{unit}: what is honour or score is never spent", {"unit": self.code}
            )
        return self


class CreditingRule(Strict):
    """How served minutes become credited minutes and points."""

    rounding_minutes: Annotated[int, Field(gt=0, le=1440)]
    daily_cap_minutes: Annotated[int, Field(gt=0, le=1440)]
    points_per_hour: Annotated[int, Field(ge=0, le=10_000)]


class EndOfYear(Strict):
    """Lots end on 31 December of the year that is `years_after` the one they took effect in."""

    rule: Literal["end_of_year"]
    years_after: Annotated[int, Field(ge=0, le=50)]
    grace_days: GraceDays = 0

    def last_day(self, effective_on: date) -> date:
        """Return the last day of a lot that took effect on a day."""
        return date(effective_on.year + self.years_after, 12, 31)

    def is_regular_end(self, day: date) -> bool:
        """Tell whether lots of this rule end on a day, grace and extensions aside."""
        return (day.month, day.day) == (12, 31)


class EndOfMonth(Strict):
    """Lots end with the month that is `months_after` the one they took effect in."""

    rule: Literal["end_of_month"]
    months_after: Annotated[int, Field(ge=0, le=600)]
    grace_days: GraceDays = 0

    def last_day(self, effective_on: date) -> date:
        """Return the last day of a lot that took effect on a day."""
        following = effective_on.year * 12 + effective_on.month + self.months_after
        return date(following // 12, following % 12 + 1, 1) - timedelta(days=1)

    def is_regular_end(self, day: date) -> bool:
        """Tell whether lots of this rule end on a day, grace and extensions aside."""
        return (day + timedelta(days=1)).day == 1


ExpiryRule = Annotated[EndOfYear | EndOfMonth, Field(discriminator="rule")]


class CategoryRule(Strict):
    """A kind of activity. Hours come only of volunteer service (民政部令第67号 Art 19)."""

    code: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
    label: Words
    is_volunteer_service: bool
    points_per_hour: Annotated[int, Field(ge=0, le=10_000)] | None = None
    """In place of the rate of `crediting`."""


class EarnedUnit(Strict):
    """What a credited hour gives besides points, in thousandths of the unit an hour."""

    unit: UnitCode
    per_hour_permille: Annotated[int, Field(gt=0, le=10_000_000)]
    party_members_only: bool = False


class GradeRule(Strict):
    """How many people approve a record of a grade, each another, and whether it counts for stars."""

    approvals: Annotated[int, Field(ge=1, le=2)] = 1
    counts_for_stars: bool = True


class AttendanceRule(Strict):
    """When scans are taken, and what becomes of an attendance; all in minutes."""

    early_minutes: Annotated[int, Field(ge=0, le=1440)] = 60
    """How long before a session's start its check-in opens."""
    late_minutes: Annotated[int, Field(ge=0, le=1440)] = 120
    """How long after its planned end a session still takes check-outs."""
    haircut_minutes: Annotated[int, Field(ge=0, le=1440)] = 30
    """A forgotten check-out is closed so long before the planned end, at a lower grade."""
    blocked_minutes_per_day: Annotated[int, Field(gt=0, le=1440)] = 720
    """Beyond the daily cap of `crediting` a record needs a second approver; beyond this nothing is credited."""
    second_approval_minutes: Annotated[int, Field(gt=0, le=1440)] = 360
    """A record longer than this needs a second approver."""
    travel_metres_per_minute: Annotated[int, Field(gt=0, le=10_000)] = 1_500
    """Nobody gets from one station to another faster."""
    record_working_days: Annotated[int, Field(ge=1, le=60)] = 10
    """A record is due so many working days after its activity (民政部令第67号 Art 11)."""
    notice_working_days: Annotated[int, Field(ge=0, le=60)] = 3
    """How long records are shown before they are credited; 0: not at all."""


def _grades() -> dict[Grade, GradeRule]:
    return {
        "A": GradeRule(),
        "B": GradeRule(),
        "C": GradeRule(),
        "D": GradeRule(),
        "E": GradeRule(approvals=2, counts_for_stars=False),
    }


class PolicyPack(Strict):
    """The rules of a bank. Amounts are whole minutes, hours and points."""

    name: Annotated[str, Field(min_length=1, max_length=200, pattern=WRITTEN)]
    units: Annotated[tuple[UnitRule, ...], Field(strict=False)]
    crediting: CreditingRule
    expiry: dict[UnitCode, ExpiryRule]
    exchanges: Annotated[
        tuple[Annotated[tuple[UnitCode, UnitCode], Field(strict=False)], ...], Field(strict=False)
    ]
    star_hours: Annotated[tuple[Hours, ...], Field(strict=False)]
    annual_hours: Annotated[tuple[Hours, ...], Field(strict=False)]
    attendance: AttendanceRule = AttendanceRule()
    grades: dict[Grade, GradeRule] = Field(default_factory=_grades)
    categories: Annotated[tuple[CategoryRule, ...], Field(strict=False)] = ()
    """Empty: any word is a category."""
    earned: Annotated[tuple[EarnedUnit, ...], Field(strict=False)] = ()
    redemption: RedemptionRule = RedemptionRule()
    conversions: Annotated[tuple[ConversionRule, ...], Field(strict=False)] = ()
    """Which units may be turned into which, and at what rate; nothing else is."""
    vouchers: VoucherRule = VoucherRule()
    settlement: SettlementRule = SettlementRule()
    timecoins: TimecoinRule | None = None
    """None: the bank has no time-coins."""
    warning_days: Annotated[tuple[WarningDays, ...], Field(strict=False)] = (60, 30, 7)
    """So many days before a lot ends its owner is warned."""
    extensions: Annotated[tuple[ExtensionRule, ...], Field(strict=False)] = ()
    recognitions: Annotated[tuple[RecognitionScheme, ...], Field(strict=False)] = ()
    """Empty: one list, of volunteers by `annual_hours`; see `schemes`."""
    labels: dict[Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,39}$")], Words] = Field(
        default_factory=dict
    )
    """Words of this bank for steps of the order flow and the like."""

    @model_validator(mode="after")
    def _hangs_together(self, info: ValidationInfo) -> "PolicyPack":
        """Refuse a pack that contradicts itself; who hands in a list as context gets all that is wrong in it."""
        found = list(faults(self))
        if isinstance(info.context, list):
            info.context.extend(found)
        elif found:
            fault = found[0]
            raise PydanticCustomError(
                "policy_fault", "{path}: {reason}", {"path": fault.path, "reason": fault.english}
            )
        return self

    def expires_on(self, unit: str, effective_on: date) -> date | None:
        """Return the last day of a lot of the unit that took effect on a day; None if it never ends."""
        rule = self.expiry.get(unit)
        return None if rule is None else rule.last_day(effective_on)


ANNUAL = "annual"


def schemes(pack: PolicyPack) -> tuple[RecognitionScheme, ...]:
    """Return the lists of recognition that a pack knows; one that names none has the annual one."""
    if pack.recognitions:
        return pack.recognitions
    label = Words(zh="年度嘉许", en="Annual recognition")
    return (RecognitionScheme(code=ANNUAL, label=label, step_hours=pack.annual_hours),)


def parse_pack(text: str) -> PolicyPack:
    """Read a pack from JSON.

    Raises:
        RefusalError: `policy_invalid` with the place and the reason of the first thing that is wrong.
    """
    try:
        return PolicyPack.model_validate_json(text)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        raise RefusalError("policy_invalid", place=place(first["loc"]), reason=first["msg"]) from None


def written(pack: PolicyPack) -> str:
    """Return a pack as JSON text that people can read and change."""
    return pack.model_dump_json(by_alias=True, indent=2) + "\n"


def default_pack() -> PolicyPack:
    """Return the pack that a new bank starts with."""
    return parse_pack((files("timebank.policy") / "default.json").read_text(encoding="utf-8"))


def level_of(minutes: int, step_hours: tuple[int, ...]) -> int:
    """Return the highest step reached, counted from 1; 0 if none is."""
    return sum(1 for hours in step_hours if minutes >= hours * 60)
