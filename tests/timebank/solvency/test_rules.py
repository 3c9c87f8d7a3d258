"""Flows, cover, pace and forecast, each followed by hand."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from timebank.solvency.rules import (
    Flows,
    Month,
    cover_permille,
    first_of_month,
    flows_of,
    flows_of_bank,
    forecast,
    pace_of,
)

JUNE, JULY, AUGUST = (date(2026, month, 1) for month in (6, 7, 8))


def test_what_came_is_sorted_by_where_from() -> None:
    came = {
        "issuance": 70,
        "budget": 30,
        "takings": -25,
        "expired": -5,
        "converted": -10,
        "wallet": 4,
        "held": 0,
    }
    flows = flows_of(came)
    assert flows == Flows(issued=100, spent=25, expired=5, converted=-10, moved=4)
    assert flows.outstanding == 64 == sum(came.values())


def test_what_is_left_of_a_budget_was_not_issued() -> None:
    balances = {"issuance": -200, "budget": 60, "wallet": 100, "held": 5, "takings": 30, "expired": 5}
    assert flows_of_bank(balances) == Flows(issued=140, spent=30, expired=5)
    assert flows_of_bank(balances).outstanding == 105


@pytest.mark.parametrize(
    ("assets", "owed", "permille"),
    [(100, 200, 500), (1, 3, 333), (2, 3, 666), (5, 2, 2500), (0, 7, 0), (7, 0, None), (0, 0, None)],
)
def test_cover_is_rounded_down(assets: int, owed: int, permille: int | None) -> None:
    assert cover_permille(assets, owed) == permille


@pytest.mark.parametrize(("spent", "pace"), [(0, 0), (1, 0), (2, 1), (3, 1), (4, 1), (5, 2), (-9, 0)])
def test_the_pace_is_a_third_rounded_half_up(spent: int, pace: int) -> None:
    assert pace_of(spent) == pace


@pytest.mark.parametrize(
    ("day", "months", "first"),
    [
        (date(2026, 6, 30), 0, JUNE),
        (date(2026, 6, 1), 2, AUGUST),
        (date(2026, 12, 5), 1, date(2027, 1, 1)),
        (date(2026, 1, 5), -3, date(2025, 10, 1)),
    ],
)
def test_months_are_counted_over_the_end_of_a_year(day: date, months: int, first: date) -> None:
    assert first_of_month(day, months) == first


def test_the_oldest_is_spent_first_and_the_rest_of_it_expires() -> None:
    # On 16 June 15 of 30 days are left: half of the pace of 40. July takes 40 of the lot that ends in August.
    lots = {JUNE: 50, AUGUST: 60, None: 100}
    assert forecast(lots, pace=40, today=date(2026, 6, 16), months=4) == [
        Month(JUNE, 20, 30, 160),
        Month(JULY, 40, 0, 120),
        Month(AUGUST, 40, 0, 80),
        Month(date(2026, 9, 1), 40, 0, 40),
    ]


def test_what_has_lapsed_already_is_spent_no_more() -> None:
    lots = {date(2026, 5, 1): 7, None: 5}
    assert forecast(lots, pace=30, today=JUNE, months=2) == [Month(JUNE, 5, 7, 0), Month(JULY, 0, 0, 0)]


def test_without_pace_everything_expires_in_its_month() -> None:
    assert forecast({JULY: 9, AUGUST: 1}, pace=0, today=date(2026, 6, 30), months=2) == [
        Month(JUNE, 0, 0, 10),
        Month(JULY, 0, 9, 1),
    ]


@given(
    lots=st.dictionaries(
        st.one_of(st.none(), st.integers(0, 8).map(lambda n: first_of_month(JUNE, n - 2))),
        st.integers(1, 500),
    ),
    pace=st.integers(0, 300),
    day=st.integers(1, 30),
    months=st.integers(1, 12),
)
def test_nothing_is_lost_and_nothing_comes(
    lots: dict[date | None, int], pace: int, day: int, months: int
) -> None:
    found = forecast(lots, pace=pace, today=date(2026, 6, day), months=months)
    left = sum(lots.values())
    for month in found:
        assert 0 <= month.spent <= pace
        assert month.expired >= 0
        left -= month.spent + month.expired
        assert month.left == left >= 0
    if months == 12:
        assert left <= lots.get(None, 0)
