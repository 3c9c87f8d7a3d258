"""A round's list made once more from its basis alone: no database, no other part of this program, nothing but Python.

It is written apart from the way that made the list, so that the two check each other. The basis is read twice, line by
line: what was reversed is known before anything is counted. Memory grows with the subjects, not with the books.
"""

import hashlib
import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

BASIS, DOCUMENT = "timebank-recognition-basis/v1", "timebank-recognition/v1"

Line = Mapping[str, Any]
Open = Callable[[], Iterable[bytes]]


class BasisError(Exception):
    """What was given is no basis; `line` is where, counted from 1."""

    def __init__(self, line: int) -> None:
        """Carry the line."""
        super().__init__(f"line {line} is not of a basis")
        self.line = line


@dataclass(slots=True)
class _Tally:
    """What one subject reached."""

    community: int | None
    minutes: int = 0
    any_minutes: int = 0
    points: int = 0
    records: int = 0
    grades: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    people: set[str] = field(default_factory=set)
    days: list[date] = field(default_factory=list)
    bars: set[str] = field(default_factory=set)
    leaves: "hashlib._Hash" = field(default_factory=hashlib.sha256)
    is_begun: bool = False

    def count(self, line: Line, day: date, grades: Iterable[str]) -> None:
        """Add a credit or an award that stands."""
        grade = line["grade"]
        counted = line["minutes"] if grade is None or grade in grades else 0
        self.any_minutes += line["minutes"]
        self.minutes += counted
        self.points += line["points"]
        if counted > 0:
            self.records += 1
            self.grades[grade or "none"] += counted
            self.people.add(line["id"])
        if counted > 0 or line["points"] > 0:
            self.days = [min([*self.days, day]), max([*self.days, day])]
            self.leaves.update(b"," * self.is_begun + str(line["leaf"]).encode())
            self.is_begun = True


@dataclass(frozen=True, slots=True)
class _Basis:
    """What the first reading finds: the head, who could be listed, whose hours count for whom, what was reversed."""

    head: Line
    tallies: dict[str, _Tally]
    groups: dict[str, list[tuple[str, date, date | None]]]
    reversed: dict[int, bool]


def recompute(opened: Open) -> Iterator[bytes]:
    """Yield the candidates document that follows from a basis; `opened` begins to read its lines anew at each call.

    Raises:
        BasisError: a line is none of a basis.
    """
    basis = _read(opened)
    _count(opened, basis)
    yield _canonical({**basis.head, "format": DOCUMENT})
    for line in _listed(basis):
        yield _canonical(line)


def _read(opened: Open) -> _Basis:
    lines = _lines(opened)
    head = next(lines, {})
    if head.get("format") != BASIS:
        raise BasisError(1)
    basis = _Basis(head, {}, defaultdict(list), {})
    for number, line in enumerate(lines, start=2):
        try:
            _note(basis, line)
        except (KeyError, TypeError, ValueError):
            raise BasisError(number) from None
    return basis


def _note(basis: _Basis, line: Line) -> None:
    kind = line["is"]
    if kind == "subject":
        basis.tallies[line["id"]] = _Tally(line["community"])
    elif kind == "member":
        until = line["until"]
        span = (line["of"], date.fromisoformat(line["from"]), until and date.fromisoformat(until))
        basis.groups[line["id"]].append(span)
    elif kind == "reversal":
        basis.reversed[line["reverses"]] = line["corrected"]
    elif kind not in {"credit", "award", "debt"}:
        raise ValueError(kind)


def _count(opened: Open, basis: _Basis) -> None:
    scheme, zone = basis.head["scheme"], ZoneInfo(basis.head["zone"])
    first, last = (date.fromisoformat(basis.head[key]) for key in ("from_on", "until_on"))
    for number, line in enumerate(_lines(opened), start=1):
        if line.get("is") not in {"credit", "award", "debt"}:
            continue
        try:
            day = datetime.fromisoformat(line["at"]).astimezone(UTC).astimezone(zone).date()
            subjects = [basis.tallies[id_] for id_ in _subjects_of(basis, line["id"], day)]
            if line["is"] == "debt" or first <= day <= last:
                _take(line, day, subjects, basis.reversed, scheme)
        except (KeyError, TypeError, ValueError):
            raise BasisError(number) from None


def _take(
    line: Line, day: date, subjects: Iterable[_Tally], taken_back: Mapping[int, bool], scheme: Line
) -> None:
    is_reversed = line["leaf"] in taken_back
    for tally in subjects:
        if line["is"] == "debt":
            if not is_reversed:
                tally.bars.add("debt")
        elif not is_reversed:
            tally.count(line, day, scheme["grades"])
        elif line["is"] == "credit" and not taken_back[line["leaf"]]:
            tally.bars.add("voided_record")


