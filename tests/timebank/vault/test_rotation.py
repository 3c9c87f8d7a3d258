"""Changing the vault's key beside living servers, and after being cut off."""

import asyncio
import base64
import json
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import UUID, uuid4

import pytest
import pytest_asyncio

from ledger.session import ReadTx, WriteTx
from tests.conftest import new_database
from tests.timebank.offices import new_office
from timebank.database import APP, Bank, Database
from timebank.postgres import EmbeddedServer
from timebank.vault.actions import put_fields, replace_fields, take_fields
from timebank.vault.blind import BlindIndex, find
from timebank.vault.cipher import Cipher, load_cipher
from timebank.vault.keys import add_key_file, list_key_files
from timebank.vault.rotation import index_fields, reseal, rotate, rows_by_key

PEOPLE = 700
"""More than one batch."""


@pytest_asyncio.fixture(scope="module")
async def database(server: EmbeddedServer) -> AsyncIterator[Database]:
    """Return a database that is nobody else's: a rotation goes through all of it."""
    async with Database.connect(await new_database(server), APP) as opened:
        yield opened


async def new_people(database: Database, bank: Bank, cipher: Cipher, count: int) -> list[UUID]:
    """Put people with a name and a phone into the vault."""
    who = [uuid4() for _ in range(count)]

    async def work(tx: WriteTx) -> None:
        await tx.connection.execute(
            "insert into people (bank_id, id) select $1, unnest($2::uuid[])", tx.bank_id, who
        )
        fields = [
            (id_, field, value)
            for number, id_ in enumerate(who)
            for field, value in (("name", f"姓名{number}"), ("phone", phone(number)))
        ]
        await put_fields(tx, cipher, fields)

    await database.write(bank, work)
    return who


def phone(number: int) -> str:
    return f"1990000{number:04}"


async def test_everything_is_sealed_with_the_new_key_and_found_under_it(
    database: Database, tmp_path: Path
) -> None:
    bank, cipher = await new_office(database), load_cipher(None, tmp_path)
    running = load_cipher(None, tmp_path)  # a server that is not told
    old = cipher.key_id
    who = await new_people(database, bank, cipher, PEOPLE)
    await seal_a_secret_and_a_file(database, bank, cipher, who[0])

    done = await rotate(database, cipher, tmp_path)

    assert (done.sealed, done.removed) == (2 * PEOPLE + 2, ())
    assert done.made == cipher.key_id != old
    assert old not in await rows_by_key(database)
    only_new = Cipher(cipher.ring.keys[0])
    fields = await database.read(bank, lambda tx: take_fields(tx, only_new, who[699]))
    assert fields == {"name": "姓名699", "phone": phone(699)}
    new_index = BlindIndex(only_new.ring)
    assert await database.read(bank, lambda tx: find(tx, new_index, "phone", phone(3))) == [who[3]]
    await check_the_secret_and_the_file(database, bank, only_new, who[0])
    # The server that was not told finds and reads all the same, and seals with the new key from then on.
    found = await database.read(bank, lambda tx: find(tx, BlindIndex(running.ring), "phone", phone(4)))
    assert found == [who[4]]
    assert running.key_id == done.made


async def test_what_a_slow_server_sealed_is_finished_before_a_new_key_is_made(
    database: Database, tmp_path: Path
) -> None:
    bank, slow = await new_office(database), load_cipher(None, tmp_path)
    first = slow.key_id
    (who,) = await new_people(database, bank, slow, 1)
    second = (await rotate(database, load_cipher(None, tmp_path), tmp_path)).made
    await database.write(bank, lambda tx: replace_fields(tx, slow, who, {"phone": phone(9)}))

    cipher = load_cipher(None, tmp_path)
    done = await rotate(database, cipher, tmp_path)
    assert (done.made, done.sealed, done.removed) == (None, 1, ())
    assert await database.read(bank, lambda tx: find(tx, BlindIndex(cipher.ring), "phone", phone(9))) == [who]

    done = await rotate(database, load_cipher(None, tmp_path), tmp_path)
    assert (done.sealed, done.removed) == (2, (first,))
    assert [file.key_id for file in list_key_files(tmp_path)] == [done.made, second]


