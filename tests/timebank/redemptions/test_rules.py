"""What may be redeemed on a day: days, limits, and the warning before the block."""

from datetime import date
from uuid import UUID

import pytest

from timebank.policy.spending import RedemptionRule
from timebank.redemptions.rules import (
    Findings,
    ItemUse,
    Used,
    Wish,
    is_redemption_day,
    judge,
    month_start,
    quarter_start,
)

FRIDAY = date(2026, 5, 15)
RICE = 7


def judged(rule: RedemptionRule, used: Used = Used(), *, points: int = 30, rice: int = 1) -> Findings:  # noqa: B008 -- immutable
    return judge(rule, Wish(UUID(int=1), points, {RICE: rice}), used, day=FRIDAY)


def of_rice(day_limit: int | None, month_limit: int | None, *, day: int = 0, month: int = 0) -> Used:
    return Used(items={RICE: ItemUse(day_limit, month_limit, day, month)})


def found(findings: Findings) -> tuple[list[tuple[str, str | None]], list[tuple[str, str | None]]]:
    return (
        [(finding.code, finding.limit) for finding in findings.warnings],
        [(finding.code, finding.limit) for finding in findings.refusals],
    )


def test_without_limits_everything_goes() -> None:
    assert judged(RedemptionRule(), points=10**9, rice=10**6) == Findings()


@pytest.mark.parametrize(
    ("rule", "open_", "next_on"),
    [
        (RedemptionRule(), True, ""),
        (RedemptionRule(days_of_month=(1, 15)), True, ""),
        (RedemptionRule(days_of_month=(1, 16)), False, "2026-05-16"),
        (RedemptionRule(weekdays=(5,)), True, ""),
        (RedemptionRule(weekdays=(1, 4)), False, "2026-05-18"),
        (RedemptionRule(days_of_month=(15,), weekdays=(1,)), False, "2026-06-15"),
        (RedemptionRule(days_of_month=(29,), weekdays=(7,)), False, "2026-11-29"),
        (RedemptionRule(days_of_month=(31,), weekdays=(5,)), False, "2026-07-31"),
    ],
)
def test_only_redemption_days_are_open(rule: RedemptionRule, open_: bool, next_on: str) -> None:
    assert is_redemption_day(rule, FRIDAY) is open_
    refusals = judged(rule).refusals
    assert [(refusal.code, refusal.params["next_on"]) for refusal in refusals] == (
        [] if open_ else [("not_a_redemption_day", next_on)]
    )


@pytest.mark.parametrize(
    ("used", "warned", "refused"),
    [(0, False, False), (49, False, False), (50, True, False), (70, True, False), (71, False, True)],
)
def test_a_limit_warns_from_its_share_on_and_blocks_above_itself(
    used: int, warned: bool, refused: bool
) -> None:
    """100 a day and 30 wanted: a warning from 80 on, the block above 100."""
    name = "member_day_points"
    findings = judged(RedemptionRule(member_day_points=100), Used(day_points=used))
    assert found(findings) == (
        [("limit_near", name)] if warned else [],
        [("limit_reached", name)] if refused else [],
    )
    for finding in (*findings.warnings, *findings.refusals):
        assert finding.params == {"limit": 100, "used": used, "requested": 30}


def test_each_limit_is_of_its_own_span() -> None:
    rule = RedemptionRule(member_day_points=100, member_month_points=1000, member_quarter_count=4)
    used = Used(day_points=80, month_points=980, quarter_count=4)
    assert found(judged(rule, used)) == (
        [],
        [
            ("limit_reached", "member_day_points"),
            ("limit_reached", "member_month_points"),
            ("limit_reached", "member_quarter_count"),
        ],
    )
    # 70 of 100 a day are no warning yet, 810 of 1000 a month and 4 of 4 a quarter are.
    near = Used(day_points=40, month_points=780, quarter_count=3)
    assert found(judged(rule, near)) == (
        [("limit_near", "member_month_points"), ("limit_near", "member_quarter_count")],
        [],
    )


def test_an_item_has_limits_of_its_own() -> None:
    assert found(judged(RedemptionRule(), of_rice(5, None, day=2), rice=3)) == (
        [("limit_near", "goods_day")],
        [],
    )
    assert found(judged(RedemptionRule(), of_rice(5, None, day=3), rice=3))[1] == [
        ("limit_reached", "goods_day")
    ]
    assert found(judged(RedemptionRule(), of_rice(None, 10, month=8), rice=3))[1] == [
        ("limit_reached", "goods_month")
    ]
    (refusal,) = judged(RedemptionRule(), of_rice(5, 50, day=3, month=3), rice=3).refusals
    assert refusal.params == {"limit": 5, "used": 3, "requested": 3, "goods_id": RICE}


@pytest.mark.parametrize(
    ("day", "month", "quarter"),
    [
        (date(2026, 1, 1), date(2026, 1, 1), date(2026, 1, 1)),
        (date(2026, 3, 31), date(2026, 3, 1), date(2026, 1, 1)),
        (date(2026, 4, 1), date(2026, 4, 1), date(2026, 4, 1)),
        (date(2026, 12, 31), date(2026, 12, 1), date(2026, 10, 1)),
    ],
)
def test_spans_begin_where_the_calendar_says(day: date, month: date, quarter: date) -> None:
    assert (month_start(day), quarter_start(day)) == (month, quarter)
