"""What a process takes next of a job: what was begun and left, what was asked for, what is due and nobody did.

A run whose period is due is made once: the row (job, period) is unique, and the claims of one job of a bank wait for
none other: who finds another at it comes again later. Only one run of a job is under way in a bank at a time.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Final
from uuid import UUID

from ledger.session import ReadTx, WriteTx
from timebank.jobs.claims import CLOCK, MAX_TRIES, Claimed, begin, give_up
from timebank.jobs.periods import Due, Schedule, due_between, last_due

if TYPE_CHECKING:
    import asyncpg

_LOCK: Final = "select pg_try_advisory_xact_lock($1)"
_OPEN: Final = """
select distinct job from job_runs
where bank_id = $1 and (state = 'waiting' and again_at <= $2 or state = 'running' and lease_until <= $2)
"""
_PAUSED: Final = "select job from job_pauses where bank_id = $1"
_IS_PAUSED: Final = "select true from job_pauses where bank_id = $1 and job = $2"
_FIRST: Final = """
select period from job_runs where bank_id = $1 and job = $2 and due_at is not null order by period limit 1
"""
# A run whose lease is over, and which could not be locked, is being written.
_IS_BUSY: Final = """
select true from job_runs where bank_id = $1 and job = $2 and state = 'running'
  and (lease_until > $3 or not $4 or asked_by <> 'clock') and period <> all($5::text[]) limit 1
"""
_LEFT: Final = """
select r.period, r.state, r.tries, r.asked_by from job_runs r
where r.bank_id = $1 and r.job = $2 and (not $4 or r.asked_by <> 'clock')
  and (r.state = 'waiting' and r.again_at <= $3 or r.state = 'running' and r.lease_until <= $3)
order by r.period for no key update skip locked
"""
_KNOWN: Final = """
select period, state, started_at from job_runs where bank_id = $1 and job = $2 and period = any($3::text[])
"""


class Nothing(StrEnum):
    """Why nothing was taken: all is done that is due, or somebody is at the job."""

    DONE = "done"
    BUSY = "busy"


@dataclass(frozen=True, slots=True)
class State:
    """What of a bank's jobs can be taken up again, and which of them are paused."""

    left: frozenset[str]
    paused: frozenset[str]


async def look(tx: ReadTx, *, now: datetime) -> State:
    """Return which jobs have runs to take up again, and which are paused."""
    left = await tx.connection.fetch(_OPEN, tx.bank_id, now)
    paused = await tx.connection.fetch(_PAUSED, tx.bank_id)
    return State(frozenset(row["job"] for row in left), frozenset(row["job"] for row in paused))


async def due_since(tx: ReadTx, job: str, schedule: Schedule, *, now: datetime) -> list[Due]:
    """Return the periods that the schedulers of a bank have to look after, in order.

    These are the ones since the first that they ever made, as far back as the schedule makes up for; of a job that they
    never ran, the last one that was due.
    """
    period = await tx.connection.fetchval(_FIRST, tx.bank_id, job)
    first = schedule.parse(period, tx.zone) if period else None
    if first is None:
        last = last_due(schedule, now, tx.zone)
        return [last] if last.due_at > now - schedule.catch_up else []
    dues = due_between(schedule, now - schedule.catch_up, now, tx.zone)
    return [due for due in dues if due.due_at >= first.due_at]


async def claim(
    tx: WriteTx, job: str, schedule: Schedule, dues: Sequence[Due], *, holder: UUID, now: datetime
) -> Claimed | Nothing:
    """Take the oldest run of a job that is to be made, and begin an attempt at it."""
    if not await tx.connection.fetchval(_LOCK, _lock_number(tx.bank_id, job)):
        return Nothing.BUSY
    is_paused = bool(await tx.connection.fetchval(_IS_PAUSED, tx.bank_id, job))
    rows = await tx.connection.fetch(_LEFT, tx.bank_id, job, now, is_paused)
    locked = [row["period"] for row in rows]
    if await tx.connection.fetchval(_IS_BUSY, tx.bank_id, job, now, is_paused, locked):
        return Nothing.BUSY
    due = [] if is_paused else await _unmade(tx, job, dues)
    for row in rows:
        if due and due[0].period < row["period"]:
            break
        left = schedule.parse(row["period"], tx.zone)
        if left is None:  # named by a schedule that the job no longer has
            continue
        if row["state"] == "running" and row["tries"] >= MAX_TRIES:
            await give_up(tx, job, left.period, now=now)
            continue
        by = row["asked_by"]
        return await begin(tx, job, left, tries=row["tries"] + 1, asked_by=by, holder=holder, now=now)
    if due:
        return await begin(tx, job, due[0], tries=1, asked_by=CLOCK, holder=holder, now=now)
    return Nothing.BUSY if is_paused else Nothing.DONE


async def _unmade(tx: ReadTx, job: str, dues: Sequence[Due]) -> list[Due]:
    """Return those of the periods that nobody has made since they were due.

    What was run by hand before its time, or refused then, is run again at its time.
    """
    if not dues:
        return []
    periods = [due.period for due in dues]
    rows = await tx.connection.fetch(_KNOWN, tx.bank_id, job, periods)
    known: Mapping[str, asyncpg.Record] = {row["period"]: row for row in rows}
    return [due for due in dues if due.period not in known or _is_early(known[due.period], due)]


def _is_early(row: "asyncpg.Record", due: Due) -> bool:
    return row["state"] in {"succeeded", "failed"} and row["started_at"] < due.due_at


def _lock_number(bank_id: int, job: str) -> int:
    """Return the advisory lock of a bank's job; two that shared a number would only wait for each other."""
    digest = hashlib.sha256(f"job:{bank_id}:{job}".encode()).digest()
    return int.from_bytes(digest[:8], signed=True)
