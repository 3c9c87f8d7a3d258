"""Moments as a form's fields have them: by the clock on the bank's wall, without a zone."""

import re
from datetime import datetime, time
from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BeforeValidator

from api.fields import FIRST_YEAR, LAST_YEAR

_WRITTEN = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}(:[0-9]{2})?")
_CLOCK = re.compile(r"[0-9]{2}:[0-9]{2}(:[0-9]{2})?")


def _written(value: object) -> object:
    if not isinstance(value, str) or not _WRITTEN.fullmatch(value):
        raise ValueError("not a moment")
    return value


def _clock(value: object) -> object:
    if not isinstance(value, str) or not _CLOCK.fullmatch(value):
        raise ValueError("not a time of day")
    return value


def _of_our_time(value: datetime) -> datetime:
    if not FIRST_YEAR <= value.year <= LAST_YEAR:
        raise ValueError("out of our time")
    return value


LocalMoment = Annotated[datetime, BeforeValidator(_written), AfterValidator(_of_our_time)]
"""What `datetime-local` sends: YYYY-MM-DDTHH:MM."""

LocalClock = Annotated[time, BeforeValidator(_clock)]
"""What `time` sends: HH:MM."""


def in_zone(value: datetime, zone: ZoneInfo) -> datetime:
    """Return a moment of the wall's clock as an instant."""
    return value.replace(tzinfo=zone)


def field_of(at: datetime, zone: ZoneInfo) -> str:
    """Return an instant as a field of a form shows it."""
    return f"{at.astimezone(zone):%Y-%m-%dT%H:%M}"
