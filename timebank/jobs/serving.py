"""Serving the scheduler: APScheduler wakes it when something is due and every few seconds besides."""

import asyncio
from datetime import UTC
from typing import Final
from zoneinfo import ZoneInfo

from apscheduler.schedulers.asyncio import AsyncIOScheduler  # type: ignore[import-untyped]  # has no annotations
from apscheduler.triggers.cron import CronTrigger  # type: ignore[import-untyped]  # has no annotations
from apscheduler.triggers.interval import IntervalTrigger  # type: ignore[import-untyped]  # has no annotations

from timebank.jobs.periods import Daily, Hourly, Monthly, Schedule, Yearly
from timebank.jobs.scheduler import Scheduler

LOOK_SECONDS: Final = 3
"""How soon what was asked for by hand is begun, and what was missed is caught up."""


async def serve(scheduler: Scheduler) -> None:
    """Do what is due until cancelled; what is under way then is given back.

    The triggers are kept in memory and only wake the scheduler: what is due, the rows of the runs say.
    """
    triggers = AsyncIOScheduler(timezone=UTC)
    woken = asyncio.Event()

    async def wake() -> None:  # a coroutine runs on the loop itself, and not in a thread
        woken.set()

    triggers.add_job(wake, IntervalTrigger(seconds=LOOK_SECONDS))
    triggers.start()
    known: set[ZoneInfo] = set()
    try:
        while True:
            for bank in await scheduler.begin():
                if bank.zone not in known:
                    known.add(bank.zone)
                    for job in scheduler.jobs.values():
                        triggers.add_job(wake, trigger_of(job.schedule, bank.zone), misfire_grace_time=None)
            await woken.wait()
            woken.clear()
    finally:
        triggers.shutdown(wait=False)
        await scheduler.stop()


def trigger_of(schedule: Schedule, zone: ZoneInfo) -> CronTrigger:
    """Return a trigger that fires whenever a period of the schedule is due."""
    match schedule:
        case Hourly(minute=minute):
            return CronTrigger(minute=minute, timezone=zone)
        case Daily(at=at):
            return CronTrigger(hour=at.hour, minute=at.minute, timezone=zone)
        case Monthly(day=day, at=at):
            return CronTrigger(day=day, hour=at.hour, minute=at.minute, timezone=zone)
        case Yearly(month=month, day=day, at=at):
            return CronTrigger(month=month, day=day, hour=at.hour, minute=at.minute, timezone=zone)
    msg = f"{type(schedule).__name__} has no trigger"
    raise TypeError(msg)
