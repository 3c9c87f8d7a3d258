"""The precheck of a workbook file: everything that can be refused before a row is read, in bounded memory.

The file may be anything somebody uploads, so sizes are limited, no document type is allowed and nothing is
expanded.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import partial
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Final
from xml.parsers import expat
from zipfile import BadZipFile, LargeZipFile, ZipFile
from zlib import error as ZlibError  # noqa: N812 -- the name it should have had

from timebank.workbook.sheets import FORMS
from timebank.workbook.sheetscan import (
    LIMIT_ROWS,
    SheetScan,
    UnsafeXmlError,
    check_plain,
    column_letters,
    scan_sheet,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

LIMIT_BYTES: Final = 1 << 30
LIMIT_PART_RATIO: Final = 300
LIMIT_STRINGS_BYTES: Final = 1 << 28
LIMIT_COLUMNS: Final = 26
LIMIT_PARTS: Final = 10_000

_RATIO_APPLIES_FROM_BYTES: Final = 1 << 24
_LIMIT_INDEX_BYTES: Final = 1 << 20
_WORKBOOK: Final = "xl/workbook.xml"
_RELATIONS: Final = "xl/_rels/workbook.xml.rels"
_STRINGS: Final = "xl/sharedStrings.xml"
_STYLES: Final = "xl/styles.xml"
_OLD_OR_LOCKED: Final = b"\xd0\xcf\x11\xe0"
_SHOWN_TITLES: Final = 5
_SHOWN_LETTERS: Final = 30


class WorkbookRefused(ValueError):  # noqa: N818 -- refusals are named as such throughout
    """A workbook that is not taken at all; `code` says why and `params` where, without quoting rows."""

    def __init__(self, code: str, **params: str | int) -> None:
        """Keep the stable `code` and what its words speak of."""
        super().__init__(code, params)
        self.code = code
        self.params: Mapping[str, str | int] = params


@dataclass(frozen=True, slots=True)
class Package:
    """A file that passed: the name of each known sheet as the file spells it, by its title in the form."""

    path: Path
    sheet_names: dict[str, str]


def check_package(path: Path) -> Package:
    """Check a file from its first bytes to the reach of its sheets; columns are checked when rows are read.

    Raises:
        WorkbookRefused: `file_not_found`, `not_a_workbook` (reason: empty, old_or_locked, not_excel,
            locked, damaged), `too_large` (limit_mib), `unknown_sheet` (sheets), `missing_sheet` (sheets),
            `duplicate_sheet` (sheet), `formula_cell` (cells), `error_cell` (cells),
            `too_many_rows` (sheet, limit), `too_many_columns` (sheet, column).
    """
    if not path.is_file():
        raise WorkbookRefused("file_not_found")
    with path.open("rb") as file:
        first = file.read(4)
    if not first:
        raise WorkbookRefused("not_a_workbook", reason="empty")
    if first == _OLD_OR_LOCKED:
        raise WorkbookRefused("not_a_workbook", reason="old_or_locked")
    if first != b"PK\x03\x04":
        raise WorkbookRefused("not_a_workbook", reason="not_excel")
    try:
        with ZipFile(path) as archive:
            return _check_archive(archive, path)
    # RuntimeError is zipfile's word for a password and, in a kind of its own, for a compression that it does not know.
    except (BadZipFile, LargeZipFile, ZlibError, EOFError, RuntimeError, KeyError):
        raise WorkbookRefused("not_a_workbook", reason="damaged") from None
    except (UnsafeXmlError, expat.ExpatError, UnicodeError):
        raise WorkbookRefused("not_a_workbook", reason="damaged") from None


def _check_archive(archive: ZipFile, path: Path) -> Package:
    parts = _check_parts(archive)
    if _WORKBOOK not in parts or _RELATIONS not in parts:
        raise WorkbookRefused("not_a_workbook", reason="not_excel")
    for name in parts & {_STRINGS, _STYLES}:
        with archive.open(name) as stream:
            check_plain(stream)
    files = _sheet_files(archive)
    package = Package(path, _known_sheets(files))
    scans: dict[str, SheetScan] = {}
    for title, name in package.sheet_names.items():
        part = files[name]
        if part not in parts:
            raise WorkbookRefused("not_a_workbook", reason="damaged")
        scans[title] = scan_sheet(partial(archive.open, part))
        _check_reach(title, scans[title])
    _check_cells("formula_cell", {title: scan.formulas for title, scan in scans.items()})
    _check_cells("error_cell", {title: scan.errors for title, scan in scans.items()})
    return package


def _check_parts(archive: ZipFile) -> frozenset[str]:
    """Refuse bombs, passwords and names that two programs might read differently."""
    entries = archive.infolist()
    names = frozenset(entry.filename for entry in entries)
    if any(entry.flag_bits & 1 for entry in entries):
        raise WorkbookRefused("not_a_workbook", reason="locked")
    if len({name.lower().replace("\\", "/") for name in names}) != len(entries):
        raise WorkbookRefused("not_a_workbook", reason="damaged")
    swollen = any(
        entry.file_size > _RATIO_APPLIES_FROM_BYTES
        and entry.file_size > LIMIT_PART_RATIO * max(1, entry.compress_size)
        for entry in entries
    )
    strings_bytes = sum(entry.file_size for entry in entries if entry.filename in {_STRINGS, _STYLES})
    total_bytes = sum(entry.file_size for entry in entries)
    if (
        swollen
        or len(entries) > LIMIT_PARTS
        or total_bytes > LIMIT_BYTES
        or strings_bytes > LIMIT_STRINGS_BYTES
    ):
        raise WorkbookRefused("too_large", limit_mib=LIMIT_BYTES >> 20)
    return names


def _sheet_files(archive: ZipFile) -> dict[str, str]:
    """Return the part that holds each sheet, by the sheet's name in the file."""
    targets = {
        attributes["Id"]: _resolved(attributes["Target"])
        for tag, attributes in _elements(archive, _RELATIONS)
        if tag == "Relationship" and attributes.get("TargetMode") != "External"
    }
    files: dict[str, str] = {}
    for tag, attributes in _elements(archive, _WORKBOOK):
        if tag != "sheet":
            continue
        identity = next(
            (value for key, value in attributes.items() if key.rpartition(":")[2] == "id" and ":" in key), ""
        )
        if attributes["name"] in files:
            raise WorkbookRefused("not_a_workbook", reason="damaged")
        files[attributes["name"]] = targets[identity]
    return files


