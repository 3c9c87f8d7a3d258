"""Sealing and proving a bank with the keys and anchors of an installation."""

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from ledger.proof.document import ProofError, verify_document
from ledger.proof.note import VerifierKey
from tests.ledger.proof.history import until_decided
from tests.timebank.offices import NOW, new_office, take_in
from tests.timebank.workbook import generator
from timebank.database import Bank, Database
from timebank.errors import RefusalError
from timebank.proof.actions import anchors_folder, audit_bank, prove_record, seal_bank

if TYPE_CHECKING:
    import asyncpg

SIZE = generator.Size(volunteers=6, activities=12, attendances=80, awards=4, items=4, slips=10)


@pytest.fixture
async def booked(database: Database, tmp_path: Path) -> Bank:
    bank = await new_office(database)
    generator.write(tmp_path / "small.xlsx", generator.district(59, SIZE))
    await take_in(database, bank, tmp_path / "small.xlsx")
    await until_decided(database, bank)
    return bank


async def record_of(database: Database, bank: Bank, outcome: str) -> tuple[int, str, str]:
    """Return the number, activity and volunteer of some record with that outcome."""
    row = await database.read(
        bank,
        lambda tx: tx.connection.fetchrow(
            "select r.id, a.code as activity, v.code as volunteer from service_records r"
            " join activities a on a.bank_id = $1 and a.id = r.activity_id"
            " join volunteers v on v.bank_id = $1 and v.id = r.volunteer_id"
            " where r.bank_id = $1 and r.outcome = $2 limit 1",
            tx.bank_id,
            outcome,
        ),
    )
    assert row is not None
    return row["id"], row["activity"], row["volunteer"]


async def test_a_record_is_proven_once_it_is_sealed(database: Database, booked: Bank, tmp_path: Path) -> None:
    number, activity, volunteer = await record_of(database, booked, "accepted")
    with pytest.raises(RefusalError, match="not_sealed_yet"):
        await prove_record(database, booked, str(number))
    sealed = await seal_bank(database, booked, tmp_path, now=NOW)
    assert sealed.transactions == sealed.tree_size > 0
    key = VerifierKey.parse(sealed.verifier)
    names = (str(number), f"{activity}/{volunteer}", f" {activity.lower()}/{volunteer.lower()} ")
    texts = {(await prove_record(database, booked, name)).to_json() for name in names}
    (text,) = texts
    verified = verify_document(text, key, origin=f"timebank/{booked.code}")
    assert json.loads(verified.transaction.metadata)["record"] == number
    with pytest.raises(ProofError):
        verify_document(text, key, origin="timebank/other")
    with pytest.raises(RefusalError, match="record_not_credited"):
        await prove_record(database, booked, str((await record_of(database, booked, "too_short"))[0]))
    for unknown in ("0", "9" * 18, "9" * 400, "A99999/V999999", "nonsense", "", "/"):
        with pytest.raises(RefusalError, match="unknown_record"):
            await prove_record(database, booked, unknown)


async def test_sealing_again_seals_only_what_is_new(database: Database, booked: Bank, tmp_path: Path) -> None:
    first = await seal_bank(database, booked, tmp_path, now=NOW)
    again = await seal_bank(database, booked, tmp_path, now=NOW)
    assert (again.transactions, again.tree_size, again.verifier) == (0, first.tree_size, first.verifier)
    assert await audit_bank(database, booked, tmp_path) == []


async def test_an_anchor_that_was_lost_is_written_again(
    database: Database, booked: Bank, tmp_path: Path
) -> None:
    await seal_bank(database, booked, tmp_path, now=NOW)
    (anchor,) = (path for path in anchors_folder(tmp_path).rglob("*") if path.is_file())
    text = anchor.read_bytes()
    anchor.unlink()
    await seal_bank(database, booked, tmp_path, now=NOW)
    assert anchor.read_bytes() == text


async def test_rewritten_history_is_found(
    database: Database, booked: Bank, tmp_path: Path, superuser: "asyncpg.Connection[asyncpg.Record]"
) -> None:
    await seal_bank(database, booked, tmp_path, now=NOW)
    await superuser.execute("set session_replication_role = replica")
    await superuser.execute(
        "update postings set amount = amount + 30 where bank_id = $1 and (transaction_id, line) ="
        " (select transaction_id, line from postings where bank_id = $1 order by 1, 2 limit 1)",
        booked.id,
    )
    found = await audit_bank(database, booked, tmp_path)
    assert 10 in {violation.invariant for violation in found}
