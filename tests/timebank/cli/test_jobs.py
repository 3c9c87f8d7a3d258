"""`jobs`: the real command, from the list to a scheduler that is stopped."""

import os
import signal
import time
from collections.abc import Callable
from typing import Any

import pytest

from tests.timebank.cli.conftest import Office


@pytest.fixture(scope="module")
def bank(office: Office) -> str:
    """Make a bank by inviting who administers it."""
    code = "calendar"
    assert office.run("admin", "invite", "--bank", code).exit_code == 0
    return code


def listed(office: Office, bank: str) -> list[dict[str, Any]]:
    jobs: list[dict[str, Any]] = office.run("jobs", "list", "--bank", bank, "--json").json
    return jobs


def wait_until(is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.3)


def test_a_scheduler_does_what_is_due_and_stops_when_asked(office: Office, bank: str) -> None:
    scheduler = office.start("jobs", "serve", "--bank", bank)
    wait_until(
        lambda: all(
            each["last_run"] and each["last_run"]["state"] == "succeeded" for each in listed(office, bank)
        )
    )
    os.kill(scheduler.pid, signal.SIGTERM)
    out, err = scheduler.communicate(timeout=60)
    assert scheduler.returncode == 0, err
    assert "the scheduler has stopped" in out
    assert {each["last_run"]["attempts"] for each in listed(office, bank)} == {1}


def test_a_run_by_hand_is_in_the_history(office: Office, bank: str) -> None:
    done = office.run("jobs", "run", "low-stock", "--as-of", "2026-01-01", "--bank", bank, "--json").json
    assert (done["job"], done["told"]) == ("low-stock", 0)
    runs = office.run("jobs", "history", "low-stock", "--bank", bank, "--json").json
    assert "2026-01-01" in {run["period"] for run in runs}
    one = office.run("jobs", "history", "low-stock", "2026-01-01", "--bank", bank)
    assert "succeeded" in one.out
    office.run("jobs", "history", "low-stock", "1999-01-01", "--bank", bank).assert_refused("unknown_run")
    office.run("jobs", "history", "dance", "--bank", bank).assert_refused("unknown_job")


def test_a_job_is_paused_once_and_woken_once(office: Office, bank: str) -> None:
    asked = ("jobs", "pause", "low-stock", "--reason", "stocktaking", "--bank", bank)
    assert office.run(*asked).exit_code == 0
    office.run(*asked).assert_refused("already_paused")
    assert "stocktaking" in office.run("jobs", "list", "--bank", bank, "--json").out
    woken = ("jobs", "resume", "low-stock", "--bank", bank)
    assert office.run(*woken).exit_code == 0
    office.run(*woken).assert_refused("not_paused")
