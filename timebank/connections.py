"""Connections of one role, lent one at a time: each comes back whole, with nothing begun, or goes."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import TypeAlias, TypedDict

import asyncpg

from timebank.errors import OutageError, RefusalError
from timebank.migrations import HEAD

Pool: TypeAlias = "asyncpg.Pool[asyncpg.Record]"
PoolConnection: TypeAlias = "asyncpg.pool.PoolConnectionProxy[asyncpg.Record]"

CLOSE_SECONDS = 5.0
"""So long a pool may take to close before its connections are cut."""

# The driver answers a statement with InternalClientError when the server ended the connection just before it.
_MAY_BE_LOST = (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError)


class ConnectArguments(TypedDict, total=False):
    """The arguments of asyncpg.connect and create_pool that an address fills."""

    dsn: str | None
    host: str | None
    port: int | None
    database: str | None
    user: str | None
    server_settings: dict[str, str]


class Connections:
    """A pool, and those of its connections that are at hand."""

    def __init__(self, pool: Pool) -> None:
        self.pool = pool
        self._at_hand: list[PoolConnection] = []
        self._taken = 0  # of the pool's connections: lent or at hand
        self._waiting = 0
        self._is_closing = False

    @classmethod
    @contextlib.asynccontextmanager
    async def open(
        cls, arguments: ConnectArguments, *, min_size: int, max_size: int
    ) -> AsyncIterator["Connections"]:
        """Open a pool and close it at the end.

        Raises:
            OutageError: `database_unreachable`.
            RefusalError: `database_url_invalid`, `login_refused`, `schema_missing`.
        """
        try:
            pool = await asyncpg.create_pool(
                **arguments,
                min_size=min_size,
                max_size=max_size,
                reset=_reset,
                command_timeout=None,
            )
        except (OSError, asyncpg.PostgresConnectionError, asyncpg.CannotConnectNowError) as error:
            raise OutageError("database_unreachable", reason=type(error).__name__) from error
        except ValueError:  # the driver's own, or of a number within the address
            raise RefusalError("database_url_invalid") from None
        except asyncpg.InvalidPasswordError:
            raise RefusalError("login_refused") from None
        except (
            asyncpg.InvalidCatalogNameError,
            asyncpg.InvalidAuthorizationSpecificationError,
            asyncpg.InvalidParameterValueError,
        ):
            # No such database, or no such role to log in as or to take on: nobody has migrated here.
            raise RefusalError("schema_missing", expected=HEAD) from None
        connections = cls(pool)
        try:
            yield connections
        finally:
            await connections._let_go()
            with contextlib.suppress(asyncio.TimeoutError):
                await asyncio.wait_for(pool.close(), CLOSE_SECONDS)

    @contextlib.asynccontextmanager
    async def lent(self) -> AsyncIterator[PoolConnection]:
        """Lend a connection; whatever was begun and is not committed at the end is rolled back.

        An error is an outage if the connection did not survive it; what `work` did wrong is raised as it is.
        """
        try:
            connection = await self._acquire()
        except _MAY_BE_LOST as error:
            raise OutageError("database_lost") from error
        is_whole = False
        try:
            yield connection
        except _MAY_BE_LOST as error:
            if await _roll_back(connection):
                raise
            raise OutageError("database_lost") from error
        except BaseException:
            await _roll_back(connection)
            raise
        else:
            is_whole = await _roll_back(connection)
        finally:
            await self._hand_back(connection, is_whole=is_whole)

    async def _acquire(self) -> PoolConnection:
        """Return a connection that is at hand, else one of the pool.

        Going through the pool takes a tenth of what a short read takes, so who is done leaves the connection here,
        unless somebody waits for the pool or none is left there for those who use it directly.
        """
        while self._at_hand:
            connection = self._at_hand.pop()
            if not connection.is_closed():
                return connection
            await self._release(connection)
        self._waiting += 1
        try:
            connection = await self.pool.acquire()
        finally:
            self._waiting -= 1
        self._taken += 1
        return connection

    async def _hand_back(self, connection: PoolConnection, *, is_whole: bool) -> None:
        is_wanted = self._waiting or self._is_closing or self._taken >= self.pool.get_max_size()
        if is_whole and not is_wanted:
            self._at_hand.append(connection)
        else:
            await self._release(connection)

    async def _release(self, connection: PoolConnection) -> None:
        self._taken -= 1
        await self.pool.release(connection)

    async def _let_go(self) -> None:
        self._is_closing = True
        while self._at_hand:
            await self._release(self._at_hand.pop())


async def _reset(connection: object) -> None:
    """Leave a returned connection as it is: write and read always end their transaction themselves."""


async def commit(connection: PoolConnection) -> None:
    """Commit, and make sure of it: the server answers the commit of a failed transaction by rolling it back."""
    if await connection.execute("commit") != "COMMIT":
        raise asyncpg.InFailedSQLTransactionError("an error was passed over, so nothing was committed")


async def _roll_back(connection: PoolConnection) -> bool:
    """End the transaction, if it is still open; return False when the connection is lost."""
    try:
        if connection.is_closed():
            return False
        if connection.is_in_transaction():
            await connection.execute("rollback")
    except _MAY_BE_LOST:
        with contextlib.suppress(asyncpg.InterfaceError):  # the pool may have let go of it already
            connection.terminate()
        return False
    return True
