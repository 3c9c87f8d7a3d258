"""Reading tasks: how far one is, what came of it, and who may have its report."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

import asyncpg

from ledger.session import ReadTx
from timebank.access import Actor, check, check_whole_bank, reach, reaches_all
from timebank.errors import RefusalError

IMPORT, EXPORT = "import", "export"
INPUT, REPORT = "input", "report"


class ExportKind(StrEnum):
    """What can be exported."""

    JOURNAL_HLEDGER = "journal_hledger"
    JOURNAL_BEANCOUNT = "journal_beancount"
    JOURNAL_CSV = "journal_csv"
    RECORDS_XLSX = "records_xlsx"
    SOLVENCY_XLSX = "solvency_xlsx"
    DOSSIERS_XLSX = "dossiers_xlsx"
    RECOGNITION_XLSX = "recognition_xlsx"
    RECOGNITION_PDF = "recognition_pdf"


PACKS = frozenset({ExportKind.RECOGNITION_XLSX, ExportKind.RECOGNITION_PDF})
"""The annual pack of a round."""


BY_REACH: Mapping[ExportKind, str | None] = {
    ExportKind.RECORDS_XLSX: None,
    ExportKind.SOLVENCY_XLSX: None,
    ExportKind.DOSSIERS_XLSX: "people.read",
    ExportKind.RECOGNITION_XLSX: "recognitions.write",
    ExportKind.RECOGNITION_PDF: "recognitions.write",
}
"""What is about the organisations in reach of who asks, by `exports.write` and by this permission too; anything else
is about the whole bank."""

PERSONAL = PACKS | {ExportKind.DOSSIERS_XLSX}
"""What names people, and is noted as a look of who asked: nobody else is given it."""


@dataclass(frozen=True, slots=True)
class Task:
    """A task as it stands at a moment; `report_name` when there is a file to fetch.

    `state` is `waiting`, `running`, `succeeded` or `failed`; `step` what is being done; `result` counts, no names.
    """

    id: UUID
    kind: str
    params: Mapping[str, object]
    requested_by: str
    requested_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    state: str
    step: str | None
    done: int
    total: int | None
    problem: str | None
    result: Mapping[str, object] | None
    report_name: str | None


@dataclass(frozen=True, slots=True)
class SealedFile:
    """A file of a task, sealed for (bank, task, role)."""

    name: str
    media_type: str
    key_id: str
    sealed: bytes


_COLUMNS = """
select t.id, t.kind, t.params, t.requested_by, t.requested_at, t.started_at, t.finished_at, t.lease_until,
  t.outcome, t.done, t.total, t.problem, t.result, f.name as report_name
from tasks t left join task_files f on f.bank_id = $1 and f.task_id = t.id and f.role = 'report'
where t.bank_id = $1
"""
_ONE = f"{_COLUMNS} and t.id = $2"
_PAGE = f"""{_COLUMNS}
  and ($2::text is null or t.requested_by = $2)
  and ($3::timestamptz is null or (t.requested_at, t.id) < ($3, $4::uuid))
  and ($6::text is null or t.kind = $6)
order by t.requested_at desc, t.id desc limit $5
"""
_PACKS_OF_ROUND = f"""{_COLUMNS}
  and t.requested_by = $2 and t.kind = '{EXPORT}' and (t.params ->> 'round_id')::bigint = $3
