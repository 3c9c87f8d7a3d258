"""Files that are refused as a whole: said in both languages, by a code, with nothing booked."""

from collections.abc import Callable
from datetime import date
from pathlib import Path

import openpyxl
import pytest

from tests.timebank.cli.conftest import Office
from tests.timebank.workbook import generator

SIZE = generator.Size(volunteers=3, activities=4, attendances=10, awards=2, items=2, slips=3)
NAME, PHONE = "欧阳不可见", "19912345678"


def with_extra_sheet(path: Path) -> None:
    book = openpyxl.Workbook()
    book.create_sheet(NAME[:2])
    book.save(path)


def with_extra_column(path: Path) -> None:
    sheets = generator.district(1, SIZE)
    write(path, sheets, lambda book: book["志愿者"].cell(1, 12, "微信号"))


def with_formula(path: Path) -> None:
    write(path, generator.district(1, SIZE), lambda book: book["奖励"].cell(2, 3, "=1+1"))


def with_lost_column(path: Path) -> None:
    write(path, generator.district(1, SIZE), lambda book: book["兑换"].delete_cols(1))


def without_header(path: Path) -> None:
    write(path, generator.district(1, SIZE), lambda book: book["志愿者"].delete_rows(1))


def with_early_year(path: Path) -> None:
    sheets = generator.district(1, SIZE)
    sheets["奖励"].append(["V000001", "早", 5, date(1999, 5, 1)])
    generator.write(path, sheets)


def write(
    path: Path, sheets: dict[str, generator.Rows], change: Callable[[openpyxl.Workbook], object]
) -> None:
    sheets["志愿者"][0][1], sheets["志愿者"][0][5] = NAME, PHONE
    generator.write(path, sheets)
    book = openpyxl.load_workbook(path)
    change(book)
    book.save(path)


FILES: dict[str, tuple[Callable[[Path], object], str]] = {
    "none.xlsx": (lambda _: None, "file_not_found"),
    "folder.xlsx": (lambda path: path.mkdir(), "file_not_found"),
    "empty.xlsx": (lambda path: path.touch(), "not_a_workbook"),
    "text.csv": (
        lambda path: path.write_text(f"姓名,手机号\n{NAME},{PHONE}\n", encoding="utf-8"),
        "not_a_workbook",
    ),
    "old.xls": (
        lambda path: path.write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(512)),
        "not_a_workbook",
    ),
    "torn.xlsx": (lambda path: path.write_bytes(b"PK\x03\x04" + bytes(100)), "not_a_workbook"),
    "sheet.xlsx": (with_extra_sheet, "unknown_sheet"),
    "column.xlsx": (with_extra_column, "unknown_column"),
    "lost.xlsx": (with_lost_column, "missing_column"),
    "headless.xlsx": (without_header, "missing_header"),
    "formula.xlsx": (with_formula, "formula_cell"),
    "early.xlsx": (with_early_year, "policy_missing"),
}


@pytest.mark.parametrize("name", FILES)
def test_a_wrong_file_is_refused(name: str, office: Office) -> None:
    make, code = FILES[name]
    make(office.desk / name)
    said = office.run("import", name, "--report", f"{name}.answer.xlsx")
    said.assert_refused(code)
    assert NAME not in said.err
    assert PHONE not in said.err
    assert not (office.desk / f"{name}.answer.xlsx").exists()


def test_nothing_of_them_is_booked(office: Office) -> None:
    with_early_year(office.desk / "early.xlsx")
    office.run("import", "early.xlsx").assert_refused("policy_missing")
    found = office.run("totals", "--json").json
    assert {key: value for key, value in found.items() if isinstance(value, int) and value} == {}
    assert office.run("trial-balance", "--json").json == {}


def test_a_report_never_replaces_the_workbook(office: Office) -> None:
    path = office.desk / "mine.xlsx"
    generator.write(path, generator.district(1, SIZE))
    content = path.read_bytes()
    office.run("import", path, "--report", "./mine.xlsx").assert_refused("report_over_workbook")
    office.run("import", path, "--report", "no/such/folder.xlsx").assert_refused("report_not_writable")
    assert path.read_bytes() == content
