"""The table: one row per posting, totals that are the ledger's, and no formulas."""

import csv
import io
from collections import Counter
from datetime import date, datetime
from uuid import UUID

import pytest

from ledger.export.table import COLUMNS, cell, write_table
from ledger.session import ReadTx
from tests.ledger.export.conftest import NASTY, Books
from timebank.database import Database


async def rows(database: Database, books: Books) -> tuple[int, list[dict[str, str]]]:
    async def work(tx: ReadTx) -> tuple[int, str]:
        out = io.StringIO(newline="")
        return await write_table(tx, out), out.getvalue()

    count, text = await database.read(books.bank, work)
    return count, list(csv.DictReader(io.StringIO(text, newline="")))


def side(row: dict[str, str], name: str) -> tuple[str, str, UUID, date | None]:
    ends = row[f"{name}_expires_on"]
    return (
        row["unit"],
        row[f"{name}_kind"],
        UUID(row[f"{name}_owner"]),
        date.fromisoformat(ends) if ends else None,
    )


async def test_its_totals_are_the_trial_balance(database: Database, books: Books) -> None:
    count, table = await rows(database, books)
    assert count == books.accepted == len({row["transaction_id"] for row in table})
    totals: Counter[tuple[str, str, UUID, date | None]] = Counter()
    for row in table:
        totals[side(row, "to")] += int(row["amount"])
        totals[side(row, "from")] -= int(row["amount"])
    assert {key: n for key, n in totals.items() if n} == {key: n for key, n in books.balances.items() if n}


async def test_it_is_ordered_by_the_banks_day_then_id(database: Database, books: Books) -> None:
    _, table = await rows(database, books)
    order = [(row["effective_on"], int(row["transaction_id"]), int(row["line"])) for row in table]
    assert order == sorted(order)
    assert len({day for day, _, _ in order}) == 3
    assert all(
        datetime.fromisoformat(row["effective_at"]).date().isoformat() == row["effective_on"] for row in table
    )


async def test_it_keeps_texts_whole_and_defuses_formulas(database: Database, books: Books) -> None:
    _, table = await rows(database, books)
    (line, *_) = [row for row in table if row["key"] == "'=1+1"]
    assert tuple(line) == COLUMNS
    assert line["memo"] == NASTY
    assert line["actor"] == "'=cmd|' /C'!A0"


@pytest.mark.parametrize("text", ["=1", "+1", "-1", "@x", " =1", "\t=1", "＝1"])
def test_a_formula_gets_an_apostrophe(text: str) -> None:
    assert cell(text) == f"'{text}"


@pytest.mark.parametrize("text", ["", "1=1", "备注", "'x"])
def test_other_text_stays(text: str) -> None:
    assert cell(text) == text