order by t.requested_at desc, t.id desc limit $4
"""
_FILE = "select name, media_type, key_id, sealed from task_files where bank_id = $1 and task_id = $2 and role = $3"


async def find_task(tx: ReadTx, actor: Actor, task_id: UUID, *, now: datetime) -> Task:
    """Return a task: one's own, and to who reads tasks of the whole bank anybody's.

    Raises:
        RefusalError: `forbidden`, `unknown_task`.
    """
    check(actor, "tasks.read")
    row = await tx.connection.fetchrow(_ONE, tx.bank_id, task_id)
    if row is None or (row["requested_by"] != actor.text and not reaches_all(actor, "tasks.read")):
        raise RefusalError("unknown_task")
    return _task(row, now)


async def list_tasks(
    tx: ReadTx,
    actor: Actor,
    *,
    before: tuple[datetime, UUID] | None,
    limit: int,
    now: datetime,
    kind: str | None = None,
) -> list[Task]:
    """Return the tasks that `find_task` would, of a kind or all, the newest first, after a place in that order.

    Raises:
        RefusalError: `forbidden`.
    """
    check(actor, "tasks.read")
    whose = None if reaches_all(actor, "tasks.read") else actor.text
    moment, task_id = before or (None, None)
    rows = await tx.connection.fetch(_PAGE, tx.bank_id, whose, moment, task_id, limit, kind)
    return [_task(row, now) for row in rows]


async def own_packs_of_round(
    tx: ReadTx, actor: Actor, round_id: int, *, limit: int, now: datetime
) -> list[Task]:
    """Return the annual packs of a round that the actor asked for, the newest first.

    Raises:
        RefusalError: `forbidden`.
    """
    check(actor, "tasks.read")
    rows = await tx.connection.fetch(_PACKS_OF_ROUND, tx.bank_id, actor.text, round_id, limit)
    return [_task(row, now) for row in rows]


async def find_report(tx: ReadTx, actor: Actor, task_id: UUID, *, now: datetime) -> SealedFile:
    """Return the sealed report of a task, to who could ask for the same today.

    Raises:
        RefusalError: `forbidden`, `unknown_task`, `unknown_report` when there is none (any more).
    """
    task = await find_task(tx, actor, task_id, now=now)
    await _check_could_ask(tx, actor, task)
    found = await take_file(tx, task_id, REPORT)
    if found is None:
        raise RefusalError("unknown_report")
    return found


async def take_file(tx: ReadTx, task_id: UUID, role: str) -> SealedFile | None:
    """Return a file of a task, if it is there."""
    row = await tx.connection.fetchrow(_FILE, tx.bank_id, task_id, role)
    if row is None:
        return None
    return SealedFile(row["name"], row["media_type"], row["key_id"], bytes(row["sealed"]))


async def reach_of_export(tx: ReadTx, actor: Actor, kind: ExportKind) -> list[int] | None:
    """Return the organisations that an export may be about, None for all; a journal is always about all.

    Raises:
        RefusalError: `forbidden`.
    """
    if kind not in BY_REACH:
        check(actor, "exports.write")
        check_whole_bank(actor, "transactions.read")
        return None
    nodes = await reach(tx, actor, "exports.write")
    permission = BY_REACH[kind]
    if permission is None:
        return nodes
    others = await reach(tx, actor, permission)
    if nodes is None or others is None:
        return others if nodes is None else nodes
    return sorted(set(nodes) & set(others))


async def _check_could_ask(tx: ReadTx, actor: Actor, task: Task) -> None:
    if task.kind == IMPORT:
        check_whole_bank(actor, "imports.write")
        return
    kind = ExportKind(str(task.params["export"]))
    if kind in PERSONAL and task.requested_by != actor.text:
        raise RefusalError("unknown_report")
    mine = await reach_of_export(tx, actor, kind)
    about = task.params["organisation_ids"]
    if mine is not None and not (isinstance(about, list) and set(about) <= set(mine)):
        raise RefusalError("unknown_report")


def _task(row: asyncpg.Record, now: datetime) -> Task:
    state = row["outcome"]
    if state is None:
        state = "running" if row["lease_until"] is not None and row["lease_until"] > now else "waiting"
    result = json.loads(row["result"]) if row["result"] else None
    is_over = row["finished_at"] is not None
    return Task(
        id=row["id"],
        kind=row["kind"],
        params=json.loads(row["params"]),
        requested_by=row["requested_by"],
        requested_at=row["requested_at"],
        started_at=row["started_at"],
        finished_at=row["finished_at"],
        state=state,
        step=None if is_over or result is None else result["step"],
        done=row["done"],
        total=row["total"],
        problem=row["problem"],
        result=result if is_over else None,
        report_name=row["report_name"],
    )
