"""Writing dossiers as a workbook with the fields of 民政部令第67号, a page of volunteers at a time.

Each page is read, and noted in the register of looks for everybody in it, in one transaction before a line of it is
written: nothing is handed out that nobody knows of.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import Final
from uuid import UUID

from ledger.session import WriteTx
from timebank.database import Bank, Database
from timebank.dossiers.queries import Commendation, Page, Service, Span, Volunteer, award_page, dossiers
from timebank.people.rules import AREA, BORN_ON, GENDER, ID_NUMBER, NAME, PHONE, SKILLS, masked
from timebank.privacy.actions import record_look_ups
from timebank.vault.cipher import Cipher
from timebank.words import both
from timebank.workbook.cells import Cell
from timebank.workbook.sheetwriter import SheetWriter, WorkbookWriter

PAGE_PEOPLE: Final = 500
MOST_LINES: Final = 1_000_000
"""Of one sheet; the format ends at 1,048,576 rows, and would lose the rest without a word."""
FIELDS: Final = (NAME, GENDER, BORN_ON, ID_NUMBER, AREA, PHONE, SKILLS)
"""Art 5, in its order. The name comes first: of who led an activity, it is all that is read."""

_BASIC = (
    "志愿者编号 Volunteer",
    "姓名 Name",
    "性别 Gender",
    "出生日期 Born on",
    "身份证件号码 ID number",
    "居住区域 Area",
    "联系方式 Phone",
    "专业技能 Skills",
    "服务类别 Categories",
)
_SERVICE = (
    "志愿者编号 Volunteer",
    "活动名称 Activity",
    "日期 Date",
    "地点 Place",
    "服务内容 Content",
    "服务时间(小时) Hours",
    "分钟 Minutes",
    "活动组织单位 Organiser",
    "活动负责人 Leader",
    "记录编号 Record",
)
_COMMENDED = ("志愿者编号 Volunteer", "名称 Title", "日期 Date", "授予单位 Grantor")
_EVALUATED = ("志愿者编号 Volunteer", "评价 Evaluation", "日期 Date", "记录编号 Record")


class LawPurpose(StrEnum):
    """What such an export may be for: nothing is handed out for trade (Art 16)."""

    NATIONAL_SYSTEM = "national_system"
    """To enter records into the system that the ministry names (Art 4)."""
    ANNUAL_REPORT = "annual_report"
    """The report of the year (Art 18)."""
    INSPECTION = "inspection"
    """A spot check by the civil affairs office (Art 21)."""

    @property
    def look(self) -> str:
        """The purpose as the register of looks names it."""
        return f"export.{self}"


class TooLongError(Exception):
    """A sheet would have more lines than the format holds."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is asked for: by whom, for what, in which reach, and of which days."""

    viewer_id: UUID
    purpose: LawPurpose
    reach: Sequence[int] | None
    span: Span


@dataclass(slots=True)
class _Sheet:
    """A sheet and the row it is at."""

    writer: SheetWriter
    row: int = 1

    def add(self, values: Sequence[Cell]) -> None:
        if self.row > MOST_LINES:
            raise TooLongError
        self.row += 1
        self.writer.write_row(self.row, values)


@dataclass(slots=True)
class _Book:
    """The sheets that grow side by side."""

    basic: _Sheet
    service: _Sheet
    commended: _Sheet
    evaluated: _Sheet
    led: set[UUID] = field(default_factory=set)
    """Whose name was given as a leader's, so that it is noted once."""


async def write_dossiers(
    database: Database,
    bank: Bank,
    cipher: Cipher,
    path: Path,
    wanted: Wanted,
    *,
    heard: Callable[[int], None],
) -> int:
    """Write the dossiers that are wanted and return how many services are in them; `heard` counts the volunteers.

    Raises:
        TooLongError: a sheet holds no more.
        RefusalError: `vault_key_wrong`.
    """
    with WorkbookWriter(path) as writer:
        _write_about(writer, bank, wanted)
        book = _Book(
            basic=_sheet(writer, "基本信息", _BASIC),
            service=_sheet(writer, "服务信息", _SERVICE),
            commended=_sheet(writer, "表彰奖励", _COMMENDED),
            evaluated=_sheet(writer, "评价", _EVALUATED),
        )
        last, people = 0, 0
        while (page := await _page(database, bank, wanted, last, book.led)).volunteers:
            opened = await asyncio.to_thread(_opened, cipher, bank.id, page)
            _write_page(book, page, opened, bank)
            last = page.volunteers[-1].id
            people += len(page.volunteers)
            heard(people)
        await _write_awards(database, bank, wanted, book)
    return book.service.row - 1


