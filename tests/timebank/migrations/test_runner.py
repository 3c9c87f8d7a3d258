"""Migrating: once, safely at once, never backwards, and roles that may do no more than they must."""

import asyncio
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from uuid import uuid4

import asyncpg
import pytest

from ledger.posting import post
from ledger.values import ISSUANCE, WALLET, Draft, Move, Place, Posted
from tests.conftest import FAST, SPRING, new_bank
from tests.timebank.migrations.conftest import connect
from timebank.database import APP, OWNER, READER, Address, Bank, Database
from timebank.errors import OutageError, RefusalError
from timebank.migrations import HEAD
from timebank.migrations.runner import migrate
from timebank.postgres import EmbeddedServer

VERSIONS = [f"{n:04d}" for n in range(1, int(HEAD) + 1)]

EPOCH = "select base from epochs where system_identifier = (select system_identifier::text from pg_control_system())"


@pytest.fixture(scope="module")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedServer]:
    """Return a server without any of our roles."""
    with EmbeddedServer(tmp_path_factory.mktemp("fresh"), settings=FAST) as server:
        yield server


async def refusal(address: Address, role: str = APP) -> RefusalError:
    """Return why the database would not open."""
    with pytest.raises(RefusalError) as caught:
        async with Database.connect(address, role):
            pass
    return caught.value


async def test_the_second_time_it_does_nothing(empty: Address) -> None:
    assert await migrate(empty, logins=True) == VERSIONS
    assert await migrate(empty, logins=True) == []
    connection = await connect(empty)
    assert await connection.fetchval("select count(*) from epochs") == 1
    assert await connection.fetchval(EPOCH) == 0
    await connection.close()


async def test_two_at_once_do_it_once(empty: Address) -> None:
    applied = await asyncio.gather(migrate(empty, logins=True), migrate(empty, logins=True))
    assert sorted(applied) == [[], VERSIONS]


MIGRATE = """
import asyncio, sys
from timebank.database import Address
from timebank.migrations.runner import migrate
host, port, database, user = sys.argv[1:]
print(*asyncio.run(migrate(Address(host=host, port=int(port), database=database, user=user), logins=True)))
"""


