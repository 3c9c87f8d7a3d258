"""The district's books in other programs: hledger and Beancount accept them and come to the same totals."""

import csv
import io
import shutil
import subprocess
from pathlib import Path

import pytest
from beancount import loader
from beancount.core import realization

from ledger.balances import account_balances
from ledger.export import beancount, hledger
from ledger.export.journal import JournalAccount
from ledger.session import ReadTx
from tests.timebank.offices import close_year, new_office, take_in
from timebank.database import Bank, Database

WORKBOOK = Path(__file__).parents[2] / "data" / "licheng.xlsx"
HLEDGER = shutil.which("hledger")


async def test_the_districts_books_are_accepted_and_total_alike(database: Database, tmp_path: Path) -> None:
    bank = await new_office(database)
    await take_in(database, bank, WORKBOOK)
    await close_year(database, bank)
    await assert_beancount_agrees(database, bank, tmp_path / "district.beancount")
    if HLEDGER is None:
        pytest.skip("hledger is not installed (Debian: apt install hledger)")
    await assert_hledger_agrees(database, bank, tmp_path / "district.journal")


async def totals(database: Database, bank: Bank, names: dict[JournalAccount, str]) -> dict[str, int]:
    """Return the trial balance by the names of an export; every account that is not empty has one."""
    accounts = await database.read(bank, account_balances)
    balances = {(a.unit, a.kind, a.owner, a.expires_on): a.balance for a in accounts}
    named = {name: balances[a.unit, a.kind, a.owner, a.expires_on] for a, name in names.items()}
    assert len(named) == len(names)
    assert sum(map(abs, named.values())) == sum(map(abs, balances.values()))
    return named


async def assert_beancount_agrees(database: Database, bank: Bank, path: Path) -> None:
    async def write(tx: ReadTx) -> int:
        with path.open("w", encoding="utf-8") as out:
            return await beancount.write_beancount(tx, out)

    assert await database.read(bank, write) > 30_000
    names = await database.read(bank, beancount.account_names)
    entries, errors, _ = loader.load_file(str(path))  # all that bean-check does, but for printing the errors
    assert errors == []
    tree = realization.realize(entries)
    found = {}
    for name in names.values():
        node = realization.get(tree, name)
        positions = [] if node is None else node.balance
        found[name] = sum(int(position.units.number) for position in positions)
    assert found == await totals(database, bank, names)


async def assert_hledger_agrees(database: Database, bank: Bank, path: Path) -> None:
    async def write(tx: ReadTx) -> int:
        with path.open("w", encoding="utf-8") as out:
            return await hledger.write_hledger(tx, out)

    await database.read(bank, write)
    run_hledger(path, "check", "--strict", "ordereddates", "payees")
    report = run_hledger(path, "balance", "--flat", "--empty", "--no-total", "-O", "csv")
    found = {row[0]: int(row[1].split(" ")[0]) for row in list(csv.reader(io.StringIO(report)))[1:]}
    names = await database.read(bank, hledger.account_names)
    assert found == await totals(database, bank, names)


def run_hledger(path: Path, *arguments: str) -> str:
    """Run hledger in a UTF-8 locale and return what it printed; it must succeed and say nothing on the side."""
    run = subprocess.run(
        [str(HLEDGER), "-f", str(path), *arguments],
        capture_output=True,
        check=False,
        env={"LC_ALL": "C.UTF-8", "HOME": str(path.parent)},
    )
    assert (run.returncode, run.stderr.decode()) == (0, "")
    return run.stdout.decode()
