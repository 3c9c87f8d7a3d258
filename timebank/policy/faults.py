"""Where a pack contradicts itself or what no pack may say: each fault with its place. Pure."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from timebank.words import words

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from datetime import date

    from timebank.policy.rules import PolicyPack, UnitRule
    from timebank.policy.spending import ConversionRule

_POINT, _TIMECOIN = "point", "timecoin"
_CLASSES_WANTED: Final = {"minute": "honour", _POINT: "value"}
_NEVER_BOUGHT: Final = frozenset({"honour", "score", "money"})
"""Hours and scores come only of what somebody did, and nothing here is turned into cash."""
_GRADES: Final = ("A", "B", "C", "D", "E")
_CLASS_PREFIX: Final = "class:"
_MOST_GRACE_OF_MONTH: Final = 27

_TAGS: Final = frozenset({"end_of_year", "end_of_month"})
_TAG_DEPTH: Final = 2


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong: where, which rule, and what it is about; the words are in the locale files."""

    path: str
    rule: str
    params: dict[str, object] = field(default_factory=dict)

    @property
    def words(self) -> tuple[str, str]:
        """The sentence, Chinese and English."""
        return words(f"policy_problem_{self.rule}", **self.params)

    @property
    def english(self) -> str:
        """The English sentence."""
        return self.words[1]


def faults(pack: PolicyPack) -> Iterator[Fault]:
    """Yield all that is wrong between the parts of a pack whose parts are each right by themselves."""
    units = {unit.code: unit for unit in pack.units}
    yield from _of_units(pack, units)
    yield from _of_exchanges(pack, units)
    yield from _of_earned(pack, units)
    for path, steps in (("star_hours", pack.star_hours), ("annual_hours", pack.annual_hours)):
        if list(steps) != sorted(set(steps)) or not steps:
            yield Fault(path, "steps_must_rise")
    if absent := [grade for grade in _GRADES if grade not in pack.grades]:
        yield Fault("grades", "absent", {"codes": ", ".join(absent)})
    for code in _twice(category.code for category in pack.categories):
        yield Fault("categories", "twice", {"name": code})
    if pack.attendance.blocked_minutes_per_day < pack.crediting.daily_cap_minutes:
        yield Fault("attendance.blocked_minutes_per_day", "blocked_below_cap")
    yield from _of_redemption(pack)
    yield from _of_conversions(pack, units)
    yield from _of_settlement(pack, units)
    yield from _of_timecoins(pack, units)
    yield from _of_ends(pack, units)
    yield from _of_recognitions(pack)


def _of_units(pack: PolicyPack, units: dict[str, UnitRule]) -> Iterator[Fault]:
    for code in _twice(unit.code for unit in pack.units):
        yield Fault("units", "twice", {"name": code})
    if missing := sorted(_CLASSES_WANTED.keys() - units.keys()):
        yield Fault("units", "absent", {"codes": ", ".join(missing)})
    for code, class_ in _CLASSES_WANTED.items():
        if code in units and units[code].class_ != class_:
            yield Fault(f"units.{code}", "class_fixed", {"unit": code, "class_": class_})
    for code in pack.expiry:
        if code not in units:
            yield Fault(f"expiry.{code}", "unit_not_listed", {"unit": code})
        elif units[code].class_ == "honour":
            yield Fault(f"expiry.{code}", "honour_ends", {"unit": code})


def _of_exchanges(pack: PolicyPack, units: dict[str, UnitRule]) -> Iterator[Fault]:
    for given, got in pack.exchanges:
        if given not in units or not units[given].spendable:
            yield Fault("exchanges", "not_given", {"unit": given})
        got_class = units[got].class_ if got in units else got.removeprefix(_CLASS_PREFIX)
        # Service for service: time-coins buy neither goods nor anything else that buys some.
        if got_class in _NEVER_BOUGHT or _TIMECOIN in (given, got):
            yield Fault("exchanges", "not_to_be_had", {"given": given, "got": got})


def _of_earned(pack: PolicyPack, units: dict[str, UnitRule]) -> Iterator[Fault]:
    for earned in pack.earned:
        unit = units.get(earned.unit)
        if unit is None or unit.class_ not in ("value", "score") or unit.code == _POINT:
            yield Fault("earned", "not_earned", {"unit": earned.unit})
    for code in _twice(earned.unit for earned in pack.earned):
        yield Fault("earned", "twice", {"name": code})


def _of_redemption(pack: PolicyPack) -> Iterator[Fault]:
    rule = pack.redemption
    for part, days in (("days_of_month", rule.days_of_month), ("weekdays", rule.weekdays)):
        for day in _twice(map(str, days)):
            yield Fault(f"redemption.{part}", "twice", {"name": day})
    day_points, month_points = rule.member_day_points, rule.member_month_points
    if day_points is not None and month_points is not None and day_points > month_points:
        yield Fault("redemption.member_day_points", "day_above_month")


def _of_conversions(pack: PolicyPack, units: dict[str, UnitRule]) -> Iterator[Fault]:
    for rule in pack.conversions:
        path = f"conversions.{rule.from_unit}→{rule.to_unit}"
        if fault := _wrong_units(pack, rule, units):
            yield Fault(path, *fault)
        if rule.member_month_amount is not None and rule.member_month_amount < rule.from_amount:
            yield Fault(path, "limit_below_step")
    for pair in _twice(f"{rule.from_unit}→{rule.to_unit}" for rule in pack.conversions):
        yield Fault("conversions", "twice", {"name": pair})
    if circle := _circle({(rule.from_unit, rule.to_unit) for rule in pack.conversions}):
        yield Fault("conversions", "converts_back", {"units": ", ".join(circle)})


