"""A policy pack as what is typed into a form, what was typed as a pack again, and where in the form something is wrong.

What does not fit is handed on as it was typed: the pack's own checks say what is wrong with it. Pure.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias

from api.web.office.policy_fields import KEY, PARTS, Field, Part
from timebank.policy.checking import Problem
from timebank.policy.rules import PolicyPack

Typed: TypeAlias = dict[str, str | list[str]]
"""What stands in the fields, by their names in the form."""

Said: TypeAlias = Any
"""A value as the pack is written in JSON."""

REMOVED, KEPT = "-", "+"
"""Marks of a row: that it is to go; of a part that may be left out: that it is wanted."""
AFTER: Final = {"end_of_year": "years_after", "end_of_month": "months_after"}

_WHOLE = re.compile(r"-?[0-9]{1,18}")
_BETWEEN = re.compile(r"[\s,，、;；]+")
_NOTHING: Final = object()


@dataclass(slots=True)
class Read:
    """What was typed as a pack would say it, and the place in the form of what the pack says at a path."""

    said: dict[str, Said] = field(default_factory=dict)
    places: dict[str, str] = field(default_factory=dict)


def typed_of(pack: PolicyPack) -> Typed:
    """Return what a form shows of a pack."""
    said = pack.model_dump(mode="json", by_alias=True)
    typed: Typed = {}
    for part in PARTS:
        for begin, row in _opened(part, _at(said, part.path)):
            for each in part.fields:
                typed[_join(begin, each.name)] = _text(each, _at(row, each.name))
    if pack.timecoins is not None:
        typed[f"timecoins.{KEPT}"] = "on"
    return typed


def rows_of(part: Part, typed: Typed) -> list[int]:
    """Return the numbers of a list's rows in the form, in order."""
    begin = f"{part.path}."
    found = {name.removeprefix(begin).partition(".")[0] for name in typed if name.startswith(begin)}
    return sorted(int(number) for number in found if number.isdecimal() and len(number) <= len("9999"))


def is_left_out(part: Part, typed: Typed, number: int) -> bool:
    """Tell whether a row is to go, or nothing was typed into it."""
    begin = f"{part.path}.{number}"
    if f"{begin}.{REMOVED}" in typed:
        return True
    written = (
        each for each in part.fields if each.kind in {"number", "text", "unit", "day", "numbers", "lines"}
    )
    return not any(str(typed.get(_join(begin, each.name), "")).strip() for each in written)


def read(typed: Typed) -> Read:
    """Return what was typed as a pack says it; rows that are empty or to be removed are left out."""
    found = Read()
    for part in PARTS:
        _put(found.said, part.path, _closed(part, typed, found.places))
    return found


def placed(problems: Iterable[Problem], places: Mapping[str, str], *, chinese: bool) -> dict[str, list[str]]:
    """Return what is wrong by the name of the field it is about, or of the row or part if it is about no one field."""
    found: dict[str, list[str]] = {}
    for problem in problems:
        found.setdefault(_place(problem.path, places), []).append(problem.zh if chinese else problem.en)
    return found


def _place(path: str, places: Mapping[str, str]) -> str:
    """Return the nearest place in the form of a path of the pack."""
    steps = path.split(".")
    for length in range(len(steps), 0, -1):
        known = places.get(".".join(steps[:length]))
        if known is not None:
            return known
    return steps[0]


def _opened(part: Part, said: Said) -> Iterator[tuple[str, Said]]:
    """Yield the rows of what a pack says of a part, each with where its names begin in the form."""
    if part.shape == "one" or (part.shape == "maybe" and said is not None):
        yield part.path, said
    elif part.shape == "list":
        yield from ((f"{part.path}.{number}", row) for number, row in enumerate(said))
    elif part.shape == "pairs":
        for number, (given, got) in enumerate(said):
            yield f"{part.path}.{number}", {"given": given, "got": got}
    elif part.shape == "map":
        for number, (key, value) in enumerate(said.items()):
            row = dict(value) if isinstance(value, dict) else {"": value}
            if part.path == "expiry":
                row["after"] = row.pop(AFTER[row["rule"]])
            yield f"{part.path}.{number}", {KEY: key, **row}


