"""Everything about a person in one ZIP: complete, readable, provable, and nobody else's."""

import io
import json
import zipfile
from pathlib import Path

import pytest

from ledger.proof.document import verify_document
from ledger.proof.note import VerifierKey
from ledger.session import ReadTx
from tests.ledger.proof.history import until_decided
from tests.timebank.offices import CIPHER, NOW, new_office, take_in
from tests.timebank.privacy.test_erasure import SIZE, busiest, somebody_else
from tests.timebank.privacy.traces import leave_traces
from tests.timebank.workbook import generator
from timebank.database import Bank, Database
from timebank.errors import RefusalError
from timebank.privacy import archive, export
from timebank.privacy.archive import pack
from timebank.privacy.export import collect
from timebank.privacy.parts import PARTS
from timebank.proof.actions import seal_settled
from timebank.words import words


@pytest.fixture
async def bank(database: Database, tmp_path: Path) -> Bank:
    """Return a bank with a year of service in its books."""
    bank = await new_office(database)
    generator.write(tmp_path / "small.xlsx", generator.district(61, SIZE))
    await take_in(database, bank, tmp_path / "small.xlsx")
    return bank


SPENDING = {
    "redemptions", "reservations", "acceptances", "complaints", "merchant_staff", "kinships", "gifts",
    "service_orders", "conversions", "vouchers",
}  # fmt: skip
"""Parts of what nobody of an imported workbook has done."""


async def test_one_zip_holds_everything(database: Database, bank: Bank, tmp_path: Path) -> None:
    who, record = await busiest(database, bank)
    other = await somebody_else(database, bank)
    await database.write(bank, lambda tx: leave_traces(tx, who, other))
    await until_decided(database, bank)
    sealed = await seal_settled(database, bank, tmp_path, now=NOW)
    collected = await database.read(bank, lambda tx: collect(tx, CIPHER, who, now=NOW))
    archive = zipfile.ZipFile(io.BytesIO(pack(collected)))
    assert archive.testzip() is None

    content = {
        name.removeprefix("data/").removesuffix(".json"): json.loads(archive.read(name))
        for name in archive.namelist()
        if name.startswith("data/")
    }
    assert set(content) == {*PARTS, "fields", "look_ups", "statements"}
    # Of the parts that this person has, none is empty.
    assert {name for name, rows in content.items() if not rows} <= {
        "acts",
        "look_ups",
        "recognitions",
        "stars",
        "sign_ups",
        "passes",
        "scans",
        "awards",
        *SPENDING,
    }
    assert {row["field"]: row["value"] for row in content["fields"]}["phone"] == "19900007777"
    assert record in {row["id"] for row in content["records"]}
    for unit in {row["unit"] for row in content["balances"]}:
        held = sum(row["balance"] for row in content["balances"] if row["unit"] == unit)
        moved = sum(line["amount"] for line in content["statements"] if line["unit"] == unit)
        assert held == moved
    proofs = [name for name in archive.namelist() if name.startswith("proofs/")]
    # A proof is full of letters met by chance.
    text = "".join(archive.read(name).decode() for name in archive.namelist() if name not in proofs)
    assert "hash" not in text  # no secret of the credentials
    assert "sealed 1990" not in text
    assert {int(Path(name).stem) for name in proofs} == {
        line["transaction_id"] for line in content["statements"]
    }
    key = VerifierKey.parse(sealed.verifier)
    verify_document(archive.read(proofs[0]).decode(), key, origin=f"timebank/{bank.code}")


async def test_the_page_is_in_both_languages_and_takes_nothing_for_markup(
    database: Database, bank: Bank
) -> None:
    who, _ = await busiest(database, bank)
    other = await somebody_else(database, bank)
    await database.write(bank, lambda tx: leave_traces(tx, who, other))
    collected = await database.read(bank, lambda tx: collect(tx, CIPHER, who, now=NOW))
    name = [{"field": "name", "value": "<script>司徒</script>"}]
    page = archive.page(
        export.Collected(
            collected.bank, collected.zone, NOW, {**collected.parts, "fields": name}, collected.proofs
        )
    )
    assert "<script>" not in page
    assert "&lt;script&gt;司徒&lt;/script&gt;" in page
    for part in collected.parts:
        for said in words(f"export_{part}"):
            assert said in page
    assert "2026-01-02 08:00" in page  # by the clock on the bank's wall


async def test_every_column_has_words(database: Database, bank: Bank) -> None:
    async def work(tx: ReadTx) -> set[str]:
        plans = [await tx.connection.prepare(sql) for sql in PARTS.values()]
        return {attribute.name for plan in plans for attribute in plan.get_attributes()}

    columns = await database.read(bank, work)
    assert len(columns) > 50
    for column in columns:
        assert words(f"export_column_{column}")


async def test_another_s_fields_are_not_in_it(database: Database, bank: Bank) -> None:
    who, _ = await busiest(database, bank)
    other = await somebody_else(database, bank)
    await database.write(bank, lambda tx: leave_traces(tx, who, other))
    collected = await database.read(bank, lambda tx: collect(tx, CIPHER, other, now=NOW))
    assert b"19900007777" not in pack(collected)
    empty = {"fields", "volunteer", "records", "statements", "cards", "sessions", "notifications", "consents"}
    assert all(not collected.parts[part] for part in empty)
    assert len(collected.parts["person"]) == 1


async def test_too_much_and_nobody_are_refused(
    database: Database, bank: Bank, monkeypatch: pytest.MonkeyPatch
) -> None:
    who, _ = await busiest(database, bank)
    other = await database.read(bank, lambda tx: tx.connection.fetchval("select gen_random_uuid()"))
    with pytest.raises(RefusalError, match="unknown_person"):
        await database.read(bank, lambda tx: collect(tx, CIPHER, other, now=NOW))
    collected = await database.read(bank, lambda tx: collect(tx, CIPHER, who, now=NOW))
    rows = sum(len(part) for name, part in collected.parts.items() if name != "fields")
    monkeypatch.setattr(export, "MAX_ROWS", rows)
    await database.read(bank, lambda tx: collect(tx, CIPHER, who, now=NOW))
    for limit in (rows - 1, 10, 0):
        monkeypatch.setattr(export, "MAX_ROWS", limit)
        with pytest.raises(RefusalError, match="export_too_large"):
            await database.read(bank, lambda tx: collect(tx, CIPHER, who, now=NOW))
