"""Doing an export task: the journal in a zip, or service records or solvency as a workbook, without personal fields."""

import asyncio
import io
import zipfile
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import TextIO
from zoneinfo import ZoneInfo

import asyncpg

from ledger.export.beancount import write_beancount
from ledger.export.hledger import write_hledger
from ledger.export.table import write_table
from ledger.session import ReadTx
from timebank.database import Bank, Database
from timebank.solvency.export import write_solvency
from timebank.tasks.actions import Claimed, Ended
from timebank.tasks.imports import XLSX, seal_report
from timebank.tasks.queries import ExportKind
from timebank.vault.cipher import Cipher
from timebank.words import words
from timebank.workbook.importing import Progress
from timebank.workbook.sheetwriter import WorkbookWriter

ZIP = "application/zip"
MAX_REPORT_BYTES = 64 * 1024 * 1024
"""Of a file kept in the database; what is larger is exported by the command line, straight to a disk."""
PAGE = 5_000

_JOURNALS: Mapping[ExportKind, tuple[Callable[[ReadTx, TextIO], Awaitable[int]], str, str]] = {
    ExportKind.JOURNAL_HLEDGER: (write_hledger, "journal.hledger", "utf-8"),
    ExportKind.JOURNAL_BEANCOUNT: (write_beancount, "journal.beancount", "utf-8"),
    # A spreadsheet shows Chinese only if the file says what it is in.
    ExportKind.JOURNAL_CSV: (write_table, "journal.csv", "utf-8-sig"),
}

_COUNT = """
select count(*) from service_records r join volunteers v on v.bank_id = $1 and v.id = r.volunteer_id
where r.bank_id = $1 and ($2::bigint[] is null or v.organisation_id = any($2) or v.team_id = any($2))
"""
_RECORDS = """
select r.id, a.code as activity, a.name, a.category, p.name as place, v.code as volunteer, o.name as organisation,
  r.check_in_at, r.check_out_at, r.minutes, r.points, r.outcome, r.recorded_at
from service_records r
join activities a on a.bank_id = $1 and a.id = r.activity_id
join volunteers v on v.bank_id = $1 and v.id = r.volunteer_id
left join organisations p on p.bank_id = $1 and p.id = a.organisation_id
left join organisations o on o.bank_id = $1 and o.id = v.organisation_id
where r.bank_id = $1 and r.id > $3
  and ($2::bigint[] is null or v.organisation_id = any($2) or v.team_id = any($2))
order by r.id limit $4
"""
_TITLES = (
    "编号 Record",
    "活动编号 Activity",
    "活动 Name",
    "类别 Category",
    "主办 Organiser",
    "志愿者编号 Volunteer",
    "所属 Organisation",
    "签到 Check-in",
    "签退 Check-out",
    "分钟 Minutes",
    "积分 Points",
    "结果 Outcome",
    "Outcome",
    "记录时间 Recorded",
)


async def run_export(
    database: Database, bank: Bank, task: Claimed, *, cipher: Cipher, folder: Path, progress: Progress
) -> Ended:
    """Write the task's file and seal it; one that is too large is refused (`export_too_large`)."""
    kind = ExportKind(str(task.params["export"]))
    path = folder / "export"
    progress("export", 0, 1)
    if kind is ExportKind.RECORDS_XLSX:
        about = task.params["organisation_ids"]
        count = await database.read(bank, lambda tx: write_records(tx, path, about, progress))  # type: ignore[arg-type]  # JSON that the export wrote itself
        name, media_type = "records.xlsx", XLSX
    elif kind is ExportKind.SOLVENCY_XLSX:
        about, asked_at = (
            task.params["organisation_ids"],
            datetime.fromisoformat(str(task.params["asked_at"])),
        )
        count = await database.read(bank, lambda tx: write_solvency(tx, path, about, now=asked_at))  # type: ignore[arg-type]  # as above
        name, media_type = "solvency.xlsx", XLSX
    else:
        write, inner, encoding = _JOURNALS[kind]
        count = await database.read(bank, lambda tx: _zip(tx, path, write, inner, encoding))
        name, media_type = f"{inner}.zip", ZIP
    progress("export", 1, 1)
    if path.stat().st_size > MAX_REPORT_BYTES:
        return Ended("export_too_large", {"lines": count}, None)
    sealed = await asyncio.to_thread(
        lambda: seal_report(cipher, bank, task, path.read_bytes(), name, media_type)
    )
    return Ended(None, {"lines": count}, sealed)


async def write_records(
    tx: ReadTx, path: Path, organisation_ids: list[int] | None, progress: Progress
) -> int:
    """Write the service records of volunteers of those organisations (None: all) and return how many there are."""
    total = await tx.connection.fetchval(_COUNT, tx.bank_id, organisation_ids)
    count = 0
    with WorkbookWriter(path) as writer:
        sheet = writer.sheet("服务记录", header_rows=1, widths=[18] * len(_TITLES))
        sheet.write_titles(1, _TITLES)
        async for row in _records(tx, organisation_ids):
            count += 1
            sheet.write_row(count + 1, _cells(row, tx.zone))
            if count % PAGE == 0:
                progress("export", count, total)
    return count


async def _records(tx: ReadTx, organisation_ids: list[int] | None) -> AsyncIterator[asyncpg.Record]:
    last = 0
    while rows := await tx.connection.fetch(_RECORDS, tx.bank_id, organisation_ids, last, PAGE):
        for row in rows:
            yield row
        last = rows[-1]["id"]


def _cells(row: asyncpg.Record, zone: ZoneInfo) -> list[str | int | datetime]:
    def local(moment: datetime) -> datetime:
        return moment.astimezone(zone).replace(tzinfo=None)

    return [
        row["id"],
        row["activity"],
        row["name"],
        row["category"],
        row["place"] or "",
        row["volunteer"],
        row["organisation"] or "",
        local(row["check_in_at"]),
        local(row["check_out_at"]),
        row["minutes"],
        row["points"],
        *words(f"record_{row['outcome']}"),
        local(row["recorded_at"]),
    ]


async def _zip(
    tx: ReadTx, path: Path, write: Callable[[ReadTx, TextIO], Awaitable[int]], inner: str, encoding: str
) -> int:
    with (
        zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive,
        archive.open(inner, "w", force_zip64=True) as raw,
        io.TextIOWrapper(raw, encoding=encoding, newline="") as out,
    ):
        return await write(tx, out)
