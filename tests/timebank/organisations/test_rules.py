"""What may stand below what, and when an organisation is open."""

from datetime import date

import pytest

from timebank.organisations.rules import LEVELS, can_hold, is_open


@pytest.mark.parametrize(
    ("parent", "level"),
    [
        ("district", "street"),
        ("district", "grid"),
        ("community", "grid"),
        ("grid", "building"),
        ("community", "team"),
        ("grid", "partner_unit"),
        ("work_unit", "team"),
        ("work_unit", "work_unit"),
        ("other", "district"),
        ("team", "other"),
    ],
)
def test_holds(parent: str, level: str) -> None:
    assert can_hold(parent, level)


@pytest.mark.parametrize(
    ("parent", "level"),
    [
        ("street", "district"),
        ("community", "community"),
        ("building", "grid"),
        ("team", "grid"),
        ("work_unit", "community"),
        ("team", "team"),
        ("team", "work_unit"),
    ],
)
def test_holds_not(parent: str, level: str) -> None:
    assert not can_hold(parent, level)


def test_no_two_areas_hold_each_other() -> None:
    areas = LEVELS[:5]
    assert not any(can_hold(one, two) and can_hold(two, one) for one in areas for two in areas)


def test_the_first_day_is_open_and_the_day_of_closing_is_not() -> None:
    opened, closed = date(2025, 1, 1), date(2025, 6, 1)
    days = (date(2024, 12, 31), opened, date(2025, 5, 31), closed)
    assert [is_open(opened, closed, day) for day in days] == [False, True, True, False]
    assert all(is_open(None, None, day) for day in days)
