"""Jobs as people see them: each with its schedule and last run, its runs, and what happened in one."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Final, Literal

from ledger.session import ReadTx
from timebank.errors import RefusalError
from timebank.jobs.periods import next_due
from timebank.jobs.registry import JOBS, Job

if TYPE_CHECKING:
    import asyncpg

RunState = Literal["waiting", "running", "succeeded", "failed"]
Outcome = Literal["succeeded", "broken", "lost", "given_back"]

MOST_FAULTS: Final = 200
"""Shown of a run; the figures tell how many there were."""

# What was run by hand for a day ahead is no news of how the job does: it would be shown as its last until that day.
_LAST: Final = """
select r.* from unnest($2::text[], $4::text[]) as j (job, current), lateral (
  select r.job, r.period, r.state, r.due_at, r.started_at, r.finished_at, r.again_at, r.attempts, r.asked_by, r.done,
    r.total, r.problem, r.result::text as result
  from job_runs r where r.bank_id = $1 and r.job = j.job and r.period <= j.current
    and (not $3 or r.finished_at is not null)
  order by r.period desc limit 1) r
"""
_PAUSES: Final = "select job, paused_at, paused_by, reason from job_pauses where bank_id = $1"
_RUNS: Final = """
select r.job, r.period, r.state, r.due_at, r.started_at, r.finished_at, r.again_at, r.attempts, r.asked_by, r.done,
  r.total, r.problem, r.result::text as result
from job_runs r where r.bank_id = $1 and r.job = $2 and ($3::text is null or r.period < $3)
order by r.period desc limit $4
"""
_ONE: Final = """
select r.job, r.period, r.state, r.due_at, r.started_at, r.finished_at, r.again_at, r.attempts, r.asked_by, r.done,
  r.total, r.problem, r.result::text as result
from job_runs r where r.bank_id = $1 and r.job = $2 and r.period = $3
"""
_ATTEMPTS: Final = """
select a.attempt, a.asked_by, a.started_at, a.ended_at, a.outcome, a.problem
from job_attempts a where a.bank_id = $1 and a.job = $2 and a.period = $3 order by a.attempt desc limit $4
"""
_FAULTS: Final = """
select f.item, f.problem, f.happened_at from job_faults f
where f.bank_id = $1 and f.job = $2 and f.period = $3 order by f.id limit $4
"""


@dataclass(frozen=True, slots=True)
class JobRun:
    """What became of a job for one period; `result` is the figures of its last success."""

    job: str
    period: str
    state: RunState
    due_at: datetime | None
    started_at: datetime
    finished_at: datetime | None
    again_at: datetime | None
    attempts: int
    asked_by: str
    done: int
    total: int | None
    problem: str | None
    result: Mapping[str, object] | None


@dataclass(frozen=True, slots=True)
class Pause:
    """Since when a job rests, and why."""

    paused_at: datetime
    paused_by: str
    reason: str


@dataclass(frozen=True, slots=True)
class JobStatus:
    """A job, when it is due, its last run and last success, and whether it rests."""

    name: str
    schedule: str
    next_period: str
    next_due_at: datetime
    last_run: JobRun | None
    last_success_at: datetime | None
    pause: Pause | None


@dataclass(frozen=True, slots=True)
class Attempt:
    """One attempt at a run; one under way has no outcome yet."""

    attempt: int
    asked_by: str
    started_at: datetime
    ended_at: datetime | None
    outcome: Outcome | None
    problem: str | None


@dataclass(frozen=True, slots=True)
class Fault:
    """A thing that a run passed over, named by ids and codes."""

    item: str
    problem: str
    happened_at: datetime


@dataclass(frozen=True, slots=True)
class RunHistory:
    """A run with its last attempts, newest first, and the first of its faults."""

    run: JobRun
    attempts: tuple[Attempt, ...]
    faults: tuple[Fault, ...]


def known_job(name: str) -> Job:
    """Return a job by its name.

    Raises:
        RefusalError: `unknown_job`.
    """
    job = JOBS.get(name)
    if job is None:
        raise RefusalError("unknown_job", job=name)
    return job


async def job_statuses(tx: ReadTx, *, now: datetime) -> list[JobStatus]:
    """Return every job as it stands."""
    current = {name: job.schedule.by_hand(tx.day(now), now, tx.zone).period for name, job in JOBS.items()}
    arguments = list(current), list(current.values())
    last, succeeded = [
        {
            row["job"]: _run(row)
            for row in await tx.connection.fetch(_LAST, tx.bank_id, arguments[0], is_success, arguments[1])
        }
        for is_success in (False, True)
    ]
    pauses = {
        row["job"]: Pause(row["paused_at"], row["paused_by"], row["reason"])
        for row in await tx.connection.fetch(_PAUSES, tx.bank_id)
    }
    found = []
    for name, job in JOBS.items():
        due = next_due(job.schedule, now, tx.zone)
        found.append(
            JobStatus(
                name,
                job.schedule.text,
                due.period,
                due.due_at,
                last.get(name),
                succeeded[name].finished_at if name in succeeded else None,
                pauses.get(name),
            )
        )
    return found


async def job_runs(tx: ReadTx, job: str, *, before: str | None, limit: int) -> list[JobRun]:
    """Return the runs of a job, newest period first, from before one.

    Raises:
        RefusalError: `unknown_job`.
    """
    rows = await tx.connection.fetch(_RUNS, tx.bank_id, known_job(job).name, before, limit)
    return [_run(row) for row in rows]


async def job_run(tx: ReadTx, job: str, period: str) -> JobRun:
    """Return the run of a job for a period.

    Raises:
        RefusalError: `unknown_job`, `unknown_run`.
    """
    row = await tx.connection.fetchrow(_ONE, tx.bank_id, known_job(job).name, period)
    if row is None:
        raise RefusalError("unknown_run", job=job, period=period)
    return _run(row)


async def run_history(tx: ReadTx, job: str, period: str) -> RunHistory:
    """Return a run with its attempts and faults.

    Raises:
        RefusalError: as `job_run`.
    """
    run = await job_run(tx, job, period)
    attempts = await tx.connection.fetch(_ATTEMPTS, tx.bank_id, job, period, MOST_FAULTS)
    faults = await tx.connection.fetch(_FAULTS, tx.bank_id, job, period, MOST_FAULTS)
    return RunHistory(run, tuple(Attempt(**row) for row in attempts), tuple(Fault(**row) for row in faults))


def _run(row: "asyncpg.Record") -> JobRun:
    return JobRun(**{**row, "result": json.loads(row["result"]) if row["result"] else None})
