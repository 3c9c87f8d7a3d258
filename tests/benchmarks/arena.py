"""The server that a run measures on: the embedded one with its own durable settings, in a fresh folder."""

import contextlib
import os
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import asyncpg

from timebank.database import APP, Address, Database
from timebank.migrations.runner import migrate
from timebank.postgres import EmbeddedServer

DATABASE = "benchmark"
CONNECTIONS = 8
TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")

Connection: TypeAlias = "asyncpg.Connection[asyncpg.Record]"


@dataclass(frozen=True, slots=True)
class Arena:
    """A running server with a migrated database, and a folder for files beside it."""

    folder: Path
    address: Address
    database: Database

    @contextlib.asynccontextmanager
    async def superuser(self) -> AsyncIterator[Connection]:
        """Connect past row-level security, with the schema on the path: for baselines and for loading history."""
        connection = await self.connect_superuser()
        try:
            yield connection
        finally:
            await connection.close()

    async def connect_superuser(self) -> Connection:
        """Return such a connection; the caller closes it."""
        return await asyncpg.connect(
            host=self.address.host,
            port=self.address.port,
            database=self.address.database,
            user=self.address.user,
            server_settings={"search_path": "timebank", "timezone": "UTC"},
        )


@contextlib.asynccontextmanager
async def open_arena(folder: Path) -> AsyncIterator[Arena]:
    """Start the embedded server in `folder`, make and migrate a database, and stop the server at the end."""
    with EmbeddedServer(folder / "home") as server:
        admin = await asyncpg.connect(server.dsn())
        await admin.execute(f"create database {DATABASE}")
        await admin.close()
        address = Address(
            host=str(server.socket_dir), port=server.port, database=DATABASE, user=server.superuser
        )
        await migrate(address, logins=True)
        async with Database.connect(address, APP, max_size=CONNECTIONS) as database:
            yield Arena(folder, address, database)


async def settle(arena: Arena) -> None:
    """Write out what earlier measurements left dirty, so that the next one does not pay for it."""
    async with arena.superuser() as connection:
        await connection.execute("checkpoint")


def backend_cpu_seconds(connection: Connection) -> float:
    """Return the processor time that the connection's server process has used so far."""
    fields = Path(f"/proc/{connection.get_server_pid()}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS_PER_SECOND
