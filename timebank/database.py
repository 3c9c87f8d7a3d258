"""The edge to PostgreSQL: pools, roles, and the only place where a transaction begins, commits or is retried.

`write(bank, work)` and `read(bank, work)` hand a fresh transaction to `work`, which may run more than once
and must not do anything slow or visible outside. What `work` returns is final only when `write` returns.
"""

import asyncio
import contextlib
import functools
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar
from uuid import UUID
from zoneinfo import ZoneInfo

import asyncpg

from ledger.issuing import issue
from ledger.posting import post
from ledger.session import Catalogue, ReadTx, WriteTx, begin_read_sql, begin_write_sql
from ledger.values import Draft, Outcome
from timebank.connections import ConnectArguments, Connections, Pool, PoolConnection, commit
from timebank.errors import OutageError, RefusalError
from timebank.migrations import HEAD

T = TypeVar("T")

OWNER, APP, READER = "timebank_owner", "timebank_app", "timebank_reader"
MIN_SERVER_VERSION = 15
ATTEMPTS = 12
_RETRIED = (
    asyncpg.SerializationError,
    asyncpg.DeadlockDetectedError,
)
_KEY_RACES = (
    "transactions_idempotency_key",
    "transactions_reverses_id_key",
    "transactions_resolves_id_key",
    "replies_pkey",
    "policy_packs_pkey",
    "exchange_rules_pkey",
)

# Citus does not tell its workers what a function sets, so what is not in a transaction would see no bank there.
_IS_SHARDED = "select exists (select from pg_extension where extname = 'citus')"

# The bank is set for as long as the statement runs, and a scan takes the bank's id from where it was set: so every
# scan, and the policy that guards it, comes after. The OFFSET keeps that so; were it ever otherwise, the policy would
# see no bank, and the statement no row.
_AT_A_GLANCE = """
with entered as materialized (select set_config('timebank.bank_id', $1::bigint::text, true)::bigint as bank_id)
select found.* from entered, lateral (select glance.* from ({query}) glance offset 0) found
"""

_SESSION_SETTINGS = {
    "search_path": "timebank",
    "timezone": "UTC",
    "application_name": "timebank",
    "lock_timeout": "20s",
    # The call that commits itself begins no transaction that could say so.
    "default_transaction_isolation": "read committed",
    "idle_in_transaction_session_timeout": "60s",
    # A foreign-key check or a lookup planned while a table was empty would go on scanning it as it fills;
    # writes touch single rows only. Reads, which may well scan, turn it on again for themselves.
    "enable_seqscan": "off",
    "citus.override_table_visibility": "off",
}

WRITE_STATEMENT_TIMEOUT = "300s"


@dataclass(frozen=True, slots=True)
class Address:
    """How to reach a database as one of the three roles; `switch_role` for a login that takes the role on."""

    dsn: str | None = None
    host: str | None = None
    port: int | None = None
    database: str | None = None
    user: str | None = None
    switch_role: bool = False

    def arguments(self, role: str) -> ConnectArguments:
        """Return asyncpg's arguments for connecting as the role."""
        settings = {**_SESSION_SETTINGS, "statement_timeout": WRITE_STATEMENT_TIMEOUT}
        if self.dsn is not None:
            if self.switch_role:
                settings["role"] = role
            return {"dsn": self.dsn, "server_settings": settings}
        return {
            "host": self.host,
            "port": self.port,
            "database": self.database,
            "user": role if not self.switch_role else self.user,
            "server_settings": settings,
        }


@dataclass(frozen=True, slots=True)
class Bank:
    """A bank as every transaction of it needs it."""

    id: int
    code: str
    name: str
    zone: ZoneInfo
    owner: UUID


