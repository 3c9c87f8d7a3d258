"""Reading a pack that somebody wrote: all that is wrong with it at once, in sentences. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pydantic import ValidationError

from timebank.policy.faults import Fault, place
from timebank.policy.rules import PolicyPack
from timebank.words import words

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

MOST_PROBLEMS = 200

_SAID_OF_FORM = {
    "missing": "missing",
    "extra_forbidden": "surplus",
    "json_invalid": "no_json",
    "model_type": "no_object",
    "model_attributes_type": "no_object",
    "dict_type": "no_object",
    "tuple_type": "no_list",
    "int_type": "no_whole_number",
    "int_from_float": "no_whole_number",
    "int_parsing_size": "no_whole_number",
    "bool_type": "no_truth",
    "string_type": "no_text",
    "string_unicode": "no_text",
    "string_too_short": "too_short",
    "string_too_long": "too_long",
    "string_pattern_mismatch": "not_written_so",
    "greater_than": "must_be_above",
    "greater_than_equal": "below_least",
    "less_than_equal": "above_most",
    "literal_error": "none_of",
    "union_tag_invalid": "no_such_rule",
    "union_tag_not_found": "rule_missing",
    "too_long": "list_too_long",
    "honour_given": "honour_given",
}
"""By what the validator calls an error, what our words call it; anything else is `form`."""


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with a pack at one place, by a stable code, in Chinese and English."""

    path: str
    code: str
    zh: str
    en: str


def problems(written: str | bytes | Mapping[str, object]) -> tuple[PolicyPack | None, list[Problem]]:
    """Return the pack, if nothing is wrong with it, and what is: JSON text or the values read from it.

    What is wrong between the parts is known only once each part is right by itself.
    """
    found: list[Fault] = []
    try:
        if isinstance(written, str | bytes):
            pack = PolicyPack.model_validate_json(written, context=found)
        else:
            pack = PolicyPack.model_validate(written, context=found)
    except ValidationError as error:
        errors = error.errors(include_input=False, include_url=False)
        return None, [_of_form(each) for each in errors[:MOST_PROBLEMS]]
    if found:
        return None, [Problem(fault.path, fault.rule, *fault.words) for fault in found[:MOST_PROBLEMS]]
    return pack, []


def _of_form(error: "ErrorDetails") -> Problem:
    """Say one of the validator's errors; the values that it is about are not repeated."""
    code = _SAID_OF_FORM.get(error["type"], "form")
    params: dict[str, object] = {**error.get("ctx", {}), "reason": error["msg"]}
    return Problem(place(error["loc"]), code, *words(f"policy_problem_{code}", **params))
