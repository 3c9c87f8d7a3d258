"""People of a workbook and people registered one by one are the same people."""

from datetime import date
from pathlib import Path
from uuid import UUID

import pytest

from ledger.session import ReadTx, WriteTx
from tests.timebank.offices import CIPHER, new_office, take_in
from timebank.database import Bank, Database
from timebank.demo.community import write_community
from timebank.errors import RefusalError
from timebank.people.actions import Change, Enrolment, edit_person, register_person
from timebank.people.queries import Person, masked_names, people
from timebank.people.rules import check_digit
from timebank.vault.actions import replace_fields, take_fields
from timebank.vault.blind import BlindIndex, find

BLIND = BlindIndex(CIPHER.ring)
TODAY = date(2026, 3, 5)


async def everybody(database: Database, bank: Bank) -> list[Person]:
    return await database.read(bank, lambda tx: people(tx, within=None, after=UUID(int=0), limit=1000))


@pytest.fixture
def workbook(tmp_path: Path) -> Path:
    """Return the invented community's workbook."""
    write_community(tmp_path / "community.xlsx")
    return tmp_path / "community.xlsx"


async def test_an_import_makes_people_once_who_are_found_by_phone(database: Database, workbook: Path) -> None:
    bank = await new_office(database)
    await take_in(database, bank, workbook)
    found = await everybody(database, bank)
    assert len(found) == 24
    assert all(one.volunteer is not None for one in found)
    await take_in(database, bank, workbook)
    assert await everybody(database, bank) == found

    async def holder(tx: ReadTx) -> tuple[list[UUID], dict[str, str]]:
        holders = await find(tx, BLIND, "phone", "19900000007")
        return holders, await take_fields(tx, CIPHER, holders[0])

    holders, fields = await database.read(bank, holder)
    assert len(holders) == 1
    assert fields["phone"] == "19900000007"
    names = await database.read(bank, lambda tx: masked_names(tx, CIPHER, holders))
    assert names == {holders[0]: fields["name"][0] + "*"}


async def test_an_id_number_of_a_workbook_is_not_registered_again(database: Database, workbook: Path) -> None:
    bank = await new_office(database)
    await take_in(database, bank, workbook)
    number = "99000019900307001" + check_digit("99000019900307001")
    someone = (await everybody(database, bank))[0]

    async def correct(tx: WriteTx) -> Person:
        return await edit_person(
            tx,
            CIPHER,
            BLIND,
            someone.id,
            Change({"id_number": number}),
            by_office=True,
            expected_version=someone.version,
            today=TODAY,
        )

    async def register(tx: WriteTx) -> Person:
        return await register_person(
            tx,
            CIPHER,
            BLIND,
            fields={"name": "示例", "id_number": number},
            organisation_id=None,
            enrolment=Enrolment("NEW", None, is_party_member=False, registered_on=TODAY),
            today=TODAY,
            actor="test",
        )

    assert (await database.write(bank, correct)).version == someone.version + 1
    with pytest.raises(RefusalError, match="already_registered"):
        await database.write(bank, register)
    assert len(await everybody(database, bank)) == 24


async def test_an_odd_number_of_a_workbook_does_not_stand_in_the_way_of_an_edit(
    database: Database, workbook: Path
) -> None:
    bank = await new_office(database)
    await take_in(database, bank, workbook)
    someone = (await everybody(database, bank))[0]
    await database.write(bank, lambda tx: replace_fields(tx, CIPHER, someone.id, {"id_number": "9900001964"}))

    async def correct(tx: WriteTx) -> dict[str, str]:
        change = Change({"born_on": "1960-02-03", "area": "南区"})
        await edit_person(
            tx, CIPHER, BLIND, someone.id, change, by_office=True, expected_version=None, today=TODAY
        )
        return await take_fields(tx, CIPHER, someone.id)

    fields = await database.write(bank, correct)
    assert (fields["born_on"], fields["area"]) == ("1960-02-03", "南区")
