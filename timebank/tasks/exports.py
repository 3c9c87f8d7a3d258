"""Doing an export task: the journal in a zip; records or solvency as a workbook without names, dossiers with them."""

import asyncio
import io
import zipfile
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import TextIO, TypeAlias
from uuid import UUID
from zoneinfo import ZoneInfo

import asyncpg

from ledger.export.beancount import write_beancount
from ledger.export.hledger import write_hledger
from ledger.export.table import write_table
from ledger.session import ReadTx
from timebank.database import Bank, Database
from timebank.dossiers.export import LawPurpose, TooLongError, Wanted, write_dossiers
from timebank.dossiers.queries import Span
from timebank.errors import RefusalError
from timebank.recognition.packing import Form, make_pack
from timebank.solvency.export import write_solvency
from timebank.tasks.actions import Claimed, Ended
from timebank.tasks.imports import TEXT, XLSX, seal_report
from timebank.tasks.queries import ExportKind
from timebank.vault.cipher import Cipher
from timebank.words import both, words
from timebank.workbook.importing import Progress
from timebank.workbook.sheetwriter import WorkbookWriter

ZIP, PDF = "application/zip", "application/pdf"
MAX_REPORT_BYTES = 64 * 1024 * 1024
"""Of a file kept in the database; what is larger is exported by the command line, straight to a disk."""
PAGE = 5_000

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


@dataclass(frozen=True, slots=True)
class Exporting:
    """An export being done: of what, where to, and who hears how far it is."""

    database: Database
    bank: Bank
    task: Claimed
    cipher: Cipher
    path: Path
    progress: Progress

    @property
    def reach(self) -> list[int] | None:
        """The organisations that it is about; None for all."""
        about = self.task.params["organisation_ids"]
        return None if about is None else list(about)  # type: ignore[call-overload]  # JSON that the request wrote itself

    @property
    def viewer_id(self) -> UUID:
        """Who asked for it: no device may."""
        return UUID(self.task.requested_by.removeprefix("person:"))

    def day(self, name: str) -> date | None:
        """Return a day that was asked for, if it was."""
        said = self.task.params.get(name)
        return None if said is None else date.fromisoformat(str(said))


async def run_export(
    database: Database, bank: Bank, task: Claimed, *, cipher: Cipher, folder: Path, progress: Progress
) -> Ended:
    """Write the task's file and seal it; one that is too large is refused (`export_too_large`)."""
    write, name, media_type = _WRITES[ExportKind(str(task.params["export"]))]
    path = folder / "export"
    progress("export", 0, 1)
    try:
        count = await write(Exporting(database, bank, task, cipher, path, progress))
    except TooLongError:
        return Ended("export_too_large", {}, None)
    except RefusalError as refused:
        said = both(refused.code, **refused.params).encode()
        return Ended(refused.code, {}, seal_report(cipher, bank, task, said, "refused.txt", TEXT))
    progress("export", 1, 1)
    if path.stat().st_size > MAX_REPORT_BYTES:
        return Ended("export_too_large", {"lines": count}, None)
    sealed = await asyncio.to_thread(
        lambda: seal_report(cipher, bank, task, path.read_bytes(), name, media_type)
    )
    return Ended(None, {"lines": count}, sealed)


async def _export_records(export: Exporting) -> int:
    return await export.database.read(
        export.bank, lambda tx: write_records(tx, export.path, export.reach, export.progress)
    )


async def _export_solvency(export: Exporting) -> int:
    asked_at = datetime.fromisoformat(str(export.task.params["asked_at"]))
    return await export.database.read(
        export.bank, lambda tx: write_solvency(tx, export.path, export.reach, now=asked_at)
    )


async def _export_dossiers(export: Exporting) -> int:
    wanted = Wanted(
        viewer_id=export.viewer_id,
        purpose=LawPurpose(str(export.task.params["purpose"])),
        reach=export.reach,
        span=Span(export.day("from_on"), export.day("until_on")),
    )
    return await write_dossiers(
        export.database,
        export.bank,
        export.cipher,
        export.path,
        wanted,
        heard=lambda people: export.progress("export", people, people),
    )


async def _export_pack(export: Exporting) -> int:
    await make_pack(
        export.database,
        export.bank,
        export.cipher,
        int(str(export.task.params["round_id"])),
        Form.PDF if export.task.params["export"] == ExportKind.RECOGNITION_PDF else Form.XLSX,
        export.path,
        viewer_id=export.viewer_id,
    )
    return 1


def _journal(write: Callable[[ReadTx, TextIO], Awaitable[int]], name: str, encoding: str) -> "_Write":
    async def export_journal(export: Exporting) -> int:
        return await export.database.read(
            export.bank, lambda tx: _zip(tx, export.path, write, name, encoding)
        )

    return export_journal, f"{name}.zip", ZIP


_Write: TypeAlias = tuple[Callable[[Exporting], Awaitable[int]], str, str]

_WRITES: Mapping[ExportKind, _Write] = {
    ExportKind.JOURNAL_HLEDGER: _journal(write_hledger, "journal.hledger", "utf-8"),
    ExportKind.JOURNAL_BEANCOUNT: _journal(write_beancount, "journal.beancount", "utf-8"),
    # A spreadsheet shows Chinese only if the file says what it is in.
    ExportKind.JOURNAL_CSV: _journal(write_table, "journal.csv", "utf-8-sig"),
    ExportKind.RECORDS_XLSX: (_export_records, "records.xlsx", XLSX),
    ExportKind.SOLVENCY_XLSX: (_export_solvency, "solvency.xlsx", XLSX),
    ExportKind.RECOGNITION_XLSX: (_export_pack, "recognition.xlsx", XLSX),
    ExportKind.RECOGNITION_PDF: (_export_pack, "recognition.pdf", PDF),
    ExportKind.DOSSIERS_XLSX: (_export_dossiers, "dossiers.xlsx", XLSX),
}


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
