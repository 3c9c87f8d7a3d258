"""Job history as pages: who sees it, what is asked for there, and what is refused in words."""

import re
from pathlib import Path
from uuid import uuid4

import pytest

import timebank
from api.web.office.faults import ITEMS
from ledger.session import WriteTx
from tests.api.books import adopt_pack
from tests.api.cast import Cast
from tests.api.entering import Door
from tests.api.web.browser import Browser, Browsers
from timebank.database import Database
from timebank.jobs.claims import begin, break_off
from timebank.jobs.registry import JOBS
from timebank.jobs.running import HAND, run_now
from timebank.words import words

PATH = "/office/jobs"


async def do(browser: Browser, job: str, **fields: object) -> Browser:
    """Send a form of a job's page as it is shown."""
    await browser.get(f"{PATH}/{job}")
    await browser.post(f"{PATH}/{job}", **fields)
    return browser


@pytest.mark.parametrize("name", ["alice", "wen", "olga", "carl", "mia", "ada", "till"])
async def test_is_not_for_others(of: Browsers, name: str) -> None:
    for path in (PATH, f"{PATH}/expire", f"{PATH}/expire/2026-01-01"):
        assert (await of(name).get(path)).status_code == 403


async def test_shows_every_job_with_its_runs(
    of: Browsers, database: Database, cast: Cast, door: Door
) -> None:
    await adopt_pack(database, cast)
    day = door.clock.at.astimezone(cast.bank.zone).date()
    await run_now(database, cast.bank, "expire", as_of=day, now=door.clock.at)
    audrey = of("audrey")
    await audrey.get(PATH)
    assert all(f'href="{PATH}/{name}"' in audrey.last.text for name in JOBS)
    assert 'class="tag good"' in audrey.last.text
    await audrey.get(f"{PATH}/expire")
    assert f'href="{PATH}/expire/{day}"' in audrey.last.text
    assert 'name="do"' not in audrey.last.text  # an auditor looks
    await audrey.get(f"{PATH}/expire/{day}")
    assert "The command line" in audrey.text
    assert "Nothing was passed over" in audrey.text


@pytest.mark.parametrize(
    ("problem", "sentence"),
    [
        ("database_busy", "The database is busy"),
        ("time_limit", "longer than it may"),
        ("export_too_large", "more than one file holds"),
        ("insufficient", "The rules do not allow it"),
        ("23514:lots_amount_check", "The database did not take"),
        ("KeyError", "met an unexpected fault"),
    ],
)
async def test_what_went_wrong_is_said_in_words(
    of: Browsers, database: Database, cast: Cast, door: Door, problem: str, sentence: str
) -> None:
    day = door.clock.at.astimezone(cast.bank.zone).date()
    due = JOBS["credit"].schedule.by_hand(day, door.clock.at, cast.bank.zone)

    async def fail(tx: WriteTx) -> None:
        at = door.clock.at
        claimed = await begin(tx, "credit", due, tries=1, asked_by=HAND, holder=uuid4(), now=at)
        await tx.connection.execute(
            "insert into job_faults (bank_id, job, period, item, problem, happened_at)"
            " values ($1, 'credit', $2, 'record 12', $3, $4)",
            tx.bank_id,
            due.period,
            problem,
            at,
        )
        await break_off(tx, claimed.lease, problem=problem, is_final=True, now=at)

    await database.write(cast.bank, fail)
    audrey = of("audrey")
    for path in (PATH, f"{PATH}/credit", f"{PATH}/credit/{due.period}"):
        await audrey.get(path)
        assert sentence in audrey.text
        # the name that a machine gave it stands beside the sentence only
        assert audrey.text.count(problem) == audrey.text.count(f'<span class="mute mono">{problem}</span>')
    assert "<td>Service record 12</td>" in audrey.text


def test_whatever_a_run_may_pass_over_has_a_word() -> None:
    named = r"""(?:numbered|Item|or_fault|fault)\((?:run, )?f?["']([a-z_]+)["' :]"""
    sources = Path(timebank.__file__).parent.rglob("*.py")
    found = {thing for path in sources for thing in re.findall(named, path.read_text(encoding="utf-8"))}
    assert found == ITEMS
    assert all("12" in said for thing in ITEMS for said in words(f"page.jobs.item.{thing}", number=12))


async def test_what_is_unknown_is_not_there(of: Browsers) -> None:
    adam = of("adam")
    for path in ("dance", "expire/1999-01-01"):
        assert (await adam.get(f"{PATH}/{path}")).status_code == 404
    assert (await adam.get(f"{PATH}/expire/<b>")).status_code == 404


async def test_is_asked_for_by_hand(of: Browsers) -> None:
    adam = await do(of("adam"), "seal", do="run", as_of="")
    assert adam.last.headers["location"] == f"{PATH}/seal"
    await adam.get(f"{PATH}/seal")
    assert "Waiting" in adam.text
    await do(adam, "seal", do="run", as_of="2999-01-01")
    assert adam.last.status_code == 422
    assert 'role="alert"' in adam.last.text


async def test_rests_for_a_reason_and_is_woken(of: Browsers) -> None:
    adam = await do(of("adam"), "expire", do="pause", reason="")
    assert "say why" in adam.text
    await do(adam, "expire", do="pause", reason="测试：盘点")
    await adam.get(f"{PATH}/expire")
    assert "测试：盘点" in adam.text
    await do(adam, "expire", do="pause", reason="again")
    assert adam.last.status_code == 409
    await adam.get(PATH)
    assert "Paused" in adam.text
    await do(adam, "expire", do="resume")
    await adam.get(f"{PATH}/expire")
    assert "测试：盘点" not in adam.text
    await do(adam, "expire", do="resume")
    assert 'role="alert"' in adam.last.text
    await do(adam, "expire", do="dance")
    assert "does not fit" in adam.text


async def test_a_form_that_no_page_of_ours_sent_is_refused(of: Browsers) -> None:
    adam = of("adam")
    await adam.send(f"{PATH}/expire", {"csrf": "0" * 64, "do": "run"})
    assert (adam.last.status_code, "form_stale" in adam.text) == (403, True)


async def test_an_auditor_changes_nothing(of: Browsers) -> None:
    audrey = of("audrey")
    await audrey.get(f"{PATH}/expire")
    await audrey.post(f"{PATH}/expire", do="run", as_of="")
    assert audrey.last.status_code == 403


async def test_of_a_period_without_a_run_the_page_names_the_job(of: Browsers) -> None:
    adam = of("adam")
    await adam.get(f"{PATH}/warn_expiry/1999-01-01")
    assert (adam.last.status_code, "Warn of expiry" in adam.text) == (404, True)
    assert "warn_expiry has" not in adam.text
