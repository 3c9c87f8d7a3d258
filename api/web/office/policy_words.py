"""Policy packs in words: what each part says, and what one says otherwise than another."""

from collections.abc import Iterable
from dataclasses import dataclass

from api.web.office.policy_fields import GROUPS, PARTS, Field, Part
from api.web.office.policy_typing import KEPT, Said, rows_of, typed_of
from api.web.rendering import CHINESE
from api.web.visit import Visit
from timebank.policy.diff import Change
from timebank.policy.rules import PolicyPack

_UNITS = frozenset({"minute", "point", "fufen", "timecoin", "party_score", "unit_score", "cny"})
GOODS = "class:goods"


@dataclass(frozen=True, slots=True)
class Line:
    """What is said at one place: its words, and what is said there."""

    label: str
    value: str


@dataclass(frozen=True, slots=True)
class Block:
    """A part of a pack in words: lines, or for a list a line of lines for each of its rows."""

    title: str
    rows: list[list[Line]]
    is_list: bool


@dataclass(frozen=True, slots=True)
class ChangedLine:
    """What is said at one place before and after."""

    label: str
    before: str
    after: str


def unit_name(visit: Visit, code: str) -> str:
    """Return what people call a unit; one that the bank made itself is called as it is."""
    if code == GOODS:
        return visit.say("page.policy.goods")
    return visit.say(f"page.policy.unit.{code}") if code in _UNITS else code


def label_of(visit: Visit, part: Part, field: Field) -> str:
    """Return the words of a field."""
    return visit.say(f"page.policy.f.{part.word}.{field.name or 'value'}")


def option_name(visit: Visit, option: str) -> str:
    """Return the words of what can be chosen in a field."""
    return option if len(option) == 1 else visit.say(f"page.policy.o.{option}")


class PackWords:
    """A pack in words, group by group, as the form of a draft has them."""

    def __init__(self, visit: Visit, pack: PolicyPack) -> None:
        self._visit, self._typed = visit, typed_of(pack)

    def groups(self) -> list[tuple[str, list[Block]]]:
        """Return the groups by name, each with its parts; a part that says nothing is left out."""
        return [(group.name, list(self._blocks(group.parts))) for group in GROUPS]

    def _blocks(self, parts: Iterable[Part]) -> Iterable[Block]:
        for part in parts:
            is_list = part.shape not in {"one", "maybe"}
            if part.shape == "maybe" and f"{part.path}.{KEPT}" not in self._typed:
                continue
            begins = (
                [f"{part.path}.{row}." for row in rows_of(part, self._typed)]
                if is_list
                else [f"{part.path}." if part.path else ""]
            )
            if begins:
                title = self._visit.say(f"page.policy.part.{part.word}") if part.path else ""
                yield Block(title, [self._lines(part, begin) for begin in begins], is_list)

    def _lines(self, part: Part, begin: str) -> list[Line]:
        return [
            Line(
                label_of(self._visit, part, field),
                self._value(part, field, self._typed[f"{begin}{field.name or 'value'}"]),
            )
            for field in part.fields
        ]

    def _value(self, part: Part, field: Field, text: str | list[str]) -> str:
        say = self._visit.say
        if field.kind == "flag":
            return say("page.policy.yes" if text == "on" else "page.policy.no")
        if isinstance(text, list):
            named = (option_name(self._visit, one) for one in text)
            return _between(self._visit).join(named) or say("page.policy.none")
        if not text:
            unlimited = field.kind == "number"
            return say("page.policy.unlimited" if unlimited else "page.policy.none")
        if field.kind == "choice":
            return option_name(self._visit, text)
        if field.kind == "unit" or part.path == "units":
            return unit_name(self._visit, text)
        is_number = field.kind in ("number", "numbers")
        return _between(self._visit).join(f"{int(one):,}" for one in text.split()) if is_number else text


def changed_lines(visit: Visit, found: Iterable[Change]) -> list[ChangedLine]:
    """Return changes in words, place by place."""
    return [
        ChangedLine(_place(visit, change.path), _said(visit, change.before), _said(visit, change.after))
        for change in found
    ]


def _place(visit: Visit, path: str) -> str:
    """Return the words of a path: the part, which of it, and the field."""
    for part in PARTS:
        if part.path == "":
            for field in part.fields:
                if path == field.name:
                    return label_of(visit, part, field)
            continue
        if path != part.path and not path.startswith(f"{part.path}."):
            continue
        rest = path.removeprefix(part.path).removeprefix(".")
        title = visit.say(f"page.policy.part.{part.word}")
        for field in sorted(part.fields, key=lambda each: -len(each.name)):
            if field.name and (rest == field.name or rest.endswith(f".{field.name}")):
                key = rest.removesuffix(field.name).rstrip(".")
                return " · ".join(filter(None, (title, _key(visit, key), label_of(visit, part, field))))
        key, _, last = rest.partition(".")
        more = visit.say("page.policy.f.expiry.after") if last in {"years_after", "months_after"} else ""
        return " · ".join(filter(None, (title, _key(visit, key), more)))
    return path


def _key(visit: Visit, key: str) -> str:
    return " → ".join(unit_name(visit, each) for each in key.split("→"))


def _between(visit: Visit) -> str:
    """Return what stands between the words of a list."""
    return "、" if visit.language == CHINESE else ", "


def _said(visit: Visit, value: Said) -> str:
    """Return a value in words; of what a list has in it, all that it says."""
    match value:
        case None:
            said = visit.say("page.policy.nothing_said")
        case bool():
            said = visit.say("page.policy.yes" if value else "page.policy.no")
        case int():
            said = f"{value:,}"
        case tuple() | list():
            said = _between(visit).join(_said(visit, each) for each in value) or visit.say("page.policy.none")
        case dict():
            said = " / ".join(_said(visit, each) for each in value.values() if each not in (None, (), [], ""))
        case _ if value in _OPTIONS:
            said = visit.say(f"page.policy.o.{value}")
        case _:
            said = unit_name(visit, str(value))
    return said


_OPTIONS = frozenset(
    option for part in PARTS for field in part.fields for option in field.options if len(option) > 1
)
