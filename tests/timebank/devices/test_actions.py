"""Enrolling a device: what is kept of the QR, and where no device may be."""

from datetime import UTC, date, datetime

import pytest

from ledger.session import WriteTx
from timebank.database import Bank, Database
from timebank.devices.actions import Enrolment, enrol, make_enrolment, place_of
from timebank.errors import RefusalError

NOON = datetime(2026, 3, 5, 4, 0, tzinfo=UTC)
KEY = b"k" * 32


async def _prepare(tx: WriteTx, closed_on: date | None = None) -> Enrolment:
    place = await tx.connection.fetchval(
        "insert into organisations (bank_id, code, name, level, closed_on)"
        " values ($1, 'apple', '测试', 'community', $2) returning id",
        tx.bank_id,
        closed_on,
    )
    return await make_enrolment(tx, kind="till", name="一号", organisation_id=place, actor="test", now=NOON)


async def test_the_token_is_not_kept(database: Database, bank: Bank) -> None:
    made = await database.write(bank, _prepare)

    async def rows(tx: WriteTx) -> str:
        found = await tx.connection.fetch(
            "select e::text from device_enrolments e where bank_id = $1", tx.bank_id
        )
        return str(found)

    assert made.token not in await database.write(bank, rows)
    assert made.token not in repr(made)


async def test_a_token_in_small_letters_is_the_same(database: Database, bank: Bank) -> None:
    made = await database.write(bank, _prepare)
    device = await database.write(
        bank, lambda tx: enrol(tx, token=made.token.lower(), public_key=KEY, now=NOON)
    )
    assert device is not None
    assert (device.kind, device.name) == ("till", "一号")
    place = await database.read(bank, lambda tx: place_of(tx, device.id))
    assert place == device.organisation_id


@pytest.mark.parametrize(("closed_on", "refused"), [(date(2026, 3, 5), True), (date(2026, 3, 6), False)])
async def test_a_closed_organisation_gets_no_devices(
    database: Database, bank: Bank, closed_on: date, *, refused: bool
) -> None:
    if not refused:
        made = await database.write(bank, lambda tx: _prepare(tx, closed_on))
        assert len(made.token) == 32
        return
    with pytest.raises(RefusalError, match="organisation_closed"):
        await database.write(bank, lambda tx: _prepare(tx, closed_on))


async def test_a_key_of_another_length_is_refused(database: Database, bank: Bank) -> None:
    made = await database.write(bank, _prepare)
    with pytest.raises(RefusalError, match="device_key_invalid"):
        await database.write(bank, lambda tx: enrol(tx, token=made.token, public_key=b"k" * 31, now=NOON))