def _resolved(target: str) -> str:
    if target.startswith("/"):
        return target.removeprefix("/")
    return target if target.startswith("xl/") else str(PurePosixPath("xl") / target)


def _elements(archive: ZipFile, name: str) -> list[tuple[str, dict[str, str]]]:
    """List the elements of a small index part with their attributes."""
    if archive.getinfo(name).file_size > _LIMIT_INDEX_BYTES:
        raise WorkbookRefused("too_large", limit_mib=_LIMIT_INDEX_BYTES >> 20)
    found: list[tuple[str, dict[str, str]]] = []

    def start(tag: str, attributes: dict[str, str]) -> None:
        found.append((tag.rpartition(":")[2], dict(attributes)))

    def refuse(*_declared: object) -> None:
        raise UnsafeXmlError

    parser = expat.ParserCreate()
    parser.StartElementHandler = start
    parser.StartDoctypeDeclHandler = refuse
    parser.Parse(archive.read(name), True)  # noqa: FBT003 -- positional in expat
    return found


def _known_sheets(names: Iterable[str]) -> dict[str, str]:
    known: dict[str, str] = {}
    unknown: list[str] = []
    for name in names:
        title = name.strip()
        if title not in FORMS:
            unknown.append(title)
        elif title in known:
            raise WorkbookRefused("duplicate_sheet", sheet=title)
        else:
            known[title] = name
    if unknown:
        raise WorkbookRefused("unknown_sheet", sheets=shown_titles(unknown))
    missing = [title for title in FORMS if title not in known]
    if missing:
        raise WorkbookRefused("missing_sheet", sheets=shown_titles(missing, len(FORMS)))
    return known


def _check_reach(title: str, scan: SheetScan) -> None:
    if max(scan.rows, scan.last_row) > LIMIT_ROWS + 1:
        raise WorkbookRefused("too_many_rows", sheet=title, limit=LIMIT_ROWS)
    if scan.last_column > LIMIT_COLUMNS:
        raise WorkbookRefused("too_many_columns", sheet=title, column=column_letters(scan.last_column))


def _check_cells(code: str, cells: dict[str, list[str]]) -> None:
    listed = [f"{title}!{name}" for title, names in cells.items() for name in names]
    if listed:
        raise WorkbookRefused(code, cells="、".join(listed[:_SHOWN_TITLES]))


def shown_titles(titles: Iterable[str], limit: int = _SHOWN_TITLES) -> str:
    """List a few titles for a message, each cut to what a title may reasonably be and without line breaks."""
    cut = [re.sub(r"\s+", " ", title)[:_SHOWN_LETTERS] for title in titles]
    return "、".join(cut[:limit]) + ("…" if len(cut) > limit else "")
