"""Writing .xlsx files row by row in bounded memory: what a cell says is shown, never calculated or linked."""

from __future__ import annotations

import math
import re
from datetime import date, datetime
from io import BytesIO
from typing import TYPE_CHECKING, Final, Self

import xlsxwriter

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path
    from types import TracebackType

    from xlsxwriter.format import Format
    from xlsxwriter.worksheet import Worksheet

    from timebank.workbook.cells import Cell

_OPTIONS: Final = {
    "constant_memory": True,
    "strings_to_formulas": False,
    "strings_to_urls": False,
    "strings_to_numbers": False,
}
_A4: Final = 9
_LONGEST_TEXT: Final = 32_767
_FIRST_DATE_YEAR: Final = 1901
# XML knows no way to write these; a workbook made by a broken program may hold them all the same.
_UNWRITABLE: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")


class SheetWriter:
    """One open sheet; rows are given in ascending order of their numbers, counted from 1."""

    def __init__(self, sheet: Worksheet, *, day: Format, moment: Format, title: Format) -> None:
        """Write to a sheet with the workbook's formats."""
        self._sheet = sheet
        self._day = day
        self._moment = moment
        self._title = title
        self._header = self._last = (0, 0)

    def write_titles(self, row_number: int, titles: Sequence[str]) -> None:
        """Write a row of bold column titles, by which the rows below can be filtered."""
        self._header = self._last = (row_number - 1, len(titles) - 1)
        for place, title in enumerate(titles):
            self._sheet.write_string(row_number - 1, place, _writable(title), self._title)

    def write_row(self, row_number: int, values: Sequence[Cell]) -> None:
        """Write a row of values; blank ones take no cell."""
        sheet, row = self._sheet, row_number - 1
        self._last = (row, self._last[1])
        for place, value in enumerate(values):
            if value is None or value == "":
                continue
            if isinstance(value, str):
                sheet.write_string(row, place, _writable(value))
            elif isinstance(value, bool):
                sheet.write_boolean(row, place, value)
            elif isinstance(value, (int, float)) and math.isfinite(value):
                sheet.write_number(row, place, value)
            elif isinstance(value, date) and value.year >= _FIRST_DATE_YEAR:
                style = self._moment if isinstance(value, datetime) else self._day
                sheet.write_datetime(row, place, value, style)
            else:
                sheet.write_string(row, place, str(value))

    def finish(self) -> None:
        """Let the titles filter all rows that were written."""
        self._sheet.autofilter(self._header[0], 0, *self._last)


class WorkbookWriter:
    """An .xlsx file being written, one sheet after another; use as a context manager."""

    def __init__(self, target: Path | BytesIO) -> None:
        """Begin a file at a path, or in memory."""
        self._book = xlsxwriter.Workbook(target if isinstance(target, BytesIO) else str(target), _OPTIONS)
        self._day = self._book.add_format({"num_format": "yyyy-mm-dd"})
        self._moment = self._book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"})
        self._title = self._book.add_format({"bold": True})
        self._sheets: list[SheetWriter] = []

    def __enter__(self) -> Self:
        """Return the writer."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Write the file; after an error the caller throws it away."""
        for sheet in self._sheets:
            sheet.finish()
        self._book.close()

    def sheet(self, title: str, *, header_rows: int, widths: Sequence[int]) -> SheetWriter:
        """Open the next sheet; `widths` in characters, the first rows stay in view.

        Printed, it is as wide as a page, with the titles on each.
        """
        sheet = self._book.add_worksheet(title)
        sheet.set_landscape()
        sheet.set_paper(_A4)
        sheet.fit_to_pages(1, 0)
        sheet.repeat_rows(header_rows - 1)
        sheet.freeze_panes(header_rows, 0)
        for place, width in enumerate(widths):
            sheet.set_column(place, place, width)
        writer = SheetWriter(sheet, day=self._day, moment=self._moment, title=self._title)
        self._sheets.append(writer)
        return writer


def _writable(value: str) -> str:
    return _UNWRITABLE.sub("\ufffd", value[:_LONGEST_TEXT])
