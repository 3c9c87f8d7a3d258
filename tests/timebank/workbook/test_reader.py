"""What the precheck refuses, and how rows are found."""

from __future__ import annotations

import re
import subprocess
import sys
import zipfile
from typing import TYPE_CHECKING

import openpyxl
import pytest

from tests.timebank.workbook import generator
from timebank.workbook import sheets
from timebank.workbook.precheck import LIMIT_PART_RATIO
from timebank.workbook.reader import WorkbookRefused, open_workbook
from timebank.workbook.sheetscan import CHUNK_BYTES, LIMIT_ROWS, column_letters, column_number
from timebank.workbook.words import REFUSALS, refusal_words

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
GOODS_PART = "xl/worksheets/sheet7.xml"
TEXT = '<c r="{0}{1}" t="inlineStr"><is><t>{2}</t></is></c>'
HEADER = "".join(TEXT.format("ABCDE"[n], 1, title) for n, title in enumerate(generator.TITLES["商品"]))


@pytest.fixture
def book(tmp_path: Path) -> Path:
    path = tmp_path / "district.xlsx"
    generator.write(path, generator.district(1, generator.Size(3, 3, 5, 1, 2, 3)))
    return path


def refused(path: Path) -> tuple[str, dict[str, str | int]]:
    """Open a workbook and read all its sheets; return the refusal, which has words in both languages."""
    with pytest.raises(WorkbookRefused) as caught:  # noqa: PT012 -- columns are checked sheet by sheet
        workbook = open_workbook(path)
        for form in sheets.FORMS.values():
            list(workbook.rows(form))
    assert set(REFUSALS) >= {caught.value.code}
    assert all(words and "{" not in words for words in refusal_words(caught.value))
    return caught.value.code, dict(caught.value.params)


def rewrite(path: Path, changes: dict[str, Callable[[bytes], bytes]], **extra: bytes) -> None:
    """Change parts of the file."""
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    for name, change in changes.items():
        parts[name] = change(parts[name])
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in (parts | extra).items():
            archive.writestr(name, content)


def write_first_rows(path: Path, rows: dict[str, list[str]]) -> None:
    book = openpyxl.Workbook(write_only=True)
    for title, row in rows.items():
        book.create_sheet(title).append(row)
    book.save(path)


def with_goods(path: Path, body: str, *, root: str = "worksheet", space: str = "xmlns") -> None:
    xml = f'<?xml version="1.0"?><{root} {space}="{MAIN}">{body}</{root}>'
    rewrite(path, {GOODS_PART: lambda _: xml.encode()})


def sheet_data(rows: str) -> str:
    return f'<sheetData><row r="1">{HEADER}</row>{rows}</sheetData>'


def goods_rows(path: Path) -> list[tuple[int, list[object]]]:
    return [(number, list(row)) for number, row in open_workbook(path).rows(sheets.GOODS)]


def test_a_good_workbook_is_opened(book: Path) -> None:
    workbook = open_workbook(book)
    assert workbook.titles == list(sheets.FORMS)
    assert [number for number, _ in workbook.rows(sheets.VOLUNTEERS)] == [2, 3, 4]


def test_a_workbook_needs_no_ending(book: Path) -> None:
    assert open_workbook(book.rename(book.with_suffix(""))).titles == list(sheets.FORMS)


def test_a_missing_file_is_not_found(tmp_path: Path) -> None:
    assert refused(tmp_path / "none.xlsx") == ("file_not_found", {})
    assert refused(tmp_path) == ("file_not_found", {})


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "empty"),
        ("编码,名称\nQ1,区\n".encode(), "not_excel"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "old_or_locked"),
        (b"PK\x03\x04" + bytes(600), "damaged"),
    ],
)
def test_other_files_are_no_workbooks(content: bytes, reason: str, tmp_path: Path) -> None:
    path = tmp_path / "file.xlsx"
    path.write_bytes(content)
    assert refused(path) == ("not_a_workbook", {"reason": reason})


