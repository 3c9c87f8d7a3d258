"""Policy packs of the tests about the end of lots: the default one with another word on it."""

from datetime import date
from typing import Any

from timebank.policy.actions import PolicyHistory, PolicyVersion
from timebank.policy.calendar import ExtensionRule
from timebank.policy.rules import EndOfMonth, EndOfYear, PolicyPack, default_pack

WHY = {"zh": "停业整修", "en": "closed for repairs"}


def yearly(grace_days: int = 0) -> EndOfYear:
    """Return the rule by which points end with the next year."""
    return EndOfYear(rule="end_of_year", years_after=1, grace_days=grace_days)


def monthly(grace_days: int = 0) -> EndOfMonth:
    """Return the rule by which points end with the twelfth month after."""
    return EndOfMonth(rule="end_of_month", months_after=12, grace_days=grace_days)


def extension(ends_from: str, ends_until: str, to: str, unit: str = "point") -> ExtensionRule:
    """Return an extension."""
    values = {"unit": unit, "ends_from": ends_from, "ends_until": ends_until, "to": to, "reason": WHY}
    return ExtensionRule.model_validate(values)


def pack(points: EndOfYear | EndOfMonth | None = None, **parts: Any) -> PolicyPack:
    """Return the default pack with a rule for the end of points, and other parts exchanged."""
    expiry = {**default_pack().expiry, "point": points or yearly()}
    return default_pack().model_copy(update={"expiry": expiry, **parts})


def history(*versions: tuple[date, PolicyPack]) -> PolicyHistory:
    """Return packs as versions, each from a day on."""
    numbered = enumerate(versions, 1)
    return PolicyHistory(tuple(PolicyVersion(number, since, each) for number, (since, each) in numbered))
