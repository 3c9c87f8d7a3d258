"""The registers (organisations, teams, volunteers, activities, goods): each row validated or refused.

A row is refused only for what the rules need of it; whatever else cannot be read is left empty and noted.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypeVar

from timebank.records.rules import PlannedActivity
from timebank.workbook import cells
from timebank.workbook.cells import Cell, CellError
from timebank.workbook.fates import Fate, SheetFates, fate
from timebank.workbook.sheets import ActivityRow, GoodsRow, OrganisationRow, TeamRow, VolunteerRow

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable
    from zoneinfo import ZoneInfo

    from timebank.workbook.reader import NumberedCells

_Value = TypeVar("_Value")

ORDINARY_DIFFICULTY: Final = 1000
LONGEST_REST_MINUTES: Final = 24 * 60


class _Noted:
    """Reads the cells of a row that may be left out, and keeps a note of those that were."""

    def __init__(self) -> None:
        self.notes: list[str] = []

    def read(self, parse: Callable[[Cell], _Value | None], value: Cell, note: str = "") -> _Value | None:
        try:
            return parse(value)
        except CellError as error:
            self.notes.append(note or error.code)
            return None

    def known(self, value: Cell, codes: Collection[str], note: str) -> str:
        read = cells.code(value)
        if not read or read in codes:
            return read
        self.notes.append(note)
        return ""

    def fate(self) -> Fate:
        return Fate("registered", notes=tuple(self.notes)) if self.notes else fate("registered")


def _refusal_of_code(code: str, seen: Collection[str]) -> str | None:
    if not code:
        return "missing_code"
    return "duplicate_code" if code in seen else None


def read_organisations(rows: Iterable[NumberedCells], fates: SheetFates) -> list[OrganisationRow]:
    """Read the tree, parents first; refuses `missing_code`, `duplicate_code`, `unknown_parent`.

    A parent may stand anywhere in the sheet. A row whose line of parents does not reach a root (one with no
    parent) has an unknown parent, so circles and whatever hangs below a refused row are refused too.
    """
    found: dict[str, OrganisationRow] = {}
    for row_number, (code_cell, name, level, parent) in rows:
        code = cells.code(code_cell)
        if refusal := _refusal_of_code(code, found):
            fates[row_number] = fate(refusal)
            continue
        found[code] = OrganisationRow(
            row_number, code, cells.text(name), cells.text(level), cells.code(parent)
        )
    children: dict[str, list[OrganisationRow]] = {}
    for row in found.values():
        children.setdefault(row.parent, []).append(row)
    rooted = list(children.get("", ()))
    for row in rooted:
        rooted.extend(children.get(row.code, ()))
    reached = {row.code for row in rooted}
    for row in found.values():
        fates[row.row_number] = fate("registered" if row.code in reached else "unknown_parent")
    return rooted


def read_teams(
    rows: Iterable[NumberedCells], fates: SheetFates, organisations: Collection[str]
) -> list[TeamRow]:
    """Read the teams; refuses `missing_code`, `duplicate_code`, notes `unknown_organisation`."""
    found: dict[str, TeamRow] = {}
    for row_number, (code_cell, name, community) in rows:
        code = cells.code(code_cell)
        if refusal := _refusal_of_code(code, found):
            fates[row_number] = fate(refusal)
            continue
        noted = _Noted()
        home = noted.known(community, organisations, "unknown_organisation")
        found[code] = TeamRow(row_number, code, cells.text(name), home)
        fates[row_number] = noted.fate()
    return list(found.values())


def read_volunteers(
    rows: Iterable[NumberedCells],
    fates: SheetFates,
    *,
    organisations: Collection[str],
    teams: Collection[str],
) -> list[VolunteerRow]:
    """Read the volunteers; refuses `missing_code` and `duplicate_code`.

    A volunteer with a faulty cell keeps the hours: the cell is left out and noted
    (`id_number_typed_as_number`, `bad_birth_date`, `bad_registration_date`, `bad_yes_no`,
    `unknown_organisation`, `unknown_team`).
    """
    found: dict[str, VolunteerRow] = {}
    for row_number, row in rows:
        code = cells.code(row[0])
        if refusal := _refusal_of_code(code, found):
            fates[row_number] = fate(refusal)
            continue
        noted = _Noted()
        found[code] = VolunteerRow(
            row_number=row_number,
            code=code,
            name=cells.text(row[1]),
            gender=cells.text(row[2]),
            born_on=noted.read(cells.day, row[3], "bad_birth_date"),
            id_number=noted.read(cells.id_number, row[4]),
            phone=cells.code(row[5]),
            community=noted.known(row[6], organisations, "unknown_organisation"),
            party_member=noted.read(cells.yes_no, row[7]),
            employer=cells.text(row[8]),
            team=noted.known(row[9], teams, "unknown_team"),
            registered_on=noted.read(cells.day, row[10], "bad_registration_date"),
        )
        fates[row_number] = noted.fate()
    return list(found.values())


def read_activities(
    rows: Iterable[NumberedCells],
    fates: SheetFates,
    *,
    organisations: Collection[str],
    teams: Collection[str],
    volunteers: Collection[str],
    zone: ZoneInfo,
) -> list[ActivityRow]:
    """Read the activities; refuses what crediting cannot do without.

    Codes: `missing_code`, `duplicate_code`, `bad_yes_no` (志愿服务 is neither 是 nor 否), `missing_time`,
    `bad_time`, `bad_number` (rest, difficulty). An empty rest is none, an empty difficulty 1. Notes
    `end_not_after_start` (nothing can be served then), `unknown_organisation`, `unknown_team`,
    `unknown_leader`, `bad_number` (招募人数).
    """
    found: dict[str, ActivityRow] = {}
    for row_number, row in rows:
        code = cells.code(row[0])
        if refusal := _refusal_of_code(code, found):
            fates[row_number] = fate(refusal)
            continue
        try:
            plan = _plan(code, row[3], row[8], row[9], row[10], row[11], zone)
        except CellError as error:
            fates[row_number] = fate(error.code)
            continue
        noted = _Noted()
        if plan.ends_at <= plan.starts_at:
            noted.notes.append("end_not_after_start")
        found[code] = ActivityRow(
            row_number=row_number,
            plan=plan,
            name=cells.text(row[1]),
            category=cells.text(row[2]),
            organiser=noted.known(row[4], organisations, "unknown_organisation"),
            team=noted.known(row[5], teams, "unknown_team"),
            leader=noted.known(row[6], volunteers, "unknown_leader"),
            place=cells.text(row[7]),
            wanted=noted.read(cells.integer, row[12]),
        )
        fates[row_number] = noted.fate()
    return list(found.values())


def _plan(  # noqa: PLR0917 -- the cells of one row, in the order of the sheet
    code: str, service: Cell, start: Cell, end: Cell, rest: Cell, difficulty: Cell, zone: ZoneInfo
) -> PlannedActivity:
    volunteer_service = cells.yes_no(service)
    if volunteer_service is None:
        raise CellError("bad_yes_no")
    starts_at, ends_at = cells.moment(start, zone), cells.moment(end, zone)
    if starts_at is None or ends_at is None:
        raise CellError("missing_time")
    rest_minutes, ratio = cells.integer(rest) or 0, cells.thousandths(difficulty)
    if not 0 <= rest_minutes <= LONGEST_REST_MINUTES:
        raise CellError("bad_number")
    return PlannedActivity(
        code=code,
        volunteer_service=volunteer_service,
        starts_at=starts_at,
        ends_at=ends_at,
        rest_minutes=rest_minutes,
        difficulty_thousandths=ORDINARY_DIFFICULTY if ratio is None else ratio,
    )


def read_goods(rows: Iterable[NumberedCells], fates: SheetFates) -> list[GoodsRow]:
    """Read the shelves, an item being one code in one shop.

    Refuses `missing_code` (shop or item), `duplicate_code`, `bad_number` (a price below 1, stock below 0 or
    unread).
    """
    found: dict[tuple[str, str], GoodsRow] = {}
    for row_number, (shop_cell, sku_cell, name, price_cell, stock_cell) in rows:
        shop, sku = cells.code(shop_cell), cells.code(sku_cell)
        if not shop or not sku or (shop, sku) in found:
            fates[row_number] = fate("duplicate_code" if (shop, sku) in found else "missing_code")
            continue
        try:
            price, stock = cells.integer(price_cell), cells.integer(stock_cell)
        except CellError as error:
            fates[row_number] = fate(error.code)
            continue
        if price is None or price < 1 or stock is None or stock < 0:
            fates[row_number] = fate("bad_number")
            continue
        found[shop, sku] = GoodsRow(row_number, shop, sku, cells.text(name), price, stock)
        fates[row_number] = fate("registered")
    return list(found.values())
