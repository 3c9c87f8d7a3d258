"""The raw XML of one sheet, measured in bounded memory before the spreadsheet library unfolds it.

The library makes a dense table (one stray cell in XFD1048576 would fill the memory) and drops formulas, so
both are looked for here: a fast search that proves an ordinary sheet harmless, and an exact parser for
everything else.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import IO, TYPE_CHECKING, Final
from xml.parsers import expat

if TYPE_CHECKING:
    from collections.abc import Callable

CHUNK_BYTES: Final = 1 << 18
LONGEST_TAG_BYTES: Final = 1 << 20
SHOWN_CELLS: Final = 5

LIMIT_ROWS: Final = 400_000

# More than 26 columns, or a row from 400,000 on, is measured exactly; so is anything with a namespace prefix.
_FAR: Final = re.compile(rb'r="(?:[A-Z]{2}|[A-Z]?(?:[4-9][0-9]{5}|[0-9]{7}))')
_PREFIXED: Final = re.compile(rb":(?:row|[cf])[\s/>]")
_ODD: Final = (b"<f", b"<!", b't="e"', b"t='e'", b"\0")
_END: Final = b"</sheetData"
_CELL_NAME: Final = re.compile(r"([A-Z]{1,4})([0-9]{1,9})")
_ALPHABET: Final = 26


class UnsafeXmlError(ValueError):
    """XML that no spreadsheet program writes: broken, endless, or with a document type."""


@dataclass(slots=True)
class SheetScan:
    """How far a sheet reaches, and the first cells that hold a formula or an error value."""

    rows: int = 0
    last_row: int = 0
    last_column: int = 0
    formulas: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)


def scan_sheet(open_stream: Callable[[], IO[bytes]]) -> SheetScan:
    """Measure a sheet; the fast search answers alone if it finds nothing out of the ordinary.

    `open_stream` may be called twice. Measuring stops soon after `LIMIT_ROWS` and a header are passed.

    Raises:
        UnsafeXmlError: the XML is not what a spreadsheet program writes.
    """
    with open_stream() as stream:
        rows = _count_plain_rows(stream)
    if rows is not None:
        return SheetScan(rows=rows, last_row=rows, last_column=_ALPHABET)
    with open_stream() as stream:
        return _Measure().run(stream)


def check_plain(stream: IO[bytes]) -> None:
    """Read a part to its end and refuse a document type in it.

    Raises:
        UnsafeXmlError: there is one, or a tag does not end.
    """
    carried = b""
    while chunk := stream.read(CHUNK_BYTES):
        piece = carried + chunk
        if b"<!D" in piece or b"<!E" in piece or b"\0" in piece:
            raise UnsafeXmlError
        carried = piece[-2:]


def _count_plain_rows(stream: IO[bytes]) -> int | None:
    """Count the rows of a sheet as the usual programs write it; None if anything in it is unusual."""
    rows = 0
    carried = b""
    ended = False
    while chunk := stream.read(CHUNK_BYTES):
        if ended:
            continue
        piece = carried + chunk
        ended = _END in piece
        cut = piece.index(_END) if ended else piece.rfind(b"<")
        if cut < 0 or len(piece) - cut > LONGEST_TAG_BYTES:
            raise UnsafeXmlError
        # What follows the last "<" may be half a tag: it waits for the next chunk.
        piece, carried = piece[:cut], piece[cut:]
        found = _count_rows_of_piece(piece)
        if found is None:
            return None
        rows += found
        if rows > LIMIT_ROWS + 1:
            return rows
    return rows if ended else None


def _count_rows_of_piece(piece: bytes) -> int | None:
    """Count rows, provided that each row and cell names its place first thing and nothing else is there."""
    rows = piece.count(b"<row")
    columns = piece.count(b"<col ") + piece.count(b"<cols>") if b"<col" in piece else 0
    ordinary = (
        rows == piece.count(b'<row r="')
        and piece.count(b"<c") == piece.count(b'<c r="') + columns
        and not any(mark in piece for mark in _ODD)
        and not _PREFIXED.search(piece)
        and not _FAR.search(piece)
    )
    return rows if ordinary else None


class _Measure:
    """The exact way: every cell's place, by a parser that expands and loads nothing."""

    def __init__(self) -> None:
        self._scan = SheetScan()
        self._row = self._column = 0
        self._parser = expat.ParserCreate()
        self._parser.StartElementHandler = self._start
        self._parser.StartDoctypeDeclHandler = self._refuse
        self._parser.buffer_text = True

    def run(self, stream: IO[bytes]) -> SheetScan:
        unfinished_since = 0
        read_bytes = 0
        try:
            while chunk := stream.read(CHUNK_BYTES):
                seen = self._parser.CurrentByteIndex
                self._parser.Parse(chunk, False)  # noqa: FBT003 -- positional in expat
                read_bytes += len(chunk)
                unfinished_since = read_bytes if self._parser.CurrentByteIndex > seen else unfinished_since
                if read_bytes - unfinished_since > LONGEST_TAG_BYTES:
                    raise UnsafeXmlError
                if self._scan.rows > LIMIT_ROWS + 1:
                    return self._scan
            self._parser.Parse(b"", True)  # noqa: FBT003 -- takes no names
        except expat.ExpatError:
            raise UnsafeXmlError from None
        return self._scan

    def _refuse(self, *_declared: object) -> None:
        raise UnsafeXmlError

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        name = tag.rpartition(":")[2]
        scan = self._scan
        if name == "c":
            self._place(attributes.get("r"))
            scan.last_row = max(scan.last_row, self._row)
            scan.last_column = max(scan.last_column, self._column)
            if attributes.get("t") == "e":
                self._note(scan.errors)
        elif name == "row":
            self._row = _number(attributes.get("r")) or self._row + 1
            self._column = 0
            scan.rows += 1
        elif name == "f":
            self._note(scan.formulas)

    def _place(self, cell_name: str | None) -> None:
        found = _CELL_NAME.fullmatch(cell_name or "")
        if cell_name is not None and found is None:
            raise UnsafeXmlError
        if found is None:
            self._column += 1
            return
        self._column, self._row = column_number(found[1]), int(found[2])

    def _note(self, cells: list[str]) -> None:
        if len(cells) < SHOWN_CELLS:
            cells.append(f"{column_letters(self._column)}{self._row}")


def _number(written: str | None) -> int:
    if written is None:
        return 0
    if not re.fullmatch(r"[0-9]{1,9}", written):
        raise UnsafeXmlError
    return int(written)


def column_number(letters: str) -> int:
    """Return the number of a column, A being 1."""
    number = 0
    for letter in letters:
        number = number * _ALPHABET + ord(letter) - ord("A") + 1
    return number


def column_letters(number: int) -> str:
    """Return the letters of a column, 1 being A."""
    letters = ""
    while number:
        number, rest = divmod(number - 1, _ALPHABET)
        letters = chr(ord("A") + rest) + letters
    return letters
