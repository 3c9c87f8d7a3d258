"""The register of job runs: one row per bank, job and period."""

from datetime import date, datetime

from ledger.session import WriteTx
from ledger.values import canonical_json

_BEGIN = """
insert into job_runs (bank_id, job, period, started_at) values ($1, $2, $3, $4)
on conflict on constraint job_runs_pkey do update set started_at = excluded.started_at
"""
_FINISH = """
update job_runs set finished_at = $4, result = $5::jsonb where bank_id = $1 and job = $2 and period = $3
"""


async def begin_run(tx: WriteTx, job: str, as_of: date, *, now: datetime) -> None:
    """Note that a job starts for a day; a run that is repeated notes its latest start."""
    await tx.connection.execute(_BEGIN, tx.bank_id, job, as_of.isoformat(), now)


async def finish_run(tx: WriteTx, job: str, as_of: date, *, now: datetime, result: dict[str, object]) -> None:
    """Note that a job ended for a day, and with what figures."""
    await tx.connection.execute(_FINISH, tx.bank_id, job, as_of.isoformat(), now, canonical_json(result))
