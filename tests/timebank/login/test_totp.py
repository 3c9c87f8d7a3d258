"""The second factor against the vectors of RFC 6238, cut to six digits."""

import base64
from datetime import UTC, datetime, timedelta

import pytest

from timebank.login.totp import matching_step

SECRET = base64.b32encode(b"12345678901234567890").decode()


@pytest.mark.parametrize(
    ("seconds", "code", "step"),
    [(59, "287082", 1), (1111111109, "081804", 37037036), (20000000000, "353130", 666666666)],
)
def test_knows_the_codes_of_the_rfc(seconds: int, code: str, step: int) -> None:
    at = datetime.fromtimestamp(seconds, UTC)
    assert matching_step(SECRET, code, at) == step


def test_a_clock_may_be_half_a_minute_off_and_no_more() -> None:
    at = datetime.fromtimestamp(1111111109, UTC)
    found = [matching_step(SECRET, "081804", at + timedelta(seconds=30 * n)) for n in (-2, -1, 0, 1, 2)]
    assert found == [None, 37037036, 37037036, 37037036, None]


@pytest.mark.parametrize("code", ["", "28708", "2870820", "٢٨٧٠٨٢"])
def test_what_is_no_code_matches_nothing(code: str) -> None:
    assert matching_step(SECRET, code, datetime.fromtimestamp(59, UTC)) is None
