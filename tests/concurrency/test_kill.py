"""Clients, servers and connections that die in the middle: what was acknowledged stands, once and whole."""

import asyncio
import json
import os
import signal
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from uuid import uuid4

import pytest

from ledger.balances import balance, wallet
from ledger.posting import post
from ledger.session import WriteTx
from ledger.values import SHELF, TAKINGS, Outcome, Place, Posted
from tests.concurrency.crowd import check_books, tally
from tests.concurrency.poster import BUYERS, RICE, SHOP, batch
from tests.conftest import new_bank
from tests.ledger.drafts import award, post_all, post_one, spend
from timebank.database import Address, Bank, Database
from timebank.errors import OutageError
from timebank.migrations.runner import migrate
from timebank.postgres import EmbeddedServer

REPOSITORY = Path(__file__).parents[2]
COUNT = 60
ENDLESS = 100_000
"""More than a client posts before it is killed, however late."""


async def start_poster(address: Address, bank: Bank, count: int) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.concurrency.poster",
        json.dumps(asdict(address)),
        bank.code,
        str(count),
        cwd=REPOSITORY,
        stdout=asyncio.subprocess.PIPE,
    )


async def lines_of(process: asyncio.subprocess.Process, limit: int | None = None) -> list[int]:
    assert process.stdout is not None
    numbers: list[int] = []
    while (limit is None or len(numbers) < limit) and (line := await process.stdout.readline()):
        numbers.append(int(line))
    return numbers


async def keys_of(database: Database, bank: Bank) -> list[str]:
    rows = await database.read(
        bank,
        lambda tx: tx.connection.fetch(
            "select idempotency_key from transactions where bank_id = $1 and refusal is null", tx.bank_id
        ),
    )
    return [row["idempotency_key"] for row in rows]


async def check_batches(database: Database, bank: Bank, acknowledged: list[int]) -> int:
    """Check that acknowledged batches stand, and every batch once and whole or not at all; return how many stand."""
    keys = await keys_of(database, bank)
    assert len(keys) == len(set(keys))
    standing = sorted(int(key.removeprefix("award-")) for key in keys if key.startswith("award-"))
    assert sorted(keys) == sorted(draft.key for number in standing for draft in batch(number))
    assert set(acknowledged) <= set(standing)
    assert await database.read(bank, lambda tx: balance(tx, Place(TAKINGS), "point")) == 2 * len(standing)
    assert await database.read(bank, lambda tx: balance(tx, Place(SHELF, SHOP), RICE)) == 0
    for place, buyer in enumerate(BUYERS):
        lots = await database.read(bank, lambda tx, b=buyer: wallet(tx, b, "point"))  # type: ignore[misc]  # a lambda with a default has no type
        mine = sum(number % len(BUYERS) == place for number in standing)
        assert sum(lot.balance for lot in lots) == mine
    await check_books(database, bank)
    return len(standing)


async def test_a_client_killed_while_posting(address: Address, database: Database, bank: Bank) -> None:
    acknowledged: list[int] = []
    standing = 0
    for limit in (7, 26):
        process = await start_poster(address, bank, ENDLESS)
        acknowledged += await lines_of(process, limit)
        process.kill()
        acknowledged += await lines_of(process)
        assert await process.wait() == -signal.SIGKILL
        while await database.pool.fetchval(
            "select count(*) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()"
            " and state <> 'idle'"
        ):
            await asyncio.sleep(0.01)
        standing = await check_batches(database, bank, acknowledged)
        assert limit <= standing < ENDLESS
    more = standing + 20
    process = await start_poster(address, bank, more)
    assert await lines_of(process) == list(range(more))
    assert await process.wait() == 0
    assert await check_batches(database, bank, acknowledged) == more


@pytest.fixture
def durable_server() -> Iterator[EmbeddedServer]:
    """A server of this test's own, which writes to the disk before it acknowledges."""
    with (
        tempfile.TemporaryDirectory(prefix="timebank-") as home,
        EmbeddedServer(Path(home), settings={"shared_buffers": "32MB"}) as server,
    ):
        yield server


def postmaster_of(server: EmbeddedServer) -> int:
    pid_file = server.home / "postgres" / str(server.version) / "data" / "postmaster.pid"
    return int(pid_file.read_text().split()[0])