def test_another_zip_is_no_workbook(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.xlsx", "w") as archive:
        archive.writestr("word/document.xml", "<w/>")
    assert refused(tmp_path / "a.xlsx") == ("not_a_workbook", {"reason": "not_excel"})


def test_a_cut_or_scratched_workbook_is_damaged(book: Path, tmp_path: Path) -> None:
    content = book.read_bytes()
    (tmp_path / "cut.xlsx").write_bytes(content[: len(content) // 2])
    assert refused(tmp_path / "cut.xlsx") == ("not_a_workbook", {"reason": "damaged"})
    with zipfile.ZipFile(book) as archive:
        place = archive.getinfo(GOODS_PART).header_offset + 80
    scratched = bytearray(content)
    scratched[place : place + 8] = b"scratch!"
    (tmp_path / "scratched.xlsx").write_bytes(bytes(scratched))
    assert refused(tmp_path / "scratched.xlsx") == ("not_a_workbook", {"reason": "damaged"})


def test_a_locked_zip_is_refused(book: Path) -> None:
    content = bytearray(book.read_bytes())
    place = content.index(b"PK\x01\x02")
    content[place + 8] |= 1
    book.write_bytes(bytes(content))
    assert refused(book) == ("not_a_workbook", {"reason": "locked"})


def test_sheets_must_be_the_eight(book: Path) -> None:
    rewrite(book, {"xl/workbook.xml": lambda xml: xml.replace("兑换".encode(), b"Sheet 9")})
    assert refused(book) == ("unknown_sheet", {"sheets": "Sheet 9"})


def test_no_sheet_may_be_missing(tmp_path: Path) -> None:
    rows = generator.district(1, generator.Size(2, 2, 2, 1, 2, 1))
    del rows["奖励"], rows["商品"]
    generator.write(tmp_path / "a.xlsx", rows)
    assert refused(tmp_path / "a.xlsx") == ("missing_sheet", {"sheets": "奖励、商品"})


def test_sheets_may_be_empty_but_for_their_titles(tmp_path: Path) -> None:
    generator.write(tmp_path / "a.xlsx", {title: [] for title in sheets.FORMS})
    workbook = open_workbook(tmp_path / "a.xlsx")
    assert [list(workbook.rows(form)) for form in sheets.FORMS.values()] == [[]] * 8


@pytest.mark.parametrize(
    ("titles", "code", "columns"),
    [
        (["门店", "商品编码", "名称", "积分价", "库存", "颜色"], "unknown_column", "颜色"),
        (["门店", "商品编码", "名称", "积分价"], "missing_column", "库存"),
        (["门店", "商品编码", "名称", "积分价", "库存", "门店 "], "duplicate_column", "门店"),
        (["M01", "M01-001", "张三", 5, 5], "missing_header", None),
        ([], "missing_header", None),
    ],
)
def test_columns_must_be_those_of_the_form(
    titles: list[str], code: str, columns: str | None, tmp_path: Path
) -> None:
    write_first_rows(tmp_path / "a.xlsx", generator.TITLES | {"商品": titles})
    expected = {"sheet": "商品"} | ({"columns": columns} if columns else {})
    assert refused(tmp_path / "a.xlsx") == (code, expected)


def test_columns_are_found_in_any_order_and_empty_rows_are_passed_over(book: Path) -> None:
    body = '<sheetData><row r="3">'
    for n, title in enumerate(["库存", "", "名称", "门店", "商品编码", "积分价"]):
        body += TEXT.format("ABCDEF"[n], 3, f" {title}\u3000") if title else ""
    body += '</row><row r="4"><c r="C4" t="inlineStr"><is><t xml:space="preserve"> </t></is></c></row>'
    body += '<row r="7"><c r="A7"><v>12</v></c>' + TEXT.format("D", 7, "M01") + "</row></sheetData>"
    with_goods(book, body)
    assert goods_rows(book) == [(7, ["M01", "", "", "", 12.0])]


def test_values_without_a_title_are_refused_by_their_place(book: Path) -> None:
    with_goods(book, sheet_data('<row r="5"><c r="A5"><v>1</v></c><c r="H5"><v>1</v></c></row>'))
    assert refused(book) == ("unknown_column", {"sheet": "商品", "columns": "H5"})


@pytest.mark.parametrize("formula", ["<f>1+1</f>", "<f/>", '<f t="shared" si="0"/>', "<f\n>1+1</f>"])
def test_formulas_are_refused_by_their_place(formula: str, book: Path) -> None:
    rows = "".join(f'<row r="{n}"><c r="C{n}">{formula}<v>2</v></c></row>' for n in range(2, 12))
    with_goods(book, sheet_data(rows))
    assert refused(book) == ("formula_cell", {"cells": "、".join(f"商品!C{n}" for n in range(2, 7))})


def test_formulas_of_other_programs_are_seen(tmp_path: Path, book: Path) -> None:
    copy = openpyxl.load_workbook(book)
    copy["签到"]["C5"] = "=NOW()"
    copy.save(tmp_path / "openpyxl.xlsx")
    assert refused(tmp_path / "openpyxl.xlsx") == ("formula_cell", {"cells": "签到!C5"})
    cell = "<x:c><x:f>1</x:f><x:v>1</x:v></x:c>"
    body = f'<x:sheetData><x:row r="1">{HEADER}</x:row><x:row>{cell}</x:row></x:sheetData>'
    with_goods(book, body, root="x:worksheet", space="xmlns:x")
    assert refused(book) == ("formula_cell", {"cells": "商品!A2"})


def test_a_formula_across_chunks_is_seen(book: Path) -> None:
    opening = f'<?xml version="1.0"?><worksheet xmlns="{MAIN}"><sheetData>'
    before = '<row r="9"><c r="B9"><f'
    for shift in range(-4, 5):
        padding = " " * (CHUNK_BYTES - len(opening) - len(before) + shift)
        with_goods(book, f'<sheetData>{padding}<row r="9"><c r="B9"><f>1</f></c></row></sheetData>')
        assert refused(book) == ("formula_cell", {"cells": "商品!B9"})


def test_error_values_are_refused(book: Path) -> None:
    with_goods(book, sheet_data('<row r="2"><c r="D2" t="e"><v>#N/A</v></c></row>'))
    assert refused(book) == ("error_cell", {"cells": "商品!D2"})


def test_what_stands_around_the_rows_does_not_matter(book: Path) -> None:
    rule = '<cfRule type="expression" priority="1"><formula>1</formula></cfRule>'
    around = f'<conditionalFormatting sqref="A1">{rule}'
    with_goods(
        book, sheet_data('<row r="2"><c r="A2"><v>5</v></c></row>') + around + "</conditionalFormatting>"
    )
    assert goods_rows(book) == [(2, [5.0, "", "", "", ""])]


@pytest.mark.parametrize(
    ("rows", "code"),
    [
        ('<row r="1048576"><c r="A1048576"><v>1</v></c></row>', "too_many_rows"),
        (f'<row r="{LIMIT_ROWS + 2}"><c r="A{LIMIT_ROWS + 2}"><v>1</v></c></row>', "too_many_rows"),
        ("<row r='900000'><c r='A900000'><v>1</v></c></row>", "too_many_rows"),
        ('<row r="2"><c r="XFD2"><v>1</v></c></row>', "too_many_columns"),
        ('<row r="2">' + "<c><v>1</v></c>" * 70 + "</row>", "too_many_columns"),
        ('<row r="2"><c s="0" r="XFD2"><v>1</v></c></row>', "too_many_columns"),
    ],
)
def test_a_cell_far_out_is_refused_before_it_fills_the_memory(rows: str, code: str, book: Path) -> None:
    with_goods(book, sheet_data(rows))
    assert refused(book)[0] == code


def test_the_last_allowed_row_is_read(book: Path) -> None:
    with_goods(book, sheet_data(f'<row r="{LIMIT_ROWS + 1}"><c r="A{LIMIT_ROWS + 1}"><v>1</v></c></row>'))
    assert goods_rows(book) == [(LIMIT_ROWS + 1, [1.0, "", "", "", ""])]


def test_a_million_rows_are_refused_in_bounded_memory(book: Path) -> None:
    def rows() -> Iterator[bytes]:
        yield f'<worksheet xmlns="{MAIN}"><sheetData>'.encode()
        for start in range(0, 1_000_000, 1000):
            yield b"".join(
                b'<row r="%d"><c r="A%d"><v>%d</v></c></row>' % (n, n, n * 7919)
                for n in range(start + 1, start + 1001)
            )
        yield b"</sheetData></worksheet>"

    with zipfile.ZipFile(book) as archive:
        parts = {name: archive.read(name) for name in archive.namelist() if name != GOODS_PART}
    with zipfile.ZipFile(book, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
        with archive.open(GOODS_PART, "w") as part:
            part.writelines(rows())
    # In a process of its own, whose peak no other test has raised.
    script = (
        "import pathlib, resource, sys\n"
        "from timebank.workbook.reader import WorkbookRefused, open_workbook\n"
        "before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "try:\n    open_workbook(pathlib.Path(sys.argv[1]))\n"
        "except WorkbookRefused as refused:\n"
        "    print(refused.code, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)\n"
    )
    run = subprocess.run(
        [sys.executable, "-c", script, str(book)], capture_output=True, text=True, check=True
    )
    code, grown_kib = run.stdout.split()
    assert code == "too_many_rows"
    assert int(grown_kib) < 16 << 10


def test_a_part_that_swells_is_refused(book: Path) -> None:
    rewrite(book, {GOODS_PART: lambda xml: xml + b" " * (17 << 20)})
    with zipfile.ZipFile(book) as archive:
        part = archive.getinfo(GOODS_PART)
    assert part.file_size > LIMIT_PART_RATIO * part.compress_size
    assert refused(book)[0] == "too_large"


@pytest.mark.parametrize("part", ["xl/workbook.xml", GOODS_PART, "xl/sharedStrings.xml"])
def test_document_types_are_refused(part: str, book: Path) -> None:
    doctype = b'<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/hostname">]>'
    rewrite(book, {part: lambda xml: re.sub(rb"^(<\?xml[^>]*>)?", rb"\1" + doctype, xml, count=1)})
    assert refused(book) == ("not_a_workbook", {"reason": "damaged"})


@pytest.mark.parametrize(
    "body", ['<sheetData><row r="1"', "<sheetData>" + "x" * (3 << 20), '<c r="' + "A" * (3 << 20)]
)
def test_endless_xml_is_refused(body: str, book: Path) -> None:
    rewrite(book, {GOODS_PART: lambda _: f'<worksheet xmlns="{MAIN}">{body}'.encode()})
    assert refused(book)[0] in {"not_a_workbook", "too_large"}


def test_refusals_do_not_quote_rows(tmp_path: Path) -> None:
    write_first_rows(tmp_path / "a.xlsx", generator.TITLES | {"志愿者": ["V000001", "张三", "女"]})
    code, params = refused(tmp_path / "a.xlsx")
    assert code == "missing_header"
    assert "张三" not in repr(params)


def test_columns_have_letters() -> None:
    assert [column_letters(number) for number in (1, 26, 27, 702, 703, 16384)] == [
        "A",
        "Z",
        "AA",
        "ZZ",
        "AAA",
        "XFD",
    ]
    assert all(column_number(column_letters(number)) == number for number in range(1, 2000))
