"""Names as a board shows them, and what hours earn."""

from datetime import date

import pytest

from timebank.notices.rules import earned_amount, is_over, shown_name


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("张三", "张*"),
        ("王小明", "王*明"),
        ("欧阳小明", "欧*明"),
        ("单", "单*"),
        ("Ann Example", "A*e"),
        ("", "***"),
    ],
)
def test_a_name_keeps_its_ends_and_not_its_length(name: str, shown: str) -> None:
    assert shown_name(name) == shown


def test_a_notice_is_open_until_its_last_day_is_over() -> None:
    assert not is_over(date(2025, 10, 11), date(2025, 10, 11))
    assert is_over(date(2025, 10, 11), date(2025, 10, 12))


@pytest.mark.parametrize(
    ("minutes", "permille", "amount"),
    [
        (60, 1000, 1),
        (90, 1500, 2),  # 1.5 h at 1.5: 2.25
        (100, 1500, 3),  # 100/60 h at 1.5: 2.5, half up
        (20, 1499, 0),  # 0.4997
        (20, 1500, 1),  # 0.5
        (0, 1500, 0),
        (1440, 10_000_000, 240_000),
    ],
)
def test_what_hours_earn_is_rounded_half_up_once(minutes: int, permille: int, amount: int) -> None:
    assert earned_amount(minutes, permille) == amount
