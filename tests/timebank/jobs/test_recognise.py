"""Recognising: again the same, after a reversal fewer, and each person once at the highest step."""

from datetime import date, datetime
from pathlib import Path

from ledger.holds import reversal
from ledger.posting import post
from ledger.session import ReadTx
from ledger.values import Posted
from tests.timebank.offices import NEW_YEAR, NOW, new_office, take_in
from tests.timebank.workbook import generator
from timebank.database import Bank, Database
from timebank.jobs.running import run_now
from timebank.totals.queries import totals


def year_of_service(path: Path, *, days: int, year: int) -> None:
    """Write a workbook in which V000001 serves eight hours on each of so many days."""
    sheets = generator.district(
        1, generator.Size(volunteers=2, activities=1, attendances=0, awards=0, slips=0)
    )
    sheets["活动"], sheets["签到"] = [], []
    for number in range(days):
        day = datetime.fromordinal(date(year, 1, 1).toordinal() + number)
        start, end = day.replace(hour=8), day.replace(hour=16)
        code = f"A{year}{number:03}"
        sheets["活动"].append([code, "", "", "是", "S001", "", "", "", start, end, None, 1, 5])
        sheets["签到"].append([code, "V000001", start, end, "扫码", ""])
    generator.write(path, sheets)


async def rows(database: Database, bank: Bank) -> list[tuple[object, ...]]:
    async def work(tx: ReadTx) -> list[tuple[object, ...]]:
        found = await tx.connection.fetch(
            "select scheme, as_of, level, minutes from recognitions where bank_id = $1 order by 1, 2, 3",
            tx.bank_id,
        )
        return [tuple(row) for row in found]

    return await database.read(bank, work)


async def test_each_stands_once_at_the_highest_step(database: Database, tmp_path: Path) -> None:
    bank = await new_office(database)
    year_of_service(tmp_path / "a.xlsx", days=38, year=2025)
    await take_in(database, bank, tmp_path / "a.xlsx")
    found = await run_now(database, bank, "recognise", as_of=NEW_YEAR, now=NOW)
    assert found == {"star": {"2": 1}, "annual": {"3": 1}, "raised": 1, "above": 0}
    once = await rows(database, bank)
    assert once == [("annual", NEW_YEAR, 3, 38 * 480), ("star", NEW_YEAR, 2, 38 * 480)]
    again = await run_now(database, bank, "recognise", as_of=NEW_YEAR, now=NOW)
    assert again == {**found, "raised": 0}
    assert await rows(database, bank) == once
    later = await run_now(database, bank, "recognise", as_of=date(2027, 1, 1), now=NOW)
    assert later == {"star": {"2": 1}, "annual": {}, "raised": 0, "above": 0}
    assert (await database.read(bank, totals))["annual_2026"] == dict.fromkeys("12345", 0)


async def test_hours_that_were_taken_back_count_no_longer(database: Database, tmp_path: Path) -> None:
    bank = await new_office(database)
    year_of_service(tmp_path / "a.xlsx", days=38, year=2025)
    await take_in(database, bank, tmp_path / "a.xlsx")

    async def credited(tx: ReadTx) -> list[int]:
        found = await tx.connection.fetch(
            "select id from transactions where bank_id = $1 and kind = 'credit' order by id limit 2",
            tx.bank_id,
        )
        return [row["id"] for row in found]

    first, second = await database.read(bank, credited)
    within = datetime(2025, 12, 1, tzinfo=bank.zone)
    after = datetime(2026, 1, 1, tzinfo=bank.zone)
    drafts = [
        reversal("r1", transaction_id=first, effective_at=within, actor="test"),
        reversal("r2", transaction_id=second, effective_at=after, actor="test"),
    ]
    outcomes = await database.write(bank, lambda tx: post(tx, drafts))
    assert all(isinstance(outcome, Posted) for outcome in outcomes)
    assert await run_now(database, bank, "recognise", as_of=NEW_YEAR, now=NOW) == {
        "star": {"1": 1},
        "annual": {"3": 1},
        "raised": 1,
        "above": 0,
    }
    assert await rows(database, bank) == [("annual", NEW_YEAR, 3, 37 * 480), ("star", NEW_YEAR, 1, 37 * 480)]
    assert (await database.read(bank, totals))["records_credited"] == 36
