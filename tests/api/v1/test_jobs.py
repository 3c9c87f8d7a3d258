"""Jobs over HTTP: what became of them, run by hand, and paused by who administers the bank."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from api.service import Service
from tests.api.cast import Cast
from tests.api.conftest import As
from tests.timebank.jobs.schedule import Clock, Office, job
from timebank.database import Database
from timebank.jobs.registry import JOBS
from timebank.jobs.run import Run

PATH = "/api/v1/jobs"
RUNS = f"{PATH}/low_stock/runs"
NOON = datetime.now(UTC).replace(hour=4, minute=0, second=0, microsecond=0)
"""In Shanghai, on the day of the cast's logins."""

TODAY, TOMORROW = (str(NOON.date() + timedelta(days=days)) for days in (0, 1))


@pytest.fixture
def office(database: Database, cast: Cast, service: Service) -> Office:
    """Return the cast's bank at noon, with a scheduler's clock that the service goes by, too."""
    office = Office(database, cast.bank, Clock(NOON))
    service.now = office.clock
    return office


async def ask(as_: As, day: str = TODAY, *, key: str | None = None, path: str = RUNS) -> Any:
    return await as_("adam").post(path, json={"as_of": day}, headers={"Idempotency-Key": key or uuid4().hex})


@pytest.mark.usefixtures("office")
async def test_every_job_is_listed_with_its_schedule(as_: As) -> None:
    answer = await as_("adam").get(PATH)
    assert [each["name"] for each in answer.json()] == list(JOBS)
    expire = next(each for each in answer.json() if each["name"] == "expire")
    assert (expire["schedule"], expire["next_period"]) == ("daily 00:10", TOMORROW)
    assert expire["next_due_at"] == f"{TODAY}T16:10:00Z"
    assert (expire["last_run"], expire["last_success_at"], expire["pause"]) == (None, None, None)


async def test_a_run_that_was_asked_for_is_made_and_told_of(as_: As, office: Office, cast: Cast) -> None:
    async def passes_over(run: Run) -> dict[str, object]:
        await run.fault("goods 7", "ZeroDivisionError")
        return {"told": 3}

    asked = await ask(as_)
    assert (asked.status_code, asked.json()["state"], asked.json()["attempts"]) == (202, "waiting", 0)
    assert await office.scheduler(job(passes_over, name="low_stock")).tick() == 1
    found = (await as_("adam").get(f"{RUNS}/{TODAY}")).json()
    assert (found["run"]["state"], found["run"]["result"]) == ("succeeded", {"told": 3})
    (attempt,) = found["attempts"]
    assert (attempt["outcome"], attempt["asked_by"]) == ("succeeded", f"person:{cast.people['adam']}")
    assert [(fault["item"], fault["problem"]) for fault in found["faults"]] == [
        ("goods 7", "ZeroDivisionError")
    ]
    listed = next(each for each in (await as_("adam").get(PATH)).json() if each["name"] == "low_stock")
    assert listed["last_run"]["period"] == TODAY
    assert listed["last_success_at"] is not None


async def test_a_key_asks_once_and_another_once_more(as_: As, office: Office) -> None:
    scheduler = office.scheduler(job(name="low_stock"))
    first = await ask(as_, key="k")
    await scheduler.tick()
    assert (await ask(as_, key="k")).json() == first.json()
    assert await scheduler.tick() == 0
    assert (await ask(as_, key="other")).json()["attempts"] == 1
    assert await scheduler.tick() == 1
    assert await office.runs() == [(TODAY, "succeeded", 2)]


async def test_runs_are_paged_from_the_newest(as_: As, office: Office) -> None:
    scheduler = office.scheduler(job(name="low_stock"))
    office.clock.at -= timedelta(days=2)
    await scheduler.tick()
    office.clock.at = NOON
    await scheduler.tick()
    days = [str(NOON.date() - timedelta(days=days)) for days in range(3)]
    first = (await as_("adam").get(RUNS, params={"limit": 2})).json()
    assert [run["period"] for run in first["items"]] == days[:2]
    rest = (await as_("adam").get(RUNS, params={"limit": 2, "cursor": first["next_cursor"]})).json()
    assert [run["period"] for run in rest["items"]] == days[2:]
    assert rest["next_cursor"] is None


async def test_what_cannot_be_run_is_refused(as_: As, office: Office) -> None:
    async def meets_itself(_: Run) -> dict[str, object]:
        return {"again": (await ask(as_)).json()["code"]}

    assert (await ask(as_, path=f"{PATH}/dance/runs")).json()["code"] == "unknown_job"
    assert (await ask(as_, TOMORROW)).json()["code"] == "day_in_future"
    assert (await as_("adam").get(f"{RUNS}/2020-11-01")).json()["code"] == "unknown_run"
    assert (await as_("adam").get(f"{PATH}/dance/runs")).status_code == 404
    await office.scheduler(job(meets_itself, name="low_stock")).tick()
    found = (await as_("adam").get(f"{RUNS}/{TODAY}")).json()
    assert found["run"]["result"] == {"again": "already_running"}


async def test_a_job_rests_until_it_is_woken(as_: As, office: Office) -> None:
    adam, pause = as_("adam"), f"{PATH}/low_stock/pause"
    paused = await adam.put(pause, json={"reason": "盘点"})
    assert (paused.status_code, paused.json()["reason"]) == (200, "盘点")
    assert (await adam.put(pause, json={"reason": "盘点"})).json()["code"] == "already_paused"
    assert await office.scheduler(job(name="low_stock")).tick() == 0
    listed = next(each for each in (await adam.get(PATH)).json() if each["name"] == "low_stock")
    assert listed["pause"]["reason"] == "盘点"
    assert (await adam.delete(pause)).status_code == 200
    assert (await adam.delete(pause)).json()["code"] == "not_paused"
    assert await office.scheduler(job(name="low_stock")).tick() == 1


async def test_who_watches_over_the_service_sees_how_jobs_are_doing(as_: As, office: Office) -> None:
    async def breaks(run: Run) -> dict[str, object]:
        await run.fault("goods 7", "23514")
        raise ZeroDivisionError

    await office.scheduler(job(name="low_stock"), job(breaks, name="expire")).tick()
    office.clock.at += timedelta(seconds=100)
    text = (await as_("stranger").get("/metrics")).text
    code = office.bank.code
    for name, labels, value in (
        ("runs", 'job="low_stock",state="succeeded"', 1),
        ("runs", 'job="expire",state="waiting"', 1),
        ("attempts", 'job="expire",outcome="broken"', 1),
        ("faults", 'job="expire"', 1),
        ("last_success_age_seconds", 'job="low_stock"', 100),
    ):
        assert f'timebank_job_{name}{{bank="{code}",{labels}}} {value:.1f}\n' in text
    assert f'last_success_age_seconds{{bank="{code}",job="expire"' not in text
