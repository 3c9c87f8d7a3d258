"""Statements page by key with running balances; balances as of a moment agree with them."""

from datetime import timedelta
from functools import partial
from uuid import uuid4

import pytest

from ledger.balances import balance, balance_effective_at, balance_recorded_at, trial_balance
from ledger.folding import fold
from ledger.session import ReadTx
from ledger.statements import open_statement, wallet_statement
from ledger.values import ISSUANCE, TAKINGS, WALLET, Place
from tests.conftest import END_OF_2026, SPRING
from tests.ledger.drafts import award, post_all, spend
from tests.ledger.proof.history import until_decided
from timebank.database import Bank, Database

LATER = END_OF_2026 + timedelta(days=365)


async def test_pages_follow_each_other_with_the_balance_of_the_whole_wallet(
    database: Database, bank: Bank
) -> None:
    owner = uuid4()
    await post_all(
        database,
        bank,
        award(owner, 10),
        award(owner, 20, expires_on=LATER),
        spend(owner, 15),
        award(owner, 5),
    )
    seen, cursor = [], None
    while True:
        page = await database.read(
            bank, partial(wallet_statement, owner=owner, unit="point", cursor=cursor, limit=2)
        )
        seen += [(line.amount, line.balance, line.expires_on) for line in page.lines]
        cursor = page.next
        if cursor is None:
            break
    assert seen == [
        (5, 20, END_OF_2026),
        (-5, 15, LATER),
        (-10, 20, END_OF_2026),
        (20, 30, LATER),
        (10, 10, END_OF_2026),
    ]


async def test_a_page_does_not_move_when_something_is_posted_meanwhile(
    database: Database, bank: Bank
) -> None:
    owner = uuid4()
    await post_all(database, bank, award(owner, 10), award(owner, 20))
    first = await database.read(bank, lambda tx: wallet_statement(tx, owner, "point", limit=1))
    await post_all(database, bank, spend(owner, 30))
    second = await database.read(
        bank, lambda tx: wallet_statement(tx, owner, "point", cursor=first.next, limit=1)
    )
    assert [(line.amount, line.balance) for line in (*first.lines, *second.lines)] == [(20, 30), (10, 10)]


@pytest.mark.parametrize("cursor", ["x", "AAAA", "MSwy", "////"])
async def test_a_foreign_cursor_is_refused(database: Database, bank: Bank, cursor: str) -> None:
    with pytest.raises(ValueError, match=r".*"):
        await database.read(bank, lambda tx: wallet_statement(tx, uuid4(), "point", cursor=cursor))


async def test_an_open_account_is_read_the_same_before_and_after_folding(
    database: Database, bank: Bank
) -> None:
    owner = uuid4()
    await post_all(database, bank, award(owner, 10), award(owner, 20), spend(owner, 15))

    async def read() -> tuple[int, int, dict[str, dict[str, int]]]:
        return await database.read(bank, _figures)

    before = await read()
    assert before == (-30, 15, {"point": {"issuance": -30, "takings": 15, "wallet": 15}})
    await until_decided(database, bank)
    assert await database.write(bank, fold) == 2
    assert await read() == before
    await post_all(database, bank, award(owner, 1))
    assert (await read())[0] == -31
    page = await database.read(bank, lambda tx: open_statement(tx, Place(ISSUANCE), "point", limit=2))
    assert [line.amount for line in page.lines] == [-1, -20]
    rest = await database.read(
        bank, lambda tx: open_statement(tx, Place(ISSUANCE), "point", cursor=page.next, limit=2)
    )
    assert [line.amount for line in rest.lines] == [-10]
    assert rest.next is None


async def _figures(tx: ReadTx) -> tuple[int, int, dict[str, dict[str, int]]]:
    totals = {unit: kinds for unit, kinds in (await trial_balance(tx)).items() if any(kinds.values())}
    return (
        await balance(tx, Place(ISSUANCE), "point"),
        await balance(tx, Place(TAKINGS), "point"),
        totals,
    )


async def test_a_backdated_award_counts_from_its_day_on_but_was_recorded_now(
    database: Database, bank: Bank
) -> None:
    owner = uuid4()
    place = Place(WALLET, owner, END_OF_2026)
    await post_all(database, bank, award(owner, 10, at=SPRING))
    recorded = await database.read(bank, lambda tx: tx.connection.fetchval("select clock_timestamp()"))
    await post_all(database, bank, award(owner, 20, at=SPRING - timedelta(days=30)))
    early = SPRING - timedelta(days=1)
    assert await database.read(bank, lambda tx: balance_effective_at(tx, place, "point", early)) == 20
    assert await database.read(bank, lambda tx: balance_effective_at(tx, place, "point", SPRING)) == 30
    assert await database.read(bank, lambda tx: balance_recorded_at(tx, place, "point", recorded)) == 10
