"""The Beancount journal: bean-check accepts it and Beancount comes to the ledger's totals."""

import io
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest
from beancount import loader
from beancount.core import data, realization

from ledger.export.beancount import CURRENCY_LENGTH, account_names, currency, write_beancount
from ledger.session import ReadTx
from tests.ledger.export.conftest import MORE_UNITS, NASTY, Books
from timebank.database import Database


async def write(database: Database, books: Books, path: Path) -> int:
    async def work(tx: ReadTx) -> int:
        out = io.StringIO()
        count = await write_beancount(tx, out)
        path.write_text(out.getvalue(), encoding="utf-8")
        return count

    return await database.read(books.bank, work)


def load(path: Path) -> Sequence[data.Directive]:
    entries, errors, _ = loader.load_file(str(path))
    assert errors == []
    return entries


async def test_bean_check_accepts_it(database: Database, books: Books, tmp_path: Path) -> None:
    path = tmp_path / "books.beancount"
    assert await write(database, books, path) == books.accepted
    run = subprocess.run(
        [sys.executable, "-m", "beancount.scripts.check", "--no-cache", str(path)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (run.returncode, run.stdout, run.stderr) == (0, "", "")


async def test_beancount_comes_to_the_same_total_for_every_account(
    database: Database, books: Books, tmp_path: Path
) -> None:
    path = tmp_path / "books.beancount"
    await write(database, books, path)
    names = await database.read(books.bank, account_names)
    tree = realization.realize(load(path))
    found = {
        name: {position.units.currency: int(position.units.number) for position in node.balance}
        for name in names.values()
        if (node := realization.get(tree, name)) is not None
    }
    expected = {
        name: {currency(account.unit_id, account.unit): books.of(account)} if books.of(account) else {}
        for account, name in names.items()
    }
    assert found == expected
    assert {key for key, total in books.balances.items() if total} <= {
        (a.unit, a.kind, a.owner, a.expires_on) for a in names
    }


async def test_it_keeps_memo_key_and_id(database: Database, books: Books, tmp_path: Path) -> None:
    path = tmp_path / "books.beancount"
    await write(database, books, path)
    found = {e.meta["key"]: e for e in load(path) if isinstance(e, data.Transaction)}
    redeemed = found['k,"1"; x|y\n::z:']
    assert redeemed.payee == "redeem"
    kept = "".join((redeemed.narration or "").split())
    assert kept == "".join(NASTY.replace("\x07", "").split())
    assert int(found["rev"].meta["reverses"]) == int(redeemed.meta["id"])


async def test_no_two_accounts_and_no_two_units_share_a_name(database: Database, books: Books) -> None:
    names = await database.read(books.bank, account_names)
    assert len(set(names.values())) == len(names)
    currencies = {a.unit: currency(a.unit_id, a.unit) for a in names}
    assert {code for code, _, _ in MORE_UNITS} <= set(currencies)
    assert len(set(currencies.values())) == len(currencies)
    assert max(map(len, currencies.values())) <= CURRENCY_LENGTH


@pytest.mark.parametrize(
    ("unit_id", "code", "expected"),
    [
        (1, "point", "POINT"),
        (2, "party_score", "PARTY_SCORE"),
        (6, "goods/rice", "GOODS-RICE.6"),
        (7, "Point", "POINT.7"),
        (8, "x", "X.8"),
        (2**63 - 1, "goods/rice", "GOOD.9223372036854775807"),
    ],
)
def test_a_currency_is_the_code_in_capitals_or_carries_the_units_number(
    unit_id: int, code: str, expected: str
) -> None:
    assert currency(unit_id, code) == expected
