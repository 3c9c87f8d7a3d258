"""Tests of how pages write moments and the time between them."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from api.web.rendering import moment_in_words, span

ZONE = ZoneInfo("Asia/Shanghai")
NIGHT = datetime(2026, 11, 22, 15, 30, tzinfo=UTC)


def test_a_day_is_said_once() -> None:
    assert span(NIGHT, NIGHT.replace(minute=45), ZONE) == "2026-11-22 23:30\N{EN DASH}23:45"


def test_what_goes_past_midnight_says_both_days() -> None:
    """By the bank's clock, though in UTC it is one day."""
    said = span(NIGHT, NIGHT.replace(hour=17), ZONE)
    assert said == "2026-11-22 23:30 \N{EN DASH} 2026-11-23 01:30"


@pytest.mark.parametrize(("language", "said"), [("zh", "2026年11月22日 23:30"), ("en", "22 Nov 2026, 23:30")])
def test_says_a_moment_as_people_do(language: str, said: str) -> None:
    assert moment_in_words(NIGHT, ZONE, language) == said
