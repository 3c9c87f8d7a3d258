"""Importing a workbook: read and refuse, store, book, report. The one use case behind `timebank import`."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import date, datetime, time
from itertools import chain
from pathlib import Path
from typing import Protocol, TypeVar
from zoneinfo import ZoneInfo

from ledger.folding import fold
from ledger.session import WriteTx
from timebank.database import Bank, Database
from timebank.policy.actions import load_history
from timebank.vault.cipher import Cipher
from timebank.workbook.booking import Drafting, Run, book_events, book_opening_stock
from timebank.workbook.district import District, read_district
from timebank.workbook.facts import store_facts
from timebank.workbook.fates import Fates, counts
from timebank.workbook.reader import Workbook, open_workbook
from timebank.workbook.report import check_place, write_report
from timebank.workbook.storing import store_registers

T = TypeVar("T")

IMPORTERS_LOCK = 0x7469 << 48
"""Advisory lock of a bank: importers store in turn, so that each decides on what the one before it stored."""

_LOCK = "select pg_advisory_xact_lock($1)"

Progress = Callable[[str, int, int], None]
"""Hears the step (`read`, `store`, `book`, `report`), how many of its units are done, and of how many."""


class Source(Protocol):
    """A workbook's file and how to read it."""

    @property
    def path(self) -> Path:
        """Return where the file is."""

    def read(self, zone: ZoneInfo) -> tuple[Workbook, District]:
        """Check and read it, its times local to a zone.

        Raises:
            WorkbookRefused: the file as a whole is refused.
        """


@dataclass(frozen=True, slots=True)
class WorkbookFile:
    """A file that is read when it is asked for."""

    path: Path

    def read(self, zone: ZoneInfo) -> tuple[Workbook, District]:
        """Check and read the file.

        Raises:
            WorkbookRefused: the file as a whole is refused.
        """
        workbook = open_workbook(self.path)
        return workbook, read_district(workbook, zone)


@dataclass(frozen=True, slots=True)
class Imported:
    """What became of a workbook: how many rows of each sheet met each fate."""

    counts: dict[str, dict[str, int]]
    dry_run: bool


class _TakenBack(Exception):  # noqa: N818 -- not an error: it rolls a dry run back
    """Leaves the transaction of a dry run with the fates it found."""

    def __init__(self, fates: Fates) -> None:
        super().__init__("dry_run")
        self.fates = fates


async def import_workbook(  # noqa: PLR0913 -- each is a choice of the caller
    database: Database,
    bank: Bank,
    source: Source,
    *,
    cipher: Cipher,
    actor: str,
    report: Path | None,
    dry_run: bool,
    progress: Progress,
) -> Imported:
    """Import a workbook into a bank; the same workbook again, or after a death at any point, changes nothing more.

    A dry run does all of it in one transaction and takes that back: its answer is exact, but while it runs it
    holds the accounts it would book on.

    Raises:
        WorkbookRefused: the file as a whole is refused; nothing was stored.
        RefusalError: `report_over_workbook`, `report_not_writable`; `policy_missing` for anything before the
            first policy pack.
    """
    if report is not None:
        check_place(source.path, report)
    progress("read", 0, 1)
    workbook, district = source.read(bank.zone)
    progress("read", 1, 1)
    importer = _Importer(district, cipher, actor, _first_moment(district, bank), progress)
    if dry_run:
        fates = await _rehearse(database, bank, importer)
    else:
        fates = await _import(database, bank, importer)
        await database.write(bank, fold)
    if report is not None:
        progress("report", 0, 1)
        write_report(workbook, report, fates)
        progress("report", 1, 1)
    return Imported({sheet: dict(counts(rows)) for sheet, rows in fates.items()}, dry_run)


async def _import(database: Database, bank: Bank, importer: "_Importer") -> Fates:
    async def run(work: Callable[[WriteTx], Awaitable[T]], /) -> T:
        return await database.write(bank, work)

    return await importer.book(await run(importer.store), run)


async def _rehearse(database: Database, bank: Bank, importer: "_Importer") -> Fates:
    async def work(tx: WriteTx) -> None:
        async def run(step: Callable[[WriteTx], Awaitable[T]], /) -> T:
            return await step(tx)

        raise _TakenBack(await importer.book(await run(importer.store), run))

    try:
        await database.write(bank, work)
    except _TakenBack as stop:
        return stop.fates
    msg = "a dry run is always taken back"
    raise AssertionError(msg)


@dataclass(frozen=True, slots=True)
class _Importer:
    """One workbook on its way in."""

    district: District
    cipher: Cipher
    actor: str
    opening_at: datetime
    progress: Progress

    async def store(self, tx: WriteTx) -> Drafting:
        """Put the whole workbook into the registers and return what is to be booked."""
        self.progress("store", 0, 1)
        await tx.connection.execute(_LOCK, IMPORTERS_LOCK + tx.bank_id)
        policies = await load_history(tx)
        registers = await store_registers(tx, self.district, self.cipher, opening_at=self.opening_at)
        facts = await store_facts(tx, self.district, registers, policies)
        self.progress("store", 1, 1)
        return Drafting(facts, registers, policies, self.actor)

    async def book(self, drafting: Drafting, run: Run) -> Fates:
        """Post everything in order and return the fate of every row of every sheet."""
        total, done = len(drafting.facts.events), 0

        def advance(count: int) -> None:
            nonlocal done
            done += count
            self.progress("book", done, total)

        advance(0)
        await book_opening_stock(run, actor=self.actor)
        booked = await book_events(run, drafting, progress=advance)
        fates = {sheet: dict(rows) for sheet, rows in self.district.fates.items()}
        for later in (drafting.facts.fates, booked):
            for sheet, rows in later.items():
                fates[sheet].update(rows)
        return fates


def _first_moment(district: District, bank: Bank) -> datetime:
    """Return the start of the first day that anything in the workbook happens on: when stock was on the shelf."""
    days = chain(
        (row.plan.starts_at.date() for row in district.activities),
        (row.on for row in district.awards),
        (row.at.date() for row in district.redemptions),
    )
    return datetime.combine(min(days, default=date(2000, 1, 1)), time(), bank.zone)
