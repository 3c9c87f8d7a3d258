"""Levels, waits, and what counts as one address."""

import pytest

from timebank.throttles.rules import Bucket, level_after, site_of, wait_seconds

SLOW = Bucket("slow", capacity=3, per_second=0.1)


def test_a_bucket_fills_with_time_and_not_beyond_its_rim() -> None:
    assert level_after(0.0, 15, SLOW) == 1.5
    assert level_after(0.0, 1000, SLOW) == 3


def test_a_clock_that_went_back_fills_nothing() -> None:
    assert level_after(1.0, -50, SLOW) == 1.0


def test_the_wait_is_until_there_is_a_whole_token() -> None:
    assert wait_seconds(1.0, SLOW) == 0
    assert wait_seconds(0.5, SLOW) == 5
    assert wait_seconds(0.99, SLOW) == 1
    assert wait_seconds(-1, SLOW) == 20


@pytest.mark.parametrize(
    ("address", "site"),
    [
        ("203.0.113.7", "203.0.113.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:ffff::1", "2001:db8:1:2::/64"),
        ("::ffff:203.0.113.7", "203.0.113.7"),
        ("unix", "unix"),
    ],
)
def test_a_household_is_one_address(address: str, site: str) -> None:
    assert site_of(address) == site