def _closed(part: Part, typed: Typed, places: dict[str, str]) -> Said:
    """Return what was typed of a part as a pack says it, and note where each field is."""
    if part.shape == "one":
        return _row(part, typed, part.path, part.path, places)
    if part.shape == "maybe":
        return _row(part, typed, part.path, part.path, places) if f"{part.path}.{KEPT}" in typed else None
    numbers = [number for number in rows_of(part, typed) if not is_left_out(part, typed, number)]
    begins = [f"{part.path}.{number}" for number in numbers]
    if part.shape == "map":
        said: dict[str, Said] = {}
        for begin in begins:
            key = str(typed.get(f"{begin}.{KEY}", "")).strip()
            row = _row(part, typed, begin, f"{part.path}.{key}", places)
            row.pop(KEY, None)
            if part.path == "expiry":
                row = _expiry(row, f"{part.path}.{key}", places)
            said[key] = row.get("") if "" in {each.name for each in part.fields} else row
        return said
    rows = []
    for place, begin in enumerate(begins):
        path = f"{part.path}.{place}"
        row = _row(part, typed, begin, path, places)
        if part.keys:
            name = "→".join(str(row.get(key, "")) for key in part.keys)
            _row(part, typed, begin, f"{part.path}.{name}", places)
        rows.append([row.get("given", ""), row.get("got", "")] if part.shape == "pairs" else _whole(row))
    return rows


def _row(part: Part, typed: Typed, begin: str, path: str, places: dict[str, str]) -> dict[str, Said]:
    said: dict[str, Said] = {}
    if path:
        places[path] = begin
    for each in part.fields:
        name = _join(begin, each.name)
        places.setdefault(_join(path, each.name), name)
        value = _value(each, typed.get(name, ""))
        if value is not _NOTHING:
            _put(said, each.name, value)
        elif part.shape in {"one", "maybe"}:
            _put(said, each.name, "")  # emptied, so that the default must not slip in unseen
    return said


def _expiry(row: dict[str, Said], path: str, places: dict[str, str]) -> dict[str, Said]:
    """Call the months or years of a rule by their own name."""
    name = AFTER.get(str(row.get("rule")), "after")
    places[f"{path}.{name}"] = places.get(f"{path}.after", path)
    return {name if each == "after" else each: value for each, value in row.items()}


def _whole(row: dict[str, Said]) -> dict[str, Said]:
    """Leave out a quota that names no number."""
    quota = row.get("quota")
    if isinstance(quota, dict) and quota.get("most") is None and quota.get("percent") is None:
        return {**row, "quota": None}
    return row


def _value(each: Field, text: str | list[str]) -> Said:
    if each.kind == "flag":
        return text == "on"
    if each.kind == "choices":
        return [text] if isinstance(text, str) and text else list(text)
    assert isinstance(text, str)  # noqa: S101 -- only what is to be ticked comes as a list; see `DraftForm`
    text = text.strip()
    if each.kind == "numbers":
        return [_number(word) for word in _BETWEEN.split(text) if word]
    if each.kind == "lines":
        return [_words(line) for line in text.splitlines() if line.strip()]
    if not text:
        return None if each.may_lack else _NOTHING
    return _number(text) if each.kind == "number" else text


def _number(text: str) -> int | str:
    return int(text) if _WHOLE.fullmatch(text) else text


def _words(line: str) -> dict[str, str]:
    chinese, _, english = line.replace("｜", "|").partition("|")
    return {"zh": chinese.strip(), "en": english.strip()}


def _text(each: Field, said: Said) -> str | list[str]:
    if each.kind == "choices":
        return [str(one) for one in said or ()]
    if said is None:
        return ""
    if each.kind == "flag":
        return "on" if said else ""
    if each.kind == "numbers":
        return " ".join(map(str, said))
    if each.kind == "lines":
        return "\n".join(f"{one['zh']} | {one['en']}" for one in said)
    return str(said)


def _join(begin: str, name: str) -> str:
    """Return the name of a field within what it belongs to; the one value of a key has none of its own."""
    return ".".join(step for step in (begin, name or "value") if step)


def _at(said: Said, path: str) -> Said:
    """Return what is said at a path; None where nothing is."""
    if path == "" and isinstance(said, dict) and "" in said:
        return said[""]
    for step in filter(None, path.split(".")):
        said = said.get(step) if isinstance(said, dict) else None
    return said


def _put(said: dict[str, Said], path: str, value: Said) -> None:
    if path == "" and isinstance(value, dict):
        said.update(value)
        return
    *steps, last = path.split(".")
    for step in steps:
        said = said.setdefault(step, {})
    said[last] = value