async def test_a_run_that_was_cut_off_goes_on_without_another_key(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bank, cipher = await new_office(database), load_cipher(None, tmp_path)
    await new_people(database, bank, cipher, PEOPLE)
    add_key_file(tmp_path)
    write, calls = database.write, 0

    async def cut_off(*args: object) -> object:
        nonlocal calls
        calls += 1
        if calls > 2:
            raise ConnectionError
        return await write(*args)  # type: ignore[arg-type]  # arguments of many types

    monkeypatch.setattr(database, "write", cut_off)
    cipher = load_cipher(None, tmp_path)
    # Of other tests' banks, too, nothing is left half done by a batch.
    with pytest.raises(ConnectionError):
        await reseal(database, cipher)
    monkeypatch.undo()

    done = await rotate(database, cipher, tmp_path)
    assert done.made is None
    assert len(list_key_files(tmp_path)) == 2
    assert await reseal(database, cipher) == await reseal(database, cipher)
    assert (await rows_by_key(database))[cipher.key_id] == 2 * PEOPLE


async def test_what_servers_write_meanwhile_is_read_and_found(database: Database, tmp_path: Path) -> None:
    bank, cipher = await new_office(database), load_cipher(None, tmp_path)
    server = load_cipher(None, tmp_path)
    who = await new_people(database, bank, cipher, PEOPLE)

    async def move(number: int) -> None:
        fields = {"phone": phone(5000 + number)}
        await database.write(bank, lambda tx: replace_fields(tx, server, who[number], fields))

    await asyncio.gather(
        rotate(database, cipher, tmp_path), *(move(number) for number in range(0, PEOPLE, 7))
    )
    await reseal(database, cipher)
    only_new = Cipher(cipher.ring.keys[0])
    blind = BlindIndex(only_new.ring)

    async def check(tx: ReadTx) -> None:
        for number in range(PEOPLE):
            has = phone(number if number % 7 else 5000 + number)
            assert (await take_fields(tx, only_new, who[number]))["phone"] == has
            assert await find(tx, blind, "phone", has) == [who[number]]

    await database.read(bank, check)


async def test_a_row_that_no_key_opens_is_counted_and_left(database: Database, tmp_path: Path) -> None:
    bank, cipher = await new_office(database), load_cipher(None, tmp_path)
    lost = Cipher(bytes(range(1, 33)))
    before = (await reseal(database, cipher)).unopened
    await new_people(database, bank, lost, 3)
    (who,) = await new_people(database, bank, cipher, 1)
    done = await rotate(database, cipher, tmp_path)
    assert (done.sealed, done.unopened - before) == (2, 6)
    assert (await rows_by_key(database))[lost.key_id] == 6
    assert len(await database.read(bank, lambda tx: take_fields(tx, cipher, who))) == 2


async def test_keys_of_the_environment_are_not_made_but_sealed_with(
    database: Database, tmp_path: Path
) -> None:
    old, new = bytes(range(2, 34)), bytes(range(3, 35))
    bank = await new_office(database)
    (who,) = await new_people(database, bank, Cipher(old), 1)
    text = ",".join(base64.b64encode(key).decode() for key in (new, old))
    done = await rotate(database, load_cipher(text, tmp_path), None)
    assert (done.made, done.sealed) == (None, 2)
    assert len(await database.read(bank, lambda tx: take_fields(tx, Cipher(new), who))) == 2
    assert list(tmp_path.iterdir()) == []


async def test_people_from_before_the_index_are_indexed(database: Database, tmp_path: Path) -> None:
    bank, cipher = await new_office(database), load_cipher(None, tmp_path)
    who = await new_people(database, bank, cipher, PEOPLE)
    await database.write(
        bank, lambda tx: tx.connection.execute("delete from blind_indexes where bank_id = $1", tx.bank_id)
    )
    blind = BlindIndex(cipher.ring)
    assert await database.read(bank, lambda tx: find(tx, blind, "phone", phone(5))) == []
    assert (await index_fields(database, bank, cipher)).sealed == PEOPLE
    assert await database.read(bank, lambda tx: find(tx, blind, "phone", phone(5))) == [who[5]]


async def seal_a_secret_and_a_file(database: Database, bank: Bank, cipher: Cipher, who: UUID) -> None:
    """Store a second factor and the file of a task as login and tasks do."""

    async def work(tx: WriteTx) -> None:
        secret = cipher.seal(tx.bank_id, who, "totp", "SECRET")
        await tx.connection.execute(
            "insert into credentials (bank_id, person_id, totp_sealed, totp_key_id, changed_at)"
            " values ($1, $2, $3, $4, '2026-01-01')",
            tx.bank_id,
            who,
            secret,
            cipher.key_id,
        )
        task = await tx.connection.fetchval(
            "insert into tasks (bank_id, kind, params, requested_by, requested_at)"
            " values ($1, 'import', $2::text::jsonb, 'test', '2026-01-01') returning id",
            tx.bank_id,
            json.dumps({}),
        )
        await tx.connection.execute(
            "insert into task_files (bank_id, task_id, role, name, media_type, key_id, sealed)"
            " values ($1, $2, 'input', 'x', 'text/plain', $3, $4)",
            tx.bank_id,
            task,
            cipher.key_id,
            cipher.seal_bytes(tx.bank_id, task, "input", b"\x00\xff"),
        )

    await database.write(bank, work)


async def check_the_secret_and_the_file(database: Database, bank: Bank, cipher: Cipher, who: UUID) -> None:
    async def work(tx: ReadTx) -> None:
        secret = await tx.connection.fetchval(
            "select totp_sealed from credentials where bank_id = $1", tx.bank_id
        )
        assert cipher.open(tx.bank_id, who, "totp", secret) == "SECRET"
        row = await tx.connection.fetchrow(
            "select task_id, sealed from task_files where bank_id = $1", tx.bank_id
        )
        assert row is not None
        assert cipher.open_bytes(tx.bank_id, row["task_id"], "input", row["sealed"]) == b"\x00\xff"

    await database.read(bank, work)
