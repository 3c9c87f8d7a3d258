"""The scheduler: each period once, what was missed caught up, what breaks tried again and then given up."""

import asyncio
from datetime import timedelta
from uuid import uuid4

import pytest

from ledger.session import WriteTx
from tests.api.cast import enter
from tests.timebank.jobs.schedule import NOON, Clock, Office, job
from timebank.database import Bank, Database
from timebank.errors import OutageError, RefusalError
from timebank.jobs.actions import ask_for_run, pause_job, resume_job
from timebank.jobs.claims import LEASE, PAUSES, begin
from timebank.jobs.periods import Hourly
from timebank.jobs.run import Run

DAY = timedelta(days=1)
SECOND = timedelta(seconds=1)


@pytest.fixture
def office(database: Database, bank: Bank) -> Office:
    """Return a bank whose clock stands at noon."""
    return Office(database, bank)


async def test_a_job_that_never_ran_begins_with_what_was_due_last(office: Office) -> None:
    scheduler = office.scheduler(job())
    assert await scheduler.tick() == 1
    assert await scheduler.tick() == 0
    assert await office.runs() == [("2026-11-22", "succeeded", 1)]


async def test_what_was_missed_is_caught_up_by_whoever_comes(office: Office) -> None:
    await office.scheduler(job()).tick()
    office.clock.at += 3 * DAY
    assert await office.scheduler(job()).tick() == 3
    assert [period for period, state, _ in await office.runs() if state == "succeeded"] == [
        "2026-11-22",
        "2026-11-23",
        "2026-11-24",
        "2026-11-25",
    ]


async def test_what_is_too_long_ago_is_left(office: Office) -> None:
    sweep = job(schedule=Hourly(0, catch_up=timedelta(hours=5)))
    await office.scheduler(sweep).tick()
    office.clock.at += timedelta(days=7)
    assert await office.scheduler(sweep).tick() == 5


async def test_a_process_that_slept_makes_up_for_no_more_than_a_new_one(office: Office) -> None:
    scheduler = office.scheduler(job(schedule=Hourly(0, catch_up=timedelta(hours=5))))
    await scheduler.tick()
    office.clock.at += timedelta(days=7)
    assert await scheduler.tick() == 5


async def test_of_many_processes_one_makes_a_run(office: Office) -> None:
    made = await asyncio.gather(*(office.scheduler(job()).tick() for _ in range(5)))
    assert sum(made) == 1
    assert await office.attempts() == [("2026-11-22", 1, "succeeded", None)]


async def test_a_broken_run_is_tried_again_later_and_later_and_then_told_of_once(
    office: Office, database: Database
) -> None:
    cast = await enter(database, office.bank)

    async def breaks(_: Run) -> dict[str, object]:
        raise ZeroDivisionError

    scheduler = office.scheduler(job(breaks))
    assert await scheduler.tick() == 1
    for pause in PAUSES:
        office.clock.at += pause - SECOND
        assert await scheduler.tick() == 0
        assert (await office.runs())[0][1] == "waiting"
        office.clock.at += SECOND
        assert await scheduler.tick() == 1
    assert await office.runs() == [("2026-11-22", "failed", len(PAUSES) + 1)]
    assert {(outcome, problem) for _, _, outcome, problem in await office.attempts()} == {
        ("broken", "ZeroDivisionError")
    }
    assert await office.scheduler(job(breaks)).tick() == 0
    found = await database.read(
        office.bank,
        lambda tx: tx.connection.fetch(
            "select person_id, kind, params->>'period' as period from notifications where bank_id = $1",
            tx.bank_id,
        ),
    )
    assert [tuple(row) for row in found] == [(cast.people["adam"], "job_failed", "2026-11-22")]


async def test_a_run_over_its_time_is_broken_off(office: Office) -> None:
    async def sleeps(_: Run) -> dict[str, object]:
        await asyncio.sleep(30)
        return {}

    await office.scheduler(job(sleeps, seconds=0.05)).tick()
    assert await office.attempts() == [("2026-11-22", 1, "broken", "time_limit")]


async def test_a_refusal_is_tried_again_too(office: Office) -> None:
    async def refuses(_: Run) -> dict[str, object]:
        raise RefusalError("period_closed")

    await office.scheduler(job(refuses)).tick()
    assert await office.attempts() == [("2026-11-22", 1, "broken", "period_closed")]
    assert (await office.runs())[0][1] == "waiting"


