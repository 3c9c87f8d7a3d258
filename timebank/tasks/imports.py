"""Doing an import task: the sealed workbook out, the import of the command line, the sealed report in."""

import asyncio
from dataclasses import dataclass
from pathlib import Path
from zoneinfo import ZoneInfo

from timebank.database import Bank, Database
from timebank.errors import RefusalError
from timebank.tasks.actions import Claimed, Ended
from timebank.tasks.queries import INPUT, REPORT, SealedFile, take_file
from timebank.vault.cipher import Cipher
from timebank.words import both
from timebank.workbook.district import District
from timebank.workbook.importing import Progress, WorkbookFile, import_workbook
from timebank.workbook.reader import Workbook, WorkbookRefused
from timebank.workbook.words import refusal_words

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
TEXT = "text/plain; charset=utf-8"
MAX_WORKBOOK_BYTES = 30 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class _Read:
    """A workbook that was read before, so that reading did not hold up what else the worker does."""

    path: Path
    content: tuple[Workbook, District]

    def read(self, zone: ZoneInfo) -> tuple[Workbook, District]:
        """Return what was read with that same zone."""
        del zone
        return self.content


async def run_import(
    database: Database, bank: Bank, task: Claimed, *, cipher: Cipher, folder: Path, progress: Progress
) -> Ended:
    """Import the task's workbook; a workbook that is refused as a whole gets its reason as the report."""
    file = await database.read(bank, lambda tx: take_file(tx, task.id, INPUT))
    if file is None:
        return Ended("task_input_missing", {}, None)
    workbook, report = folder / "workbook.xlsx", folder / "report.xlsx"
    dry_run = bool(task.params["dry_run"])
    try:
        await asyncio.to_thread(_unseal, cipher, bank, task, file.sealed, workbook)
        progress("read", 0, 1)
        content = await asyncio.to_thread(WorkbookFile(workbook).read, bank.zone)
        imported = await import_workbook(
            database,
            bank,
            _Read(workbook, content),
            cipher=cipher,
            actor=task.requested_by,
            report=report,
            dry_run=dry_run,
            progress=progress,
        )
    except WorkbookRefused as refused:
        words = " / ".join(refusal_words(refused))
        return Ended(refused.code, {}, seal_report(cipher, bank, task, words.encode(), "refused.txt", TEXT))
    except RefusalError as refused:
        words = both(refused.code, **refused.params)
        return Ended(refused.code, {}, seal_report(cipher, bank, task, words.encode(), "refused.txt", TEXT))
    sealed = await asyncio.to_thread(
        lambda: seal_report(cipher, bank, task, report.read_bytes(), "report.xlsx", XLSX)
    )
    return Ended(None, {"counts": imported.counts, "dry_run": dry_run}, sealed)


def seal_report(
    cipher: Cipher, bank: Bank, task: Claimed, content: bytes, name: str, media_type: str
) -> SealedFile:
    """Return a report as it is kept."""
    key_id = cipher.key_id
    return SealedFile(name, media_type, key_id, cipher.seal_bytes(bank.id, task.id, REPORT, content))


def _unseal(cipher: Cipher, bank: Bank, task: Claimed, sealed: bytes, path: Path) -> None:
    path.write_bytes(cipher.open_bytes(bank.id, task.id, INPUT, sealed))
