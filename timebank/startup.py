"""From settings to an open database: the embedded server or a named one, migrated where that is safe."""

import contextlib
import gc
from collections.abc import AsyncIterator, Iterator

import asyncpg

from timebank.database import APP, Address, Database
from timebank.errors import RefusalError
from timebank.settings import Settings

DATABASE = "timebank"


@contextlib.contextmanager
def server_address(settings: Settings) -> Iterator[Address]:
    """Return where the database is, keeping the embedded server up meanwhile.

    Raises:
        EmbeddedServerError: the embedded server could not be started.
    """
    if settings.database_url is not None:
        yield Address(dsn=settings.database_url.get_secret_value(), switch_role=True)
        return
    from timebank.postgres import EmbeddedServer  # noqa: PLC0415 -- a named server needs none of it

    with EmbeddedServer(settings.home) as server:
        yield Address(host=str(server.socket_dir), port=server.port, database=DATABASE, user=server.superuser)


async def ensure_database(address: Address) -> None:
    """Make the embedded server's database if it is not there yet."""
    if address.dsn is not None:
        return
    connection = await asyncpg.connect(
        host=address.host, port=address.port, user=address.user, database="postgres"
    )
    try:
        with contextlib.suppress(asyncpg.DuplicateDatabaseError, asyncpg.UniqueViolationError):
            if not await connection.fetchval("select true from pg_database where datname = $1", DATABASE):
                await connection.execute(f"create database {DATABASE}")
    finally:
        await connection.close()


async def migrate_address(address: Address) -> list[str]:
    """Bring the schema up to this program's version and return the versions applied."""
    from timebank.migrations.runner import migrate  # noqa: PLC0415 -- Alembic is slow to import

    await ensure_database(address)
    return await migrate(address, logins=address.dsn is None)


@contextlib.asynccontextmanager
async def open_database(address: Address, role: str = APP, *, max_size: int = 10) -> AsyncIterator[Database]:
    """Open the database as a role. A fresh embedded one is migrated first; any other mismatch is refused.

    Raises:
        OutageError: `database_unreachable`.
        RefusalError: `schema_missing`, `schema_differs`, `server_changed`.
    """
    async with contextlib.AsyncExitStack() as stack:
        try:
            database = await stack.enter_async_context(Database.connect(address, role, max_size=max_size))
        except RefusalError as refused:
            if address.dsn is not None or refused.code != "schema_missing":
                raise
            await migrate_address(address)
            database = await stack.enter_async_context(Database.connect(address, role, max_size=max_size))
        yield database


def spare_collector() -> None:
    """For a process that serves: do not search for garbage what was made at the start, and seldom what a batch makes.

    Nearly all of it is freed by counting alone; at the default thresholds a rush spends a fifth of its time searching.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(*COLLECTOR_THRESHOLDS)


COLLECTOR_THRESHOLDS = (50_000, 20, 20)
