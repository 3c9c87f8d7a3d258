"""Asking for a task, and its life in a worker's hands: claimed with a lease, kept alive, finished once.

Every statement of a worker names the attempt that it belongs to: one that lost its lease changes nothing more. What a
task does can be done again from the start, so that a dead worker's task is simply taken over.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from ledger.session import WriteTx
from timebank.access import Actor
from timebank.tasks.queries import INPUT, REPORT, SealedFile

LEASE = timedelta(seconds=60)
MAX_ATTEMPTS = 5
KEEP_REPORTS = timedelta(days=30)
"""The input is deleted when its task is finished; the report is kept so long."""

_INSERT = """
insert into tasks (bank_id, id, kind, params, requested_by, requester_id, requested_at)
values ($1, $2, $3, $4::text::jsonb, $5, $6, $7)
"""
_PUT_FILE = """
insert into task_files (bank_id, task_id, role, name, media_type, key_id, sealed) values ($1, $2, $3, $4, $5, $6, $7)
"""
_CLAIM = """
update tasks set lease_until = $3, attempts = attempts + 1, started_at = coalesce(started_at, $2)
where bank_id = $1 and id = (
  select t.id from tasks t where t.bank_id = $1 and t.finished_at is null
    and (t.lease_until is null or t.lease_until <= $2) and t.attempts < $4
  order by t.requested_at, t.id limit 1 for update skip locked)
returning id, kind, params, requested_by, attempts
"""
_GIVE_UP = """
update tasks set finished_at = $2, outcome = 'failed', problem = 'task_given_up', result = null, lease_until = null
where bank_id = $1 and finished_at is null and attempts >= $3 and lease_until <= $2
returning id
"""
_BEAT = """
update tasks set lease_until = $4, done = $5, total = $6, result = jsonb_build_object('step', $7::text)
where bank_id = $1 and id = $2 and attempts = $3 and finished_at is null
returning true
"""
_RELEASE = """
update tasks set lease_until = $4, attempts = attempts - $5
where bank_id = $1 and id = $2 and attempts = $3 and finished_at is null
"""
_FINISH = """
update tasks set finished_at = $4, outcome = $5, problem = $6, result = $7::text::jsonb, lease_until = null,
  done = case when $5 = 'succeeded' then coalesce(total, 1) else done end,
  total = case when $5 = 'succeeded' then coalesce(total, 1) else total end
where bank_id = $1 and id = $2 and attempts = $3 and finished_at is null
returning true
"""
_DROP_INPUT = "delete from task_files where bank_id = $1 and task_id = $2 and role = 'input'"
_DROP_REPORTS = """
delete from task_files f using tasks t
where f.bank_id = $1 and t.bank_id = $1 and t.id = f.task_id and t.finished_at < $2
"""


@dataclass(frozen=True, slots=True)
class Claimed:
    """A task in the hands of a worker; `attempt` is the token that its later statements carry."""

    id: UUID
    kind: str
    params: Mapping[str, object]
    requested_by: str
    attempt: int


@dataclass(frozen=True, slots=True)
class Ended:
    """How a task ended: `problem` is a code if it failed; `result` has counts and no names."""

    problem: str | None
    result: Mapping[str, object]
    report: SealedFile | None


async def request_task(
    tx: WriteTx,
    actor: Actor,
    task_id: UUID,
    *,
    kind: str,
    params: Mapping[str, object],
    file: SealedFile | None,
    now: datetime,
) -> None:
    """Put a task into the queue, with its input if it has one. Whoever calls has checked the permission."""
    await tx.connection.execute(
        _INSERT, tx.bank_id, task_id, kind, json.dumps(params), actor.text, actor.person_id, now
    )
    if file is not None:
        await _put_file(tx, task_id, INPUT, file)


async def claim_task(tx: WriteTx, *, now: datetime) -> Claimed | None:
    """Take the oldest task that waits, or whose worker is dead; one that broke too often is given up."""
    for given_up in await tx.connection.fetch(_GIVE_UP, tx.bank_id, now, MAX_ATTEMPTS):
        await tx.connection.execute(_DROP_INPUT, tx.bank_id, given_up["id"])
    row = await tx.connection.fetchrow(_CLAIM, tx.bank_id, now, now + LEASE, MAX_ATTEMPTS)
    if row is None:
        return None
    return Claimed(row["id"], row["kind"], json.loads(row["params"]), row["requested_by"], row["attempts"])


async def beat(tx: WriteTx, task: Claimed, *, step: str, done: int, total: int | None, now: datetime) -> bool:
    """Say how far the task is and keep it; False if somebody else has taken it over."""
    kept = await tx.connection.fetchval(
        _BEAT, tx.bank_id, task.id, task.attempt, now + LEASE, done, total, step
    )
    return bool(kept)


async def release_task(tx: WriteTx, task: Claimed, *, again_at: datetime, is_counted: bool) -> None:
    """Give the task back; an attempt counts unless the worker was only asked to stop."""
    await tx.connection.execute(_RELEASE, tx.bank_id, task.id, task.attempt, again_at, 0 if is_counted else 1)


async def finish_task(tx: WriteTx, task: Claimed, ended: Ended, *, now: datetime) -> bool:
    """Write down what came of it and delete the input; False, and nothing written, if it is no longer ours."""
    outcome = "failed" if ended.problem else "succeeded"
    result = json.dumps(ended.result, ensure_ascii=False)
    kept = await tx.connection.fetchval(
        _FINISH, tx.bank_id, task.id, task.attempt, now, outcome, ended.problem, result
    )
    if not kept:
        return False
    await tx.connection.execute(_DROP_INPUT, tx.bank_id, task.id)
    if ended.report is not None:
        await _put_file(tx, task.id, REPORT, ended.report)
    return True


async def drop_old_reports(tx: WriteTx, *, now: datetime) -> None:
    """Delete the files of tasks that were finished long ago; the tasks themselves stay on record."""
    await tx.connection.execute(_DROP_REPORTS, tx.bank_id, now - KEEP_REPORTS)


async def _put_file(tx: WriteTx, task_id: UUID, role: str, file: SealedFile) -> None:
    await tx.connection.execute(
        _PUT_FILE, tx.bank_id, task_id, role, file.name, file.media_type, file.key_id, file.sealed
    )
