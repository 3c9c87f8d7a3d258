"""The edge: one bank per transaction, retries that lose nothing, and failures told apart."""

import asyncio
import contextlib
from uuid import uuid4

import asyncpg
import pytest

from ledger.balances import balance
from ledger.posting import post
from ledger.session import ReadTx, WriteTx
from ledger.values import ISSUANCE, TAKINGS, WALLET, Draft, Move, Place, Posted
from tests.conftest import SPRING, new_bank
from timebank.database import READER, Address, Bank, Database
from timebank.errors import OutageError, RefusalError

TABLES = ("units", "accounts", "transactions", "postings", "exchange_rules")


def award(key: str, *moves: Move) -> Draft:
    return Draft(
        "award", key, SPRING, "test", moves or (Move(Place(ISSUANCE), Place(WALLET, uuid4()), "point", 5),)
    )


async def fill(database: Database, bank: Bank) -> None:
    await database.write(bank, lambda tx: post(tx, [award("a")]))


async def rows(tx: ReadTx, table: str, bank: Bank) -> int:
    """Count a bank's rows as a statement that names it, or that forgot to."""
    named = await tx.connection.fetchval(f"select count(*) from {table} where bank_id = $1", bank.id)
    return int(named)


@pytest.mark.parametrize("table", TABLES)
async def test_a_statement_without_a_bank_sees_nothing(database: Database, bank: Bank, table: str) -> None:
    await fill(database, bank)
    assert await database.read(bank, lambda tx: rows(tx, table, bank)) > 0
    # A connection that served a bank before has the setting empty, a new one has it not at all.
    counts = [await database.pool.fetchval(f"select count(*) from {table}") for _ in range(3)]
    assert counts == [0, 0, 0]


async def test_a_new_connection_without_a_bank_sees_nothing(
    address: Address, database: Database, bank: Bank
) -> None:
    await fill(database, bank)
    async with Database.connect(address, max_size=1) as other:
        assert await other.pool.fetchval("select count(*) from accounts") == 0


@pytest.mark.parametrize("table", TABLES)
async def test_a_forgotten_where_shows_nothing_of_another_bank(
    database: Database, bank: Bank, table: str
) -> None:
    other = await new_bank(database)
    await fill(database, bank)
    await fill(database, other)

    async def everything(tx: ReadTx) -> set[int]:
        return {row["bank_id"] for row in await tx.connection.fetch(f"select bank_id from {table}")}

    assert await database.read(bank, everything) == {bank.id}
    assert await database.write(other, everything) == {other.id}
    assert await database.read(bank, lambda tx: rows(tx, table, other)) == 0


async def test_rows_of_another_bank_cannot_be_inserted(database: Database, bank: Bank) -> None:
    other = await new_bank(database)

    async def smuggle(tx: WriteTx) -> None:
        await tx.connection.execute(
            "insert into units (bank_id, code, class, spendable) values ($1, 'gold', 'value', true)", other.id
        )

    with pytest.raises(asyncpg.InsufficientPrivilegeError, match="row-level security"):
        await database.write(bank, smuggle)
    with pytest.raises(asyncpg.InsufficientPrivilegeError, match="row-level security"):
        await database.pool.execute(
            "insert into units (bank_id, code, class, spendable) values ($1, 'gold', 'value', true)", bank.id
        )


async def test_balances_of_another_bank_cannot_be_changed(database: Database, bank: Bank) -> None:
    other = await new_bank(database)
    await fill(database, other)

    async def rob(tx: WriteTx) -> str:
        return await tx.connection.execute("update accounts set balance = 0 where bank_id = $1", other.id)

    assert await database.write(bank, rob) == "UPDATE 0"


async def test_a_read_cannot_write(database: Database, bank: Bank) -> None:
    async def write(tx: ReadTx) -> None:
        await tx.connection.execute(
            "insert into units (bank_id, code, class, spendable) values ($1, 'gold', 'value', true)", bank.id
        )

    with pytest.raises(asyncpg.ReadOnlySQLTransactionError):
        await database.read(bank, write)


async def test_a_read_is_one_view_whatever_is_committed_meanwhile(database: Database, bank: Bank) -> None:
    async def look_twice(tx: ReadTx) -> tuple[int, int]:
        first = await balance(tx, Place(ISSUANCE), "point")
        await fill(database, bank)
        return first, await balance(tx, Place(ISSUANCE), "point")

    assert await database.read(bank, look_twice) == (0, 0)
    assert await database.read(bank, lambda tx: balance(tx, Place(ISSUANCE), "point")) == -5


async def test_the_reader_reads(address: Address, database: Database, bank: Bank) -> None:
    await fill(database, bank)
    async with Database.connect(address, READER) as reading:
        assert await reading.read(bank, lambda tx: balance(tx, Place(ISSUANCE), "point")) == -5
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await reading.write(bank, lambda tx: post(tx, [award("b")]))


async def test_what_fails_leaves_nothing_behind(database: Database, bank: Bank) -> None:
    """Not in the database, and not in the catalogue of open accounts that the process keeps."""

    class OutOfPaperError(Exception):
        pass

    move = Move(Place(ISSUANCE), Place(TAKINGS), "fufen", 5)

    async def fail(tx: WriteTx) -> None:
        await post(tx, [award("once", move)])
        raise OutOfPaperError

    with pytest.raises(OutOfPaperError):
        await database.write(bank, fail)
    assert await database.read(bank, lambda tx: rows(tx, "transactions", bank)) == 0
    (outcome,) = await database.write(bank, lambda tx: post(tx, [award("once", move)]))
    assert isinstance(outcome, Posted)
    assert not outcome.replayed
    assert await database.read(bank, lambda tx: balance(tx, Place(TAKINGS), "fufen")) == 5


