"""Cells of the district workbook as values: codes, moments, days and numbers, folded from what people type.

A missing cell is `None`, an empty string or blanks. Errors carry a code and never the content of the cell.
"""

from __future__ import annotations

import re
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import TYPE_CHECKING, Final, TypeAlias, TypeVar

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

Cell: TypeAlias = str | float | bool | datetime | date | time | timedelta | None
"""What the reader hands over for one cell."""

Day = TypeVar("Day", date, datetime)

LARGEST_NUMBER: Final = 10**12
THOUSAND: Final = 1000

_CONTROLS: Final[dict[int, None]] = dict.fromkeys(
    (*range(0x09), 0x0B, 0x0C, *range(0x0E, 0x20), *range(0xD800, 0xE000))
)
"""What nobody can see and no database takes; it comes from faulty programs."""

_FOLDING: Final[dict[int, int | None]] = {
    **{wide: wide - 0xFEE0 for wide in range(0xFF01, 0xFF5F)},
    **_CONTROLS,
    **dict.fromkeys((0x00A0, 0x2007, 0x202F, 0x3000), 0x20),
    # Zero-width marks come along when people paste from chats, and nobody who looks for the fault sees them.
    **dict.fromkeys((0x200B, 0x200C, 0x200D, 0x200E, 0x200F, 0x2060, 0xFEFF), None),
}
_DAY: Final = r"(?P<year>[0-9]{4})(?:(?P<mark>[-/.])(?P<month>[0-9]{1,2})(?P=mark)(?P<day>[0-9]{1,2})"
_DAY_IN_WORDS: Final = r"|年(?P<month_>[0-9]{1,2})月(?P<day_>[0-9]{1,2})(?P<end>日))"
_CLOCK: Final = r"(?P<half>上午|下午)?\s*(?P<hour>[0-9]{1,2}):(?P<minute>[0-9]{2})(?::(?P<second>[0-9]{2}))?"
_MOMENT: Final = re.compile(rf"{_DAY}{_DAY_IN_WORDS}(?P<gap>\s*){_CLOCK}")
_ONLY_DAY: Final = re.compile(_DAY + _DAY_IN_WORDS)
_INTEGER: Final = re.compile(r"[+-]?[0-9]{1,15}(?:\.0+)?")
_DECIMAL: Final = re.compile(r"[0-9]{1,6}(?:\.[0-9]{1,9})?")
_HALF_SECOND: Final = 500_000
_NOON: Final = 12
_YEARS: Final = range(1900, 3000)


class CellError(ValueError):
    """A cell that cannot be read as what its column holds; `code` says how, without the content."""

    def __init__(self, code: str) -> None:
        """Keep the stable `code` of the fault."""
        super().__init__(code)
        self.code = code


def is_missing(value: Cell) -> bool:
    """Tell whether a cell holds nothing but blanks."""
    return value is None or (isinstance(value, str) and not _folded(value))


@lru_cache(maxsize=1 << 15)
def _folded(text: str) -> str:
    return text.translate(_FOLDING).strip()


@lru_cache(maxsize=1 << 15)
def _code_of_text(text: str) -> str:
    return text.translate(_FOLDING).strip().upper()


def code(value: Cell) -> str:
    """Read a code: trimmed, folded to ASCII, upper-cased; a whole number loses its `.0`; missing is ''."""
    if isinstance(value, str):
        return _code_of_text(value)
    if value is None:
        return ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value).upper()


def text(value: Cell) -> str:
    """Read words as they stand, without the blanks around them; missing is ''."""
    if isinstance(value, str):
        return value.translate(_CONTROLS).strip()
    return code(value)


def moment(value: Cell, zone: ZoneInfo) -> datetime | None:
    """Read a time of day on a day, local to `zone`, to the second; missing is None.

    Date cells go to the nearest second. Text may have any of the written forms, in half- or full-width
    digits, with or without seconds.

    Raises:
        CellError: `bad_time` for anything else.
    """
    if isinstance(value, datetime):
        if value.microsecond:
            value = _to_nearest_second(value)
        return _plausible(value).replace(tzinfo=zone)
    if isinstance(value, str):
        return _moment_of_text(value, zone)
    if isinstance(value, date):
        return datetime.combine(_plausible(value), time.min, zone)
    if value is None:
        return None
    raise CellError("bad_time")


