"""A run's row: who takes it, keeps it, and ends it. Every statement of a holder names the attempt it belongs to.

A live transaction of a run holds its row, so a run is taken over only when its lease is over *and* nothing of it is
being written. Each attempt has a row of its own in `job_attempts`; what it says last, `job_runs` says.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from ledger.session import WriteTx
from ledger.values import canonical_json
from timebank.jobs.periods import Due
from timebank.jobs.run import Lease, Progress, RunLostError, check_lease
from timebank.notifications.actions import tell

LEASE: Final = timedelta(seconds=60)
PAUSES: Final = (
    timedelta(minutes=1),
    timedelta(minutes=5),
    timedelta(minutes=15),
    timedelta(hours=1),
    timedelta(hours=4),
)
"""Before a run that broke, or whose process died, is tried again; after the last it has failed."""

MAX_TRIES: Final = len(PAUSES) + 1
OUTAGE_PAUSE: Final = timedelta(seconds=15)
CLOCK: Final = "clock"
"""Who asks for what is due; others are people and `hand`, the command line."""

_BEGIN: Final = """
insert into job_runs (bank_id, job, period, due_at, started_at, state, attempts, tries, asked_by, holder, lease_until)
values ($1, $2, $3, $4, $5, 'running', 1, 1, $6, $7, $8)
on conflict on constraint job_runs_pkey do update set
  due_at = coalesce(job_runs.due_at, excluded.due_at), started_at = excluded.started_at, state = 'running',
  attempts = job_runs.attempts + 1, tries = $9, asked_by = excluded.asked_by, holder = excluded.holder,
  lease_until = excluded.lease_until, again_at = null, done = 0, total = null, problem = null
returning attempts
"""
_LOSE: Final = """
update job_attempts set ended_at = $4, outcome = 'lost'
where bank_id = $1 and job = $2 and period = $3 and ended_at is null
"""
_ATTEMPT: Final = """
insert into job_attempts (bank_id, job, period, attempt, holder, asked_by, started_at)
values ($1, $2, $3, $4, $5, $6, $7)
"""
_BEAT: Final = """
update job_runs set lease_until = $6, done = $7, total = $8
where bank_id = $1 and job = $2 and period = $3 and holder = $4 and attempts = $5 and state = 'running'
returning true
"""
_SUCCEED: Final = """
update job_runs set state = 'succeeded', finished_at = $4, result = $5::jsonb, holder = null, lease_until = null,
  done = case when done = 0 then 0 else coalesce(total, done) end
where bank_id = $1 and job = $2 and period = $3
"""
_TRIES: Final = "select tries, asked_by from job_runs where bank_id = $1 and job = $2 and period = $3"
_END: Final = """
update job_runs set state = $4, again_at = $5, problem = $6, tries = tries - $7, holder = null, lease_until = null
where bank_id = $1 and job = $2 and period = $3
"""
_END_ATTEMPT: Final = """
update job_attempts set ended_at = $5, outcome = $6, problem = $7, result = $8::jsonb
where bank_id = $1 and job = $2 and period = $3 and attempt = $4 and ended_at is null
"""
_ADMINISTRATORS: Final = """
select distinct g.person_id from role_grants g
join organisations o on o.bank_id = $1 and o.id = g.organisation_id and o.parent_id is null
where g.bank_id = $1 and g.role = 'administrator' and g.revoked_at is null
  and g.from_at <= $2 and (g.until_at is null or g.until_at > $2)