async def test_a_server_killed_while_posting(durable_server: EmbeddedServer) -> None:
    server = durable_server
    address = Address(
        host=str(server.socket_dir), port=server.port, database="postgres", user=server.superuser
    )
    await migrate(address, logins=True)
    acknowledged: list[int] = []

    async def client(database: Database, bank: Bank, first: int) -> None:
        for number in range(first, COUNT, 4):
            await database.write(bank, lambda tx, n=number: post(tx, batch(n)))  # type: ignore[misc]  # a lambda with a default has no type
            acknowledged.append(number)

    async with Database.connect(address, max_size=4) as database:
        bank = await new_bank(database)
        for kills_at in (9, 30):
            clients = [asyncio.create_task(client(database, bank, n)) for n in range(4)]
            goal = len(acknowledged) + kills_at
            while len(acknowledged) < goal:
                await asyncio.sleep(0)
            os.kill(postmaster_of(server), signal.SIGKILL)
            ends = await asyncio.gather(*clients, return_exceptions=True)
            # One that ran ahead of the others may have been done before.
            assert all(end is None or isinstance(end, OutageError) for end in ends), ends
            assert any(ends)
            await asyncio.to_thread(server.ensure_running)
            assert await check_batches(database, bank, acknowledged) < COUNT
        await asyncio.gather(*(client(database, bank, n) for n in range(4)))
        assert await check_batches(database, bank, acknowledged) == COUNT


async def test_a_connection_ended_before_the_commit_arrives(database: Database, bank: Bank) -> None:
    owner = uuid4()
    await post_one(database, bank, award(owner, 10))

    async def work(tx: WriteTx) -> list[Outcome]:
        outcomes = await post(tx, [spend(owner, 4, key="k")])
        pid = await tx.connection.fetchval("select pg_backend_pid()")
        await database.pool.fetchval("select pg_terminate_backend($1, 5000)", pid)
        return outcomes

    with pytest.raises(OutageError, match="database_lost"):
        await database.write(bank, work)
    assert "k" not in await keys_of(database, bank)
    assert tally(await post_all(database, bank, spend(owner, 4, key="k"))) == {"posted": 1}
    await check_books(database, bank)


async def test_a_connection_lost_after_the_commit_was_sent(database: Database, bank: Bank) -> None:
    owner = uuid4()
    await post_one(database, bank, award(owner, 10))

    async def work(tx: WriteTx) -> list[Outcome]:
        outcomes = await post(tx, [spend(owner, 4, key="k")])
        # Runs when the commit has been written to the socket and its answer is waited for.
        asyncio.get_running_loop().call_soon(tx.connection.terminate)
        return outcomes

    with pytest.raises(OutageError, match="database_lost"):
        await database.write(bank, work)
    while "k" not in await keys_of(database, bank):
        await asyncio.sleep(0.01)
    assert tally(await post_all(database, bank, spend(owner, 4, key="k"))) == {"replayed": 1}
    await check_books(database, bank)


async def test_backends_ended_at_any_moment_leave_each_key_once(
    address: Address, database: Database, bank: Bank
) -> None:
    owner = uuid4()
    await post_one(database, bank, award(owner, 200))

    async def spend_until_told(victims: Database, key: str) -> int:
        for attempt in range(1_000):
            try:
                (outcome,) = await post_all(victims, bank, spend(owner, 1, key=key))
            except OutageError as error:
                assert error.code == "database_lost"  # noqa: PT017 -- the loop goes on
                continue
            assert isinstance(outcome, Posted)
            return attempt
        raise AssertionError(key)

    async def end_backends() -> None:
        while True:
            await database.pool.fetchval(
                "select count(pg_terminate_backend(pid)) from pg_stat_activity"
                " where datname = current_database() and pid <> pg_backend_pid() and usename = 'timebank_app'"
                " and state <> 'idle' and random() < 0.1"
            )
            await asyncio.sleep(0.005)

    async with Database.connect(address, max_size=10) as victims:
        ending = asyncio.create_task(end_backends())
        try:
            attempts = await asyncio.gather(*(spend_until_told(victims, f"k{n}") for n in range(60)))
        finally:
            ending.cancel()
            await asyncio.wait([ending])  # what it asked for already is done
    assert sum(attempts) > 0
    assert sum(lot.balance for lot in await database.read(bank, lambda tx: wallet(tx, owner, "point"))) == 140
    await check_books(database, bank)
