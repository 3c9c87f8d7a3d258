"""How the jobs of a bank are doing, for who watches over it: counted from the rows of the runs when it is asked for.

So the figures are the same whichever process runs the jobs, and they survive it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from ledger.session import ReadTx
from timebank.jobs.registry import JOBS

WINDOW: Final = timedelta(days=1)
"""Runs, attempts and faults are counted of so long, so that the counting costs the same every year."""

_RUNS: Final = """
select r.job, r.state, count(*) as count from job_runs r
where r.bank_id = $1 and r.started_at > $2 group by r.job, r.state
"""
# Whatever had an attempt since then began then, too.
_ATTEMPTS: Final = """
select r.job, a.outcome, count(*) as count
from job_runs r, lateral (select coalesce(a.outcome, 'running') as outcome from job_attempts a
  where a.bank_id = $1 and a.job = r.job and a.period = r.period and a.started_at > $2 offset 0) a
where r.bank_id = $1 and r.started_at > $2 group by r.job, a.outcome
"""
_FAULTS: Final = """
select r.job, sum(f.faults)::bigint as count
from job_runs r, lateral (select count(*) as faults from job_faults f
  where f.bank_id = $1 and f.job = r.job and f.period = r.period and f.happened_at > $2 offset 0) f
where r.bank_id = $1 and r.started_at > $2 group by r.job having sum(f.faults) > 0
"""
_LAST: Final = """
select r.job, r.finished_at from unnest($2::text[]) as j (job), lateral (
  select r.job, r.finished_at from job_runs r
  where r.bank_id = $1 and r.job = j.job and r.finished_at is not null order by r.period desc limit 1) r
"""


@dataclass(frozen=True, slots=True)
class JobFigures:
    """Of the last day: runs by job and state, attempts by job and outcome, faults by job; and when each succeeded."""

    runs: Mapping[tuple[str, str], int]
    attempts: Mapping[tuple[str, str], int]
    faults: Mapping[str, int]
    succeeded_at: Mapping[str, datetime]


async def job_figures(tx: ReadTx, *, now: datetime) -> JobFigures:
    """Return how the bank's jobs are doing."""
    connection, since = tx.connection, now - WINDOW
    runs = await connection.fetch(_RUNS, tx.bank_id, since)
    attempts = await connection.fetch(_ATTEMPTS, tx.bank_id, since)
    faults = await connection.fetch(_FAULTS, tx.bank_id, since)
    last = await connection.fetch(_LAST, tx.bank_id, list(JOBS))
    return JobFigures(
        {(row["job"], row["state"]): row["count"] for row in runs},
        {(row["job"], row["outcome"]): row["count"] for row in attempts},
        {row["job"]: row["count"] for row in faults},
        {row["job"]: row["finished_at"] for row in last},
    )
