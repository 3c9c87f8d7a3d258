"""The server that a run measures on: the embedded one with its own durable settings, a fresh database per benchmark."""

import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import asyncpg

from timebank.database import APP, Address, Database
from timebank.migrations.runner import migrate
from timebank.postgres import EmbeddedServer

TEMPLATE = "benchmark_template"
CONNECTIONS = 4

Connection: TypeAlias = "asyncpg.Connection[asyncpg.Record]"


@dataclass(frozen=True, slots=True)
class Books:
    """A migrated database as the program sees it, and a way past its row-level security."""

    address: Address
    database: Database

    @contextlib.asynccontextmanager
    async def superuser(self) -> AsyncIterator[Connection]:
        """Connect as who may do anything, with the schema on the path: for baselines and for loading history."""
        connection: Connection = await asyncpg.connect(
            host=self.address.host,
            port=self.address.port,
            database=self.address.database,
            user=self.address.user,
            server_settings={"search_path": "timebank", "timezone": "UTC"},
        )
        try:
            yield connection
        finally:
            await connection.close()

    async def settle(self) -> None:
        """Gather statistics and write out what is dirty, so that a measurement does not pay for what came before."""
        async with self.superuser() as connection:
            await connection.execute("vacuum (analyze) accounts, transactions, postings")
            await connection.execute("checkpoint")


@dataclass(frozen=True, slots=True)
class Arena:
    """A running server, and a folder for files beside it."""

    server: EmbeddedServer
    folder: Path

    @contextlib.asynccontextmanager
    async def books(self, name: str) -> AsyncIterator[Books]:
        """Make a migrated database, and drop it at the end."""
        await self._administer(f"create database {name} template {TEMPLATE}")
        try:
            address = self._address(name)
            async with Database.connect(address, APP, max_size=CONNECTIONS) as database:
                yield Books(address, database)
        finally:
            await self._administer(f"drop database {name} with (force)")

    async def make_template(self) -> None:
        """Migrate once what every benchmark's database is copied from."""
        await self._administer(f"create database {TEMPLATE}")
        await migrate(self._address(TEMPLATE), logins=True)

    def _address(self, name: str) -> Address:
        return Address(
            host=str(self.server.socket_dir), port=self.server.port, database=name, user=self.server.superuser
        )

    async def _administer(self, statement: str) -> None:
        connection: Connection = await asyncpg.connect(self.server.dsn())
        try:
            await connection.execute(statement)
        finally:
            await connection.close()


@contextlib.asynccontextmanager
async def open_arena(folder: Path) -> AsyncIterator[Arena]:
    """Start the embedded server in `folder`, and stop it at the end."""
    with EmbeddedServer(folder / "server") as server:
        arena = Arena(server, folder)
        await arena.make_template()
        yield arena
