"""The commands as an office uses them, one after another, on one home."""

import json
import os
import pty
import re
import signal
import subprocess
import time
from pathlib import Path

import pytest

from tests.timebank.cli.conftest import COMMAND, Office
from tests.timebank.workbook import generator, oracle

SIZE = generator.Size(volunteers=12, activities=25, attendances=160, awards=12, items=6, slips=60)


@pytest.fixture(scope="module")
def workbook(office: Office) -> Path:
    path = office.desk / "small.xlsx"
    generator.write(path, generator.district(29, SIZE))
    return path


@pytest.fixture(scope="module")
def booked(office: Office, workbook: Path) -> dict[str, object]:
    """Book the workbook and close the year; return what the oracle says of it."""
    said = office.run("import", workbook, "--report", "answer.xlsx")
    assert said.exit_code == 0, said
    assert "answer.xlsx" in said.out
    assert "已记入" in said.out
    assert said.err == ""
    for job in ("expire", "recognise"):
        done = office.run("jobs", "run", job, "--as-of", "2026-01-01", "--json")
        assert done.json["job"] == job
    return oracle.expected(workbook)


def test_totals_are_what_the_oracle_says(office: Office, booked: dict[str, object]) -> None:
    assert office.run("totals", "--json").json == booked
    shown = office.run("totals").out
    assert "全行汇总 / Totals" in shown
    assert f"{booked['minutes_credited']:,}" in shown


def test_closing_notices_adds_nothing_to_what_was_imported(office: Office, booked: dict[str, object]) -> None:
    for _ in range(2):
        done = office.run("jobs", "run", "credit", "--as-of", "2026-01-01", "--json").json
        assert done == {
            "job": "credit",
            "as_of": "2026-01-01",
            "credited": 0,
            "refused": 0,
            "waiting": 0,
            "notices": 0,
        }
    assert office.run("totals", "--json").json == booked
    early = office.run("jobs", "run", "credit", "--as-of", "2999-01-01")
    assert early.exit_code == 2
    assert "day_in_future" in early.err


def test_letting_holds_go_adds_nothing_to_what_was_imported(
    office: Office, booked: dict[str, object]
) -> None:
    done = office.run("jobs", "run", "release-holds", "--as-of", "2026-01-01", "--json").json
    assert done == {
        "job": "release-holds",
        "as_of": "2026-01-01",
        "holds_released": 0,
        "reservations": 0,
        "vouchers": 0,
        "service_orders": 0,
    }
    assert "2026-01-01" in office.run("jobs", "run", "release-holds", "--as-of", "2026-01-01").out
    assert office.run("totals", "--json").json == booked
    office.run("jobs", "run", "release-holds", "--as-of", "2999-01-01").assert_refused("day_in_future")


def test_importing_again_says_the_same(office: Office, booked: dict[str, object], workbook: Path) -> None:
    counted = office.run("import", workbook, "--json").json
    assert counted["counts"]["签到"]["credited"] == booked["records_credited"]
    foretold = office.run("import", workbook, "--dry-run", "--json").json
    assert foretold == {"counts": counted["counts"], "dry_run": True}
    assert office.run("totals", "--json").json == booked


def test_a_volunteer_stands_as_the_statement_says(office: Office, booked: dict[str, object]) -> None:
    code, minutes = booked["top10_minutes"][0]  # type: ignore[index]  # JSON
    found = office.run("volunteer", f" {code.lower()} ", "--json").json
    assert (found["code"], found["minutes"]) == (code, minutes)
    first = office.run("statement", code, "--unit", "minute", "--limit", 2, "--json").json
    assert first["lines"][0]["balance"] == minutes
    second = office.run("statement", code, "--unit", "minute", "--cursor", first["next"], "--json").json
    assert second["lines"][0]["balance"] == first["lines"][1]["balance"] - first["lines"][1]["amount"]


def test_times_are_the_banks_and_not_the_machines(office: Office, booked: dict[str, object]) -> None:
    code, _ = booked["top10_minutes"][0]  # type: ignore[index]  # JSON
    told = {
        zone: office.run("volunteer", code, TZ=zone).out for zone in ("America/New_York", "Asia/Shanghai")
    }
    assert len(set(told.values())) == 1
    lapsed = [line for line in told["Asia/Shanghai"].splitlines() if "到期" in line and ":" in line]
    assert all("2026-01-01 00:00" in line for line in lapsed)