def _wrong_units(
    pack: PolicyPack, rule: ConversionRule, units: dict[str, UnitRule]
) -> tuple[str, dict[str, object]] | None:
    """Say what is wrong with what is given and got.

    Hours stay with their owner, so no exchange allows them: the rule is enough. Time-coins neither come of anything
    but service nor turn into anything else.
    """
    pair: dict[str, object] = {"given": rule.from_unit, "got": rule.to_unit}
    given, got = units.get(rule.from_unit), units.get(rule.to_unit)
    if given is None or got is None:
        return "unit_not_listed", {"unit": rule.from_unit if given is None else rule.to_unit}
    if (
        got.class_ != "value"
        or not got.spendable
        or _TIMECOIN in (given.code, got.code)
        or given.class_ == "money"
    ):
        return "not_to_be_had", pair
    if given.class_ == "honour":
        return None
    if given.class_ != "value" or not given.spendable:
        return "not_given", {"unit": given.code}
    allowed = ((given.code, got.code), (given.code, f"{_CLASS_PREFIX}{got.class_}"))
    return None if any(pair_ in pack.exchanges for pair_ in allowed) else ("exchange_missing", pair)


def _circle(pairs: set[tuple[str, str]]) -> list[str]:
    """Return the units that could be turned into one another round and round, which renews what is about to end."""
    left = set(pairs)
    while leaves := {pair for pair in left if pair[1] not in {given for given, _ in left}}:
        left -= leaves
    return sorted({given for given, _ in left})


def _of_settlement(pack: PolicyPack, units: dict[str, UnitRule]) -> Iterator[Fault]:
    for code in pack.settlement.unit_cents:
        unit = units.get(code)
        if unit is None:
            yield Fault(f"settlement.unit_cents.{code}", "unit_not_listed", {"unit": code})
        elif unit.class_ != "value" or not unit.spendable or code == _TIMECOIN:
            yield Fault(f"settlement.unit_cents.{code}", "not_settled", {"unit": code})


def _of_timecoins(pack: PolicyPack, units: dict[str, UnitRule]) -> Iterator[Fault]:
    rule = pack.timecoins
    if rule is None:
        return
    unit = units.get(_TIMECOIN)
    if unit is None:
        yield Fault("timecoins", "unit_not_listed", {"unit": _TIMECOIN})
    elif unit.class_ != "value" or not unit.spendable:
        yield Fault("timecoins", "not_given", {"unit": _TIMECOIN})
    for relation in _twice(rule.gift_relations):
        yield Fault("timecoins.gift_relations", "twice", {"name": relation})
    if rule.coins_per_hour > rule.storage_cap:
        yield Fault("timecoins.coins_per_hour", "hour_above_cap")


def _of_ends(pack: PolicyPack, units: dict[str, UnitRule]) -> Iterator[Fault]:
    """Yield what is wrong with warnings, grace and extensions.

    A month has at least 28 days: with fewer days of grace than that no lot lives until the regular end of another, so
    that by its last day a lot is known as one that had its grace.
    """
    if list(pack.warning_days) != sorted(set(pack.warning_days), reverse=True):
        yield Fault("warning_days", "days_must_fall")
    for code, rule in pack.expiry.items():
        if rule.rule == "end_of_month" and rule.grace_days > _MOST_GRACE_OF_MONTH:
            yield Fault(f"expiry.{code}.grace_days", "above_most", {"le": _MOST_GRACE_OF_MONTH})
    until: dict[str, date] = {}
    for number, extension in sorted(enumerate(pack.extensions), key=lambda each: each[1].ends_from):
        path, unit = f"extensions.{number}", units.get(extension.unit)
        if unit is None:
            yield Fault(path, "unit_not_listed", {"unit": extension.unit})
        elif unit.class_ != "value":
            yield Fault(path, "not_extended", {"unit": extension.unit})
        if not extension.ends_from <= extension.ends_until < extension.to:
            yield Fault(path, "days_must_rise")
        if extension.unit in until and extension.ends_from <= until[extension.unit]:
            yield Fault(path, "extensions_overlap", {"unit": extension.unit})
        until[extension.unit] = max(extension.ends_until, until.get(extension.unit, extension.ends_until))


def _of_recognitions(pack: PolicyPack) -> Iterator[Fault]:
    for code in _twice(scheme.code for scheme in pack.recognitions):
        yield Fault("recognitions", "twice", {"name": code})
    for scheme in pack.recognitions:
        path, quota = f"recognitions.{scheme.code}", scheme.quota
        if list(scheme.step_hours) != sorted(set(scheme.step_hours)):
            yield Fault(f"{path}.step_hours", "steps_must_rise")
        if scheme.step_labels and len(scheme.step_labels) != len(scheme.step_hours):
            yield Fault(f"{path}.step_labels", "label_for_each_step")
        if quota is not None and (quota.most is None) == (quota.percent is None):
            yield Fault(f"{path}.quota", "most_or_percent")
        for part, codes in (("grades", scheme.grades), ("bars", scheme.bars)):
            for code in _twice(codes):
                yield Fault(f"{path}.{part}", "twice", {"name": code})
        if scheme.bars and scheme.subject != "volunteer":
            yield Fault(f"{path}.bars", "bars_people")


def _twice(codes: Iterable[str]) -> list[str]:
    return sorted(code for code, count in Counter(codes).items() if count > 1)


def place(location: Sequence[int | str]) -> str:
    """Return where the validator found something, without the name of the expiry rule that it tried there."""
    steps = [str(step) for depth, step in enumerate(location) if not (depth == _TAG_DEPTH and step in _TAGS)]
    return ".".join(step for step in steps if step != "[key]") or "pack"