async def _page(database: Database, bank: Bank, wanted: Wanted, after_id: int, led: set[UUID]) -> Page:
    async def work(tx: WriteTx) -> Page:
        page = await dossiers(
            tx, wanted.reach, wanted.span, after_id=after_id, limit=PAGE_PEOPLE, fields=FIELDS
        )
        seen: dict[UUID, list[str]] = {leader: [NAME] for leader in page.near - led}
        for volunteer in page.volunteers:
            held = [name for name in FIELDS if (volunteer.person_id, name) in page.fields]
            if held:
                seen[volunteer.person_id] = held
        await record_look_ups(tx, wanted.viewer_id, seen, purpose=wanted.purpose.look)
        return page

    page = await database.write(bank, work)
    led |= page.near
    return page


def _opened(cipher: Cipher, bank_id: int, page: Page) -> dict[tuple[UUID, str], str]:
    return {
        (who, name): cipher.open(bank_id, who, name, sealed) for (who, name), sealed in page.fields.items()
    }


def _write_page(book: _Book, page: Page, opened: Mapping[tuple[UUID, str], str], bank: Bank) -> None:
    codes = {each.id: each.code for each in page.volunteers}
    categories: dict[int, dict[str, None]] = {each.id: {} for each in page.volunteers}
    for service in page.services:
        categories[service.volunteer_id][service.category] = None
        day = service.starts_at.astimezone(bank.zone).date()
        code = codes[service.volunteer_id]
        book.service.add(_service_cells(service, code, day, _leader(service, page, opened)))
        if service.evaluation is not None:
            moment = service.evaluated_at
            on = None if moment is None else moment.astimezone(bank.zone).date()
            book.evaluated.add([code, both(f"evaluation.{service.evaluation}"), on, service.record_id])
    for volunteer in page.volunteers:
        book.basic.add(_basic_cells(volunteer, opened, list(categories[volunteer.id])))
    for star in page.stars:
        book.evaluated.add([star.code, both("dossier_star", level=star.level), star.as_of, None])
    for each in page.recognised:
        book.commended.add(_commended_cells(each, bank))


def _basic_cells(
    volunteer: Volunteer, opened: Mapping[tuple[UUID, str], str], categories: Sequence[str]
) -> list[Cell]:
    if volunteer.is_erased:
        return [volunteer.code, both("dossier_erased")]
    fields: list[Cell] = [opened.get((volunteer.person_id, name), "") for name in FIELDS]
    return [volunteer.code, *fields, "、".join(categories)]


def _service_cells(service: Service, code: str, day: date, leader: str) -> list[Cell]:
    return [
        code,
        service.name,
        day,
        service.place,
        service.content,
        round(service.minutes / 60, 2),
        service.minutes,
        service.organiser or "",
        leader,
        service.record_id,
    ]


def _leader(service: Service, page: Page, opened: Mapping[tuple[UUID, str], str]) -> str:
    """Return who led, in full only to who may read that person."""
    if service.leader_id is None:
        return ""
    name = opened.get((service.leader_id, NAME), "")
    return name if service.leader_id in page.near or not name else masked(name)


def _commended_cells(found: Commendation, bank: Bank) -> list[Cell]:
    return [found.code, found.title, found.granted_on, found.grantor or bank.name]


async def _write_awards(database: Database, bank: Bank, wanted: Wanted, book: _Book) -> None:
    after: bytes | None = b""
    while after is not None:
        place = after
        found, after = await database.read(
            bank,
            lambda tx, place=place: award_page(  # type: ignore[misc] # its value is of the loop's pass
                tx, wanted.reach, wanted.span, after=place, limit=PAGE_PEOPLE
            ),
        )
        for each in found:
            book.commended.add(_commended_cells(each, bank))


def _write_about(writer: WorkbookWriter, bank: Bank, wanted: Wanted) -> None:
    sheet = writer.sheet("说明", header_rows=1, widths=[28, 80])
    sheet.write_titles(1, ["项目 Item", "内容 Content"])
    span = f"{wanted.span.from_on or '…'} — {wanted.span.until_on or '…'}"
    rows: list[list[Cell]] = [
        ["时间银行 Bank", bank.name],
        ["用途 Purpose", both(f"law_purpose.{wanted.purpose}")],
        ["服务日期 Served on", span],
        ["依据 Basis", both("dossier_law")],
        ["内容 Contents", both("dossier_contents")],
        ["限制 Limits", both("dossier_limits")],
    ]
    for number, row in enumerate(rows, 2):
        sheet.write_row(number, row)


def _sheet(writer: WorkbookWriter, title: str, titles: Sequence[str]) -> _Sheet:
    sheet = writer.sheet(title, header_rows=1, widths=[20] * len(titles))
    sheet.write_titles(1, titles)
    return _Sheet(sheet)