async def test_an_outage_is_no_try(office: Office) -> None:
    tried = 0

    async def unlucky(_: Run) -> dict[str, object]:
        nonlocal tried
        tried += 1
        if tried <= 10:
            raise OutageError("database_lost")
        return {}

    scheduler = office.scheduler(job(unlucky))
    for _ in range(11):
        await scheduler.tick()
        office.clock.at += timedelta(minutes=1)
    assert await office.runs() == [("2026-11-22", "succeeded", 11)]


@pytest.mark.parametrize("writes", [True, False])
async def test_who_died_is_followed_when_the_lease_is_over_and_writes_no_more(
    office: Office, *, writes: bool
) -> None:
    going, seen = asyncio.Event(), []

    async def slow(run: Run) -> dict[str, object]:
        assert run.lease is not None
        seen.append(run.lease.attempt)
        if len(seen) == 1:
            await going.wait()
            if writes:
                await run.write(lambda tx: tx.connection.execute("select 1"))
                seen.append(-1)
        return {"attempt": run.lease.attempt}

    first, second = office.scheduler(job(slow)), office.scheduler(job(slow))
    dead = asyncio.create_task(first.tick())
    while not seen:
        await asyncio.sleep(0.01)
    assert await second.tick() == 0
    office.clock.at += LEASE + SECOND
    assert await second.tick() == 1
    going.set()
    await dead
    assert seen == [1, 2]
    assert await office.attempts() == [("2026-11-22", 1, "lost", None), ("2026-11-22", 2, "succeeded", None)]
    assert await office.results() == [2]


async def test_a_run_whose_processes_keep_dying_is_given_up(office: Office) -> None:
    scheduler = office.scheduler(job())
    due = next(iter(job().schedule.on(NOON.date(), office.bank.zone)))
    for tries in range(1, len(PAUSES) + 2):
        await office.database.write(
            office.bank,
            lambda tx, tries=tries: begin(  # type: ignore[misc]  # a loop's variable in a lambda
                tx, "sweep", due, tries=tries, asked_by="clock", holder=uuid4(), now=office.clock()
            ),
        )
        office.clock.at += LEASE + SECOND
    assert await scheduler.tick() == 0
    assert await office.runs() == [("2026-11-22", "failed", len(PAUSES) + 1)]
    assert {outcome for _, _, outcome, _ in await office.attempts()} == {"lost"}


async def test_a_stop_gives_back_what_is_under_way(office: Office) -> None:
    begun = asyncio.Event()

    async def long(_: Run) -> dict[str, object]:
        begun.set()
        await asyncio.sleep(30)
        return {}

    scheduler = office.scheduler(job(long))
    await scheduler.begin()
    await begun.wait()
    await scheduler.stop()
    assert await office.attempts() == [("2026-11-22", 1, "given_back", None)]
    assert await office.scheduler(job()).tick() == 1
    assert await office.runs() == [("2026-11-22", "succeeded", 2)]


async def test_a_paused_job_rests_and_catches_up(office: Office) -> None:
    scheduler = office.scheduler(job(name="expire"))
    await scheduler.tick()
    await office.database.write(
        office.bank,
        lambda tx: pause_job(tx, "expire", reason="stocktaking", paused_by="person:x", now=office.clock()),
    )
    office.clock.at += 2 * DAY
    assert await scheduler.tick() == 0
    assert await office.scheduler(job(name="expire")).tick() == 0
    await office.database.write(office.bank, lambda tx: resume_job(tx, "expire"))
    assert await scheduler.tick() == 2


async def test_what_is_asked_for_runs_though_the_job_rests(office: Office) -> None:
    scheduler = office.scheduler(job(name="expire"))
    await scheduler.tick()

    async def ask(tx: object) -> None:
        await pause_job(tx, "expire", reason="stocktaking", paused_by="person:x", now=office.clock())  # type: ignore[arg-type]  # a transaction that writes
        await ask_for_run(tx, "expire", as_of=NOON.date(), asked_by="person:x", now=office.clock())  # type: ignore[arg-type]  # as above

    await office.database.write(office.bank, ask)
    assert await scheduler.tick() == 1
    assert await office.runs() == [("2026-11-22", "succeeded", 2)]


