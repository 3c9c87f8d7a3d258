"""What people do with jobs: ask for a run, let a job rest, and wake it again."""

from datetime import date, datetime
from typing import Final

from ledger.session import WriteTx
from timebank.errors import RefusalError
from timebank.jobs.queries import JobRun, Pause, job_run, known_job

_ASK: Final = """
insert into job_runs (bank_id, job, period, started_at, state, attempts, tries, asked_by, again_at)
values ($1, $2, $3, $4, 'waiting', 0, 0, $5, $4)
on conflict on constraint job_runs_pkey do update set
  state = 'waiting', tries = 0, asked_by = excluded.asked_by, again_at = excluded.again_at, problem = null
where job_runs.state <> 'running'
returning true
"""
_PAUSE: Final = """
insert into job_pauses (bank_id, job, paused_at, paused_by, reason) values ($1, $2, $3, $4, $5)
on conflict on constraint job_pauses_pkey do nothing
returning true
"""
_RESUME: Final = (
    "delete from job_pauses where bank_id = $1 and job = $2 returning paused_at, paused_by, reason"
)


async def ask_for_run(tx: WriteTx, name: str, *, as_of: date, asked_by: str, now: datetime) -> JobRun:
    """Let a job run for a day, again if it ran already; the scheduler begins it at once, a resting job's too.

    Raises:
        RefusalError: `unknown_job`, `day_in_future`, `already_running`.
    """
    job = known_job(name)
    due = job.schedule.by_hand(as_of, now, tx.zone)
    if as_of > tx.day(now):
        raise RefusalError("day_in_future", day=as_of.isoformat())
    if not await tx.connection.fetchval(_ASK, tx.bank_id, job.name, due.period, now, asked_by):
        raise RefusalError("already_running", job=name, period=due.period)
    return await job_run(tx, job.name, due.period)


async def pause_job(tx: WriteTx, name: str, *, reason: str, paused_by: str, now: datetime) -> Pause:
    """Let a job rest: what falls due waits until it is woken. What is under way is finished.

    Raises:
        RefusalError: `unknown_job`, `already_paused`.
    """
    job = known_job(name)
    if not await tx.connection.fetchval(_PAUSE, tx.bank_id, job.name, now, paused_by, reason):
        raise RefusalError("already_paused", job=name)
    return Pause(now, paused_by, reason)


async def resume_job(tx: WriteTx, name: str) -> Pause:
    """Wake a job, and return how it had rested; what fell due meanwhile is caught up.

    Raises:
        RefusalError: `unknown_job`, `not_paused`.
    """
    job = known_job(name)
    row = await tx.connection.fetchrow(_RESUME, tx.bank_id, job.name)
    if row is None:
        raise RefusalError("not_paused", job=name)
    return Pause(row["paused_at"], row["paused_by"], row["reason"])
