"""Applying migrations: roles, schema, tables, and the epoch of the server that holds them.

The login is a superuser (embedded server), or any role that may create the three roles or is a member of
them already. Everything after the roles runs as `timebank_owner`.
"""

import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine
from sqlalchemy.pool import NullPool

from timebank.database import APP, MIN_SERVER_VERSION, OWNER, READER, Address
from timebank.errors import OutageError, RefusalError
from timebank.migrations import HEAD

MIGRATION_LOCK = 0x7462_0001
VERSIONS_PER_NUMBER = 10_000

_BROKEN = (
    OSError,
    asyncpg.PostgresConnectionError,
    asyncpg.OperatorInterventionError,
    asyncpg.InterfaceError,
)

_ROLE = """
do $$ begin
  if not exists (select from pg_roles where rolname = '{role}') then
    create role {role} {login} nosuperuser nocreatedb nocreaterole;
  end if;
exception when duplicate_object or unique_violation then
  null; -- made meanwhile by the migration of another database: the lock is this database's own
end $$
"""


@contextlib.asynccontextmanager
async def connect_as_login(address: Address) -> AsyncIterator[AsyncConnection]:
    """Open one SQLAlchemy connection as the address's own login, in a transaction that commits at the end."""

    async def connect() -> "asyncpg.Connection[asyncpg.Record]":
        arguments = {k: v for k, v in vars_of(address).items() if v is not None}
        try:
            return await asyncpg.connect(**arguments)  # type: ignore[call-overload,no-any-return]  # a TypedDict of all arguments
        except ValueError:
            raise RefusalError("database_url_invalid") from None
        except asyncpg.InvalidAuthorizationSpecificationError:
            raise RefusalError("login_refused") from None
        except asyncpg.InvalidCatalogNameError:
            raise RefusalError("database_missing") from None

    engine = create_async_engine("postgresql+asyncpg://", async_creator=connect, poolclass=NullPool)
    try:
        async with engine.begin() as connection:
            yield connection
    except (OSError, asyncpg.PostgresConnectionError) as error:
        raise OutageError("database_unreachable", reason=type(error).__name__) from error
    except DBAPIError as error:
        if not error.connection_invalidated and not isinstance(_root_of(error), _BROKEN):
            raise
        raise OutageError("database_lost") from error
    finally:
        await engine.dispose()


def _root_of(error: BaseException) -> BaseException:
    """Return the driver's own error behind SQLAlchemy's."""
    while error.__cause__ is not None:
        error = error.__cause__
    return error


def vars_of(address: Address) -> dict[str, object]:
    """Return the connection arguments of the address's own login."""
    if address.dsn is not None:
        return {"dsn": address.dsn}
    return {"host": address.host, "port": address.port, "database": address.database, "user": address.user}


async def migrate(address: Address, *, logins: bool) -> list[str]:
    """Bring the schema to HEAD and return the versions applied; running it again applies none.

    `logins` lets the three roles log in themselves (embedded server: the socket admits only its own user).

    Raises:
        RefusalError: `server_too_old`, `schema_newer` (made by a later program), `roles_missing`.
    """
    async with connect_as_login(address) as connection:
        version = int(str(await connection.scalar(text("show server_version_num"))))
        if version < MIN_SERVER_VERSION * VERSIONS_PER_NUMBER:
            raise RefusalError(
                "server_too_old", found=version // VERSIONS_PER_NUMBER, needed=MIN_SERVER_VERSION
            )
        await connection.execute(text(f"select pg_advisory_xact_lock({MIGRATION_LOCK})"))
        await _ensure_roles(connection, logins=logins)
        await connection.execute(text("set local lock_timeout = '10s'"))
        await connection.execute(text("set local statement_timeout = '15min'"))
        await _ensure_schema(connection)
        await connection.execute(text(f"set local role {OWNER}"))
        await connection.execute(text("set local search_path = timebank"))
        before = await connection.run_sync(_current)
        if before is not None and before > HEAD:
            raise RefusalError("schema_newer", found=before, expected=HEAD)
        if before != HEAD:
            await connection.run_sync(_upgrade)
            await connection.execute(text(f"grant select on schema_version to {APP}, {READER}"))
        await connection.execute(text("reset role"))
        await _ensure_epoch(connection)
    return [f"{n:04d}" for n in range(int(before or 0) + 1, int(HEAD) + 1)]


async def _ensure_roles(connection: AsyncConnection, *, logins: bool) -> None:
    present = set(
        await connection.scalars(text("select rolname from pg_roles where rolname like 'timebank%'"))
    )
    missing = {OWNER, APP, READER} - present
    may_create = await connection.scalar(
        text("select rolsuper or rolcreaterole from pg_roles where rolname = current_user")
    )
    if missing and not may_create:
        raise RefusalError("roles_missing", roles=", ".join(sorted(missing)))
    for role in (OWNER, APP, READER):
        await connection.execute(text(_ROLE.format(role=role, login="login" if logins else "nologin")))
    if await connection.scalar(text("select rolsuper from pg_roles where rolname = current_user")):
        return
    # Since PostgreSQL 16 who creates a role may administer it, which is not yet being able to take it on.
    taking_on = await connection.scalar(
        text(
            "select case when current_setting('server_version_num')::int >= 160000 then 'set' else 'member' end"
        )
    )
    for role in (OWNER, APP, READER):
        if not await connection.scalar(text(f"select pg_has_role(current_user, '{role}', '{taking_on}')")):
            await connection.execute(text(f"grant {role} to current_user"))


async def _ensure_schema(connection: AsyncConnection) -> None:
    if not await connection.scalar(text("select to_regnamespace('timebank') is not null")):
        await connection.execute(text(f"create schema timebank authorization {OWNER}"))
    await connection.execute(text(f"set local role {OWNER}"))
    await connection.execute(text(f"grant usage on schema timebank to {APP}, {READER}"))
    await connection.execute(text("reset role"))


async def _ensure_epoch(connection: AsyncConnection) -> None:
    """Note this server, above every position written on another one, so that positions never run backwards."""
    await connection.execute(text(f"set local role {OWNER}"))
    known = await connection.scalar(
        text(
            "select base from epochs"
            " where system_identifier = (select system_identifier::text from pg_control_system())"
        )
    )
    if known is not None:
        return
    base = 0
    for bank_id in list(await connection.scalars(text("select id from banks"))):
        await connection.execute(text(f"set local timebank.bank_id = '{bank_id:d}'"))
        latest = await connection.scalar(
            text("select max(xact) from transactions where bank_id = :bank"), {"bank": bank_id}
        )
        base = max(base, (latest or 0) + 1)
    await connection.execute(
        text(
            "insert into epochs (system_identifier, base)"
            " select system_identifier::text, :base from pg_control_system()"
        ),
        {"base": base},
    )


def _config(connection: Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    config.attributes["connection"] = connection
    return config


def _current(connection: Connection) -> str | None:
    context = MigrationContext.configure(connection, opts={"version_table": "schema_version"})
    return context.get_current_revision()


def _upgrade(connection: Connection) -> None:
    command.upgrade(_config(connection), HEAD)
