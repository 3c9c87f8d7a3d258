"""Importing workbooks through the real ledger: the figures, the answer, and doing it again."""

import asyncio
import json
import random
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

import openpyxl
import pytest

from ledger.periods import close_period
from tests.timebank.offices import assert_sound, books, close_year, new_office, take_in
from tests.timebank.workbook import generator, oracle
from tests.timebank.workbook.reports import assert_answers, assert_nobody_is_named, cells_of, dict_of, spoil
from timebank.database import Database
from timebank.errors import RefusalError

DATA = Path(__file__).parents[2] / "data"
SMALL = generator.Size(volunteers=12, activities=25, attendances=160, awards=12, items=6, slips=60)
HOUR = timedelta(hours=1)


@pytest.fixture
def workbook(tmp_path: Path) -> Path:
    """Return a small invented workbook."""
    path = tmp_path / "small.xlsx"
    generator.write(path, generator.district(7, SMALL))
    return path


async def test_the_district_comes_out_as_expected(database: Database, tmp_path: Path) -> None:
    bank = await new_office(database)
    report = tmp_path / "answer.xlsx"
    imported = await take_in(database, bank, DATA / "licheng.xlsx", report=report)
    found = await close_year(database, bank)
    assert found == json.loads((DATA / "licheng.expected.json").read_text(encoding="utf-8"))
    assert imported.counts["签到"]["credited"] == found["records_credited"]
    await assert_sound(database, bank)
    assert_answers(DATA / "licheng.xlsx", report, imported.counts)
    await assert_nobody_is_named(database, bank, DATA / "licheng.xlsx", report)


@pytest.mark.parametrize("seed", range(100, 110))
async def test_an_invented_district_comes_out_as_the_oracle_says(
    seed: int, database: Database, tmp_path: Path
) -> None:
    path, report = tmp_path / "invented.xlsx", tmp_path / "answer.xlsx"
    chance = random.Random(seed)
    size = generator.Size(
        volunteers=chance.choice([5, 20]), activities=30, attendances=250, awards=20, items=8, slips=100
    )
    generator.write(path, generator.district(seed, size), chance=chance if seed % 2 else None)
    bank = await new_office(database)
    imported = await take_in(database, bank, path, report=report)
    assert await close_year(database, bank) == oracle.expected(path)
    await assert_sound(database, bank)
    assert_answers(path, report, imported.counts)


async def test_the_same_workbook_again_books_nothing(
    database: Database, workbook: Path, tmp_path: Path
) -> None:
    bank = await new_office(database)
    first = await take_in(database, bank, workbook)
    before = await books(database, bank)
    assert await take_in(database, bank, workbook, report=tmp_path / "answer.xlsx") == first
    assert await books(database, bank) == before
    assert_answers(workbook, tmp_path / "answer.xlsx", first.counts)


async def test_a_saved_copy_books_nothing(database: Database, workbook: Path, tmp_path: Path) -> None:
    bank = await new_office(database)
    first = await take_in(database, bank, workbook)
    before = await books(database, bank)
    copy = openpyxl.load_workbook(workbook)
    copy.move_sheet("兑换", -7)
    for sheet in copy:
        sheet.insert_rows(3)
    copy.save(tmp_path / "copy.xlsx")
    assert await take_in(database, bank, tmp_path / "copy.xlsx") == first
    assert await books(database, bank) == before


async def test_the_jobs_after_a_second_import_end_in_the_same_figures(
    database: Database, workbook: Path
) -> None:
    bank = await new_office(database)
    await take_in(database, bank, workbook)
    closed = await close_year(database, bank)
    await take_in(database, bank, workbook)
    assert await close_year(database, bank) == closed == oracle.expected(workbook)


async def test_more_rows_book_only_what_is_new(database: Database, tmp_path: Path) -> None:
    sheets = generator.district(11, SMALL)
    generator.write(tmp_path / "first.xlsx", sheets)
    bank = await new_office(database)
    await take_in(database, bank, tmp_path / "first.xlsx")
    before = await books(database, bank)
    more = {title: list(rows) for title, rows in sheets.items()}
    at = datetime(2025, 12, 30, 9)
    more["志愿者"].append(["V900001", "新人", "女", None, None, None, "S001", "否", None, "T1", at])
    more["活动"].append(
        ["A90001", "新", "助老", "是", "S001", "T1", None, "站", at, at + 2 * HOUR, None, 1, 9]
    )
    more["签到"].insert(0, ["A90001", "V900001", at, at + 2 * HOUR, "扫码", None])
    more["商品"].append(["M01", "M01-999", "伞", 10, 1])
    more["兑换"].append(["R900001", "V900001", "M01", "M01-999", 1, 10, at + 3 * HOUR, "收银1"])
    more["兑换"].append(["R900002", "V900001", "M01", "M01-999", 1, 10, at + 4 * HOUR, "收银1"])
    generator.write(tmp_path / "more.xlsx", more)
    await take_in(database, bank, tmp_path / "more.xlsx")
    after = await books(database, bank)
    assert set(before["records"]) < set(after["records"])
    new = set(after["records"]) - set(before["records"])
    assert new == {("A90001", "V900001", "accepted", 120, 20, 1)}
    assert Counter(dict_of(after)) - Counter(dict_of(before)) == {
        ("credit", None): 1,
        ("receipt", None): 1,
        ("redemption", None): 1,
        ("redemption", "insufficient"): 1,
    }
    await assert_sound(database, bank)


