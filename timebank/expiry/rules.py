"""What the policy says of the end of lots, pure: renewed or not, and when to warn.

What becomes of a lot is decided by the pack in force on the lot's last day, so by one that was known when it ended:
versions take effect on later days only, and none changes what ended before.
"""

from collections.abc import Iterable
from datetime import date, timedelta
from typing import Final

from ledger.values import Renewal
from timebank.errors import RefusalError
from timebank.policy.actions import PolicyHistory, PolicyVersion

EXTENSION: Final = "extension"
GRACE: Final = "grace"


def renewal_of(history: PolicyHistory, unit: str, last_day: date) -> Renewal | None:
    """Return how lots of a unit that end on a day are renewed; None if they expire.

    An extension goes before days of grace. Grace is given once: to lots that end on a regular end of the unit's rule,
    and on no day on which something may end that had its grace.
    """
    version = _version_on(history, last_day)
    if version is None:
        return None
    until = extended_units(version, last_day).get(unit)
    if until is not None:
        return Renewal(until, {"policy": version.version, "rule": EXTENSION})
    days = _grace_days(version, unit, last_day)
    if days and not _may_have_had_grace(history, unit, last_day):
        return Renewal(last_day + timedelta(days=days), {"policy": version.version, "rule": GRACE})
    return None


def extended_units(version: PolicyVersion, last_day: date) -> dict[str, date]:
    """Return which units' lots, of those that would end on a day, a version extends, and until when."""
    rules = version.pack.extensions
    return {rule.unit: rule.to for rule in rules if rule.ends_from <= last_day <= rule.ends_until}


def warning_due(warning_days: Iterable[int], days_left: int) -> int | None:
    """Return which warning is due so many days before the end: the nearest that was reached; None if none was.

    Whoever missed several gets this one alone.
    """
    return min((days for days in warning_days if days >= days_left), default=None)


def _grace_days(version: PolicyVersion, unit: str, last_day: date) -> int:
    rule = version.pack.expiry.get(unit)
    return rule.grace_days if rule is not None and rule.is_regular_end(last_day) else 0


def _may_have_had_grace(history: PolicyHistory, unit: str, last_day: date) -> bool:
    """Tell whether grace that was given under any version ends on a day.

    Within one version none ends on a regular end (`timebank.policy.faults`); after a change of the rule it may.
    """
    given = {
        version.pack.expiry[unit].grace_days for version in history.versions if unit in version.pack.expiry
    }
    for days in given - {0}:
        began_on = last_day - timedelta(days=days)
        version = _version_on(history, began_on)
        if version and _grace_days(version, unit, began_on) == days:
            return True
    return False


def _version_on(history: PolicyHistory, day: date) -> PolicyVersion | None:
    try:
        return history.on(day)
    except RefusalError:
        return None
