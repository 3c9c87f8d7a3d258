"""`policy`: the way from one version to the next, as docs/policy.md has it, and what is refused on it."""

import json
import re
import shlex
from pathlib import Path
from typing import Any

import pytest

from tests.timebank.cli.conftest import Office
from tests.timebank.policy.test_rules import body
from tests.timebank.workbook import generator
from timebank.policy.rules import PolicyPack, default_pack

DOCUMENT = Path(__file__).parents[3] / "docs" / "policy.md"


@pytest.fixture(scope="module", autouse=True)
def _migrated(office: Office) -> None:
    assert office.run("migrate").exit_code == 0
    generator.write(office.desk / "year.xlsx", generator.district(9))
    assert office.run("import", "year.xlsx").exit_code == 0


def write(office: Office, name: str, **parts: Any) -> str:
    """Write the default pack with some parts exchanged to the desk."""
    (office.desk / name).write_text(json.dumps({**body(), **parts}), encoding="utf-8")
    return name


def rate(points_per_hour: int) -> dict[str, int]:
    return {**body()["crediting"], "points_per_hour": points_per_hour}


def code_of(language: str) -> str:
    found = re.search(rf"```{language}\n(.*?)```", DOCUMENT.read_text(encoding="utf-8"), re.DOTALL)
    assert found
    return found[1]


def test_the_commands_of_the_document_run_in_their_order(office: Office) -> None:
    lines = code_of("sh").splitlines()
    assert len(lines) == 6
    for line in lines:
        if "validate" in line:
            exported = json.loads((office.desk / "draft.json").read_text(encoding="utf-8"))
            assert exported == body()
            write(office, "draft.json", crediting=rate(20))
        said = office.run(*shlex.split(line)[1:])
        assert (said.exit_code, said.err) == (0, ""), said
    told = office.run("policy", "history").out
    assert "crediting.points_per_hour" in told
    assert "区里通知" in told
    versions = office.run("policy", "history", "--json").json
    assert [one["version"]["effective_from"] for one in versions] == ["2000-01-01", "2099-01-01"]
    assert versions[1]["changes"] == [{"path": "crediting.points_per_hour", "before": 10, "after": 20}]
    assert versions[1]["version"]["adopted_by"] == "cli"
    office.run("policy", "adopt", "draft.json", "--from", "2099-01-02").assert_refused("policy_unchanged")


def test_the_example_of_the_document_is_part_of_a_right_pack(office: Office) -> None:
    example = json.loads(code_of("json"))
    said = office.run("policy", "validate", write(office, "example.json", **example))
    assert said.exit_code == 0


def test_the_document_names_every_field() -> None:
    text = DOCUMENT.read_text(encoding="utf-8")
    assert {name for name in PolicyPack.model_fields if f"`{name}" not in text} == set()
    attendance = default_pack().attendance.model_dump()
    assert {name for name in attendance if name not in text} == set()


def test_all_that_is_wrong_with_a_pack_is_listed(office: Office) -> None:
    name = write(office, "wrong.json", crediting=rate(-1), grades=[])
    said = office.run("policy", "validate", name)
    assert said.exit_code == 1
    assert "crediting.points_per_hour" in said.out
    assert "grades" in said.out
    listed = office.run("policy", "validate", name, "--json").json
    assert [one["path"] for one in listed["problems"]] == ["crediting.points_per_hour", "grades"]
    assert listed["is_valid"] is False
    span = ("--from", "2025-01-01", "--until", "2025-01-02")
    for command in (("diff",), ("simulate", *span), ("adopt", "--from", "2099-01-01")):
        office.run("policy", *command, name).assert_refused("policy_invalid")


def test_a_simulation_is_read_by_programs_too(office: Office) -> None:
    name = write(office, "double.json", crediting=rate(20))
    span = ("--from", "2024-01-01", "--until", "2025-12-31")
    found = office.run("policy", "simulate", name, *span, "--json").json
    totals = office.run("totals", "--json").json
    assert found["total"]["before"]["minutes"] == found["booked"]["minutes"] == totals["minutes_credited"]
    assert found["agrees"] is True
    assert found["total"]["after"]["points"] > found["total"]["before"]["points"] > 0
    said = office.run("policy", "simulate", name, *span)
    assert f"{found['total']['after']['points']:,}" in said.out
    office.run("policy", "simulate", name, "--from", "2025-01-02", "--until", "2025-01-01").assert_refused(
        "span_backwards"
    )


def test_a_difference_is_shown_against_a_version(office: Office) -> None:
    name = write(office, "same.json")
    assert office.run("policy", "diff", name, "--against", "1", "--json").json == []
    assert "nothing differs" in office.run("policy", "diff", name, "--against", "1").out
    office.run("policy", "diff", name, "--against", "99").assert_refused("unknown_policy_version")
    office.run("policy", "export", "99").assert_refused("unknown_policy_version")


def test_a_pack_is_adopted_only_ahead(office: Office) -> None:
    name = write(office, "past.json", crediting=rate(3))
    assert office.run("import", "year.xlsx", "--bank", "other").exit_code == 0
    past = office.run("policy", "adopt", name, "--from", "2020-01-01", "--bank", "other")
    past.assert_refused("policy_not_ahead")
    office.run("policy", "adopt", name, "--from", "someday").assert_refused("day_invalid")


def test_a_file_has_its_limit(office: Office) -> None:
    (office.desk / "large.json").write_text(" " * 1_000_001, encoding="utf-8")
    office.run("policy", "validate", "large.json").assert_refused("policy_file_too_large")
