"""When a session's scans are taken."""

from datetime import UTC, datetime

from timebank.policy.rules import AttendanceRule
from timebank.stations.rules import closes_at, opens_at


def test_scans_are_taken_from_early_before_until_late_after() -> None:
    rule = AttendanceRule(early_minutes=30, late_minutes=90)
    assert opens_at(datetime(2026, 3, 5, 9, 0, tzinfo=UTC), rule) == datetime(2026, 3, 5, 8, 30, tzinfo=UTC)
    assert closes_at(datetime(2026, 3, 5, 11, 0, tzinfo=UTC), rule) == datetime(
        2026, 3, 5, 12, 30, tzinfo=UTC
    )
