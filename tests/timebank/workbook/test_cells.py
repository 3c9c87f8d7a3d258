"""How cells are read."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from timebank.workbook import cells
from timebank.workbook.cells import CellError

if TYPE_CHECKING:
    from timebank.workbook.cells import Cell

SHANGHAI = ZoneInfo("Asia/Shanghai")


def at(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=SHANGHAI)  # type: ignore[misc, arg-type]  # as many parts as there are


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("V000001", "V000001"),
        (" v000001\u3000", "V000001"),
        ("ｖ００００１", "V00001"),
        ("\u00a0A－１\u200b", "A-1"),
        (123.0, "123"),
        (7, "7"),
        (1.5, "1.5"),
        (True, "TRUE"),
        ("", ""),
        (" \u3000", ""),
        (None, ""),
    ],
)
def test_a_code_is_folded(typed: Cell, read: str) -> None:
    assert cells.code(typed) == read


@pytest.mark.parametrize(
    "typed",
    [
        "2025-03-05 14:30",
        "2025/03/05 14:30",
        "2025年3月5日 14:30",
        "2025年03月05日14:30",
        "2025.3.5 14:30",
        "2025-03-05 下午2:30",
        "2025-03-05 下午02:30",
        "２０２５-０３-０５ １４:３０",
        "２０２５／０３／０５　１４：３０",
        "\u30002025-3-5  14:30 ",
        "2025-03-05 14:30:00",
        datetime(2025, 3, 5, 14, 30),
        datetime(2025, 3, 5, 14, 29, 59, 999_000),
        datetime(2025, 3, 5, 14, 30, 0, 400_000),
    ],
)
def test_a_moment_has_many_forms(typed: Cell) -> None:
    read = cells.moment(typed, SHANGHAI)
    assert read == at(2025, 3, 5, 14, 30)
    assert read.utcoffset() == timedelta(hours=8)


@pytest.mark.parametrize(
    ("typed", "hour", "minute"),
    [
        ("2025-03-05 上午12:05", 0, 5),
        ("2025-03-05 下午12:05", 12, 5),
        ("2025-03-05 上午9:00", 9, 0),
        ("2025-03-05 下午11:59", 23, 59),
        ("2025-03-05 00:00", 0, 0),
    ],
)
def test_halves_of_the_day_turn_at_twelve(typed: str, hour: int, minute: int) -> None:
    assert cells.moment(typed, SHANGHAI) == at(2025, 3, 5, hour, minute)


def test_a_date_cell_is_midnight() -> None:
    assert cells.moment(date(2025, 3, 5), SHANGHAI) == at(2025, 3, 5)


@pytest.mark.parametrize(
    "typed",
    [
        "忘记",
        "下午",
        "14:30",
        "2025-03-05",
        "2025-02-30 10:00",
        "2025-13-01 10:00",
        "2025-03-05 24:00",
        "2025-03-05 10:60",
        "2025-03-05 下午13:00",
        "2025-03/05 10:00",
        "2025-03-0510:00",
        "25-03-05 10:00",
        "0225-03-05 10:00",
        "2025-03-05 10:00 左右",
        "٢٠٢٥-03-05 10:00",
        45765.39,
        True,
        time(9, 30),
        timedelta(hours=9),
    ],
)
def test_anything_else_is_a_bad_time(typed: Cell) -> None:
    with pytest.raises(CellError) as error:
        cells.moment(typed, SHANGHAI)
    assert error.value.code == "bad_time"
    assert str(error.value) == "bad_time"


@pytest.mark.parametrize("typed", [None, "", "  ", "\u3000\u200b"])
def test_blanks_are_missing_everywhere(typed: Cell) -> None:
    assert cells.is_missing(typed)
    assert cells.moment(typed, SHANGHAI) is None
    assert cells.day(typed) is None
    assert cells.integer(typed) is None
    assert cells.thousandths(typed) is None
    assert cells.yes_no(typed) is None
    assert cells.id_number(typed) is None


@given(st.datetimes(min_value=datetime(1950, 1, 1), max_value=datetime(2100, 1, 1)))
def test_what_is_written_is_read(moment: datetime) -> None:
    minute = moment.replace(second=0, microsecond=0)
    half = "上午" if minute.hour < 12 else "下午"
    for written in (
        f"{minute:%Y-%m-%d %H:%M}",
        f"{minute.year}年{minute.month}月{minute.day}日 {minute.hour}:{minute:%M}",
        f"{minute:%Y-%m-%d} {half}{minute.hour % 12 or 12}:{minute:%M}",
    ):
        assert cells.moment(written, SHANGHAI) == minute.replace(tzinfo=SHANGHAI)


@given(st.text(max_size=20))
def test_no_text_breaks_the_readers(typed: str) -> None:
    for read in (
        lambda value: cells.moment(value, SHANGHAI),
        cells.day,
        cells.integer,
        cells.thousandths,
        cells.yes_no,
    ):
        try:
            read(typed)
        except CellError as error:
            assert error.code in {"bad_time", "bad_number", "bad_yes_no"}  # noqa: PT017 -- not all are refused


@pytest.mark.parametrize(
    "typed",
    [
        date(2025, 3, 5),
        datetime(2025, 3, 5, 9),
        "2025-3-5",
        "2025年3月5日",
        "２０２５．３．５",
        "2025/03/05 09:00",
    ],
)
def test_a_day_may_have_a_time_behind_it(typed: Cell) -> None:
    assert cells.day(typed) == date(2025, 3, 5)


@pytest.mark.parametrize("typed", ["三月五日", "2025-02-30", 45765.0, time(9)])
def test_other_days_are_bad_times(typed: Cell) -> None:
    with pytest.raises(CellError, match="bad_time"):
        cells.day(typed)


@pytest.mark.parametrize(
    ("typed", "read"), [(60.0, 60), (0, 0), ("１２", 12), (" 3 ", 3), ("-4", -4), ("5.0", 5)]
)
def test_whole_numbers_are_read(typed: Cell, read: int) -> None:
    assert cells.integer(typed) == read


@pytest.mark.parametrize(
    "typed", [1.5, True, "六十", "1,000", float("inf"), float("nan"), 1e15, date(2025, 1, 1)]
)
def test_other_numbers_are_refused(typed: Cell) -> None:
    with pytest.raises(CellError, match="bad_number"):
        cells.integer(typed)


@pytest.mark.parametrize(
    ("typed", "read"),
    [(1.0, 1000), (1.2, 1200), (0.4 * 3, 1200), (1.255, 1255), ("１.５", 1500), ("0", 0), (2, 2000)],
)
def test_a_ratio_is_exact_in_thousandths(typed: Cell, read: int) -> None:
    assert cells.thousandths(typed) == read


@pytest.mark.parametrize("typed", [-1.0, 1.2345, "高", False, float("inf"), 1e300, 1e-7])
def test_other_ratios_are_refused(typed: Cell) -> None:
    with pytest.raises(CellError, match="bad_number"):
        cells.thousandths(typed)


def test_yes_and_no_are_the_two_answers() -> None:
    assert cells.yes_no(" 是\u3000") is True
    assert cells.yes_no("否") is False
    for other in ("对", "Y", 1.0, True):
        with pytest.raises(CellError, match="bad_yes_no"):
            cells.yes_no(other)


def test_an_id_number_is_text() -> None:
    assert cells.id_number(" ９９000019590320001x ") == "99000019590320001X"
    with pytest.raises(CellError, match="id_number_typed_as_number") as error:
        cells.id_number(990000195903200000.0)
    assert "9900" not in str(error.value)