def test_each_unit_of_the_trial_balance_adds_up_to_nothing(office: Office, booked: dict[str, object]) -> None:
    found = office.run("trial-balance", "--json").json
    assert {unit: sum(kinds.values()) for unit, kinds in found.items()} == dict.fromkeys(found, 0)
    assert -found["minute"]["issuance"] == booked["minutes_credited"]
    past = office.run("trial-balance", "--as-of", "2023-12-31", "--json").json
    assert not any(any(kinds.values()) for kinds in past.values())
    accounts = office.run("trial-balance", "--accounts", "--json").json
    assert sum(account["balance"] for account in accounts if account["unit"] == "point") == 0


def test_the_books_are_sound_sealed_and_proven(office: Office, booked: dict[str, object]) -> None:
    assert office.run("audit", "--json").json == []
    sealed = office.run("seal", "--json").json
    code, _ = booked["top10_minutes"][0]  # type: ignore[index]  # JSON
    records = office.run("volunteer", code, "--json").json["records"]
    record = next(each for each in records if each["outcome"] == "accepted")
    proof, key = office.desk / "proof.json", sealed["verifier"]
    assert office.run("prove", f"{record['activity'].lower()}/{code}", "-o", proof).exit_code == 0
    assert office.run("prove", record["id"]).json == json.loads(proof.read_text(encoding="utf-8"))
    # Whoever checks has neither our home nor a database.
    stranger = Office(Path("/proc/nowhere"), office.desk)
    assert stranger.run("verify", proof, "--key", key, "--json").json["valid"] is True
    place = office.desk / "public.key"
    place.write_text(key + "\n", encoding="ascii")
    said = stranger.run("verify", proof, "--key", place, TIMEBANK_DATABASE_URL="postgresql://127.0.0.1:1/no")
    assert (said.exit_code, "核验通过" in said.out) == (0, True)
    altered, times = re.subn(r'"amount": \d+', '"amount": 99990', proof.read_text(encoding="utf-8"), count=1)
    assert times == 1
    (office.desk / "altered.json").write_text(altered, encoding="utf-8")
    stranger.run("verify", "altered.json", "--key", key).assert_refused("not_included", 1)
    assert stranger.run("verify", "altered.json", "--key", key, "--json").json == {
        "valid": False,
        "code": "not_included",
    }
    stranger.run("verify", "small.xlsx", "--key", key).assert_refused("file_unreadable")
    stranger.run("verify", "answer.json", "--key", key).assert_refused("file_unreadable")
    stranger.run("verify", "proof.json", "--key", "no+key").assert_refused("malformed_key")
    office.run("prove", "999999").assert_refused("unknown_record")
    office.run("prove", "A99999/V999999").assert_refused("unknown_record")
    refused = next((each for each in records if each["outcome"] != "accepted"), None)
    if refused is not None:
        office.run("prove", refused["id"]).assert_refused("record_not_credited")


def test_an_audit_that_finds_something_ends_with_one(office: Office, booked: dict[str, object]) -> None:
    assert booked
    assert office.run("seal").exit_code == 0
    folder = office.home / "checkpoints"
    anchor = max(
        (path for path in folder.rglob("*") if path.is_file()), key=lambda path: path.stat().st_mtime
    )
    text = anchor.read_bytes()
    lines = text.split(b"\n")
    lines[1] = b"999999"
    anchor.write_bytes(b"\n".join(lines))
    try:
        said = office.run("audit", "--json")
        assert said.exit_code == 1
        assert said.json[0]["invariant"] == 10
        assert re.search(r"\b10\b", office.run("audit").out)
    finally:
        anchor.write_bytes(text)


def test_the_journal_can_be_exported(office: Office, booked: dict[str, object]) -> None:
    assert booked
    for name in ("hledger", "beancount", "csv"):
        said = office.run("export", name, "--output", f"journal.{name}")
        assert (said.exit_code, said.out) == (0, "")
        count = re.search(r"(\d+)", said.err)
        assert count is not None
        assert (office.desk / f"journal.{name}").stat().st_size > int(count[1])
    assert office.run("export", "csv").out == (office.desk / "journal.csv").read_text(encoding="utf-8")


