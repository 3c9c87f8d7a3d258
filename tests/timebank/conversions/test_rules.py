"""What a conversion gives and how much may be converted."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.timebank.policy.test_rules import changed
from timebank.conversions.rules import Standing, convertible, month_left, most, rule_of, turned
from timebank.errors import RefusalError
from timebank.policy.rules import PolicyPack, parse_pack

PACK = parse_pack(
    changed(
        exchanges=[["point", "class:goods"], ["point", "fufen"]],
        conversions=[
            {
                "from_unit": "point",
                "to_unit": "fufen",
                "from_amount": 10,
                "to_amount": 3,
                "member_month_amount": 50,
            },
            {"from_unit": "minute", "to_unit": "fufen", "from_amount": 60, "to_amount": 2},
        ],
    )
)
POINTS, HOURS = PACK.conversions


def refused(pack: PolicyPack, amount: int, standing: Standing, *, hours: bool = False) -> tuple[str, object]:
    with pytest.raises(RefusalError) as refusal:
        turned(pack, HOURS if hours else POINTS, amount, standing)
    return refusal.value.code, refusal.value.params


def test_only_what_is_listed_is_offered() -> None:
    assert rule_of(PACK, "point", "fufen") is POINTS
    for pair in (("fufen", "point"), ("point", "minute"), ("point", "point")):
        with pytest.raises(RefusalError, match="conversion_not_offered"):
            rule_of(PACK, *pair)


def test_each_whole_step_gives() -> None:
    assert turned(PACK, POINTS, 10, Standing(100, 0, 0)) == 3
    assert turned(PACK, POINTS, 50, Standing(100, 0, 0)) == 15
    assert turned(PACK, HOURS, 120, Standing(120, 0, 0)) == 4


def test_each_refusal_in_its_order() -> None:
    assert refused(PACK, 55, Standing(0, 0, 50)) == ("conversion_step", {"unit": "point", "step": 10})
    assert refused(PACK, 40, Standing(0, 0, 20)) == (
        "conversion_limit_reached",
        {"unit": "point", "left": 30},
    )
    assert refused(PACK, 60, Standing(100, 60, 0), hours=True) == (
        "hours_all_converted",
        {"unit": "minute", "available": 40},
    )
    huge = parse_pack(
        json.dumps(
            {
                **json.loads(PACK.model_dump_json(by_alias=True)),
                "conversions": [
                    {"from_unit": "minute", "to_unit": "fufen", "from_amount": 1, "to_amount": 1_000_000_000}
                ],
            }
        )
    )
    with pytest.raises(RefusalError, match="conversion_too_large"):
        turned(huge, huge.conversions[0], 10**8, Standing(10**8, 0, 0))


def test_of_points_the_ledger_says_whether_there_are_enough() -> None:
    assert turned(PACK, POINTS, 50, Standing(0, 0, 0)) == 15
    assert convertible(PACK, POINTS, Standing(70, 500, 0)) == 70


def test_hours_that_were_taken_back_after_they_were_converted_are_owed() -> None:
    assert convertible(PACK, HOURS, Standing(60, 120, 0)) == 0
    assert convertible(PACK, HOURS, Standing(180, 120, 0)) == 60


def test_the_most_is_in_whole_steps_and_within_the_month() -> None:
    assert most(PACK, POINTS, Standing(39, 0, 0)) == 30
    assert most(PACK, POINTS, Standing(1_000, 0, 25)) == 20
    assert most(PACK, POINTS, Standing(1_000, 0, 500)) == 0
    assert (month_left(POINTS, Standing(0, 0, 60)), month_left(HOURS, Standing(0, 0, 60))) == (0, None)


@given(st.integers(0, 10**6), st.integers(0, 10**6), st.integers(0, 200))
def test_the_most_can_be_converted_and_a_step_more_cannot(balance: int, converted: int, month: int) -> None:
    standing = Standing(balance, converted, month)
    for rule in (POINTS, HOURS):
        amount = most(PACK, rule, standing)
        assert amount % rule.from_amount == 0
        assert turned(PACK, rule, amount, standing) == amount // rule.from_amount * rule.to_amount
    with pytest.raises(RefusalError, match="hours_all_converted"):
        turned(PACK, HOURS, most(PACK, HOURS, standing) + 60, standing)
