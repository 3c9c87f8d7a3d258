"""Running a job by hand: it takes the run over from whoever has it, and says how it ended."""

import asyncio
from datetime import date, timedelta

import pytest

from tests.timebank.jobs.schedule import NOON, Office, job
from timebank.database import Bank, Database
from timebank.errors import RefusalError
from timebank.jobs import running
from timebank.jobs.batches import or_fault
from timebank.jobs.claims import LEASE
from timebank.jobs.queries import job_statuses
from timebank.jobs.registry import JOBS
from timebank.jobs.run import Run, RunLostError
from timebank.words import both

TODAY = date(2026, 11, 22)


@pytest.fixture
def office(database: Database, bank: Bank) -> Office:
    """Return a bank whose clock stands at noon."""
    return Office(database, bank)


async def by_hand(office: Office, name: str = "low_stock", as_of: date = TODAY) -> dict[str, object]:
    return await running.run_now(office.database, office.bank, name, as_of=as_of, now=office.clock())


async def test_a_run_by_hand_is_on_record(office: Office) -> None:
    result = await by_hand(office)
    assert result == {"told": 0, "restocked": 0, "unmanaged": 0}
    assert await office.attempts() == [("2026-11-22", 1, "succeeded", None)]
    await by_hand(office)
    assert await office.runs() == [("2026-11-22", "succeeded", 2)]


async def test_what_nobody_knows_is_refused(office: Office) -> None:
    with pytest.raises(RefusalError, match="unknown_job"):
        await by_hand(office, "dance")
    assert await office.runs() == []


async def test_what_is_refused_has_failed_and_waits_for_no_other_try(office: Office) -> None:
    with pytest.raises(RefusalError, match="day_in_future"):
        await by_hand(office, "credit", TODAY + timedelta(days=1))
    assert await office.runs() == [("2026-11-23", "failed", 1)]


async def test_what_was_run_for_a_day_ahead_is_not_the_last_run(office: Office) -> None:
    async def last() -> tuple[str, str] | None:
        statuses = await office.database.read(office.bank, lambda tx: job_statuses(tx, now=office.clock()))
        run = next(each.last_run for each in statuses if each.name == "credit")
        return None if run is None else (run.period, run.state)

    await by_hand(office, "credit")
    with pytest.raises(RefusalError, match="day_in_future"):
        await by_hand(office, "credit", TODAY + timedelta(days=1))
    assert await last() == ("2026-11-22", "succeeded")
    office.clock.at += timedelta(days=1)
    assert await last() == ("2026-11-23", "failed")


async def test_a_run_that_was_taken_over_writes_no_more(office: Office) -> None:
    held: list[Run] = []

    async def slow(run: Run) -> dict[str, object]:
        held.append(run)
        if len(held) == 1:
            await by_hand(office)
            await run.write(lambda tx: tx.connection.execute("select 1"))
        return {}

    scheduler = office.scheduler(job(slow, name="low_stock"))
    await scheduler.tick()
    assert len(held) == 1
    with pytest.raises(RunLostError):
        await held[0].fault("goods 7", "ZeroDivisionError")
    assert [outcome for *_, outcome, _ in await office.attempts()] == ["lost", "succeeded"]


async def test_progress_and_lease_are_kept_while_it_works(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(running, "TELL_SECONDS", 0.01)
    seen: list[tuple[object, ...]] = []

    async def counts(run: Run) -> dict[str, object]:
        run.progress(3, 7)
        office.clock.at += LEASE / 2
        while not seen or seen[-1] != (3, 7, office.clock.at + LEASE):
            await asyncio.sleep(0.01)
            (row,) = await run.read(
                lambda tx: tx.connection.fetch(
                    "select done, total, lease_until from job_runs where bank_id = $1", tx.bank_id
                )
            )
            seen.append(tuple(row))
        return {}

    await office.scheduler(job(counts, name="low_stock")).tick()
    assert await office.attempts() == [("2026-11-22", 1, "succeeded", None)]


async def test_a_thing_that_breaks_is_noted_once_and_passed_over(office: Office) -> None:
    async def breaks(_: object) -> int:
        raise ZeroDivisionError

    async def tries(run: Run) -> dict[str, object]:
        return {"left": await or_fault(run, "goods 7", breaks)}

    await office.scheduler(job(tries, name="low_stock")).tick()
    assert await office.runs() == [("2026-11-22", "succeeded", 1)]
    assert await office.faults() == [("goods 7", "ZeroDivisionError")]


def test_every_job_has_its_words() -> None:
    for name, each in JOBS.items():
        assert name == each.name
        assert str(NOON.date()) in both(f"job_{name}_done", as_of=NOON.date())
