"""A scheduler process for killing: goes by a clock that it shares with others, and runs the jobs it is given.

`python -m tests.concurrency.calendar_process ADDRESS BANK CLOCK HOME JOB…`; `:03` after a job's name makes it hourly.
"""

import asyncio
import json
import sys
from dataclasses import replace
from datetime import time
from pathlib import Path

from tests.shared_clock import SharedClock
from timebank.database import Address, Database
from timebank.jobs.periods import Yearly
from timebank.jobs.registry import JOBS, Job
from timebank.jobs.scheduler import Scheduler
from timebank.logs import configure_logs

LOOK_SECONDS = 0.02


def jobs_of(names: list[str]) -> dict[str, Job]:
    """Return the jobs of those names, and one that is due once a year: folding under another name."""
    yearly = replace(JOBS["fold"], name="fold_yearly", schedule=Yearly(6, 30, time(4)))
    known = {**JOBS, yearly.name: yearly}
    return {name: known[name] for name in names}


async def serve(address: Address, code: str, clock: Path, home: Path, names: list[str]) -> None:
    """Do what is due until killed."""
    configure_logs()
    async with Database.connect(address, max_size=6) as database:
        scheduler = Scheduler(database, home, None, SharedClock(clock), jobs=jobs_of(names), codes=[code])
        await scheduler.tick()
        print("up", flush=True)  # noqa: T201 -- what the parent reads
        while True:
            await scheduler.tick()
            await asyncio.sleep(LOOK_SECONDS)


if __name__ == "__main__":
    place, code, clock, home, *names = sys.argv[1:]
    asyncio.run(serve(Address(**json.loads(place)), code, Path(clock), Path(home), names))