async def test_two_databases_of_a_new_server_may_be_migrated_at_once(fresh: EmbeddedServer) -> None:
    """The lock is each database's own, the roles are the server's: both programs want to make them."""
    admin = await asyncpg.connect(fresh.dsn())
    names = ["east", "west"]
    for name in names:
        await admin.execute(f"create database {name}")
    # One holds the roles' table back until both have looked for them and found none.
    gate = admin.transaction()
    await gate.start()
    await admin.execute("lock table pg_authid in exclusive mode")
    programs = [
        await asyncio.create_subprocess_exec(
            sys.executable,
            "-c",
            MIGRATE,
            str(fresh.socket_dir),
            str(fresh.port),
            name,
            fresh.superuser,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        for name in names
    ]
    while await admin.fetchval("select count(*) from pg_locks where not granted") < len(names):
        await asyncio.sleep(0.05)
    await gate.rollback()
    await admin.close()
    for program in programs:
        out, err = await program.communicate()
        assert (err.decode(), out.decode().split()) == ("", VERSIONS)


async def test_it_refuses_a_schema_of_a_later_program(migrated: Address) -> None:
    connection = await connect(migrated)
    await connection.execute("update schema_version set version_num = '9999'")
    await connection.close()
    with pytest.raises(RefusalError) as caught:
        await migrate(migrated, logins=True)
    assert (caught.value.code, caught.value.params) == ("schema_newer", {"found": "9999", "expected": HEAD})
    differs = await refusal(migrated)
    assert (differs.code, differs.params) == ("schema_differs", {"found": "9999", "expected": HEAD})


@pytest.mark.usefixtures("address")
async def test_the_program_refuses_a_database_without_a_schema(empty: Address) -> None:
    assert (await refusal(empty)).code == "schema_missing"


async def test_the_program_says_when_nobody_answers(empty: Address, tmp_path: Path) -> None:
    gone = replace(empty, host=str(tmp_path))
    with pytest.raises(OutageError, match="database_unreachable"):
        async with Database.connect(gone):
            pass
    with pytest.raises(OutageError, match="database_unreachable"):
        await migrate(gone, logins=True)


async def test_positions_go_on_above_the_old_ones_after_a_restore_on_another_server(
    migrated: Address,
) -> None:
    move = Move(Place(ISSUANCE), Place(WALLET, uuid4()), "point", 1)
    async with Database.connect(migrated) as database:
        bank = await new_bank(database)
        await database.write(bank, lambda tx: post(tx, [Draft("award", "old", SPRING, "test", (move,))]))
    connection = await connect(migrated)
    # A restored copy keeps its rows and is told by the server's own number, which is another.
    await connection.execute("update epochs set system_identifier = 'another server'")
    assert (await refusal(migrated)).code == "server_changed"
    assert await migrate(migrated, logins=True) == []
    latest = await connection.fetchval("select max(xact) from transactions")
    assert await connection.fetchval(EPOCH) == latest + 1
    assert await connection.fetchval("select count(*) from epochs") == 2
    async with Database.connect(migrated) as database:
        (outcome,) = await database.write(
            bank, lambda tx: post(tx, [Draft("award", "new", SPRING, "test", (move,))])
        )
    assert isinstance(outcome, Posted)
    newest = await connection.fetchval("select xact from transactions where id = $1", outcome.transaction_id)
    await connection.close()
    assert newest > latest


WRITES = (
    "insert into units (bank_id, code, class, spendable) values ({bank}, 'x', 'value', true)",
    "update accounts set balance = 0",
    "delete from recognitions",
    "truncate postings",
    "select nextval('transaction_ids')",
    "create table mine (id bigint)",
)
READER_ONLY = (*WRITES, "select * from vault")

REWRITES = (
    "update transactions set memo = ''",
    "update postings set amount = amount + 1",
    "delete from postings",
    "truncate postings",
    "update accounts set owner = gen_random_uuid()",
    "update accounts set floor = -1000",
    "delete from accounts",
    "update banks set code = 'x'",
    "update epochs set base = 0",
    "insert into epochs (system_identifier, base) values ('x', 0)",
    "update service_records set minutes = 600",
    "update policy_packs set body = '{{}}'",
    "alter table postings disable trigger all",
    "drop table postings",
    "create table mine (id bigint)",
    "set role timebank_owner",
)


@pytest.mark.parametrize("statement", READER_ONLY)
async def test_the_reader_cannot_write_nor_open_the_vault(
    address: Address, bank: Bank, statement: str
) -> None:
    await is_denied(address, READER, bank, statement)


@pytest.mark.parametrize("statement", REWRITES)
async def test_the_program_cannot_rewrite_the_books(address: Address, bank: Bank, statement: str) -> None:
    await is_denied(address, APP, bank, statement)


async def is_denied(address: Address, role: str, bank: Bank, statement: str) -> None:
    connection = await connect(address, role)
    await connection.execute(f"set timebank.bank_id = '{bank.id}'")
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await connection.execute(statement.format(bank=bank.id))
    await connection.close()


@pytest.mark.parametrize("role", [OWNER, None])
@pytest.mark.parametrize(
    "statement",
    [
        "update transactions set memo = ''",
        "delete from postings",
        "truncate postings cascade",
        "update units set spendable = true",
        "delete from accounts",
        "update accounts set kind = 'wallet'",
        "delete from checkpoints",
    ],
)
async def test_triggers_stop_even_the_owner_and_the_superuser(
    address: Address, statement: str, role: str | None
) -> None:
    connection = await connect(address, role)
    with pytest.raises(asyncpg.PostgresError) as caught:
        await connection.execute(statement)
    assert caught.value.sqlstate == "TB001"
    await connection.close()
