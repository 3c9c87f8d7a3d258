"""What a member may redeem on a day, and what is warned of before. Pure: what they had before comes from `limits`."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from uuid import UUID

from timebank.policy.spending import RedemptionRule

LIMIT_REACHED, LIMIT_NEAR, NOT_A_DAY = "limit_reached", "limit_near", "not_a_redemption_day"
_PERCENT = 100
_MONTHS_OF_A_QUARTER = 3
_DAYS_AHEAD = 366
"""The next redemption day is looked for so far ahead."""


@dataclass(frozen=True, slots=True)
class Finding:
    """A warning or a refusal: its code, the limit it is of (if it is of one), and parameters for the words."""

    code: str
    params: Mapping[str, object]
    limit: str | None = None


@dataclass(frozen=True, slots=True)
class Findings:
    """What is said about a basket: refused if there is any refusal."""

    warnings: tuple[Finding, ...] = ()
    refusals: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True)
class Wish:
    """What a member would redeem: so many points in all, and how many of each item by its id."""

    person_id: UUID
    points: int
    quantities: Mapping[int, int]


@dataclass(frozen=True, slots=True)
class ItemUse:
    """An item with limits: how many a member may have a day and a month (None: any), and how many they had."""

    day_limit: int | None
    month_limit: int | None
    day: int
    month: int


@dataclass(frozen=True, slots=True)
class Used:
    """What a member redeemed or has reserved today, this month, this quarter; and of the items that are limited."""

    day_points: int = 0
    month_points: int = 0
    quarter_count: int = 0
    items: Mapping[int, ItemUse] = field(default_factory=dict)


def judge(rule: RedemptionRule, wish: Wish, used: Used, *, day: date) -> Findings:
    """Return what speaks against a wish on a day, and which limits it comes near."""
    warnings: list[Finding] = []
    refusals: list[Finding] = []
    closed = closed_day(rule, day)
    if closed is not None:
        refusals.append(closed)
    for name, limit, before, wanted, more in _limits(rule, wish, used):
        params: dict[str, object] = {"limit": limit, "used": before, "requested": wanted, **more}
        if before + wanted > limit:
            refusals.append(Finding(LIMIT_REACHED, params, name))
        elif (before + wanted) * _PERCENT >= limit * rule.warn_percent:
            warnings.append(Finding(LIMIT_NEAR, params, name))
    return Findings(tuple(warnings), tuple(refusals))


def closed_day(rule: RedemptionRule, day: date) -> Finding | None:
    """Return the refusal of a day on which points are not redeemed, None of one on which they are."""
    return None if is_redemption_day(rule, day) else Finding(NOT_A_DAY, {"next_on": _next_day(rule, day)})


def is_redemption_day(rule: RedemptionRule, day: date) -> bool:
    """Tell whether points are redeemed on a day."""
    if rule.days_of_month and day.day not in rule.days_of_month:
        return False
    return not rule.weekdays or day.isoweekday() in rule.weekdays


def has_member_limits(rule: RedemptionRule) -> bool:
    """Tell whether anything is limited that does not depend on the items."""
    return any((rule.member_day_points, rule.member_month_points, rule.member_quarter_count))


def month_start(day: date) -> date:
    """Return the first day of a day's month."""
    return day.replace(day=1)


def quarter_start(day: date) -> date:
    """Return the first day of a day's quarter."""
    first = (day.month - 1) // _MONTHS_OF_A_QUARTER * _MONTHS_OF_A_QUARTER + 1
    return date(day.year, first, 1)


def _limits(
    rule: RedemptionRule, wish: Wish, used: Used
) -> Iterator[tuple[str, int, int, int, dict[str, object]]]:
    """Yield each limit by name, what was had of it, what is wanted now, and more for the words."""
    if rule.member_day_points is not None:
        yield "member_day_points", rule.member_day_points, used.day_points, wish.points, {}
    if rule.member_month_points is not None:
        yield "member_month_points", rule.member_month_points, used.month_points, wish.points, {}
    if rule.member_quarter_count is not None:
        yield "member_quarter_count", rule.member_quarter_count, used.quarter_count, 1, {}
    for goods_id, item in used.items.items():
        wanted = wish.quantities.get(goods_id, 0)
        if item.day_limit is not None:
            yield "goods_day", item.day_limit, item.day, wanted, {"goods_id": goods_id}
        if item.month_limit is not None:
            yield "goods_month", item.month_limit, item.month, wanted, {"goods_id": goods_id}


def _next_day(rule: RedemptionRule, day: date) -> str:
    """Return the next redemption day; a dash if there is none within a year."""
    ahead = (day + timedelta(days=n) for n in range(1, _DAYS_AHEAD + 1))
    return next((found.isoformat() for found in ahead if is_redemption_day(rule, found)), "—")