class Database:
    """A pool of connections as one role, the bank catalogues, and the retry loop. One per process and role."""

    def __init__(self, connections: Connections, base: int, *, is_sharded: bool) -> None:
        self.connections = connections
        self._base = base
        self._is_sharded = is_sharded
        self._catalogues: dict[int, Catalogue] = {}

    @classmethod
    @contextlib.asynccontextmanager
    async def connect(
        cls, address: Address, role: str = APP, *, min_size: int = 1, max_size: int = 10
    ) -> AsyncIterator["Database"]:
        """Open a pool as the role and close it at the end.

        Raises:
            OutageError: `database_unreachable`.
            RefusalError: `database_url_invalid`, `login_refused`; `schema_missing`, `schema_differs` or
                `server_changed` (restored elsewhere): migrate first.
        """
        async with Connections.open(address.arguments(role), min_size=min_size, max_size=max_size) as opened:
            base = await _check_schema(opened.pool)
            yield cls(opened, base, is_sharded=await opened.pool.fetchval(_IS_SHARDED))

    @property
    def pool(self) -> Pool:
        """The connections themselves, for what belongs to no bank."""
        return self.connections.pool

    async def ping(self) -> None:
        """Ask the server anything.

        Raises:
            OutageError: `database_lost`.
        """
        async with self.connections.lent() as connection:
            await connection.fetchval("select 1")

    async def bank(self, code: str) -> Bank:
        """Return the bank of that code.

        Raises:
            RefusalError: `unknown_bank`.
        """
        # What an address or a form says may be anything, also what PostgreSQL does not take for a text.
        found = await self._banks("where code = $1", code) if "\0" not in code else []
        if not found:
            raise RefusalError("unknown_bank", bank=code)
        return found[0]

    async def bank_of_id(self, bank_id: int) -> Bank:
        """Return the bank of that id, which the codes of stations and members name.

        Raises:
            RefusalError: `unknown_bank`.
        """
        found = await self._banks("where id = $1", bank_id)
        if not found:
            raise RefusalError("unknown_bank", bank=bank_id)
        return found[0]

    async def only_bank(self) -> Bank | None:
        """Return the bank, if there is just one."""
        found = await self._banks("order by id limit 2")
        return found[0] if len(found) == 1 else None

    async def _banks(self, which: str, *arguments: object) -> list[Bank]:
        rows = await self.pool.fetch(f"select id, code, name, zone, owner from banks {which}", *arguments)  # noqa: S608 -- the module's own words
        return [
            Bank(row["id"], row["code"], row["name"], ZoneInfo(row["zone"]), row["owner"]) for row in rows
        ]

    async def write(self, bank: Bank, work: Callable[[WriteTx], Awaitable[T]]) -> T:
        """Run `work` in a transaction and commit it; serialization failures, deadlocks and key races run it again.

        Raises:
            OutageError: `database_busy` when a lock was not had in time or every attempt lost its race,
                `database_lost` when the connection broke: the outcome is then unknown, and a retry with the
                same keys is safe.
        """
        return await self._run_again(lambda: self._write_once(bank, work))

    async def post(self, bank: Bank, drafts: Sequence[Draft]) -> list[Outcome]:
        """Post the drafts in a transaction of their own and commit it: in one call where they only issue.

        Raises:
            OutageError: as `write`.
        """
        catalogue = self._catalogues.setdefault(bank.id, Catalogue())
        if self._is_sharded:
            return await self.write(bank, lambda tx: post(tx, drafts))
        async with self.connections.lent() as connection:
            with contextlib.suppress(*_RETRIED, asyncpg.LockNotAvailableError):
                tx = ReadTx(connection, bank.id, bank.code, bank.zone, self._base, catalogue)
                outcomes = await issue(tx, drafts)
                if outcomes is not None:
                    return outcomes
        return await self.write(bank, lambda tx: post(tx, drafts))

    async def write_between(
        self, bank: Bank, other: Bank, work: Callable[[WriteTx, WriteTx], Awaitable[T]]
    ) -> T:
        """Run `work` on one transaction of two banks, which begins as the first's; both commit or neither.

        Raises:
            OutageError: as `write`.
        """
        return await self._run_again(lambda: self._write_between_once(bank, other, work))

    async def _run_again(self, once: Callable[[], Awaitable[T]]) -> T:
        for attempt in range(ATTEMPTS):
            try:
                return await once()
            except _RETRIED:
                pass
            except asyncpg.UniqueViolationError as error:
                if not _is_key_race(error):
                    raise
            except asyncpg.LockNotAvailableError as error:
                raise OutageError("database_busy") from error
            await asyncio.sleep(0.005 * attempt)
        raise OutageError("database_busy")

    async def _write_once(self, bank: Bank, work: Callable[[WriteTx], Awaitable[T]]) -> T:
        async with self._begun(begin_write_sql(bank.id)) as connection:
            tx = self._writing(connection, bank)
            result = await work(tx)
            await commit(connection)
        self._catalogues[bank.id] = tx.catalogue
        return result

    async def _write_between_once(
        self, bank: Bank, other: Bank, work: Callable[[WriteTx, WriteTx], Awaitable[T]]
    ) -> T:
        async with self._begun(begin_write_sql(bank.id)) as connection:
            tx, other_tx = self._writing(connection, bank), self._writing(connection, other)
            result = await work(tx, other_tx)
            await commit(connection)
        self._catalogues[bank.id] = tx.catalogue
        self._catalogues[other.id] = other_tx.catalogue
        return result

    def _writing(self, connection: PoolConnection, bank: Bank) -> WriteTx:
        catalogue = self._catalogues.setdefault(bank.id, Catalogue()).copy()
        return WriteTx(connection, bank.id, bank.code, bank.zone, self._base, catalogue)

    async def read(self, bank: Bank, work: Callable[[ReadTx], Awaitable[T]]) -> T:
        """Run `work` on one repeatable, read-only view of the bank.

        Raises:
            OutageError: `database_lost` when there was no connection or it broke.
        """
        catalogue = self._catalogues.setdefault(bank.id, Catalogue())
        async with self._begun(begin_read_sql(bank.id)) as connection:
            return await work(ReadTx(connection, bank.id, bank.code, bank.zone, self._base, catalogue))

    async def glance(self, bank: Bank, query: str, *arguments: object) -> asyncpg.Record | None:
        """Return the first row of a reading query, whose `$1` is the bank, in one round trip.

        Raises:
            OutageError: as `read`.
        """
        if self._is_sharded:
            return await self.read(bank, lambda tx: tx.connection.fetchrow(query, tx.bank_id, *arguments))
        async with self.connections.lent() as connection:
            return await connection.fetchrow(_at_a_glance(query), bank.id, *arguments)

    @contextlib.asynccontextmanager
    async def _begun(self, begin: str) -> AsyncIterator[PoolConnection]:
        """Lend a connection with a transaction begun."""
        async with self.connections.lent() as connection:
            await connection.execute(begin)
            yield connection


@functools.cache
def _at_a_glance(query: str) -> str:
    return _AT_A_GLANCE.format(query=re.sub(r"\$1\b", "entered.bank_id", query))


async def _check_schema(pool: Pool) -> int:
    """Return the epoch's base, or refuse a schema that this program was not written for."""
    try:
        found = await pool.fetchval("select version_num from schema_version")
    except (asyncpg.UndefinedTableError, asyncpg.InvalidSchemaNameError, asyncpg.InsufficientPrivilegeError):
        raise RefusalError("schema_missing", expected=HEAD) from None
    if found != HEAD:
        raise RefusalError("schema_differs", found=found, expected=HEAD)
    base = await pool.fetchval(
        "select base from epochs where system_identifier ="
        " (select system_identifier::text from pg_control_system())"
    )
    if base is None:
        raise RefusalError("server_changed")
    return int(base)


def _is_key_race(error: asyncpg.UniqueViolationError) -> bool:
    """Tell whether two writers raced for one key; Citus may suffix or drop the constraint's name."""
    name = error.constraint_name or str(error)
    return any(key in name for key in _KEY_RACES)
