"""A whole workbook as rows: the registers, and what happened, before any rule is asked.

Everything is read before anything is booked, so a refusal of the file comes in time.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from timebank.workbook import cells, registers, sheets
from timebank.workbook.cells import CellError
from timebank.workbook.fates import Fates, SheetFates, fate

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime
    from zoneinfo import ZoneInfo

    from timebank.records.rules import PlannedActivity, TimeFault
    from timebank.workbook.cells import Cell
    from timebank.workbook.reader import NumberedCells, Workbook
    from timebank.workbook.sheets import (
        ActivityRow,
        AttendanceRow,
        AwardRow,
        GoodsRow,
        OrganisationRow,
        RedemptionRow,
        TeamRow,
        UnplacedSlip,
        VolunteerRow,
    )


@dataclass(frozen=True, slots=True)
class District:
    """What a workbook holds: organisations parents first, everything else in the order of the sheets.

    `fates` has the rows that are settled by reading alone: all rows of the registers, and the awards and
    redemptions that have no place in time or no amount. Attendances, awards and redemptions listed here are
    still undecided.
    """

    organisations: list[OrganisationRow]
    teams: list[TeamRow]
    volunteers: list[VolunteerRow]
    activities: list[ActivityRow]
    attendance: list[AttendanceRow]
    awards: list[AwardRow]
    goods: list[GoodsRow]
    redemptions: list[RedemptionRow]
    unplaced_slips: list[UnplacedSlip]
    fates: Fates

    @property
    def plans(self) -> dict[str, PlannedActivity]:
        """Return what crediting needs of the activities, by code."""
        return {row.code: row.plan for row in self.activities}


def read_district(workbook: Workbook, zone: ZoneInfo) -> District:
    """Read every sheet once; times of the workbook are local to `zone`.

    Raises:
        WorkbookRefused: a sheet's columns are not those of the form, see `Workbook.rows`.
    """
    fates: Fates = {title: {} for title in sheets.FORMS}
    organisations = registers.read_organisations(workbook.rows(sheets.ORGANISATIONS), fates["组织"])
    nodes = {row.code for row in organisations}
    teams = registers.read_teams(workbook.rows(sheets.TEAMS), fates["服务队"], nodes)
    team_codes = {row.code for row in teams}
    volunteers = registers.read_volunteers(
        workbook.rows(sheets.VOLUNTEERS), fates["志愿者"], organisations=nodes, teams=team_codes
    )
    activities = registers.read_activities(
        workbook.rows(sheets.ACTIVITIES),
        fates["活动"],
        organisations=nodes,
        teams=team_codes,
        volunteers={row.code for row in volunteers},
        zone=zone,
    )
    unplaced: list[UnplacedSlip] = []
    return District(
        organisations=organisations,
        teams=teams,
        volunteers=volunteers,
        activities=activities,
        attendance=list(read_attendance(workbook.rows(sheets.ATTENDANCE), zone)),
        awards=list(read_awards(workbook.rows(sheets.AWARDS), fates["奖励"])),
        goods=registers.read_goods(workbook.rows(sheets.GOODS), fates["商品"]),
        redemptions=list(read_redemptions(workbook.rows(sheets.REDEMPTIONS), fates["兑换"], zone, unplaced)),
        unplaced_slips=unplaced,
        fates=fates,
    )


def read_attendance(rows: Iterable[NumberedCells], zone: ZoneInfo) -> Iterator[AttendanceRow]:
    """Read the attendances; none is refused here, for rule 1 asks for the codes before the times."""
    for row_number, (activity, volunteer, check_in_cell, check_out_cell, way, remark) in rows:
        check_in, check_out, fault = _times(check_in_cell, check_out_cell, zone)
        yield sheets.AttendanceRow(
            row_number,
            cells.code(activity),
            cells.code(volunteer),
            check_in,
            check_out,
            fault,
            cells.text(way),
            cells.text(remark),
        )


def _times(
    check_in: Cell, check_out: Cell, zone: ZoneInfo
) -> tuple[datetime | None, datetime | None, TimeFault | None]:
    if cells.is_missing(check_in) or cells.is_missing(check_out):
        return None, None, "missing_time"
    try:
        return cells.moment(check_in, zone), cells.moment(check_out, zone), None
    except CellError:
        return None, None, "bad_time"


def read_awards(rows: Iterable[NumberedCells], fates: SheetFates) -> Iterator[AwardRow]:
    """Read the awards; refuses `missing_time`, `bad_time`, and `bad_number` (points below 1 or unread)."""
    for row_number, (volunteer, award, points_cell, day_cell) in rows:
        try:
            on, points = cells.day(day_cell), cells.integer(points_cell)
        except CellError as error:
            fates[row_number] = fate(error.code)
            continue
        if on is None or points is None or points < 1:
            fates[row_number] = fate("missing_time" if on is None else "bad_number")
            continue
        yield sheets.AwardRow(row_number, cells.code(volunteer), cells.text(award), points, on)


def read_redemptions(
    rows: Iterable[NumberedCells],
    fates: SheetFates,
    zone: ZoneInfo,
    unplaced: list[UnplacedSlip] | None = None,
) -> Iterator[sheets.RedemptionRow]:
    """Read the slips; refuses `missing_code` (no receipt number), `missing_time` and `bad_time`.

    A slip without a place in time goes to `unplaced`; the replay never sees it, so its receipt number stays
    free.
    """
    for row_number, (receipt_cell, volunteer, shop, sku, quantity, points, at_cell, cashier) in rows:
        receipt = cells.code(receipt_cell)
        who, where, what = cells.code(volunteer), cells.code(shop), cells.code(sku)
        amounts = _number(quantity), _number(points)
        at, refusal = None, "missing_time" if receipt else "missing_code"
        try:
            at = cells.moment(at_cell, zone)
        except CellError as error:
            refusal = error.code
        if at is None or not receipt:
            fates[row_number] = fate(refusal)
            if unplaced is not None:
                unplaced.append(
                    sheets.UnplacedSlip(
                        row_number, receipt, who, where, what, *amounts, cells.text(cashier), refusal
                    )
                )
            continue
        yield sheets.RedemptionRow(row_number, receipt, who, where, what, *amounts, at, cells.text(cashier))


def _number(value: Cell) -> int | None:
    try:
        return cells.integer(value)
    except CellError:
        return None
