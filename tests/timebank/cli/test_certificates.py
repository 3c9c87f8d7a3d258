"""Certificates on the command line, and their verification by somebody who has nothing but the file and the key."""

import dataclasses
import json
import re
from pathlib import Path

import pytest

from tests.timebank.cli.conftest import Office
from tests.timebank.workbook import generator

SIZE = generator.Size(volunteers=4, activities=6, attendances=30, awards=0, items=1, slips=0)
YEARS = ("--from", "2020-01-01", "--until", "2026-12-31")


@pytest.fixture(scope="module")
def volunteer(office: Office) -> str:
    """Return who has served in an imported district."""
    generator.write(office.desk / "few.xlsx", generator.district(31, SIZE))
    assert office.run("import", "few.xlsx").exit_code == 0
    standing = office.run("totals", "--json").json
    code: str = standing["top10_minutes"][0][0]
    return code


def test_it_is_issued_verified_revoked_and_found_revoked(
    office: Office, volunteer: str, tmp_path: Path
) -> None:
    made = office.run("certificates", "issue", volunteer, *YEARS, "-o", "one.pdf", "--json").json
    assert made["records"] > 0
    key = office.run("seal", "--json").json["verifier"]
    stranger = dataclasses.replace(office, home=tmp_path / "none")
    said = stranger.run(
        "verify", "one.pdf", "--key", key, TIMEBANK_DATABASE_URL="postgresql://127.0.0.1:1/no"
    )
    assert (said.exit_code, "[valid]" in said.out, made["number"] in said.out) == (0, True, True)
    told = stranger.run("verify", "one.pdf", "--key", key, "--json").json
    assert (told["valid"], told["print_compared"], told["certificate"]["minutes"]) == (
        True,
        True,
        made["minutes"],
    )
    listed = office.run("certificates", "list", volunteer, "--json").json
    assert [one["number"] for one in listed if one["number"] == made["number"]] == [made["number"]]
    revoked = office.run("certificates", "revoke", made["number"].lower(), "--reason", "mistake")
    assert revoked.exit_code == 0, revoked
    office.run("certificates", "revocations", "-o", "some.txt")
    said = stranger.run("verify", "one.pdf", "--key", key, "--revocations", "some.txt")
    assert (said.exit_code, "[revoked]" in said.err) == (1, True)
    assert not stranger.home.exists()


def test_what_cannot_be_certified_is_said(office: Office, volunteer: str) -> None:
    before = ("--from", "1999-01-01", "--until", "1999-12-31")
    office.run("certificates", "issue", volunteer, *before, "-o", "no.pdf").assert_refused(
        "nothing_to_certify"
    )
    office.run("certificates", "batch", 99, "-o", "no.zip").assert_refused("unknown_round")
    assert not (office.desk / "no.pdf").exists()


def test_a_symbol_that_leads_nowhere_is_said(office: Office, volunteer: str) -> None:
    asked = ("certificates", "issue", volunteer, *YEARS, "-o", "again.pdf")
    assert "TIMEBANK_PUBLIC_URL" in office.run(*asked).err
    assert office.run(*asked, TIMEBANK_PUBLIC_URL="https://tb.example.org").err == ""


def test_checkpoints_are_verified_alone_and_together(office: Office, volunteer: str) -> None:
    assert volunteer
    key = office.run("seal", "--json").json["verifier"]
    (anchor,) = [path for path in (office.home / "checkpoints").rglob("*") if path.is_file()][-1:]
    note = anchor.read_text(encoding="utf-8")
    (office.desk / "head.txt").write_text(note, encoding="utf-8")
    (office.desk / "head.json").write_text(json.dumps({"note": note}), encoding="utf-8")
    together = office.run("verify", "head.txt", "--key", key, "--older", "head.json")
    assert together.exit_code == 0, together
    size = re.findall(r"^[0-9]+$", note, re.MULTILINE)[0]
    (office.desk / "grown.txt").write_text(
        note.replace(f"\n{size}\n", f"\n{int(size) + 1}\n"), encoding="utf-8"
    )
    office.run("verify", "grown.txt", "--key", key).assert_refused("bad_signature", 1)