async def test_a_deadlock_is_run_again_and_both_succeed(database: Database, bank: Bank) -> None:
    owners = [uuid4(), uuid4()]
    gifts = [
        award(f"g{n}", Move(Place(ISSUANCE), Place(WALLET, o), "point", 1)) for n, o in enumerate(owners)
    ]
    await database.write(bank, lambda tx: post(tx, gifts))
    met = asyncio.Barrier(2)
    attempts: list[str] = []

    async def both(tx: WriteTx, name: str, first: int, second: int) -> str:
        attempts.append(name)
        await post(tx, [award(f"{name}1", gifts[first].moves[0])])
        if attempts.count(name) == 1:
            await met.wait()
        await post(tx, [award(f"{name}2", gifts[second].moves[0])])
        return name

    first, second = await asyncio.gather(
        database.write(bank, lambda tx: both(tx, "x", 0, 1)),
        database.write(bank, lambda tx: both(tx, "y", 1, 0)),
    )
    assert (first, second) == ("x", "y")
    assert len(attempts) >= 3  # who is run again may be the quicker one, and they meet once more
    assert await database.read(bank, lambda tx: balance(tx, Place(ISSUANCE), "point")) == -6


async def test_the_loser_of_a_race_for_a_key_gets_the_winners_outcome(
    database: Database, bank: Bank, superuser: "asyncpg.Connection[asyncpg.Record]"
) -> None:
    # Between open accounts, so that no lock makes one wait before it has looked for the key.
    draft = award("same", Move(Place(ISSUANCE), Place(TAKINGS), "point", 5))
    await database.write(bank, lambda tx: post(tx, [award("open", draft.moves[0])]))
    posted = asyncio.Event()

    async def slow(tx: WriteTx) -> Posted:
        (outcome,) = await post(tx, [draft])
        posted.set()
        while not await superuser.fetchval(
            "select count(*) from pg_stat_activity where datname = current_database() and wait_event = 'transactionid'"
        ):
            await asyncio.sleep(0.01)
        assert isinstance(outcome, Posted)
        return outcome

    async def quick(tx: WriteTx) -> Posted:
        (outcome,) = await post(tx, [draft])
        assert isinstance(outcome, Posted)
        return outcome

    winner = asyncio.create_task(database.write(bank, slow))
    await posted.wait()
    second = await database.write(bank, quick)
    first = await winner
    assert (first.replayed, second.replayed) == (False, True)
    assert first.transaction_id == second.transaction_id


async def test_an_error_that_work_passes_over_is_no_commit(database: Database, bank: Bank) -> None:
    async def careless(tx: WriteTx) -> None:
        await post(tx, [award("once")])
        with contextlib.suppress(asyncpg.DivisionByZeroError):
            await tx.connection.execute("select 1 / 0")

    with pytest.raises(asyncpg.InFailedSQLTransactionError):
        await database.write(bank, careless)
    assert await database.read(bank, lambda tx: rows(tx, "transactions", bank)) == 0


async def test_the_servers_own_default_does_not_change_what_writers_see(
    address: Address, superuser: "asyncpg.Connection[asyncpg.Record]"
) -> None:
    setting = f"alter database {address.database} set default_transaction_isolation ="
    await superuser.execute(f"{setting} 'repeatable read'")
    try:
        async with Database.connect(address) as database:
            assert await database.pool.fetchval("show transaction_isolation") == "read committed"
    finally:
        await superuser.execute(f"{setting} default")


async def test_a_violated_constraint_is_our_mistake_and_not_run_again(database: Database, bank: Bank) -> None:
    attempts = 0

    async def twice(tx: WriteTx) -> None:
        nonlocal attempts
        attempts += 1
        await tx.connection.execute("insert into shops (bank_id, code) values ($1, 'x'), ($1, 'x')", bank.id)

    with pytest.raises(asyncpg.UniqueViolationError):
        await database.write(bank, twice)
    assert attempts == 1


async def test_a_lock_not_had_in_time_is_an_outage(database: Database, bank: Bank) -> None:
    owner = uuid4()
    gift = award("g", Move(Place(ISSUANCE), Place(WALLET, owner), "point", 1))
    await database.write(bank, lambda tx: post(tx, [gift]))

    async def impatient(tx: WriteTx) -> None:
        await tx.connection.execute("set local lock_timeout = '50ms'")
        await post(tx, [award("h", *gift.moves)])

    async def holding(tx: WriteTx) -> None:
        await post(tx, [award("i", *gift.moves)])
        with pytest.raises(OutageError, match="database_busy"):
            await database.write(bank, impatient)

    await database.write(bank, holding)


@pytest.mark.parametrize("code", ["nowhere", "no\0where"])
async def test_an_unknown_bank_is_refused(database: Database, code: str) -> None:
    with pytest.raises(RefusalError) as caught:
        await database.bank(code)
    assert (caught.value.code, caught.value.params) == ("unknown_bank", {"bank": code})


async def test_a_mistake_of_ours_is_not_taken_for_an_outage(database: Database, bank: Bank) -> None:
    async def wrong_type(tx: ReadTx) -> None:
        await tx.connection.fetchval("select $1::bigint", "seven")

    async def full_disk(tx: ReadTx) -> None:
        del tx
        raise OSError(28, "No space left on device")

    for work in (database.read, database.write):
        with pytest.raises(asyncpg.DataError, match="invalid input for query argument"):
            await work(bank, wrong_type)
        with pytest.raises(OSError, match="No space left"):
            await work(bank, full_disk)
