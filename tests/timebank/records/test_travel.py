"""Nobody gets from one station to another that fast."""

from datetime import UTC, datetime, timedelta

import pytest

from timebank.records.travel import Sighting, is_impossible, metres_between

NOON = datetime(2025, 3, 5, 4, tzinfo=UTC)
FUZHOU, XIAMEN = (26_074_500, 119_296_500), (24_479_800, 118_089_400)


def seen(place: tuple[int, int], minutes: int = 0, session: int = 1) -> Sighting:
    return Sighting(session, NOON + timedelta(minutes=minutes), *place)


def test_the_distance_is_good_to_a_percent() -> None:
    assert metres_between(seen(FUZHOU), seen(XIAMEN)) == pytest.approx(215_000, rel=0.02)
    assert metres_between(seen((0, 0)), seen((1_000_000, 0))) == pytest.approx(111_195, rel=0.001)
    assert metres_between(seen((0, 179_999_000)), seen((0, -179_999_000))) == pytest.approx(222, rel=0.01)
    assert metres_between(seen(FUZHOU), seen(FUZHOU)) == 0


@pytest.mark.parametrize(("minutes", "impossible"), [(0, True), (130, True), (160, False), (-130, True)])
def test_two_cities_are_hours_apart(minutes: int, *, impossible: bool) -> None:
    assert is_impossible([seen(FUZHOU)], [seen(XIAMEN, minutes)], metres_per_minute=1_500) is impossible


def test_stations_of_one_street_are_near_at_any_moment() -> None:
    across = (FUZHOU[0] + 9_000, FUZHOU[1])
    assert not is_impossible([seen(FUZHOU)], [seen(across)], metres_per_minute=1_500)
    far = (FUZHOU[0] + 20_000, FUZHOU[1])
    assert is_impossible([seen(FUZHOU)], [seen(far)], metres_per_minute=1_500)


def test_one_pair_is_enough_and_nothing_is_no_pair() -> None:
    here = [seen(FUZHOU, 0), seen(FUZHOU, 300)]
    assert is_impossible(here, [seen(XIAMEN, 330)], metres_per_minute=1_500)
    assert not is_impossible(here, [], metres_per_minute=1_500)
    assert not is_impossible([], here, metres_per_minute=1_500)
