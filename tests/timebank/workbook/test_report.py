"""The answer that goes back to the office."""

from __future__ import annotations

import zipfile
from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import openpyxl
import pytest

from tests.timebank.workbook import generator
from timebank.workbook.cells import Cell
from timebank.workbook.district import read_district
from timebank.workbook.fates import Fate, Fates
from timebank.workbook.reader import open_workbook
from timebank.workbook.report import MASK, SUMMARY_TITLE, write_report
from timebank.workbook.sheets import FORMS
from timebank.workbook.sheetwriter import WorkbookWriter
from timebank.workbook.words import FATES, REASONS, REFUSALS, fate_words

PERSONAL = {"姓名", "性别", "出生日期", "证件号码", "手机号", "工作单位", "备注"}


def answered(path: Path) -> Fates:
    """Give every row some fate."""
    workbook = open_workbook(path)
    fates = read_district(workbook, ZoneInfo("Asia/Shanghai")).fates
    for title in ("签到", "奖励", "兑换"):
        fates[title] = {number: Fate("credited", (60, 10)) for number, _ in workbook.rows(FORMS[title])}
    return fates


@pytest.fixture
def source(tmp_path: Path) -> Path:
    rows = generator.district(3, generator.Size(4, 5, 9, 2, 4, 6))
    rows["志愿者"][0][1] = "欧阳独特"
    rows["志愿者"][0][8] = "<独特>&厂"
    rows["签到"][0][5] = "独特的私事"
    rows["活动"][0][1] = '=HYPERLINK("x") <&> \x0b'
    path = tmp_path / "source.xlsx"
    generator.write(path, rows)
    return path


def test_the_answer_has_the_rows_and_what_became_of_them(source: Path, tmp_path: Path) -> None:
    fates = answered(source)
    write_report(open_workbook(source), tmp_path / "answer.xlsx", fates)
    before, after = openpyxl.load_workbook(source), openpyxl.load_workbook(tmp_path / "answer.xlsx")
    assert after.sheetnames == [*before.sheetnames, SUMMARY_TITLE]
    for title in before.sheetnames:
        header = [str(cell.value) for cell in before[title][1]]
        assert [cell.value for cell in after[title][1]] == [*header, "结果", "Result"]
        for number in range(2, before[title].max_row + 1):
            given = [cell.value for cell in before[title][number]]
            shown = [cell.value for cell in after[title][number]]
            assert tuple(shown[len(header) :]) == fate_words(fates[title][number])
            for column, there, here in zip(header, given, shown, strict=False):
                if column in PERSONAL:
                    assert here == (None if there is None else MASK)
                else:
                    assert str(here).strip() == str(there).replace("_x000B_", "�").strip()


def test_no_personal_content_is_left_in_the_file(source: Path, tmp_path: Path) -> None:
    write_report(open_workbook(source), tmp_path / "answer.xlsx", answered(source))
    with zipfile.ZipFile(tmp_path / "answer.xlsx") as archive:
        content = b"".join(archive.read(name) for name in archive.namelist()).decode()
    assert not any(secret in content for secret in ("独特", "990000", "19900000001"))
    assert "<f>" not in content


def test_the_summary_counts_the_rows_of_each_outcome(source: Path, tmp_path: Path) -> None:
    fates = answered(source)
    fates["签到"][2] = Fate("overlap")
    write_report(open_workbook(source), tmp_path / "answer.xlsx", fates)
    rows = list(openpyxl.load_workbook(tmp_path / "answer.xlsx")[SUMMARY_TITLE].iter_rows(values_only=True))
    counted = {(row[0], row[2]): row[5] for row in rows[1:]}
    assert counted["签到", "overlap"] == 1
    assert counted["签到", "credited"] == len(fates["签到"]) - 1
    assert counted["志愿者", "registered"] == 4


def test_a_row_without_a_fate_leaves_the_old_answer_alone(source: Path, tmp_path: Path) -> None:
    folder = tmp_path / "answers"
    folder.mkdir()
    answer = folder / "answer.xlsx"
    answer.write_text("old")
    fates = answered(source)
    del fates["兑换"][3]
    with pytest.raises(KeyError):
        write_report(open_workbook(source), answer, fates)
    assert answer.read_text() == "old"
    assert list(folder.iterdir()) == [answer]


def test_every_code_has_words_in_both_languages() -> None:
    for chinese, english in (*FATES.values(), *REFUSALS.values(), *REASONS.values()):
        assert any("\u4e00" <= letter <= "\u9fff" for letter in chinese)
        assert english.strip()
        assert chinese.count("{") == english.count("{")


def test_words_name_the_numbers_and_the_notes() -> None:
    chinese, english = fate_words(Fate("credited", (120, 20)))
    assert (chinese, english) == ("已记入：120 分钟，20 积分", "credited: 120 minutes, 20 points [credited]")
    chinese, english = fate_words(Fate("registered", notes=("unknown_team", "bad_birth_date")))
    assert chinese == "已登记；服务队编码不存在，该项未记录；出生日期无法识别，未记录"
    assert english.endswith("[registered, unknown_team, bad_birth_date]")


def test_the_writer_keeps_values_of_every_kind(tmp_path: Path) -> None:
    values: list[Cell] = [
        "  两端有空格 ",
        "line\nbreak",
        "a<b>&\"c'",
        "=1+1",
        1.25,
        0.1,
        7,
        True,
        date(2025, 3, 5),
        datetime(2025, 3, 5, 23, 59, 59),
        date(1899, 1, 1),
        float("inf"),
        None,
        "",
        "尾",
    ]
    with WorkbookWriter(tmp_path / "a.xlsx") as writer:
        sheet = writer.sheet("甲<&>", header_rows=1, widths=[9])
        sheet.write_titles(1, ["标题"])
        sheet.write_row(4, values)
    book = openpyxl.load_workbook(tmp_path / "a.xlsx")
    assert book.sheetnames == ["甲<&>"]
    assert book.active is not None
    assert book.active["A1"].font.b
    assert book.active["D4"].data_type != "f"
    assert [cell.value for cell in book.active[4]] == [
        *values[:8],
        datetime(2025, 3, 5),
        datetime(2025, 3, 5, 23, 59, 59),
        "1899-01-01",
        "inf",
        None,
        None,
        "尾",
    ]
