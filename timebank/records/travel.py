"""Whether somebody can have been where they were scanned: nobody gets from one station to another that fast. Pure."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

METRES_PER_DEGREE: Final = 111_195
_MILLION: Final = 1_000_000
_SECONDS_PER_MINUTE: Final = 60


@dataclass(frozen=True, slots=True)
class Sighting:
    """Somebody scanned at a station whose position is known, in millionths of a degree."""

    session_id: int
    happened_at: datetime
    latitude_e6: int
    longitude_e6: int


def metres_between(one: Sighting, other: Sighting) -> float:
    """Return the distance as the crow flies; good to a percent within a province."""
    latitude = (one.latitude_e6 + other.latitude_e6) / 2 / _MILLION
    east = _around(one.longitude_e6 - other.longitude_e6) / _MILLION * math.cos(math.radians(latitude))
    north = (one.latitude_e6 - other.latitude_e6) / _MILLION
    return math.hypot(east, north) * METRES_PER_DEGREE


def is_impossible(here: Iterable[Sighting], elsewhere: Iterable[Sighting], *, metres_per_minute: int) -> bool:
    """Tell whether any two sightings lie too far apart for the time between them, which counts as a minute at least."""
    others = list(elsewhere)
    return any(
        metres_between(one, other) > metres_per_minute * _minutes_between(one, other)
        for one in here
        for other in others
    )


def _minutes_between(one: Sighting, other: Sighting) -> float:
    return max(1.0, abs((one.happened_at - other.happened_at).total_seconds()) / _SECONDS_PER_MINUTE)


def _around(longitude_e6: int) -> int:
    """Return a difference of longitudes the short way around."""
    half, whole = 180 * _MILLION, 360 * _MILLION
    return (longitude_e6 + half) % whole - half