def _subjects_of(basis: _Basis, person: str, day: date) -> set[str]:
    """Return the subjects for whom what somebody did on a day counts."""
    if basis.head["scheme"]["subject"] == "volunteer":
        return {person} & basis.tallies.keys()
    spans = basis.groups.get(person, [])
    return {of for of, since, until in spans if since <= day and (until is None or day < until)}


def _listed(basis: _Basis) -> Iterator[Line]:
    scheme = basis.head["scheme"]
    steps = [hours * 60 for hours in scheme["step_hours"]]
    wanted = [
        (id_, tally)
        for id_, tally in basis.tallies.items()
        if tally.any_minutes > 0 and tally.minutes >= steps[0] and tally.points >= scheme["least_points"]
    ]
    wanted.sort(key=lambda one: (-one[1].minutes, -one[1].points, one[0]))
    quotas = _quotas(basis, wanted)
    reached = [(tally.minutes, tally.points) for _, tally in wanted]
    places, tied = _places(reached)
    for number, (id_, tally) in enumerate(wanted, start=1):
        key = (tally.minutes, tally.points)
        bars = [bar for bar in ("debt", "voided_record") if bar in tally.bars and bar in scheme["bars"]]
        quota = quotas.get(id_)
        yield {
            "number": number,
            "subject": scheme["subject"],
            "id": id_,
            "community": tally.community,
            "level": sum(1 for step in steps if tally.minutes >= step),
            "place": places[key],
            "tied": tied[key],
            "minutes": tally.minutes,
            "points": tally.points,
            "records": tally.records,
            "evidence": {
                "grades": dict(tally.grades),
                "people": len(tally.people),
                "since": tally.days[0].isoformat() if tally.days else None,
                "until": tally.days[1].isoformat() if tally.days else None,
                "leaves": tally.leaves.hexdigest(),
                "bars": bars,
                "quota": quota,
            },
            "finding": _finding(bars, quota, scheme["at_tie"]),
        }


def _quotas(basis: _Basis, wanted: list[tuple[str, _Tally]]) -> dict[str, dict[str, int | None]]:
    """Return for each candidate how many its community, or the list, may name, and where it stands among them."""
    scheme = basis.head["scheme"]
    rule = scheme["quota"]
    if rule is None:
        return {}

    def area(tally: _Tally) -> int | None:
        return tally.community if rule["per"] == "community" else None

    base: dict[int | None, int] = defaultdict(int)
    for tally in basis.tallies.values():
        base[area(tally)] += tally.any_minutes > 0
    rivals: dict[int | None, list[tuple[int, int]]] = defaultdict(list)
    for _, tally in wanted:
        if not tally.bars & set(scheme["bars"]):
            rivals[area(tally)].append((tally.minutes, tally.points))
    standings = {where: _places(reached) for where, reached in rivals.items()}
    found: dict[str, dict[str, int | None]] = {}
    for id_, tally in wanted:
        where, key = area(tally), (tally.minutes, tally.points)
        percent = rule["percent"]
        most = rule["most"] if rule["most"] is not None else -(-base[where] * percent // 100)
        found[id_] = {"base": base[where], "places": most, "place": None, "tied": None}
        if not tally.bars & set(scheme["bars"]):
            places, tied = standings[where]
            found[id_] |= {"place": places[key], "tied": tied[key]}
    return found


def _places(reached: list[tuple[int, int]]) -> tuple[dict[tuple[int, int], int], dict[tuple[int, int], int]]:
    """Return, by minutes and points, the place and how many share it, of what is in order."""
    places: dict[tuple[int, int], int] = {}
    tied: dict[tuple[int, int], int] = defaultdict(int)
    for place, key in enumerate(reached, start=1):
        places.setdefault(key, place)
        tied[key] += 1
    return places, tied


def _finding(bars: Sequence[str], quota: Mapping[str, int | None] | None, at_tie: str) -> str:
    if bars:
        return f"barred:{bars[0]}"
    if quota is None:
        return "named"
    place, tied, places = (int(quota[key] or 0) for key in ("place", "tied", "places"))
    if place > places:
        return "over_quota"
    if place + tied - 1 > places and at_tie == "leave_out":
        return "tied_over_quota"
    return "named"


def _lines(opened: Open) -> Iterator[Line]:
    for number, text in enumerate(opened(), start=1):
        try:
            line = json.loads(text)
        except ValueError:
            raise BasisError(number) from None
        if not isinstance(line, dict):
            raise BasisError(number)
        yield line


def _canonical(line: Line) -> bytes:
    return (json.dumps(line, sort_keys=True, separators=(",", ":"), ensure_ascii=False) + "\n").encode()