async def test_what_ran_before_its_time_runs_again_at_its_time(office: Office) -> None:
    scheduler = office.scheduler(job(name="low_stock"))
    await scheduler.tick()
    tomorrow = NOON.date() + DAY
    await office.database.write(
        office.bank,
        lambda tx: begin(
            tx,
            "low_stock",
            job().schedule.by_hand(tomorrow, NOON, tx.zone),
            tries=1,
            asked_by="hand",
            holder=uuid4(),
            now=office.clock(),
        ),
    )
    office.clock.at += LEASE + SECOND
    assert await scheduler.tick() == 1
    assert await scheduler.tick() == 0
    office.clock.at = NOON + DAY
    assert await scheduler.tick() == 1
    assert [period for period, *_ in await office.attempts()] == ["2026-11-22"] + 3 * ["2026-11-23"]


async def test_one_broken_bank_does_not_stop_the_others(database: Database, bank: Bank) -> None:
    office = Office(database, bank, Clock())
    scheduler = office.scheduler(job())
    scheduler.codes = ("no-such-bank", bank.code)
    assert await scheduler.tick() == 1


async def test_of_one_job_there_is_one_run_at_a_time(office: Office) -> None:
    going, begun = asyncio.Event(), []

    async def slow(run: Run) -> dict[str, object]:
        begun.append(run.as_of)
        await going.wait()
        return {}

    first, second = office.scheduler(job(slow, seconds=600)), office.scheduler(job(slow, seconds=600))
    await first.begin()
    while not begun:
        await asyncio.sleep(0.01)
    office.clock.at = NOON.replace(hour=17)  # the next day has begun in Shanghai
    await office.database.write(
        office.bank,
        lambda tx: tx.connection.execute(
            "update job_runs set lease_until = $2 where bank_id = $1", tx.bank_id, office.clock() + LEASE
        ),
    )
    assert await second.tick() == 0
    going.set()
    await first.tick()
    assert await second.tick() <= 1  # the first may have gone on with it
    assert begun == [NOON.date(), NOON.date() + DAY]


async def test_who_wakes_a_job_while_it_runs_by_hand_misses_nothing(office: Office) -> None:
    async def woken(run: Run) -> dict[str, object]:
        if run.as_of == NOON.date() and len(await office.attempts()) > 1:
            await office.database.write(office.bank, lambda tx: resume_job(tx, "expire"))
        return {}

    scheduler = office.scheduler(job(woken, name="expire"))
    await scheduler.tick()

    async def ask(tx: WriteTx) -> None:
        await pause_job(tx, "expire", reason="stocktaking", paused_by="person:x", now=office.clock())
        await ask_for_run(tx, "expire", as_of=NOON.date(), asked_by="person:x", now=office.clock())

    await office.database.write(office.bank, ask)
    office.clock.at += 2 * DAY
    assert await scheduler.tick() == 1
    assert await scheduler.tick() == 2


async def test_a_clock_that_ran_ahead_and_is_put_back_stops_nothing(office: Office) -> None:
    sweep = job(schedule=Hourly(0, catch_up=timedelta(hours=5)))
    await office.scheduler(sweep).tick()
    office.clock.at += 30 * DAY
    scheduler = office.scheduler(sweep)
    assert await scheduler.tick() == 5
    office.clock.at -= 30 * DAY - timedelta(hours=3)
    assert await scheduler.tick() == 3


async def test_while_a_run_writes_beyond_its_lease_the_next_does_not_begin(office: Office) -> None:
    going, begun = asyncio.Event(), []

    async def slow(run: Run) -> dict[str, object]:
        async def work(_: WriteTx) -> None:
            begun.append(run.as_of)
            await going.wait()

        await run.write(work)
        return {}

    first, second = office.scheduler(job(slow, seconds=600)), office.scheduler(job(slow, seconds=600))
    await first.begin()
    while not begun:
        await asyncio.sleep(0.01)
    office.clock.at = NOON.replace(hour=17)  # the next day has begun in Shanghai, and the lease is long over
    assert await second.tick() == 0
    assert begun == [NOON.date()]
    going.set()
    await first.tick()
    assert await second.tick() <= 1
    assert begun == [NOON.date(), NOON.date() + DAY]
