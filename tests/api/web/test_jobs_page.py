"""Job history as pages: who sees it, what is asked for there, and what is refused in words."""

import pytest

from tests.api.books import adopt_pack
from tests.api.cast import Cast
from tests.api.entering import Door
from tests.api.web.browser import Browser, Browsers
from timebank.database import Database
from timebank.jobs.registry import JOBS
from timebank.jobs.running import run_now

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


async def test_what_is_unknown_is_not_there(of: Browsers) -> None:
    adam = of("adam")
    for path in ("dance", "expire/1999-01-01"):
        assert (await adam.get(f"{PATH}/{path}")).status_code == 404
    assert (await adam.get(f"{PATH}/expire/<b>")).status_code == 422


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