async def test_two_imports_at_once_end_in_the_same_books(database: Database, workbook: Path) -> None:
    alone, both = await new_office(database), await new_office(database)
    await take_in(database, alone, workbook)
    await asyncio.gather(*(take_in(database, both, workbook) for _ in range(3)))
    assert await books(database, both) == await books(database, alone)
    await assert_sound(database, both)


async def test_two_imports_at_once_of_a_workbook_that_grew(database: Database, tmp_path: Path) -> None:
    sheets = generator.district(13, SMALL)
    half = {title: rows if title != "签到" else rows[::2] for title, rows in sheets.items()}
    generator.write(tmp_path / "half.xlsx", half)
    generator.write(tmp_path / "whole.xlsx", sheets)
    alone, both = await new_office(database), await new_office(database)
    for bank in (alone, both):
        await take_in(database, bank, tmp_path / "half.xlsx")
    await take_in(database, alone, tmp_path / "whole.xlsx")
    await asyncio.gather(*(take_in(database, both, tmp_path / "whole.xlsx") for _ in range(2)))
    assert await books(database, both) == await books(database, alone)


async def test_a_dry_run_books_nothing_and_foretells_everything(
    database: Database, workbook: Path, tmp_path: Path
) -> None:
    bank = await new_office(database)
    before = await books(database, bank)
    foretold = await take_in(database, bank, workbook, dry_run=True, report=tmp_path / "foretold.xlsx")
    assert foretold.dry_run
    assert await books(database, bank) == before
    booked = await take_in(database, bank, workbook, report=tmp_path / "booked.xlsx")
    assert foretold.counts == booked.counts
    assert cells_of(tmp_path / "foretold.xlsx") == cells_of(tmp_path / "booked.xlsx")


async def test_what_was_unknown_counts_once_it_is_registered(database: Database, tmp_path: Path) -> None:
    sheets = generator.district(17, SMALL)
    without = {title: list(rows) for title, rows in sheets.items()}
    without["志愿者"] = [row for row in without["志愿者"] if row[0] != "V000003"]
    generator.write(tmp_path / "without.xlsx", without)
    generator.write(tmp_path / "whole.xlsx", sheets)
    bank, alone = await new_office(database), await new_office(database)
    first = await take_in(database, bank, tmp_path / "without.xlsx")
    again = await take_in(database, bank, tmp_path / "whole.xlsx")
    await take_in(database, alone, tmp_path / "whole.xlsx")
    assert first.counts["签到"]["unknown_volunteer"] > again.counts["签到"]["unknown_volunteer"]
    mended, whole = await books(database, bank), await books(database, alone)
    assert mended["records"] == whole["records"]
    attendance = [row for row in mended["rows"] if row[0] != "slip"]
    assert attendance == [row for row in whole["rows"] if row[0] != "slip"]
    await assert_sound(database, bank)


async def test_a_register_keeps_its_first_row_and_says_so(database: Database, tmp_path: Path) -> None:
    sheets = generator.district(19, SMALL)
    generator.write(tmp_path / "first.xlsx", sheets)
    bank = await new_office(database)
    await take_in(database, bank, tmp_path / "first.xlsx")
    before = await books(database, bank)
    changed = {title: [list(row) for row in rows] for title, rows in sheets.items()}
    changed["商品"][0][3] += 1
    changed["活动"][0][9] = datetime(2025, 12, 31, 23)
    generator.write(tmp_path / "changed.xlsx", changed)
    for _ in range(2):
        await take_in(database, bank, tmp_path / "changed.xlsx", report=tmp_path / "answer.xlsx")
        assert await books(database, bank) == before
    answer = openpyxl.load_workbook(tmp_path / "answer.xlsx")
    for title in ("商品", "活动"):
        said = [str(row[-1]) for row in answer[title].iter_rows(values_only=True)]
        assert "kept_as_registered" in said[1]
        assert "kept_as_registered" not in said[2]


