"""Templates to answers: the environment, what every template can say, and the policy that a page is sent with."""

from collections.abc import Mapping
from datetime import datetime
from functools import cache
from zoneinfo import ZoneInfo

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from timebank.words import LANGUAGES, words

CHINESE, ENGLISH = LANGUAGES

HEADERS: Mapping[str, str] = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
        "form-action 'self'; worker-src 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Vary": "Cookie, Accept-Language",
}
"""Of every page. Nothing in a page is written inline: neither script nor style."""


@cache
def environment() -> Environment:
    """Return the templates; whatever is not said is a mistake of ours and fails."""
    made = Environment(
        loader=PackageLoader("api.web", "templates"),
        autoescape=select_autoescape(default=True, default_for_string=True),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    made.filters.update(hours=hours)
    return made


def say(language: str, code: str, params: Mapping[str, object] | None = None) -> str:
    """Return the sentence of a code in one language, as a page writes it: with a capital letter."""
    sentence = words(code, **(params or {}))[LANGUAGES.index(language)]
    return sentence[:1].upper() + sentence[1:]


def language_of(wanted: str | None, kept: str | None, accepted: str) -> str:
    """Return the language of a page: what is asked for, what was chosen before, what the browser likes; or Chinese."""
    for said in (wanted, kept):
        if said in LANGUAGES:
            return said
    for part in accepted.lower().split(","):
        first = part.strip()[:2]
        if first in LANGUAGES:
            return first
    return CHINESE


def hours(minutes: int) -> str:
    """Return minutes as hours, as people write them: 90 is 1.5."""
    return f"{minutes / 60:.2f}".rstrip("0").rstrip(".")


def moment(at: datetime, zone: ZoneInfo) -> str:
    """Return a moment by the bank's clock, to the minute."""
    return f"{at.astimezone(zone):%Y-%m-%d %H:%M}"


def clock(at: datetime, zone: ZoneInfo) -> str:
    """Return the time of day by the bank's clock."""
    return f"{at.astimezone(zone):%H:%M}"
