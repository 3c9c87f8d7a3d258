"""Days as people say them when they plan: today, tomorrow, Wednesday the 25th. Pure; the words are the locale's."""

from datetime import date, timedelta
from zoneinfo import ZoneInfo

from api.web.rendering import day, say

_NEAR = {timedelta(): "page.day.today", timedelta(days=1): "page.day.tomorrow"}


def day_in_words(language: str, on: date, today: date, zone: ZoneInfo) -> str:
    """Return a day with its weekday, and with its year if that is another one than today's."""
    parts = {
        "day": day(on, zone, language, year=on.year != today.year),
        "weekday": say(language, f"page.weekday.{on.isoweekday()}"),
    }
    said = say(language, "page.day", parts)
    near = _NEAR.get(on - today)
    return f"{say(language, near)} · {said}" if near else said