async def test_a_later_row_of_a_recorded_service_comes_too_late(database: Database, tmp_path: Path) -> None:
    at = datetime(2025, 3, 5, 9)
    sheets = generator.district(23, SMALL)
    sheets["活动"].append(
        ["A90001", "新", "助老", "是", "S001", "T1", None, "站", at, at + 4 * HOUR, None, 1, 9]
    )
    first = ["A90001", "V000001", at, at + 2 * HOUR, "扫码", None]
    sheets["签到"] = [first]
    generator.write(tmp_path / "first.xlsx", sheets)
    bank = await new_office(database)
    assert (await take_in(database, bank, tmp_path / "first.xlsx")).counts["签到"] == {"credited": 1}
    before = await books(database, bank)
    sheets["签到"] = [["A90001", "V000001", at, at + 4 * HOUR, "补录", None], first]
    generator.write(tmp_path / "second.xlsx", sheets)
    for _ in range(2):
        imported = await take_in(database, bank, tmp_path / "second.xlsx")
        assert imported.counts["签到"] == {"already_recorded": 1, "credited": 1}
    after = await books(database, bank)
    assert after["records"] == before["records"]
    assert after["trial balance"] == before["trial balance"]


async def test_another_actor_may_import_the_same_workbook(database: Database, workbook: Path) -> None:
    bank = await new_office(database)
    await take_in(database, bank, workbook)
    before = await books(database, bank)
    await take_in(database, bank, workbook, actor="somebody else")
    assert await books(database, bank) == before


async def test_what_a_closed_period_refuses_is_said_row_by_row(
    database: Database, workbook: Path, tmp_path: Path
) -> None:
    bank = await new_office(database)
    sheets = generator.district(7, SMALL)
    sheets["商品"], sheets["兑换"] = [], []
    generator.write(workbook, sheets)
    middle = datetime(2025, 1, 1, tzinfo=UTC)
    await database.write(bank, lambda tx: close_period(tx, before=middle, actor="test"))
    imported = await take_in(database, bank, workbook, report=tmp_path / "answer.xlsx")
    assert imported.counts["签到"]["period_closed"] > 0
    assert imported.counts["奖励"]["period_closed"] > 0
    assert_answers(workbook, tmp_path / "answer.xlsx", imported.counts)


async def test_a_day_before_every_policy_refuses_the_file_before_anything_is_stored(
    database: Database, workbook: Path
) -> None:
    bank = await new_office(database)
    before = await books(database, bank)
    sheets = generator.district(7, SMALL)
    sheets["奖励"].append(["V000001", "早", 5, datetime(1999, 12, 31)])
    generator.write(workbook, sheets)
    with pytest.raises(RefusalError) as refused:
        await take_in(database, bank, workbook)
    assert (refused.value.code, refused.value.params) == ("policy_missing", {"day": "1999-12-31"})
    assert await books(database, bank) == before


async def test_odd_cells_break_nothing(database: Database, workbook: Path, tmp_path: Path) -> None:
    sheets = generator.district(7, SMALL)
    at = datetime(2025, 3, 5, 9)
    sheets["活动"].append(
        [
            "Ａ９" + "长" * 300,
            "'; drop table postings; --",
            "",
            "是",
            "S001",
            "",
            "",
            "",
            at,
            at + HOUR,
            "",
            0,
            "",
        ]
    )
    sheets["签到"].append(["A9" + "长" * 300, "V000001", at, at + HOUR, "=1+1", "私事"])
    sheets["奖励"].append(["V000001", "远", 10**12, datetime(2999, 12, 31)])
    sheets["奖励"].append(["V000001", "太远", 5, datetime(9999, 12, 31)])
    sheets["商品"].append(["店/一", "货 *", "伞", 1, 10**12])
    sheets["兑换"].append(["R" * 400, "V000001", "店/一", "货 *", 10**12, 10**12, at, ""])
    sheets["兑换"].append(["R" * 400, "V000001", "店/一", "货 *", 1, 1, at + HOUR, ""])
    generator.write(workbook, sheets)
    spoil(workbook, tmp_path / "spoilt.xlsx", "最美邻里", "最_x0000_美\U0001f338_x0001_邻里")
    bank = await new_office(database)
    report = tmp_path / "answer.xlsx"
    imported = await take_in(database, bank, tmp_path / "spoilt.xlsx", report=report)
    assert_answers(tmp_path / "spoilt.xlsx", report, imported.counts)
    assert imported.counts["奖励"]["bad_time"] == 1
    assert imported.counts["兑换"]["duplicate_receipt"] > 0
    await close_year(database, bank)
    await assert_sound(database, bank)


@pytest.mark.parametrize("place", ["itself", "nowhere", "folder"])
async def test_a_report_has_a_place_before_anything_is_booked(
    place: str, database: Database, workbook: Path, tmp_path: Path
) -> None:
    bank = await new_office(database)
    before, content = await books(database, bank), workbook.read_bytes()
    report = {"itself": workbook, "nowhere": tmp_path / "no" / "answer.xlsx", "folder": tmp_path}[place]
    with pytest.raises(RefusalError) as refused:
        await take_in(database, bank, workbook, report=report)
    assert refused.value.code == ("report_over_workbook" if place == "itself" else "report_not_writable")
    assert await books(database, bank) == before
    assert workbook.read_bytes() == content
