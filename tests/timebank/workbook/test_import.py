"""Importing workbooks through the real ledger: the figures, the answer, and doing it again."""

import asyncio
import json
import random
import re
import shutil
import zipfile
from collections import Counter
from pathlib import Path

import openpyxl
import pytest

from ledger.session import ReadTx
from tests.timebank.offices import assert_sound, books, close_year, new_office, take_in
from tests.timebank.workbook import generator, oracle
from timebank.database import Bank, Database
from timebank.postgres import EmbeddedServer
from timebank.workbook.sheets import FORMS
from timebank.workbook.words import FATES

DATA = Path(__file__).parents[2] / "data"
SMALL = generator.Size(volunteers=12, activities=25, attendances=160, awards=12, items=6, slips=60)
LEDGER_TABLES = ("accounts", "transactions", "postings", "units", "exchange_rules", "closures")


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


def assert_answers(path: Path, report: Path, counts: dict[str, dict[str, int]]) -> None:
    """Assert that every row came back under its number with a fate, and that the summary counts them."""
    asked, answered = openpyxl.load_workbook(path, read_only=True), openpyxl.load_workbook(report, read_only=True)
    for title in FORMS:
        given = {place: row for place, row in numbered(asked[title]) if any(v not in {None, ""} for v in row)}
        told = dict(numbered(answered[title]))
        codes: Counter[str] = Counter()
        (header, *_) = given
        for place in list(given)[1:]:
            found = re.search(r"\[([a-z_, ]+)\]$", str(told[place][-1]))
            assert found is not None, (title, place, told[place])
            code = found[1].split(", ")[0]
            assert code in FATES
            assert told[place][-2]
            codes[code] += 1
        assert told[header][-2:] == ("结果", "Result")
        assert dict(codes) == counts[title]
    asked.close()
    answered.close()


def numbered(sheet: object) -> list[tuple[int, tuple[object, ...]]]:
    return list(enumerate(sheet.iter_rows(values_only=True), 1))  # type: ignore[attr-defined]


def persons(path: Path) -> set[str]:
    """Return what would name somebody: each name, ID number and phone of a workbook."""
    book = openpyxl.load_workbook(path, read_only=True)
    header, *rows = book["志愿者"].iter_rows(values_only=True)
    places = [header.index(title) for title in ("姓名", "证件号码", "手机号")]
    named = {str(row[place]).strip() for row in rows for place in places if row[place] is not None}
    book.close()
    # Two letters may be part of any word; three and more are looked for everywhere.
    return {value for value in named if len(value) > 2}


async def assert_nobody_is_named(database: Database, bank: Bank, path: Path, report: Path) -> None:
    named = persons(path)
    assert len(named) > 5_000
    with zipfile.ZipFile(report) as archive:
        written = "".join(archive.read(name).decode("utf-8", "replace") for name in archive.namelist())
    assert not named & words_of(written, named)

    async def stored(tx: ReadTx) -> str:
        texts = []
        tables = await tx.connection.fetch(
            "select relname from pg_class c where relnamespace = 'timebank'::regnamespace"
            " and relkind = 'r' and has_table_privilege(oid, 'select')"
        )
        for (table,) in tables:
            rows = await tx.connection.fetch(f"select t::text from {table} t")
            texts.extend(str(row[0]) for row in rows)
        return "\n".join(texts)

    assert not named & words_of(await database.read(bank, stored), named)


def words_of(text: str, named: set[str]) -> set[str]:
    """Return which of the values stand anywhere in the text, inside of longer words too."""
    lengths = {len(value) for value in named}
    words = set(re.findall(r"[0-9A-Za-z]{6,}|[\u4e00-\u9fff]{3,}", text))
    return {
        word[at : at + length]
        for word in words
        for length in lengths
        for at in range(len(word) - length + 1)
        if word[at : at + length] in named
    }
