"""Words for people, Chinese and English, by code. The texts are in `locale/`; nothing else knows them."""

import json
from collections.abc import Mapping
from datetime import date
from functools import cache
from importlib.resources import files
from string import Formatter

LANGUAGES = ("zh", "en")
DAY_PARTS = 3
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


@cache
def _texts(language: str) -> dict[str, str]:
    text = (files("timebank.locale") / f"{language}.json").read_text(encoding="utf-8")
    texts: dict[str, str] = json.loads(text)
    return texts


class _Filling(Formatter):
    """Fills in parameters; `{count:place|places}` is the one word for one, the other for any other number."""

    def format_field(self, value: object, format_spec: str) -> str:
        """Return a parameter as the sentence has it."""
        one, mark, other = format_spec.partition("|")
        return (
            (one if str(value) == "1" else other) if mark else str(super().format_field(value, format_spec))
        )


_FILLING = _Filling()


def _filled(text: str, params: Mapping[str, object]) -> str:
    # Few sentences tell one from many, and the library's own way is many times as fast.
    return _FILLING.vformat(text, (), params) if "|" in text else text.format(**params)


def words(code: str, **params: object) -> tuple[str, str]:
    """Return the sentence of a code in Chinese and in English, its parameters filled in."""
    chinese, english = (_texts(language)[code] for language in LANGUAGES)
    return _filled(chinese, params), _filled(english, params)


def plain_words(code: str, language: str) -> str | None:
    """Return the sentence of a code that needs no parameter; None where there is none, or one with gaps."""
    said = _texts(language).get(code)
    if said is None or any(name is not None for _, name, _, _ in Formatter().parse(said)):
        return None
    return said


def both(code: str, **params: object) -> str:
    """Return the sentence in both languages on one line."""
    return " / ".join(words(code, **params))


def number_in_words(amount: int) -> str:
    """Return a whole number with its thousands apart, as it is read in both languages."""
    return f"{amount:,}"


def day_in_words(on: date, language: str, *, year: bool = True) -> str:
    """Return a day as people say it: 2026年9月20日, 20 Sep 2026."""
    if language == LANGUAGES[0]:
        return f"{f'{on.year}年' if year else ''}{on.month}月{on.day}日"
    return f"{on.day} {_MONTHS[on.month - 1]}{f' {on.year}' if year else ''}"


def period_in_words(period: str, language: str) -> str:
    """Return a job's period as people say it: an hour, a day, a month or a year by its name (`jobs.periods`)."""
    on, _, hour = period.partition("T")
    parts = [int(part) for part in on.split("-")]
    if len(parts) == DAY_PARTS:
        return day_in_words(date(*parts), language) + (f" {hour}:00" if hour else "")
    is_chinese = language == LANGUAGES[0]
    if len(parts) == 1:
        return f"{parts[0]}年" if is_chinese else str(parts[0])
    return f"{parts[0]}年{parts[1]}月" if is_chinese else f"{_MONTHS[parts[1] - 1]} {parts[0]}"
