"""Reading the district workbook: the precheck, columns by their titles, one sheet's rows at a time."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeAlias

from python_calamine import CalamineError, CalamineWorkbook

from timebank.workbook import cells
from timebank.workbook.precheck import Package, WorkbookRefused, check_package, shown_titles
from timebank.workbook.sheetscan import column_letters

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from timebank.workbook.cells import Cell
    from timebank.workbook.sheets import SheetForm

__all__ = ["NumberedCells", "Workbook", "WorkbookRefused", "open_workbook"]

NumberedCells: TypeAlias = "tuple[int, Sequence[Cell]]"
"""A row number as the spreadsheet shows it, counted from 1, and the row's cells."""

_TITLES_THAT_MAKE_A_HEADER: Final = 2


@dataclass(frozen=True, slots=True)
class _Header:
    titles: tuple[str, ...]
    untitled: tuple[int, ...]


class Workbook:
    """A workbook that passed the precheck; one sheet's rows are in memory at a time."""

    def __init__(self, package: Package) -> None:
        """Take a checked file."""
        self._path = package.path
        self._sheet_names = package.sheet_names
        self._book: CalamineWorkbook | None = None

    @property
    def titles(self) -> list[str]:
        """Return the titles of the sheets in the order of the file."""
        return list(self._sheet_names)

    def rows(self, form: SheetForm) -> Iterator[NumberedCells]:
        """Yield a sheet's rows, cells in the order of `form.columns`; a column it does without gives None.

        The header and empty rows are left out.

        Raises:
            WorkbookRefused: `missing_header` (sheet), `duplicate_column`, `unknown_column` or
                `missing_column` (sheet, columns), `not_a_workbook`.
        """
        source = self.source_rows(form)
        titles = [str(title) for title in next(source)[1]]
        order = [titles.index(column.title) if column.title in titles else -1 for column in form.columns]
        if order == list(range(len(titles))):
            yield from source
            return
        for row_number, row in source:
            yield row_number, [row[place] if place >= 0 else None for place in order]

    def source_rows(self, form: SheetForm) -> Iterator[NumberedCells]:
        """Yield the checked header and then the rows, with the columns in the order of the file.

        Raises:
            WorkbookRefused: as `rows`.
        """
        header: _Header | None = None
        for row_number, row in enumerate(self._all_rows(form.title), start=1):
            if all(cells.is_missing(value) for value in row):
                continue
            if header is None:
                header = _checked_header(form, row)
                yield row_number, header.titles
                continue
            for place in header.untitled:
                if not cells.is_missing(row[place]):
                    raise WorkbookRefused(
                        "unknown_column", sheet=form.title, columns=f"{column_letters(place + 1)}{row_number}"
                    )
            yield row_number, row[: len(header.titles)]
        if header is None:
            raise WorkbookRefused("missing_header", sheet=form.title)

    def _all_rows(self, title: str) -> Iterator[Sequence[Cell]]:
        try:
            if self._book is None:
                # By content and not by the name's ending, which an upload need not have.
                with self._path.open("rb") as file:
                    self._book = CalamineWorkbook.from_filelike(file)
            sheet = self._book.get_sheet_by_name(self._sheet_names[title])
        except (CalamineError, OSError):
            raise WorkbookRefused("not_a_workbook", reason="damaged") from None
        yield from sheet.iter_rows()


def open_workbook(path: Path) -> Workbook:
    """Precheck a file and return it as a workbook.

    Raises:
        WorkbookRefused: see `check_package`.
    """
    return Workbook(check_package(path))


def _checked_header(form: SheetForm, row: Sequence[Cell]) -> _Header:
    """Check titles against the form; a row that is no header is not quoted, for it may name a person."""
    titles = [cells.text(value) for value in row]
    declared = {column.title for column in form.columns}
    if len(declared.intersection(titles)) < _TITLES_THAT_MAKE_A_HEADER:
        raise WorkbookRefused("missing_header", sheet=form.title)
    untitled = tuple(place for place, title in enumerate(titles) if not title)
    while not titles[-1]:
        titles.pop()
    repeated = [title for title, times in Counter(titles).items() if title and times > 1]
    if repeated:
        raise WorkbookRefused("duplicate_column", sheet=form.title, columns=shown_titles(repeated))
    unknown = [title for title in titles if title and title not in declared]
    if unknown:
        raise WorkbookRefused("unknown_column", sheet=form.title, columns=shown_titles(unknown))
    missing = [column.title for column in form.columns if column.required and column.title not in titles]
    if missing:
        raise WorkbookRefused(
            "missing_column", sheet=form.title, columns=shown_titles(missing, len(form.columns))
        )
    return _Header(tuple(titles), untitled)
