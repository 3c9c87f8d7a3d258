"""When a station checks people in to a session: pure."""

from datetime import datetime, timedelta

from timebank.policy.rules import AttendanceRule


def opens_at(starts_at: datetime, rule: AttendanceRule) -> datetime:
    """Return the moment from which a session's scans are taken."""
    return starts_at - timedelta(minutes=rule.early_minutes)


def closes_at(ends_at: datetime, rule: AttendanceRule) -> datetime:
    """Return the first moment at which a session's scans are taken no longer."""
    return ends_at + timedelta(minutes=rule.late_minutes)