def _to_nearest_second(value: datetime) -> datetime:
    whole = value.replace(microsecond=0)
    return whole + timedelta(seconds=1) if value.microsecond >= _HALF_SECOND else whole


@lru_cache(maxsize=1 << 15)
def _moment_of_text(raw: str, zone: ZoneInfo) -> datetime | None:
    folded = _folded(raw)
    if not folded:
        return None
    found = _MOMENT.fullmatch(folded)
    if found is None:
        raise CellError("bad_time")
    half = found["half"]
    if not (found["gap"] or half or found["end"]):
        raise CellError("bad_time")
    hour = int(found["hour"])
    if half:
        if hour > _NOON:
            raise CellError("bad_time")
        hour = hour % _NOON + (_NOON if half == "下午" else 0)
    clock = (hour, int(found["minute"]), int(found["second"] or 0))
    try:
        return datetime.combine(_day_of(found), time(*clock), zone)
    except ValueError:
        raise CellError("bad_time") from None


def _day_of(found: re.Match[str]) -> date:
    read = date(
        int(found["year"]), int(found["month"] or found["month_"]), int(found["day"] or found["day_"])
    )
    return _plausible(read)


def _plausible(read: Day) -> Day:
    if read.year not in _YEARS:
        raise CellError("bad_time")
    return read


def day(value: Cell) -> date | None:
    """Read a day: a date cell or text, a time of day behind it is dropped; missing is None.

    Raises:
        CellError: `bad_time` for anything else.
    """
    if isinstance(value, datetime):
        return _plausible(_to_nearest_second(value).date())
    if isinstance(value, date):
        return _plausible(value)
    if isinstance(value, str):
        return _day_of_text(value)
    if value is None:
        return None
    raise CellError("bad_time")


@lru_cache(maxsize=1 << 12)
def _day_of_text(raw: str) -> date | None:
    folded = _folded(raw)
    if not folded:
        return None
    found = _ONLY_DAY.fullmatch(folded) or _MOMENT.fullmatch(folded)
    if found is None:
        raise CellError("bad_time")
    try:
        return _day_of(found)
    except ValueError:
        raise CellError("bad_time") from None


def integer(value: Cell) -> int | None:
    """Read a whole number, typed as a number or in half- or full-width digits; missing is None.

    Raises:
        CellError: `bad_number` for anything else, yes/no cells and numbers beyond ± 10¹² included.
    """
    if is_missing(value):
        return None
    if isinstance(value, bool):
        raise CellError("bad_number")
    if isinstance(value, (int, float)):
        # Infinity and NaN are not whole either.
        if not float(value).is_integer():
            raise CellError("bad_number")
        number = int(value)
    elif isinstance(value, str) and _INTEGER.fullmatch(_folded(value)):
        number = int(_folded(value).partition(".")[0])
    else:
        raise CellError("bad_number")
    if abs(number) > LARGEST_NUMBER:
        raise CellError("bad_number")
    return number


def thousandths(value: Cell) -> int | None:
    """Read a ratio such as 1.2 as exact thousandths (1200); missing is None.

    Raises:
        CellError: `bad_number` for anything else, negative ones and more than three decimals included.
    """
    if is_missing(value):
        return None
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        raise CellError("bad_number")
    # A spreadsheet keeps and shows 15 digits: 1.2000000000000002 is 0.4 × 3 and means 1.2.
    written = _folded(value) if isinstance(value, str) else format(value, ".15g")
    if not _DECIMAL.fullmatch(written):
        raise CellError("bad_number")
    scaled = Decimal(written) * THOUSAND
    if scaled != scaled.to_integral_value():
        raise CellError("bad_number")
    return int(scaled)


def yes_no(value: Cell) -> bool | None:
    """Read 是 or 否; missing is None.

    Raises:
        CellError: `bad_yes_no` for anything else.
    """
    if is_missing(value):
        return None
    answer = {"是": True, "否": False}.get(_folded(value)) if isinstance(value, str) else None
    if answer is None:
        raise CellError("bad_yes_no")
    return answer


def id_number(value: Cell) -> str | None:
    """Read an ID number, which must be text: a spreadsheet keeps only 15 digits of a number; missing is None.

    Raises:
        CellError: `id_number_typed_as_number` if it is anything but text.
    """
    if is_missing(value):
        return None
    if not isinstance(value, str):
        raise CellError("id_number_typed_as_number")
    return value.translate(_FOLDING).strip().upper()
