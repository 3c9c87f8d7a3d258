"""The vault in the database: fields in and out, and what reading the tables alone shows."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING
from uuid import UUID, uuid4

import pytest

from ledger.session import WriteTx
from tests.timebank.offices import CIPHER, new_office
from timebank.database import Bank, Database
from timebank.errors import RefusalError
from timebank.vault.actions import put_fields, replace_fields, take_fields
from timebank.vault.blind import BlindIndex, find
from timebank.vault.cipher import Cipher

if TYPE_CHECKING:
    import asyncpg

BLIND = BlindIndex(CIPHER.ring)


async def new_person(database: Database, bank: Bank) -> UUID:
    """Return somebody without any field."""

    async def work(tx: WriteTx) -> UUID:
        id_: UUID = await tx.connection.fetchval(
            "insert into people (bank_id) values ($1) returning id", tx.bank_id
        )
        return id_

    return await database.write(bank, work)


async def who_has(database: Database, bank: Bank, field: str, value: str) -> list[UUID]:
    """Look somebody up."""
    return await database.read(bank, lambda tx: find(tx, BLIND, field, value))


async def test_fields_come_back_and_the_first_value_stays(database: Database) -> None:
    bank = await new_office(database)
    who = await new_person(database, bank)
    fields = [(who, "name", "欧阳"), (who, "phone", "19900001234"), (who, "employer", "")]
    await database.write(bank, lambda tx: put_fields(tx, CIPHER, fields))
    await database.write(bank, lambda tx: put_fields(tx, CIPHER, [(who, "name", "司马")]))
    found = await database.read(bank, lambda tx: take_fields(tx, CIPHER, who))
    assert found == {"name": "欧阳", "phone": "19900001234"}
    assert await database.read(bank, lambda tx: take_fields(tx, CIPHER, uuid4())) == {}


async def test_another_key_opens_nothing(database: Database) -> None:
    bank, who = await new_office(database), uuid4()
    await database.write(bank, lambda tx: put_fields(tx, CIPHER, [(who, "name", "欧阳")]))
    with pytest.raises(RefusalError, match="vault_key_wrong"):
        await database.read(bank, lambda tx: take_fields(tx, Cipher(bytes(32)), who))


async def test_a_row_that_was_moved_to_somebody_else_does_not_open(
    database: Database, superuser: "asyncpg.Connection[asyncpg.Record]"
) -> None:
    bank, who, other = await new_office(database), uuid4(), uuid4()
    await database.write(bank, lambda tx: put_fields(tx, CIPHER, [(who, "name", "欧阳")]))
    await superuser.execute("update vault set subject = $1 where subject = $2", other, who)
    with pytest.raises(RefusalError, match="vault_key_wrong"):
        await database.read(bank, lambda tx: take_fields(tx, CIPHER, other))


async def test_who_is_put_in_is_found_by_phone_and_id_number_and_stays_so(database: Database) -> None:
    bank = await new_office(database)
    who, other = await new_person(database, bank), await new_person(database, bank)
    fields = [(who, "phone", "19900001234"), (who, "id_number", "99000019590320001x"), (who, "name", "欧阳")]
    await database.write(bank, lambda tx: put_fields(tx, CIPHER, [*fields, (other, "phone", "19900001234")]))
    # What was there stays, in the index too.
    await database.write(bank, lambda tx: put_fields(tx, CIPHER, [(who, "phone", "19900009999")]))
    assert await who_has(database, bank, "phone", "+86 199-0000-1234") == sorted([who, other])
    assert await who_has(database, bank, "phone", "19900009999") == []
    assert await who_has(database, bank, "id_number", "99000019590320001X") == [who]
    assert await who_has(database, bank, "name", "欧阳") == []


async def test_a_new_phone_replaces_the_old_one_and_an_empty_one_removes_it(database: Database) -> None:
    bank = await new_office(database)
    who = await new_person(database, bank)
    first = {"name": "欧阳", "phone": "19900001234"}
    await database.write(bank, lambda tx: replace_fields(tx, CIPHER, who, first))
    await database.write(bank, lambda tx: replace_fields(tx, CIPHER, who, {"phone": "19900005678"}))
    assert await database.read(bank, lambda tx: take_fields(tx, CIPHER, who)) == first | {
        "phone": "19900005678"
    }
    assert await who_has(database, bank, "phone", "19900001234") == []
    assert await who_has(database, bank, "phone", "19900005678") == [who]
    await database.write(bank, lambda tx: replace_fields(tx, CIPHER, who, {"phone": ""}))
    assert await database.read(bank, lambda tx: take_fields(tx, CIPHER, who)) == {"name": "欧阳"}
    assert await who_has(database, bank, "phone", "19900005678") == []


async def test_nothing_is_put_in_for_who_is_erased_or_nobody(database: Database) -> None:
    bank = await new_office(database)
    who = await new_person(database, bank)
    erased = "update people set erased_at = $3 where bank_id = $1 and id = $2"
    await database.write(
        bank, lambda tx: tx.connection.execute(erased, tx.bank_id, who, datetime(2026, 1, 1, tzinfo=UTC))
    )
    with pytest.raises(RefusalError, match="person_erased"):
        await database.write(bank, lambda tx: replace_fields(tx, CIPHER, who, {"name": "欧阳"}))
    with pytest.raises(RefusalError, match="unknown_person"):
        await database.write(bank, lambda tx: replace_fields(tx, CIPHER, uuid4(), {"name": "欧阳"}))