def test_what_nobody_knows_is_refused(office: Office, booked: dict[str, object]) -> None:
    assert booked
    for words, code in (
        (("volunteer", "V999999"), "unknown_volunteer"),
        (("statement", "V999999"), "unknown_volunteer"),
        (("statement", "V000001", "--unit", "gold"), "unknown_unit"),
        (("statement", "V000001", "--cursor", "abc"), "cursor_invalid"),
        (("totals", "--bank", "nowhere"), "unknown_bank"),
        (("jobs", "run", "expire", "--as-of", "01/01/2026"), "day_invalid"),
        (("jobs", "run", "recognise", "--as-of", "0001-01-01"), "day_invalid"),
        (("trial-balance", "--as-of", "9999-12-31"), "day_invalid"),
        (("export", "csv", "-o", "no/such/folder"), "file_not_usable"),
    ):
        office.run(*words).assert_refused(code)
    usage = office.run("jobs", "run", "dance", "--as-of", "2026-01-01")
    assert (usage.exit_code, usage.out) == (2, "")


def test_a_pipe_that_closes_and_a_full_disk_leave_no_traceback(
    office: Office, booked: dict[str, object]
) -> None:
    assert booked
    said_when_done = re.compile(r"(.* transactions exported\n)?")
    for line in (f"{COMMAND} export csv | head -1", f"{COMMAND} trial-balance >&-"):
        said = subprocess.run(
            ["/bin/sh", "-c", line],
            env=office.variables,
            capture_output=True,
            text=True,
            check=False,
        )
        assert said.returncode == 0, said
        assert said_when_done.fullmatch(said.stderr), said
    with Path("/dev/full").open("w", encoding="utf-8") as full:
        said = subprocess.run(
            [COMMAND, "totals"],
            env=office.variables,
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert (said.returncode, said.stderr.rstrip().endswith("[output_failed]")) == (3, True), said


def test_a_narrow_terminal_cuts_nothing_off(office: Office, booked: dict[str, object]) -> None:
    code, minutes = booked["top10_minutes"][0]  # type: ignore[index]  # JSON
    shown = on_terminal(office, 40, "volunteer", code)
    assert "…" not in shown
    assert f"{minutes:,}" in shown
    assert "余额 / Balance: " in shown
    assert "余额" in on_terminal(office, 200, "volunteer", code)


def on_terminal(office: Office, columns: int, *words: str) -> str:
    """Return what the command shows on a terminal of that width."""
    leader, follower = pty.openpty()
    variables = {**office.variables, "TERM": "xterm", "COLUMNS": str(columns)}
    with subprocess.Popen([COMMAND, *words], stdin=follower, stdout=follower, stderr=follower, env=variables):
        os.close(follower)
        shown = b""
        while True:
            try:
                part = os.read(leader, 65_536)
            except OSError:
                break
            if not part:
                break
            shown += part
    os.close(leader)
    return shown.decode()


def test_a_terminal_without_chinese_gets_question_marks(office: Office, booked: dict[str, object]) -> None:
    assert booked
    said = office.run("volunteer", "V999999", PYTHONIOENCODING="ascii")
    assert said.exit_code == 2
    assert "there is no volunteer V999999 [unknown_volunteer]" in said.err


def test_what_a_cell_says_is_shown_and_not_taken_for_markup(office: Office) -> None:
    sheets = generator.district(31, SIZE)
    for activity in sheets["活动"]:
        activity[1] = "[/b] [red]红[/red] :smile:"
    generator.write(office.desk / "markup.xlsx", sheets)
    assert office.run("import", "markup.xlsx", "--bank", "markup").exit_code == 0
    code, _ = office.run("totals", "--bank", "markup", "--json").json["top10_minutes"][0]
    assert "[/b] [red]红[/red] :smile:" in office.run("volunteer", code, "--bank", "markup").out


def test_an_import_that_is_interrupted_is_simply_run_again(office: Office, tmp_path: Path) -> None:
    path = tmp_path / "large.xlsx"
    generator.write(path, generator.district(37, generator.larger(SIZE, 40)))
    signal.signal(
        signal.SIGINT, signal.default_int_handler
    )  # a shell's background ignores it, and so would the import
    office.run("migrate")
    begun = time.perf_counter()
    assert office.run("import", path, "--bank", "whole").exit_code == 0
    takes = time.perf_counter() - begun
    for bank in (f"broken{n}" for n in range(12)):
        process = office.start("import", path, "--bank", bank)
        takes *= 0.7
        time.sleep(takes)
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=60)
        assert "Traceback" not in err
        # Who has let go of the signal already, because the import is done, is ended by it without a word.
        assert process.returncode in {0, 130, -signal.SIGINT}
        if process.returncode == 130 and err:
            break
    else:
        pytest.fail("no import was interrupted")
    assert err.rstrip().endswith("[interrupted]")
    assert office.run("import", path, "--bank", bank).exit_code == 0
    totals = [office.run("totals", "--bank", code, "--json").json for code in (bank, "whole")]
    assert totals[0] == totals[1]
