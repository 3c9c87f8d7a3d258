"""PostgreSQL killed in the middle of jobs and started again: the books end as if nothing had been."""

import asyncio
import os
import random
import signal
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import psutil

from ledger.audit import audit
from ledger.balances import trial_balance
from ledger.session import ReadTx
from tests.concurrency.test_kill import durable_server as durable_server  # noqa: PLC0414 -- a fixture is used by name
from tests.concurrency.test_kill import postmaster_of
from tests.conftest import new_bank
from tests.timebank.expiry.packs import pack, yearly
from tests.timebank.expiry.scene import FIRST_DAY, Scene
from timebank.database import Address, Database
from timebank.jobs.claims import LEASE
from timebank.jobs.registry import JOBS, Job
from timebank.jobs.run import Run
from timebank.jobs.scheduler import Scheduler
from timebank.migrations.runner import migrate
from timebank.postgres import EmbeddedServer

BEGINS_AT = datetime(2026, 3, 1, 4, 0, tzinfo=UTC)
DAYS = 7
NAMES = ("expire", "warn_expiry", "fold")
KILLS = 3


class Clock:
    """A clock that the test moves."""

    at = BEGINS_AT

    def __call__(self) -> datetime:
        """Return the time."""
        return self.at


async def test_a_server_killed_while_jobs_run(durable_server: EmbeddedServer) -> None:
    server = durable_server
    address = Address(
        host=str(server.socket_dir), port=server.port, database="postgres", user=server.superuser
    )
    await migrate(address, logins=True)
    async with Database.connect(address, max_size=8) as database:
        calm, struck = await furnished(database), await furnished(database)
        undisturbed, clock = scheduler_of(calm), Clock()
        undisturbed.now = clock
        for _ in range(DAYS + 1):
            assert await undisturbed.tick() > 0
            clock.at += timedelta(days=1)
        lost = await strike(server, struck)
        assert await books(calm) == await books(struck)
        assert await succeeded(calm) == await succeeded(struck)
        assert lost >= KILLS


async def furnished(database: Database) -> Scene:
    """Return a bank of forty people whose lots end day by day."""
    scene = Scene(database, await new_bank(database))
    await scene.adopt((FIRST_DAY, pack(yearly())))
    for n in range(40):
        owner = await scene.person()
        await scene.give(owner, date(2026, 2, 20) + timedelta(days=n), 10 + n)
    return scene


def scheduler_of(scene: Scene) -> Scheduler:
    """Return a scheduler of a bank."""
    jobs = {name: JOBS[name] for name in NAMES}
    return Scheduler(scene.database, None, None, Clock(), jobs=jobs, codes=[scene.bank.code])


async def strike(server: EmbeddedServer, scene: Scene) -> int:
    """Let the days pass, kill the server while runs are under way, and return how many attempts came to nothing."""
    chance = random.Random(11)
    clock, is_up, has_begun = Clock(), asyncio.Event(), asyncio.Event()
    scheduler = scheduler_of(scene)
    scheduler.now = clock
    scheduler.jobs = {**scheduler.jobs, "expire": not_ended_before(JOBS["expire"], is_up, has_begun)}
    for day in range(DAYS + 1):
        is_up.set()
        if day % 2 and day < 2 * KILLS:
            is_up.clear()
        has_begun.clear()
        working = asyncio.create_task(scheduler.tick())
        if not is_up.is_set():
            await has_begun.wait()
            await asyncio.sleep(chance.uniform(0, 0.1))
            backends = psutil.Process(postmaster_of(server)).children()
            os.kill(postmaster_of(server), signal.SIGKILL)
            # A backend finishes what it is at before it sees that the others are gone.
            await asyncio.to_thread(psutil.wait_procs, backends, timeout=30)
            is_up.set()
            await working
            await asyncio.to_thread(server.ensure_running)
        await working
        clock.at += LEASE + timedelta(seconds=1)
        await scheduler.tick()
        clock.at = BEGINS_AT + timedelta(days=day + 1)
    rows = await fetch(
        scene, "select count(*) from job_attempts where bank_id = $1 and outcome <> 'succeeded'"
    )
    return int(str(rows[0][0]))


def not_ended_before(job: Job, event: asyncio.Event, begun: asyncio.Event) -> Job:
    """Return a job that says when it has begun; its work may be done, but it does not end before something happened."""

    async def action(run: Run) -> dict[str, object]:
        begun.set()
        result = await job.action(run)
        await event.wait()
        return result

    return replace(job, action=action)


async def fetch(scene: Scene, query: str) -> list[tuple[object, ...]]:
    async def work(tx: ReadTx) -> list[tuple[object, ...]]:
        return [tuple(row) for row in await tx.connection.fetch(query, tx.bank_id)]

    return await scene.database.read(scene.bank, work)


async def books(scene: Scene) -> Mapping[str, object]:
    """Return what the books say that does not depend on who and when, and that an audit finds nothing in them."""
    assert await scene.database.read(scene.bank, lambda tx: audit(tx, verifier=None, anchors=())) == []
    return {
        "trial balance": await scene.database.read(scene.bank, trial_balance),
        "lots": await fetch(
            scene,
            "select expires_on, balance, last_seq from accounts where bank_id = $1 and kind = 'wallet' order by 1, 2",
        ),
        "expired": await fetch(
            scene,
            "select effective_at, count(*) from transactions where bank_id = $1 and kind = 'expire'"
            " group by 1 order by 1",
        ),
        "warned": await fetch(
            scene, "select expires_on, days, amount from expiry_warnings where bank_id = $1 order by 1, 2, 3"
        ),
        "told": await fetch(
            scene, "select kind, params::text from notifications where bank_id = $1 order by 1, 2"
        ),
    }


async def succeeded(scene: Scene) -> list[tuple[object, ...]]:
    """Return which runs succeeded; each in one attempt."""
    attempts = await fetch(
        scene,
        "select job, period, count(*) from job_attempts where bank_id = $1 and outcome = 'succeeded'"
        " group by 1, 2 order by 1, 2",
    )
    assert {row[2] for row in attempts} == {1}
    return attempts
