"""`keys`: ids and ages, never a key; changing the vault's and the tokens'."""

import base64
import os

import pytest

from tests.timebank.cli.conftest import Office, Said
from tests.timebank.workbook import generator

SIZE = generator.Size(volunteers=5, activities=2, attendances=4, awards=0, items=1, slips=0)


@pytest.fixture(scope="module")
def filled(office: Office) -> Office:
    """Return an office that has people in its vault."""
    path = office.desk / "people.xlsx"
    generator.write(path, generator.district(3, SIZE))
    assert office.run("import", path).exit_code == 0
    return office


def vault_keys(office: Office) -> dict[str, int]:
    """Return the rows of each key of the vault, the sealing one first."""
    listed = office.run("keys", "list", "--json").json
    return {key["id"]: key["rows"] for key in listed if key["kind"] == "vault"}


def assert_no_key_said(office: Office, said: Said) -> None:
    for path in (office.home / "keys").rglob("*.key"):
        assert path.read_text().strip() not in said.out + said.err


def test_the_vault_s_key_is_changed_and_an_unused_one_removed(filled: Office) -> None:
    ((first, rows),) = vault_keys(filled).items()
    assert rows > 10
    done = filled.run("keys", "rotate", "vault")
    assert done.exit_code == 0, done
    second = next(iter(vault_keys(filled)))
    assert vault_keys(filled) == {second: rows, first: 0}
    assert second in done.out
    assert f"{rows}" in done.out
    done = filled.run("keys", "rotate", "vault", "--json")
    assert done.json["removed"] == [first]
    third = done.json["made"]
    assert vault_keys(filled) == {third: rows, second: 0}
    shown = filled.run("keys", "list")
    assert third in shown.out
    for said in (done, shown):
        assert_no_key_said(filled, said)


def test_what_is_sealed_with_a_key_that_is_not_there_is_said(filled: Office) -> None:
    rows = sum(vault_keys(filled).values())
    other = base64.b64encode(os.urandom(32)).decode()
    listed = filled.run("keys", "list", "--json", TIMEBANK_VAULT_KEY=other).json
    found = [(key["kind"], key["rows"]) for key in listed if key["kind"] != "tokens"]
    assert found == [("vault", 0), ("missing", rows)]
    done = filled.run("keys", "rotate", "vault", TIMEBANK_VAULT_KEY=other)
    assert done.exit_code == 1
    assert f"{rows}" in done.err
    assert other not in done.out + done.err
    assert sum(vault_keys(filled).values()) == rows


def test_phones_and_id_numbers_are_indexed_again(filled: Office) -> None:
    assert filled.run("keys", "index", "--json").json["indexed"] > 0
    filled.run("keys", "index", "--bank", "nobody").assert_refused("unknown_bank")


def test_the_tokens_key_is_changed(filled: Office) -> None:
    first = filled.run("keys", "rotate", "tokens", "--json").json["made"]
    said = filled.run("keys", "rotate", "tokens")
    assert said.exit_code == 0
    listed = [key["id"] for key in filled.run("keys", "list", "--json").json if key["kind"] == "tokens"]
    assert listed[1:] == [first]
    assert listed[0] in said.out
    assert_no_key_said(filled, said)
