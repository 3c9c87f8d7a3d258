"""A larger workbook out of a given one: its rows several times over, each time with codes of their own.

Run as a program, so that the memory it takes is not the benchmark's: `SOURCE TARGET COPIES [ROWS_PER_SHEET]`.
"""

import sys
from collections.abc import Iterable, Sequence
from itertools import islice
from pathlib import Path

import openpyxl
import xlsxwriter

CODES = frozenset(
    {
        "编码",
        "上级编码",
        "所属社区",
        "服务队",
        "志愿者编号",
        "活动编号",
        "组织单位",
        "负责人",
        "门店",
        "小票号",
    }
)
"""Columns that name rows of this or another sheet: a copy's point into the copy."""

OPTIONS = {
    "constant_memory": True,
    "default_date_format": "yyyy-mm-dd hh:mm",
    "strings_to_formulas": False,
    "strings_to_urls": False,
}


def copy_workbook(source: Path, target: Path, copies: int, rows_per_sheet: int | None) -> None:
    """Write the workbook `copies` times over, of each sheet only the first rows where a number is given."""
    book = openpyxl.load_workbook(source, read_only=True)
    limit = None if rows_per_sheet is None else 1 + rows_per_sheet
    with xlsxwriter.Workbook(str(target), OPTIONS) as made:
        for sheet in book.worksheets:
            rows = list(islice(sheet.iter_rows(values_only=True), limit))
            written = made.add_worksheet(sheet.title)
            for number, row in enumerate(_all_rows(rows, copies)):
                written.write_row(number, 0, row)


def _all_rows(rows: Sequence[Sequence[object]], copies: int) -> Iterable[Sequence[object]]:
    header = rows[0]
    yield header
    codes = [str(title).strip() in CODES for title in header]
    for copy in range(copies):
        for row in rows[1:]:
            yield [_renamed(cell, copy) if code else cell for cell, code in zip(row, codes, strict=False)]


def _renamed(cell: object, copy: int) -> object:
    """Return the code as the copy has it; the first keeps its own, and an empty cell stays empty."""
    if copy == 0 or cell is None or not str(cell).strip():
        return cell
    return f"{str(cell).strip()}-{copy}"


if __name__ == "__main__":
    copy_workbook(
        Path(sys.argv[1]),
        Path(sys.argv[2]),
        int(sys.argv[3]),
        int(sys.argv[4]) if len(sys.argv) > 4 else None,
    )
