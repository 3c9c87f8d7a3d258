"""Every way to alter a certificate in one place: each leaf of its JSON, one after another."""

import json
from collections.abc import Iterator
from typing import Any

from ledger.proof.leaf import canonical_json
from timebank.certificates.document import HEAD


def value_of(document: str) -> Any:
    """Return the JSON in a signed document."""
    return json.loads(document.split("\n")[1])


def text_with(value: object) -> str:
    """Return the text to sign of other JSON."""
    return f"{HEAD}\n{canonical_json(value)}\n"


def with_value(document: str, value: object) -> str:
    """Return a document with other JSON under the old signature."""
    return text_with(value) + document[document.index("\n\n") + 1 :]


def leaves(value: object, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """Return the way to every text, number, nothing and empty list of some JSON."""
    if isinstance(value, dict) and value:
        for name, item in value.items():
            yield from leaves(item, (*path, name))
    elif isinstance(value, list) and value:
        for place, item in enumerate(value):
            yield from leaves(item, (*path, place))
    else:
        yield path


def altered(value: Any, path: tuple[str | int, ...]) -> Any:
    """Return the JSON with one leaf altered, as little as can be."""
    copy = json.loads(json.dumps(value))
    *way, last = path
    place = copy
    for step in way:
        place = place[step]
    place[last] = _other(place[last])
    return copy


def _other(leaf: object) -> object:
    if isinstance(leaf, bool):
        return not leaf
    if isinstance(leaf, int):
        return leaf + 1
    if isinstance(leaf, str):
        return leaf[:-1] + ("7" if leaf[-1] != "7" else "8") if leaf else "7"
    return "7" if leaf is None else [1] if leaf == [] else {"7": 7}
