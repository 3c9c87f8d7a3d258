"""Where a pack contradicts itself or what no pack may say: each fault with its place. Pure."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from timebank.words import words

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from timebank.policy.rules import PolicyPack, UnitRule

_POINT, _TIMECOIN = "point", "timecoin"
_CLASSES_WANTED: Final = {"minute": "honour", _POINT: "value"}
_NEVER_BOUGHT: Final = frozenset({"honour", "score", "money"})
"""Hours and scores come only of what somebody did, and nothing here is turned into cash."""
_GRADES: Final = ("A", "B", "C", "D", "E")
_CLASS_PREFIX: Final = "class:"

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
        if got_class in _NEVER_BOUGHT or (given == _TIMECOIN and got_class == "goods"):
            yield Fault("exchanges", "not_to_be_had", {"given": given, "got": got})


def _of_earned(pack: PolicyPack, units: dict[str, UnitRule]) -> Iterator[Fault]:
    for earned in pack.earned:
        unit = units.get(earned.unit)
        if unit is None or unit.class_ not in ("value", "score") or unit.code == _POINT:
            yield Fault("earned", "not_earned", {"unit": earned.unit})
    for code in _twice(earned.unit for earned in pack.earned):
        yield Fault("earned", "twice", {"name": code})


def _twice(codes: Iterable[str]) -> list[str]:
    return sorted(code for code, count in Counter(codes).items() if count > 1)


def place(location: Sequence[int | str]) -> str:
    """Return where the validator found something, without the name of the expiry rule that it tried there."""
    steps = [str(step) for depth, step in enumerate(location) if not (depth == _TAG_DEPTH and step in _TAGS)]
    return ".".join(step for step in steps if step != "[key]") or "pack"
