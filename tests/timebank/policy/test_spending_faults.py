"""What a pack may not say of spending: conversions, settlement, limits, time-coins."""

import json
from itertools import pairwise
from typing import Any

import pytest

from tests.timebank.policy.test_rules import body, changed, unit, within
from timebank.policy.checking import problems

PAIRS = [["point", "class:goods"], ["point", "fufen"], ["point", "class:value"]]
TIMECOIN = unit("timecoin", "value", spendable=True)


def rate(from_unit: str, to_unit: str, **values: object) -> dict[str, object]:
    return {"from_unit": from_unit, "to_unit": to_unit, "from_amount": 10, "to_amount": 1, **values}


def with_timecoins(**parts: Any) -> str:
    return json.dumps({**body(), "units": [*body()["units"], TIMECOIN], "exchanges": PAIRS, **parts})


def found(text: str) -> list[tuple[str, str]]:
    return [(each.path, each.code) for each in problems(text)[1]]


@pytest.mark.parametrize(
    "conversions",
    [
        [],
        [rate("point", "fufen")],
        [rate("point", "fufen", member_month_amount=10)],
        [rate("minute", "fufen")],
        [rate("minute", "point"), rate("point", "fufen"), rate("minute", "fufen")],
    ],
)
def test_points_and_hours_are_turned_into_what_is_spent(conversions: list[object]) -> None:
    assert found(with_timecoins(conversions=conversions)) == []


def test_an_exchange_for_a_whole_class_allows_a_conversion() -> None:
    pairs = [["point", "class:value"]]
    assert found(with_timecoins(exchanges=pairs, conversions=[rate("point", "fufen")])) == []


@pytest.mark.parametrize(
    ("from_unit", "to_unit", "code"),
    [
        ("gold", "fufen", "unit_not_listed"),
        ("point", "gold", "unit_not_listed"),
        ("point", "class:goods", "unit_not_listed"),
        ("fufen", "minute", "not_to_be_had"),
        ("point", "party_score", "not_to_be_had"),
        ("point", "cny", "not_to_be_had"),
        ("minute", "cny", "not_to_be_had"),
        ("minute", "party_score", "not_to_be_had"),
        ("cny", "fufen", "not_to_be_had"),
        ("timecoin", "fufen", "not_to_be_had"),
        ("point", "timecoin", "not_to_be_had"),
        ("minute", "timecoin", "not_to_be_had"),
        ("party_score", "fufen", "not_given"),
        ("fufen", "point", "exchange_missing"),
    ],
)
def test_nothing_else_is_converted(from_unit: str, to_unit: str, code: str) -> None:
    wrong = with_timecoins(conversions=[rate(from_unit, to_unit)])
    assert found(wrong) == [(f"conversions.{from_unit}→{to_unit}", code)]


def test_a_spent_unit_needs_its_exchange_and_hours_need_none() -> None:
    without = changed(conversions=[rate("point", "fufen"), rate("minute", "fufen")])
    assert found(without) == [("conversions.point→fufen", "exchange_missing")]


def test_a_pair_stands_once_and_a_limit_lets_a_step_through() -> None:
    twice = with_timecoins(conversions=[rate("point", "fufen"), rate("point", "fufen", to_amount=2)])
    assert found(twice) == [("conversions", "twice")]
    small = with_timecoins(conversions=[rate("point", "fufen", member_month_amount=9)])
    assert found(small) == [("conversions.point→fufen", "limit_below_step")]


@pytest.mark.parametrize(
    "chain", [["point", "fufen", "point"], ["point", "fufen", "voucher", "point"], ["point", "point"]]
)
def test_no_chain_of_conversions_leads_back(chain: list[str]) -> None:
    steps = list(pairwise(chain))
    text = with_timecoins(
        units=[*body()["units"], unit("voucher", "value", spendable=True)],
        exchanges=steps,
        conversions=[rate(*step) for step in [*steps, ("minute", "point")]],
    )
    assert found(text) == [("conversions", "converts_back")]


@pytest.mark.parametrize(
    ("code", "fault"),
    [
        ("gold", "unit_not_listed"),
        ("minute", "not_settled"),
        ("party_score", "not_settled"),
        ("cny", "not_settled"),
        ("timecoin", "not_settled"),
    ],
)
def test_only_what_is_spent_is_settled(code: str, fault: str) -> None:
    text = with_timecoins(settlement={"unit_cents": {"point": 10, code: 1}})
    assert found(text) == [(f"settlement.unit_cents.{code}", fault)]


def test_limits_of_redemption_hang_together() -> None:
    assert found(within("redemption", member_day_points=2000, weekdays=[1, 2], days_of_month=[15])) == []
    assert found(within("redemption", member_day_points=2001)) == [
        ("redemption.member_day_points", "day_above_month")
    ]
    assert found(within("redemption", member_day_points=2001, member_month_points=None)) == []
    assert found(within("redemption", weekdays=[1, 1], days_of_month=[15, 15])) == [
        ("redemption.days_of_month", "twice"),
        ("redemption.weekdays", "twice"),
    ]


def test_timecoins_need_their_unit() -> None:
    rule = {"storage_cap": 1500}
    assert found(with_timecoins(timecoins=rule)) == []
    assert found(changed(timecoins=rule)) == [("timecoins", "unit_not_listed")]
    kept = [*body()["units"], unit("timecoin", "value", spendable=False)]
    assert found(changed(units=kept, timecoins=rule)) == [("timecoins", "not_given")]


def test_an_hour_is_within_the_cap_and_kin_stand_once() -> None:
    wrong = {"storage_cap": 1, "coins_per_hour": 2, "gift_relations": ["spouse", "spouse"]}
    assert found(with_timecoins(timecoins=wrong)) == [
        ("timecoins.gift_relations", "twice"),
        ("timecoins.coins_per_hour", "hour_above_cap"),
    ]
    assert found(with_timecoins(timecoins={"storage_cap": 1, "gift_relations": []})) == []


def test_the_unit_without_rules_is_no_fault() -> None:
    """Banks that have adopted it before there were rules go on."""
    assert found(with_timecoins()) == []


@pytest.mark.parametrize(
    "pair",
    [
        ["timecoin", "class:goods"],
        ["timecoin", "fufen"],
        ["timecoin", "point"],
        ["timecoin", "class:value"],
        ["point", "timecoin"],
    ],
)
def test_time_coins_are_exchanged_for_nothing(pair: list[str]) -> None:
    assert found(with_timecoins(exchanges=[pair])) == [("exchanges", "not_to_be_had")]
