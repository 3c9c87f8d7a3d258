"""Connections that are lent, wanted by many, broken, or gone with their server."""

import asyncio
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from ledger.balances import balance
from ledger.session import ReadTx, WriteTx
from ledger.values import ISSUANCE, Place
from tests.conftest import FAST, new_bank
from tests.timebank.test_database import fill
from timebank import connections
from timebank.database import Address, Bank, Database
from timebank.errors import OutageError
from timebank.migrations.runner import migrate
from timebank.postgres import EmbeddedServer


async def test_who_uses_the_pool_gets_a_connection_however_busy_the_others_are(address: Address) -> None:
    is_over = False

    async def busy(database: Database) -> None:
        while not is_over:
            await database.ping()

    async with Database.connect(address, max_size=3) as database:
        tasks = [asyncio.create_task(busy(database)) for _ in range(3)]
        await asyncio.sleep(0.05)
        try:
            assert await asyncio.wait_for(database.pool.fetchval("select 1"), 60) == 1
        finally:
            is_over = True
            await asyncio.gather(*tasks)


async def test_closing_waits_for_who_is_at_work_and_no_longer(
    address: Address, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "CLOSE_SECONDS", 120)
    async with Database.connect(address, max_size=3) as database:
        bank = await new_bank(database)
        working = asyncio.create_task(
            database.read(bank, lambda tx: tx.connection.fetchval("select 1 from pg_sleep(0.2)"))
        )
        await asyncio.sleep(0.05)
        began = asyncio.get_running_loop().time()
    assert asyncio.get_running_loop().time() - began < 60
    assert await working == 1


async def test_a_broken_connection_is_an_outage_and_the_next_call_works(
    database: Database, bank: Bank
) -> None:
    async def cut(tx: WriteTx) -> None:
        await tx.connection.execute("select pg_terminate_backend(pg_backend_pid())")

    with pytest.raises(OutageError, match="database_lost"):
        await database.write(bank, cut)
    await fill(database, bank)


async def test_a_broken_connection_is_an_outage_for_a_reader_too(database: Database, bank: Bank) -> None:
    async def cut(tx: ReadTx) -> None:
        await tx.connection.execute("select pg_terminate_backend(pg_backend_pid())")

    with pytest.raises(OutageError, match="database_lost"):
        await database.read(bank, cut)


async def test_a_server_that_has_gone_is_an_outage_until_it_is_back() -> None:
    # A short path, so that the socket is in the home and has the same path when the server is back.
    with TemporaryDirectory(prefix="timebank-") as home, EmbeddedServer(Path(home), settings=FAST) as server:
        address = Address(
            host=str(server.socket_dir), port=server.port, database="postgres", user=server.superuser
        )
        await migrate(address, logins=True)
        async with Database.connect(address) as database:
            bank = await new_bank(database)
            server.__exit__(None, None, None)
            for work in (database.read, database.write):
                with pytest.raises(OutageError, match="database_lost"):
                    await work(bank, lambda tx: balance(tx, Place(ISSUANCE), "point"))
            server.__enter__()
            assert await database.read(bank, lambda tx: balance(tx, Place(ISSUANCE), "point")) == 0
