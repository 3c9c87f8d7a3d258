"""What a policy pack says, validated, and the pure answers that follow from it."""

from datetime import date
from importlib.resources import files
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from timebank.errors import RefusalError

MINUTE, POINT = "minute", "point"

UnitCode = Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_.:/-]{0,79}$")]
Hours = Annotated[int, Field(gt=0, le=1_000_000)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class UnitRule(_Strict):
    """A unit of the bank: its class and whether its owner may give it away."""

    code: UnitCode
    class_: Literal["honour", "value", "goods", "score", "money"] = Field(alias="class")
    spendable: bool

    @model_validator(mode="after")
    def _honour_is_never_spent(self) -> "UnitRule":
        if self.spendable and self.class_ in ("honour", "score"):
            msg = f"{self.code}: what is honour or score is never spent"
            raise ValueError(msg)
        return self


class CreditingRule(_Strict):
    """How served minutes become credited minutes and points."""

    rounding_minutes: Annotated[int, Field(gt=0, le=1440)]
    daily_cap_minutes: Annotated[int, Field(gt=0, le=1440)]
    points_per_hour: Annotated[int, Field(ge=0, le=10_000)]


class ExpiryRule(_Strict):
    """Lots end on 31 December of the year that is `years_after` the one they took effect in."""

    rule: Literal["end_of_year"]
    years_after: Annotated[int, Field(ge=0, le=50)]


class PolicyPack(_Strict):
    """The rules of a bank. Amounts are whole minutes, hours and points."""

    name: Annotated[str, Field(min_length=1, max_length=200)]
    units: Annotated[tuple[UnitRule, ...], Field(strict=False)]
    crediting: CreditingRule
    expiry: dict[UnitCode, ExpiryRule]
    exchanges: Annotated[
        tuple[Annotated[tuple[UnitCode, UnitCode], Field(strict=False)], ...], Field(strict=False)
    ]
    star_hours: Annotated[tuple[Hours, ...], Field(strict=False)]
    annual_hours: Annotated[tuple[Hours, ...], Field(strict=False)]

    @model_validator(mode="after")
    def _hangs_together(self) -> "PolicyPack":
        units = {unit.code: unit for unit in self.units}
        if len(units) < len(self.units):
            msg = "units: a code stands twice"
            raise ValueError(msg)
        if missing := {MINUTE, POINT} - units.keys():
            msg = f"units: {', '.join(sorted(missing))} missing"
            raise ValueError(msg)
        for given, _ in self.exchanges:
            if given not in units or not units[given].spendable:
                msg = f"exchanges: {given} is not a unit that can be given"
                raise ValueError(msg)
        for name, steps in (("star_hours", self.star_hours), ("annual_hours", self.annual_hours)):
            if list(steps) != sorted(set(steps)) or not steps:
                msg = f"{name}: steps must rise"
                raise ValueError(msg)
        return self

    def expires_on(self, unit: str, effective_on: date) -> date | None:
        """Return the last day of a lot of the unit that took effect on a day; None if it never ends."""
        rule = self.expiry.get(unit)
        return None if rule is None else date(effective_on.year + rule.years_after, 12, 31)


def parse_pack(text: str) -> PolicyPack:
    """Read a pack from JSON.

    Raises:
        RefusalError: `policy_invalid` with the place and the reason of the first thing that is wrong.
    """
    try:
        return PolicyPack.model_validate_json(text)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        place = ".".join(map(str, first["loc"])) or "pack"
        raise RefusalError("policy_invalid", place=place, reason=first["msg"]) from None


def default_pack() -> PolicyPack:
    """Return the pack that a new bank starts with."""
    return parse_pack((files("timebank.policy") / "default.json").read_text(encoding="utf-8"))


def level_of(minutes: int, step_hours: tuple[int, ...]) -> int:
    """Return the highest step reached, counted from 1; 0 if none is."""
    return sum(1 for hours in step_hours if minutes >= hours * 60)
