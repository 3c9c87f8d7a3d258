"""One round trip for what is read at a glance."""

import asyncpg
import pytest

from ledger.posting import post
from tests.conftest import new_bank
from tests.timebank.test_database import award, fill
from timebank.database import Address, Bank, Database
from timebank.errors import OutageError

NAMED_AND_FORGOTTEN = """
select (select count(*) from accounts a where a.bank_id = $1) as named,
  array(select distinct a.bank_id from accounts a) as banks
"""


@pytest.mark.parametrize("plan", ["auto", "force_generic_plan", "force_custom_plan"])
async def test_a_glance_sees_its_bank_and_leaves_nothing_set(address: Address, plan: str) -> None:
    async with Database.connect(address, max_size=1) as database:
        banks = [await new_bank(database), await new_bank(database)]
        await database.write(banks[0], lambda tx: post(tx, [award("a")]))
        await database.write(banks[1], lambda tx: post(tx, [award("a"), award("b")]))
        await database.pool.execute(f"set plan_cache_mode = {plan}")
        for _ in range(8):  # five plans are made for what is asked, and then one for all
            for bank, accounts in zip(banks, (2, 3), strict=True):
                row = await database.glance(bank, NAMED_AND_FORGOTTEN)
                assert row is not None
                assert row["named"] == accounts
                assert set(row["banks"]) <= {bank.id}
                # Whoever has the connection next sees nothing.
                assert await database.pool.fetchval("select count(*) from accounts") == 0
                assert not await database.pool.fetchval("select current_setting('timebank.bank_id', true)")


@pytest.mark.parametrize(
    "query",
    [
        "select a.balance from accounts a where a.bank_id = $1 and a.balance = 5",
        "select a.balance from accounts a, generate_series(1, 9) where a.bank_id = $1 and a.balance = 5",
    ],
)
@pytest.mark.parametrize("plan", ["enable_nestloop = on", "enable_nestloop = off", "enable_seqscan = on"])
async def test_a_glance_sets_the_bank_before_it_reads(
    address: Address, bank: Bank, plan: str, query: str
) -> None:
    """In whatever order the planner would like to join, had it the choice."""
    async with Database.connect(address, max_size=1) as database:
        await fill(database, bank)
        await database.pool.execute(f"set {plan}")
        for _ in range(8):
            row = await database.glance(bank, query)
            assert row is not None
            assert row["balance"] == 5


async def test_a_glance_that_fails_leaves_nothing_set(
    address: Address, bank: Bank, database: Database
) -> None:
    await fill(database, bank)
    async with Database.connect(address, max_size=1) as one:
        for _ in range(8):
            with pytest.raises(asyncpg.DivisionByZeroError):
                await one.glance(bank, "select a.balance / 0 from accounts a where a.bank_id = $1")
            assert await one.pool.fetchval("select count(*) from accounts") == 0


async def test_a_glance_at_nothing_is_none(database: Database, bank: Bank) -> None:
    assert await database.glance(bank, "select a.id from accounts a where a.bank_id = $1") is None


async def test_a_glance_takes_as_many_arguments_as_it_needs(database: Database, bank: Bank) -> None:
    query = "select array[$1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11]::bigint[] as given"
    row = await database.glance(bank, query, *range(2, 12))
    assert row is not None
    assert row["given"] == [bank.id, *range(2, 12)]


async def test_a_glance_where_settings_do_not_travel_is_a_transaction(address: Address, bank: Bank) -> None:
    async with Database.connect(address) as opened:
        sharded = Database(opened.connections, 0, is_sharded=True)
        await fill(sharded, bank)
        mode = "current_setting('transaction_read_only')"
        query = f"select count(*) as n, {mode} as mode from accounts where bank_id = $1"
        row = await sharded.glance(bank, query)
        assert row is not None
        assert (row["n"], row["mode"]) == (2, "on")


async def test_a_connection_broken_at_a_glance_is_an_outage(database: Database, bank: Bank) -> None:
    with pytest.raises(OutageError, match="database_lost"):
        await database.glance(bank, "select pg_terminate_backend(pg_backend_pid()), $1::bigint")
    assert await database.glance(bank, "select $1::bigint") is not None
