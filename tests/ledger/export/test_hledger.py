"""The hledger journal: hledger accepts it under its strict checks and comes to the ledger's totals."""

import csv
import io
import shutil
import subprocess
from datetime import date
from pathlib import Path

import pytest

from ledger.export.hledger import account_names, plain, write_hledger
from ledger.session import ReadTx
from tests.ledger.export.conftest import Books
from timebank.database import Database

HLEDGER = shutil.which("hledger")
needs_hledger = pytest.mark.skipif(
    HLEDGER is None, reason="hledger is not installed (Debian: apt install hledger)"
)


async def write(database: Database, books: Books, path: Path) -> int:
    async def work(tx: ReadTx) -> int:
        out = io.StringIO()
        count = await write_hledger(tx, out)
        path.write_text(out.getvalue(), encoding="utf-8")
        return count

    return await database.read(books.bank, work)


def hledger(path: Path, *arguments: str) -> str:
    """Run hledger in a UTF-8 locale and return what it printed; it must succeed and say nothing on the side."""
    run = subprocess.run(
        [str(HLEDGER), "-f", str(path), *arguments],
        capture_output=True,
        check=False,
        env={"LC_ALL": "C.UTF-8", "HOME": str(path.parent)},
    )
    assert (run.returncode, run.stderr.decode()) == (0, "")
    return run.stdout.decode()


@needs_hledger
async def test_hledger_accepts_it_under_every_check_that_is_about_books(
    database: Database, books: Books, tmp_path: Path
) -> None:
    path = tmp_path / "books.journal"
    assert await write(database, books, path) == books.accepted
    hledger(path, "check", "--strict", "ordereddates", "payees")


@needs_hledger
async def test_hledger_comes_to_the_same_total_for_every_account(
    database: Database, books: Books, tmp_path: Path
) -> None:
    path = tmp_path / "books.journal"
    await write(database, books, path)
    names = await database.read(books.bank, account_names)
    report = hledger(path, "balance", "--flat", "--empty", "--no-total", "-O", "csv")
    found = {row[0]: row[1] for row in list(csv.reader(io.StringIO(report)))[1:]}
    expected = {
        name: f'{books.of(account)} "{account.unit}"' if books.of(account) else "0"
        for account, name in names.items()
    }
    assert {name: total.replace('"', "") for name, total in found.items()} == {
        name: total.replace('"', "") for name, total in expected.items()
    }
    assert {key for key, total in books.balances.items() if total} <= {
        (a.unit, a.kind, a.owner, a.expires_on) for a in names
    }


@needs_hledger
async def test_hledger_finds_a_transaction_by_kind_and_by_tag(
    database: Database, books: Books, tmp_path: Path
) -> None:
    path = tmp_path / "books.journal"
    await write(database, books, path)
    assert "convert" in hledger(path, "payees").splitlines()
    register = hledger(path, "register", "-O", "csv", "tag:key=^c1$", "acct:^issuance:minute")
    assert [row[6] for row in csv.reader(io.StringIO(register))][1:] == ["-120 minute"]


async def test_no_two_accounts_share_a_name(database: Database, books: Books) -> None:
    names = await database.read(books.bank, account_names)
    assert len(set(names.values())) == len(names)


async def test_days_are_the_banks_own(database: Database, books: Books, tmp_path: Path) -> None:
    path = tmp_path / "books.journal"
    await write(database, books, path)
    text = path.read_text(encoding="utf-8")
    start = text.index("; key: night\n")
    assert text[text.rindex("\n\n", 0, start) :].startswith(f"\n\n{date(2025, 3, 6)} *")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("好 的", "好 的"),
        ("a;b|c,d", "a；b｜c，d"),
        (" one\ntwo\r\n\tthree ", "one two three"),
        ("x\u2028y\x00z", "x y z"),
        ("", ""),
    ],
)
def test_free_text_stays_on_its_line(text: str, expected: str) -> None:
    assert plain(text) == expected
