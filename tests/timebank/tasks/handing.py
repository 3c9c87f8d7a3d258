"""Tasks in workers' hands: asked for, looked at and claimed by a bank's administrator."""

from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID, uuid4

from tests.timebank.offices import CIPHER
from timebank.access import Actor, Grant
from timebank.database import Bank, Database
from timebank.permissions import Role
from timebank.tasks.actions import (
    Claimed,
    claim_task,
    request_task,
)
from timebank.tasks.queries import EXPORT, IMPORT, INPUT, SealedFile, Task, find_task

NOW = datetime(2026, 3, 4, 5, 6, tzinfo=UTC)
ADMINISTRATOR = Actor(None, uuid4(), grants=(Grant(Role.ADMINISTRATOR, 1, at_root=True),))
JOURNAL: dict[str, object] = {"export": "journal_csv", "organisation_ids": None}


async def ask(
    database: Database,
    bank: Bank,
    *,
    workbook: Path | None = None,
    now: datetime = NOW,
    dry_run: bool = False,
) -> UUID:
    """Ask for an import of the workbook, or else for an export."""
    task_id = uuid4()
    kind, file = EXPORT, None
    params: dict[str, object] = JOURNAL
    if workbook is not None:
        sealed = CIPHER.seal_bytes(bank.id, task_id, INPUT, workbook.read_bytes())
        kind, params, file = IMPORT, {"dry_run": dry_run}, SealedFile("w.xlsx", "x", CIPHER.key_id, sealed)
    await database.write(
        bank,
        lambda tx: request_task(tx, ADMINISTRATOR, task_id, kind=kind, params=params, file=file, now=now),
    )
    return task_id


async def look(database: Database, bank: Bank, task_id: UUID, now: datetime = NOW) -> Task:
    return await database.read(bank, lambda tx: find_task(tx, ADMINISTRATOR, task_id, now=now))


async def claim(database: Database, bank: Bank, now: datetime = NOW) -> Claimed | None:
    return await database.write(bank, lambda tx: claim_task(tx, now=now))