"""


@dataclass(frozen=True, slots=True)
class Claimed:
    """A run in the hands of a process: what it stands for, and the token that its statements carry."""

    due: Due
    lease: Lease


async def begin(
    tx: WriteTx, job: str, due: Due, *, tries: int, asked_by: str, holder: UUID, now: datetime
) -> Claimed:
    """Take a run, whoever held it, and begin an attempt at it; an attempt that was under way is lost with that.

    It waits for a transaction of the holder before to end.
    """
    attempt = await tx.connection.fetchval(
        _BEGIN,
        tx.bank_id,
        job,
        due.period,
        due.due_at if asked_by == CLOCK else None,
        now,
        asked_by,
        holder,
        now + LEASE,
        tries,
    )
    await tx.connection.execute(_LOSE, tx.bank_id, job, due.period, now)
    await tx.connection.execute(_ATTEMPT, tx.bank_id, job, due.period, attempt, holder, asked_by, now)
    return Claimed(due, Lease(job, due.period, holder, attempt))


async def beat(tx: WriteTx, lease: Lease, heard: Progress, *, now: datetime) -> bool:
    """Keep a run and say how far it is; False if somebody else has taken it over."""
    kept = await tx.connection.fetchval(
        _BEAT, tx.bank_id, *_named(lease), now + LEASE, heard.done, heard.total
    )
    return bool(kept)


async def succeed(tx: WriteTx, lease: Lease, result: dict[str, object], *, now: datetime) -> None:
    """End a run with its figures.

    Raises:
        RunLostError: it is not ours any more.
    """
    await check_lease(tx, lease)
    figures = canonical_json(result)
    await tx.connection.execute(_SUCCEED, tx.bank_id, lease.job, lease.period, now, figures)
    await _end_attempt(tx, lease, "succeeded", None, figures, now)


async def give_back(
    tx: WriteTx, lease: Lease, *, problem: str | None, again_at: datetime, now: datetime
) -> None:
    """Leave a run to whoever takes it next; the attempt does not count as a try. One that is lost stays so."""
    try:
        await check_lease(tx, lease)
    except RunLostError:
        return
    await tx.connection.execute(_END, tx.bank_id, lease.job, lease.period, "waiting", again_at, problem, 1)
    await _end_attempt(tx, lease, "given_back", problem, None, now)


async def break_off(tx: WriteTx, lease: Lease, *, problem: str, is_final: bool, now: datetime) -> bool:
    """End an attempt that broke: the run waits for the next, or has failed if that was the last; tell which.

    Raises:
        RunLostError: it is not ours any more.
    """
    await check_lease(tx, lease)
    row = await tx.connection.fetchrow(_TRIES, tx.bank_id, lease.job, lease.period)
    assert row is not None  # noqa: S101 -- the lease is on it
    has_failed = is_final or row["tries"] >= MAX_TRIES
    again_at = None if has_failed else now + PAUSES[max(row["tries"], 1) - 1]
    state = "failed" if has_failed else "waiting"
    await tx.connection.execute(_END, tx.bank_id, lease.job, lease.period, state, again_at, problem, 0)
    await _end_attempt(tx, lease, "broken", problem, None, now)
    if has_failed and not is_final:
        await tell_failed(tx, lease.job, lease.period, now=now)
    return has_failed


async def give_up(tx: WriteTx, job: str, period: str, *, now: datetime) -> None:
    """Let a run have failed whose processes died too often. The caller holds its row."""
    await tx.connection.execute(_LOSE, tx.bank_id, job, period, now)
    await tx.connection.execute(_END, tx.bank_id, job, period, "failed", None, "lost", 0)
    await tell_failed(tx, job, period, now=now)


async def tell_failed(tx: WriteTx, job: str, period: str, *, now: datetime) -> None:
    """Tell the administrators of the bank that a run has failed for good."""
    rows = await tx.connection.fetch(_ADMINISTRATORS, tx.bank_id, now)
    await tell(tx, [row["person_id"] for row in rows], "job_failed", job=job, period=period)


async def _end_attempt(
    tx: WriteTx, lease: Lease, outcome: str, problem: str | None, result: str | None, now: datetime
) -> None:
    await tx.connection.execute(
        _END_ATTEMPT,
        tx.bank_id,
        lease.job,
        lease.period,
        lease.attempt,
        now,
        outcome,
        problem,
        result,
    )


def _named(lease: Lease) -> tuple[str, str, UUID, int]:
    return lease.job, lease.period, lease.holder, lease.attempt
