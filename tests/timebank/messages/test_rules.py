"""What becomes of a message: pure."""

from datetime import UTC, datetime, timedelta

import pytest

from timebank.messages import rules

NOW = datetime(2026, 5, 9, tzinfo=UTC)


@pytest.mark.parametrize(
    ("attempts", "minutes"), [(1, 1), (2, 2), (3, 4), (9, 256), (10, 360), (15, 360), (1000, 360)]
)
def test_each_pause_is_twice_the_one_before_and_six_hours_at_most(attempts: int, minutes: int) -> None:
    assert rules.pause_after(attempts) == timedelta(minutes=minutes)


def test_a_message_is_tried_for_more_than_a_day_and_then_given_up() -> None:
    pauses = [rules.pause_after(attempt) for attempt in range(1, rules.MAX_ATTEMPTS)]
    assert timedelta(days=1) < sum(pauses, timedelta()) < timedelta(days=2)
    last_but_one = rules.after_failure(rules.MAX_ATTEMPTS - 1, "x", now=NOW)
    assert (last_but_one.state, last_but_one.again_at) == ("waiting", NOW + timedelta(hours=6))
    assert rules.after_failure(rules.MAX_ATTEMPTS, "x", now=NOW) == rules.Verdict("failed", problem="x")


def test_a_lapsed_lease_means_again_only_where_a_repetition_shows() -> None:
    assert rules.of_lapsed("email", 1) is None
    assert rules.of_lapsed("webhook", rules.MAX_ATTEMPTS - 1) is None
    for channel in ("sms", "wechat"):
        assert rules.of_lapsed(channel, 1) == rules.Verdict("dropped", problem="unknown_outcome")
    assert rules.of_lapsed("email", rules.MAX_ATTEMPTS) == rules.Verdict("failed", problem="unknown_outcome")


def test_what_was_not_tried_is_no_attempt() -> None:
    verdict = rules.given_back("http:503", made_at=NOW, now=NOW)
    assert (verdict.state, verdict.is_counted, verdict.again_at) == (
        "waiting",
        False,
        NOW + rules.FIRST_PAUSE,
    )
