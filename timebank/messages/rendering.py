"""From a kind and its params to what people read: pure. The words are in the locale files."""

from collections.abc import Mapping
from datetime import date
from typing import Final

from timebank.notifications.kinds import KINDS
from timebank.words import LANGUAGES, day_in_words, number_in_words, period_in_words, plain_words, words

OTHER: Final = "other"
"""What is said of a kind that this program does not know: from a later one, or from before a change."""
ADDRESS_CODE: Final = "address_code"
"""The mail with the code that confirms an address; see `messages.confirming`."""
ENDPOINT_TEST: Final = "endpoint_test"
"""What an endpoint gets when somebody tries it out; see `webhooks.actions`."""

UNITS: Final = frozenset({"minute", "point", "fufen", "timecoin", "party_score", "unit_score"})
_MISSING = "?"
_SPEAKING: Final[Mapping[str, tuple[str, ...]]] = {**KINDS, OTHER: (), ADDRESS_CODE: ("digits",)}


def rendered(kind: str, params: Mapping[str, object], language: str) -> tuple[str, str]:
    """Return the title and the sentence of what somebody is told, in one language."""
    known = kind if kind in _SPEAKING else OTHER
    place = LANGUAGES.index(language)
    said = {name: _said(name, params.get(name), place) for name in _SPEAKING[known]}
    return words(f"told.{known}.title")[place], words(f"told.{known}", **said)[place]


def values_of(kind: str, params: Mapping[str, object], language: str) -> dict[str, str]:
    """Return the params for who has a sentence of their own: units in words, numbers and days for a program."""
    place = LANGUAGES.index(language)
    names = {*_SPEAKING.get(kind, ()), *params}
    return {name: _plain(name, params.get(name), place) for name in sorted(names)}


def in_all_languages(kind: str, params: Mapping[str, object]) -> tuple[dict[str, str], dict[str, str]]:
    """Return title and sentence by language."""
    both = {language: rendered(kind, params, language) for language in LANGUAGES}
    return (
        {language: title for language, (title, _) in both.items()},
        {language: sentence for language, (_, sentence) in both.items()},
    )


def _said(name: str, value: object, place: int) -> str:
    """Return a param as the sentence says it: 1,412 and 31 Dec 2026, and a job by its name."""
    if isinstance(value, int):
        return number_in_words(value)
    if isinstance(value, str) and name == "job":
        return plain_words(f"job.{value}", LANGUAGES[place]) or value
    if isinstance(value, str) and name == "period":
        return period_in_words(value, LANGUAGES[place])
    if isinstance(value, str) and name.endswith("_on"):
        return day_in_words(date.fromisoformat(value), LANGUAGES[place])
    return _plain(name, value, place)


def _plain(name: str, value: object, place: int) -> str:
    if value is None:
        return _MISSING
    if name.endswith("unit") and value in UNITS:
        return words(f"told.unit.{value}")[place]
    return str(value)
