"""Lists on the command line: frozen and computed where the books are, computed again where there is only a file."""

import asyncio
import dataclasses
import hashlib
from pathlib import Path
from uuid import uuid4

import asyncpg
import pytest

from tests.timebank.cli.conftest import Office
from tests.timebank.workbook import generator
from timebank.postgres import EmbeddedServer

SIZE = generator.Size(volunteers=6, activities=12, attendances=60, awards=0, items=1, slips=0)


@pytest.fixture(scope="module")
def district(office: Office) -> Office:
    """Return an office with an imported district."""
    generator.write(office.desk / "few.xlsx", generator.district(31, SIZE))
    office.run("import", "few.xlsx")
    return office


def test_the_same_digest_without_the_database(district: Office, tmp_path: Path) -> None:
    (one,) = district.run("recognition", "open", 2024, "--json").json
    assert one["state"] == "review"
    said = district.run("recognition", "basis", one["id"], "--output", tmp_path / "basis.jsonl")
    assert said.exit_code == 0, said
    elsewhere = dataclasses.replace(district, home=tmp_path / "nowhere")
    again = elsewhere.run(
        "recognition", "recompute", tmp_path / "basis.jsonl", "-o", tmp_path / "again.jsonl"
    )
    assert again.out.strip() == one["digest"]
    document = district.run("recognition", "document", one["id"]).out.encode()
    assert document == (tmp_path / "again.jsonl").read_bytes()
    assert hashlib.sha256(document).hexdigest() == one["digest"]
    assert not elsewhere.home.exists()
    listed = district.run("recognition", "list", "--json").json
    assert (one["id"], one["digest"]) in [(each["id"], each["digest"]) for each in listed]
    assert district.run("recognition", "difference", one["id"], "--json").json == []
    assert one["digest"] in district.run("recognition", "list").out


def test_what_is_refused(district: Office, tmp_path: Path) -> None:
    district.run("recognition", "open", 2998).assert_refused("period_not_over")
    district.run("recognition", "open", 2024, "--scheme", "other").assert_refused("unknown_scheme")
    district.run("recognition", "basis", 999).assert_refused("unknown_round")
    (tmp_path / "no.jsonl").write_text("{}\n", encoding="utf-8")
    district.run("recognition", "recompute", tmp_path / "no.jsonl").assert_refused("basis_invalid")


def test_the_pack_of_an_approved_list(district: Office, tmp_path: Path) -> None:
    opened = district.run("recognition", "open", 2023, "--json").json[0]
    packing = ("recognition", "pack", opened["id"], "--output", tmp_path / "pack")
    district.run(*packing).assert_refused("pack_too_early")
    district.run("recognition", "pack", 999, "-o", tmp_path).assert_refused("unknown_round")

    async def approve(dsn: str) -> None:
        connection = await asyncpg.connect(dsn)
        await connection.execute(
            "update timebank.recognition_rounds set state = 'approved' where id = $1", opened["id"]
        )
        await connection.close()

    with EmbeddedServer(district.home) as running:
        asyncio.run(approve(running.dsn(database="timebank")))
    district.run(*packing, "--for", str(uuid4())).assert_refused("unknown_person")
    said = district.run(*packing)
    assert said.exit_code == 0, said
    made = {path.name: path.read_bytes()[:4] for path in (tmp_path / "pack").iterdir()}
    assert made == {
        f"recognition-{opened['id']}.xlsx": b"PK\x03\x04",
        f"recognition-{opened['id']}.pdf": b"%PDF",
    }
