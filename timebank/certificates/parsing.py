"""JSON as it was signed: no key twice, and numbers that are whole."""

import json

from ledger.proof.leaf import JsonValue


def parsed(text: str) -> JsonValue:
    """Return the value of a text of JSON.

    Raises:
        ValueError: it is none, a key is given twice, a number has a fraction, or it is nested too deep.
    """
    try:
        value: JsonValue = json.loads(
            text, object_pairs_hook=_unique, parse_float=_refused, parse_constant=_refused
        )
    except RecursionError:
        raise ValueError("nested too deep") from None
    return value


def _unique(pairs: list[tuple[str, JsonValue]]) -> dict[str, JsonValue]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("a key is given twice")
    return members


def _refused(said: str) -> JsonValue:
    raise ValueError(f"{said} is no whole number")
