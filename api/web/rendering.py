"""Templates to answers: the environment, what every template can say, and the policy that a page is sent with."""

from base64 import b64encode
from collections.abc import Mapping
from datetime import date, datetime
from functools import cache
from hashlib import sha256
from zoneinfo import ZoneInfo

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from api.web.icons import icon
from api.web.static import style_of
from timebank.words import LANGUAGES, day_in_words, number_in_words, words

CHINESE, ENGLISH = LANGUAGES

POLICY = (
    "default-src 'none'; script-src 'self'{scripts}; style-src 'sha256-{style}'; img-src 'self'{images}; "
    "connect-src 'self'; form-action 'self'; worker-src 'self'; manifest-src 'self'; media-src 'self'; "
    "base-uri 'none'; frame-ancestors 'none'"
)
"""No script is written into a page, and of style only the sheet whose digest this names."""

CAMERA = {"scripts": " 'wasm-unsafe-eval'", "images": " blob:"}
"""What a page needs besides to read codes with the camera: the decoder is compiled in the browser."""


@cache
def headers_of(area: str, *, has_camera: bool = False) -> Mapping[str, str]:
    """Return the headers of the pages of one kind of user."""
    digest = b64encode(sha256(style_of(area).encode()).digest()).decode()
    more = CAMERA if has_camera else {"scripts": "", "images": ""}
    return {
        "Content-Security-Policy": POLICY.format(style=digest, **more),
        "Cross-Origin-Opener-Policy": "same-origin",
        "Vary": "Cookie, Accept-Language, Accept-Encoding",
    }


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
    made.filters.update(hours=hours, count=count)
    made.globals.update(icon=icon)
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
    """Return minutes as hours, as people read them: 90 is 1.5."""
    return f"{minutes / 60:,.2f}".rstrip("0").rstrip(".")


def count(amount: int) -> str:
    """Return a whole number with its thousands apart."""
    return number_in_words(amount)


def day(at: date, zone: ZoneInfo, language: str, *, year: bool = True) -> str:
    """Return a day, or a moment's day by the bank's clock, as people say it: 2026年9月20日, 20 Sep 2026."""
    on = at.astimezone(zone).date() if isinstance(at, datetime) else at
    return day_in_words(on, language, year=year)


def moment(at: datetime, zone: ZoneInfo) -> str:
    """Return a moment by the bank's clock, to the minute."""
    return f"{at.astimezone(zone):%Y-%m-%d %H:%M}"


def moment_in_words(at: datetime, zone: ZoneInfo, language: str) -> str:
    """Return a moment as people say it, for pages that say days so: 20 Sep 2026, 09:00."""
    return f"{day(at, zone, language)}{', ' if language != CHINESE else ' '}{clock(at, zone)}"


def span(begins: datetime, ends: datetime, zone: ZoneInfo) -> str:
    """Return from when to when, the day said once if it is one."""
    first, last = moment(begins, zone), moment(ends, zone)
    return (
        f"{first}\N{EN DASH}{clock(ends, zone)}" if first[:10] == last[:10] else f"{first} \N{EN DASH} {last}"
    )


def clock(at: datetime, zone: ZoneInfo) -> str:
    """Return the time of day by the bank's clock."""
    return f"{at.astimezone(zone):%H:%M}"
