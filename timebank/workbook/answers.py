"""The answer to a workbook read once more: which rows want mending, for a page that shows the first of them."""

import io
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from python_calamine import CalamineWorkbook

from timebank.workbook.report import RESULT_TITLES, SUMMARY_TITLE

WELL: Final = frozenset(
    {"registered", "credited", "merged", "awarded", "redeemed", "already_recorded", "kept_as_registered"}
)
"""Fates of rows that want nothing."""


@dataclass(frozen=True, slots=True)
class RowToMend:
    """A row that was not taken, or not wholly: its sheet, its number there, and what became of it."""

    sheet: str
    row_number: int
    code: str
    message_zh: str
    message_en: str


def rows_to_mend(answer: bytes, *, limit: int) -> list[RowToMend]:
    """Return the first rows of an answer that want mending, sheet by sheet."""
    book = CalamineWorkbook.from_filelike(io.BytesIO(answer))
    found: list[RowToMend] = []
    for sheet in book.sheet_names:
        if sheet != SUMMARY_TITLE:
            for row in _of_sheet(book, sheet):
                found.append(row)
                if len(found) == limit:
                    return found
    return found


def _of_sheet(book: CalamineWorkbook, sheet: str) -> Iterator[RowToMend]:
    is_headed = False
    for number, row in enumerate(book.get_sheet_by_name(sheet).iter_rows(), start=1):
        if not is_headed:
            is_headed = tuple(row[-2:]) == RESULT_TITLES
            continue
        chinese, english = str(row[-2]), str(row[-1])
        words, _, codes = english.rpartition(" [")
        all_codes = codes.rstrip("]").split(", ")
        if words and not set(all_codes) <= WELL:
            yield RowToMend(sheet, number, all_codes[0], chinese, words)
