"""Carrying out one attempt at a run: under its time limit, beside a heart that keeps its lease, ended once.

`run_now` is the way by hand: it takes the run over from whoever holds it, and raises what the action raises.
"""

import asyncio
import time
from collections.abc import Callable
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Final
from uuid import uuid4

from ledger.session import WriteTx
from timebank.database import Bank, Database
from timebank.errors import OutageError, RefusalError
from timebank.jobs.claims import OUTAGE_PAUSE, Claimed, beat, begin, break_off, give_back, succeed
from timebank.jobs.registry import JOBS, Job
from timebank.jobs.run import Lease, Run, RunLostError, problem_of
from timebank.vault.cipher import Cipher

KEEP_SECONDS: Final = 10.0
"""How often the lease is renewed, at least; see LEASE."""

TELL_SECONDS: Final = 1.0
"""How often progress is written, at most."""

HAND: Final = "hand"
TIME_LIMIT: Final = "time_limit"

Clock = Callable[[], datetime]


async def run_now(  # noqa: PLR0913 -- the installation's files and keys are needed by some jobs only
    database: Database,
    bank: Bank,
    name: str,
    *,
    as_of: date,
    now: datetime,
    home: Path | None = None,
    cipher: Cipher | None = None,
    listener: Callable[[int, int | None], None] | None = None,
) -> dict[str, object]:
    """Run a job for a day, again if it ran already, and return its figures.

    Raises:
        RefusalError: `unknown_job`, and what the job refuses.
        RunLostError: somebody else took the run over meanwhile.
    """
    job = JOBS.get(name)
    if job is None:
        raise RefusalError("unknown_job", job=name)
    due = job.schedule.by_hand(as_of, now, bank.zone)
    holder = uuid4()

    async def take(tx: WriteTx) -> Claimed:
        return await begin(tx, job.name, due, tries=1, asked_by=HAND, holder=holder, now=now)

    claimed = await database.write(bank, take)
    began = time.monotonic()

    def clock() -> datetime:
        return now + timedelta(seconds=time.monotonic() - began)

    run = Run(database, bank, as_of, now, home, cipher, claimed.lease, listener=listener)
    return await carry_out(run, job, claimed.lease, clock, is_by_hand=True)


async def carry_out(
    run: Run, job: Job, lease: Lease, clock: Clock, *, is_by_hand: bool = False
) -> dict[str, object]:
    """Carry out one attempt and end it in its row; what the action raised is raised again.

    Cancelled, or with the database gone, the run is given back; who cannot say so any more lets its lease run out.

    Raises:
        RunLostError: somebody else has taken the run over; its row is theirs.
    """
    try:
        result = await _beside_heart(run, job, lease, clock)
        await run.database.write(run.bank, lambda tx: succeed(tx, lease, result, now=clock()))
    except asyncio.CancelledError:
        await _give_back(run, lease, None, clock(), timedelta())
        raise
    except OutageError as error:
        await _give_back(run, lease, error.code, clock(), OUTAGE_PAUSE)
        raise
    except RunLostError:
        raise
    except Exception as error:
        problem = TIME_LIMIT if isinstance(error, TimeoutError) else problem_of(error)
        # What is refused by hand is refused for good; the clock asks again, for a refusal may be one of the moment.
        is_final = is_by_hand and isinstance(error, RefusalError)
        await run.database.write(
            run.bank, lambda tx: break_off(tx, lease, problem=problem, is_final=is_final, now=clock())
        )
        raise
    return result


async def _beside_heart(run: Run, job: Job, lease: Lease, clock: Clock) -> dict[str, object]:
    async def limited() -> dict[str, object]:
        async with asyncio.timeout(job.time_limit.total_seconds()):
            return await job.action(run)

    working = asyncio.create_task(limited())
    beating = asyncio.create_task(_beat_until_lost(run, lease, clock))
    try:
        await asyncio.wait({working, beating}, return_when=asyncio.FIRST_COMPLETED)
        if not working.done():
            beating.result()  # raises if the heart itself broke
            raise RunLostError
        return await working
    finally:
        working.cancel()
        beating.cancel()
        await asyncio.gather(working, beating, return_exceptions=True)


async def _beat_until_lost(run: Run, lease: Lease, clock: Clock) -> None:
    """Keep the lease and write progress until cancelled, or until the run is somebody else's."""
    written: tuple[int, int | None] = (0, None)
    waited = 0.0
    while True:
        await asyncio.sleep(TELL_SECONDS)
        waited += TELL_SECONDS
        heard = (run.heard.done, run.heard.total)
        if heard == written and waited < KEEP_SECONDS:
            continue
        try:
            kept = await run.database.write(run.bank, lambda tx: beat(tx, lease, run.heard, now=clock()))
        except OutageError:
            # The work meets it too; while the lease lasts, nothing is lost.
            continue
        if not kept:
            return
        written, waited = heard, 0.0


async def _give_back(run: Run, lease: Lease, problem: str | None, now: datetime, pause: timedelta) -> None:
    try:
        await run.database.write(
            run.bank, lambda tx: give_back(tx, lease, problem=problem, again_at=now + pause, now=now)
        )
    except OutageError:
        return
