"""The vault in the database: fields in and out, and what reading the tables alone shows."""

from typing import TYPE_CHECKING
from uuid import uuid4

import pytest

from tests.timebank.offices import CIPHER, new_office
from timebank.database import Database
from timebank.errors import RefusalError
from timebank.vault.actions import put_fields, take_fields
from timebank.vault.cipher import Cipher

if TYPE_CHECKING:
    import asyncpg


async def test_fields_come_back_and_the_first_value_stays(database: Database) -> None:
    bank, who = await new_office(database), uuid4()
    fields = [(who, "name", "欧阳"), (who, "phone", "19912345678"), (who, "employer", "")]
    await database.write(bank, lambda tx: put_fields(tx, CIPHER, fields))
    await database.write(bank, lambda tx: put_fields(tx, CIPHER, [(who, "name", "司马")]))
    found = await database.read(bank, lambda tx: take_fields(tx, CIPHER, who))
    assert found == {"name": "欧阳", "phone": "19912345678"}
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
