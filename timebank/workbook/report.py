"""The answer to a workbook: the same sheets and rows with what became of each, and a summary.

Personal columns are masked, so the answer may be passed on where the workbook may not.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Final

from timebank.errors import RefusalError
from timebank.workbook.fates import Fate, counts
from timebank.workbook.sheets import FORMS
from timebank.workbook.sheetwriter import WorkbookWriter
from timebank.workbook.words import FATES, fate_words

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from timebank.workbook.cells import Cell
    from timebank.workbook.reader import NumberedCells, Workbook
    from timebank.workbook.sheets import SheetForm

MASK: Final = "***"
RESULT_TITLES: Final = ("结果", "Result")
SUMMARY_TITLE: Final = "汇总 Summary"
_SUMMARY_TITLES: Final = ("工作表", "Sheet", "代码 Code", "说明", "Meaning", "行数 Rows")
_WIDTH: Final = 18
_RESULT_WIDTHS: Final = (36, 48)
_NOT_SHOWN: Final = frozenset(("", None))


def check_place(workbook: Path, report: Path) -> None:
    """Refuse a place for the answer before anything is booked.

    Raises:
        RefusalError: `report_over_workbook` (it would replace the workbook), `report_not_writable`.
    """
    if report.exists() and workbook.exists() and report.samefile(workbook):
        raise RefusalError("report_over_workbook", path=report)
    if report.is_dir() or not report.parent.is_dir() or not os.access(report.parent, os.W_OK):
        raise RefusalError("report_not_writable", path=report)


def write_report(workbook: Workbook, out_path: Path, fates: Mapping[str, Mapping[int, Fate]]) -> None:
    """Write the answer to `out_path`, replacing what is there only when it is complete.

    Rows keep their numbers. `fates` is by sheet title and row number; a row without one is an error of the
    caller.

    Raises:
        KeyError: a row has no fate.
        OSError: the file cannot be written.
    """
    handle, name = tempfile.mkstemp(prefix=f".{out_path.name}.", suffix=".part", dir=out_path.parent)
    os.close(handle)
    unfinished = Path(name)
    try:
        with WorkbookWriter(unfinished) as writer:
            for title in workbook.titles:
                _write_sheet(writer, FORMS[title], workbook.source_rows(FORMS[title]), fates[title])
            _write_summary(writer, workbook.titles, fates)
        unfinished.replace(out_path)
    finally:
        unfinished.unlink(missing_ok=True)


def _write_sheet(
    writer: WorkbookWriter, form: SheetForm, rows: Iterator[NumberedCells], fates: Mapping[int, Fate]
) -> None:
    header_row, header = next(rows)
    titles = [str(title) for title in header]
    masked = [place for place, title in enumerate(titles) if title in form.personal_titles]
    words: dict[Fate, tuple[str, str]] = {}
    widths = [_WIDTH] * len(titles) + list(_RESULT_WIDTHS)
    sheet = writer.sheet(form.title, header_rows=header_row, widths=widths)
    sheet.write_titles(header_row, [*titles, *RESULT_TITLES])
    for row_number, row in rows:
        fate = fates[row_number]
        result = words.get(fate)
        if result is None:
            result = words[fate] = fate_words(fate)
        shown: list[Cell] = [*row, *result]
        for place in masked:
            if shown[place] not in _NOT_SHOWN:
                shown[place] = MASK
        sheet.write_row(row_number, shown)


def _write_summary(
    writer: WorkbookWriter, titles: list[str], fates: Mapping[str, Mapping[int, Fate]]
) -> None:
    sheet = writer.sheet(SUMMARY_TITLE, header_rows=1, widths=(12, 16, 28, 44, 56, 12))
    sheet.write_titles(1, _SUMMARY_TITLES)
    row_number = 1
    for title in titles:
        for code, rows in sorted(counts(fates[title]).items()):
            row_number += 1
            chinese, english = (_without_numbers(words) for words in FATES[code])
            sheet.write_row(row_number, [title, FORMS[title].english, code, chinese, english, rows])


def _without_numbers(words: str) -> str:
    return words.format("…", "…")
