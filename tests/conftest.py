"""One embedded server for the whole run, one migrated database per worker, one new bank per test."""

import secrets
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import asyncpg
import pytest
import pytest_asyncio
from hypothesis import settings

from ledger.accounts import declare_units
from ledger.exchanges import set_exchanges
from tests.api.cast import Cast, enter
from tests.sealing import wait_for_others
from timebank.database import APP, Address, Bank, Database
from timebank.migrations.runner import migrate
from timebank.postgres import EmbeddedServer

LONG = (
    "api/test_schema.py",
    "journeys/test_sweep",
    "concurrency/test_spending_month.py",
    "benchmarks/test_smoke.py",
    "timebank/workbook/test_import_exports.py",
    "journeys/",
    "timebank/cli/test_serve.py",
    "timebank/cli/test_servers.py",
    "concurrency/test_redemption_races.py",
    "concurrency/test_simulated_year.py",
    "concurrency/test_rush.py",
    "timebank/workbook/test_import_kill.py",
    "timebank/cli/test_certificates.py",
    "concurrency/test_scan_rush.py",
    "concurrency/test_jobs_kill.py",
)
"""Browsers, served processes, Schemathesis, other programs as judges: half the time of all. `pytest` by itself leaves
them out and is done within five minutes on two cores; `pytest -m long` runs them, `make test` runs everything."""

FIRST = (
    *LONG,
    "timebank/demo/",
    "timebank/cli/",
    "timebank/workbook/",
    "properties/",
    "concurrency/",
    "api/test_permissions.py",
    "ledger/test_tampering.py",
    "timebank/postgres/",
    "timebank/migrations/",
)
"""What begins first, the longest at once, so that in the end no worker waits for another's half minute."""

FAST = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "max_connections": "400"}
"""Tests of correctness need no disk; those that kill the server run one of their own with fsync on."""

UNITS = (
    ("minute", "honour", False),
    ("point", "value", True),
    ("fufen", "value", True),
    ("timecoin", "value", True),
    ("party_score", "score", False),
    ("goods/rice", "goods", True),
)
"""(code, class, spendable) of every test bank."""

EXCHANGES = (("point", "class:goods"), ("point", "fufen"))
SPRING = datetime(2025, 3, 5, 6, 30, tzinfo=UTC)
END_OF_2026 = date(2026, 12, 31)


# How long an example takes is the machine's affair: one that was held up for a moment is no fault of what it tries.
settings.register_profile("any machine", deadline=None)
settings.load_profile("any machine")
wait_for_others()


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what takes long, and put it first; what is alike stays in the order it was shuffled into."""
    here = Path(__file__).parent
    places = [item.path.relative_to(here).as_posix() for item in items]
    for item, place in zip(items, places, strict=True):
        if place.startswith(LONG):
            item.add_marker(pytest.mark.long)
    order = [
        next((n for n, first in enumerate(FIRST) if place.startswith(first)), len(FIRST)) for place in places
    ]
    items[:] = [items[number] for number in sorted(range(len(items)), key=order.__getitem__)]


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedServer]:
    """Return the running server; xdist's workers share it."""
    base = tmp_path_factory.getbasetemp()
    home = (base.parent if base.name.startswith("popen-") else base) / "home"
    with EmbeddedServer(Path(home), settings=FAST) as running:
        yield running


@pytest_asyncio.fixture(scope="session")
async def address(server: EmbeddedServer) -> AsyncIterator[Address]:
    """Return a migrated database of this worker's own."""
    yield await new_database(server)


@pytest_asyncio.fixture(scope="session")
async def database(address: Address) -> AsyncIterator[Database]:
    """Return the database as the app role sees it."""
    async with Database.connect(address, APP, max_size=60) as opened:
        yield opened


@pytest_asyncio.fixture
async def bank(database: Database) -> Bank:
    """Return a new bank with the usual units and exchanges and nothing else."""
    return await new_bank(database)


@pytest_asyncio.fixture
async def cast(database: Database, bank: Bank) -> Cast:
    """Return the cast in a new bank."""
    return await enter(database, bank)


async def new_database(server: EmbeddedServer) -> Address:
    """Make a database and migrate it."""
    name = f"timebank_{secrets.token_hex(4)}"
    admin = await asyncpg.connect(server.dsn())
    await admin.execute(f"create database {name}")
    await admin.close()
    address = Address(host=str(server.socket_dir), port=server.port, database=name, user=server.superuser)
    await migrate(address, logins=True)
    return address


async def new_bank(database: Database) -> Bank:
    """Make a bank with the usual units and exchanges."""
    code = f"t{secrets.token_hex(6)}"
    await database.pool.execute(
        "insert into banks (code, name, zone) values ($1, '测试时间银行', 'Asia/Shanghai')", code
    )
    bank = await database.bank(code)
    await database.write(bank, lambda tx: declare_units(tx, UNITS))
    await database.write(
        bank, lambda tx: set_exchanges(tx, EXCHANGES, effective_from=datetime(2020, 1, 1, tzinfo=UTC))
    )
    return bank


@pytest_asyncio.fixture
async def superuser(address: Address) -> AsyncIterator["asyncpg.Connection[asyncpg.Record]"]:
    """Return a connection that may do anything: what a dishonest operator has."""
    connection = await asyncpg.connect(
        host=address.host, port=address.port, database=address.database, user=address.user
    )
    await connection.execute("set search_path = timebank")
    yield connection
    await connection.close()
