"""The solvency of each of some organisations as a workbook; asked for of the whole bank, its own board comes first."""

from collections.abc import Sequence
from datetime import date, datetime
from pathlib import Path

from ledger.session import ReadTx
from timebank.solvency.board import Board, PlaceLine, bank_board, place_lines
from timebank.solvency.rules import Flows
from timebank.words import words
from timebank.workbook.sheetwriter import WorkbookWriter

MONTHS = 12
NEVER = "永久 never"
WHOLE_BANK = "全行 whole bank"
_WIDTH, _ITEM_WIDTH = 20, 36

_FLOWS = (
    "单位 Unit",
    "发放 Issued",
    "使用 Spent",
    "过期 Expired",
    "兑入 Converted",
    "转入 Moved",
    "结余 Outstanding",
)
_PLACE = ("组织编号 Organisation", "组织 Name", "级别 Level")
_EXPIRING = ("单位 Unit", "到期月份 Ends in", "结余 Outstanding")
_FORECAST = ("单位 Unit", "月份 Month", "预计使用 Spent", "预计过期 Expired", "月末结余 Left")
_COVER = ("项目 Item", "值 Value")


async def write_solvency(tx: ReadTx, path: Path, organisation_ids: list[int] | None, *, now: datetime) -> int:
    """Write the boards of those organisations (None: all, and the bank's) and return how many lines there are."""
    board = await bank_board(tx, months=MONTHS, now=now) if organisation_ids is None else None
    lines = await place_lines(tx, organisation_ids)
    with WorkbookWriter(path) as writer:
        if board is not None:
            _write_cover(writer, board)
            _write_forecast(writer, board)
        rows: list[list[str | int]] = []
        months: list[list[str | int | date]] = []
        for unit in () if board is None else board.units:
            rows.append(["", WHOLE_BANK, "", _unit(unit.unit), *_flows(unit.flows)])
            months += [["", WHOLE_BANK, "", _unit(unit.unit), *_month(lot)] for lot in unit.expiring]
        for line in lines:
            rows.append([*_place(line), _unit(line.unit), *_flows(line.flows)])
            months += [[*_place(line), _unit(line.unit), *_month(lot)] for lot in line.expiring]
        _write(writer, "发放与结余", (*_PLACE, *_FLOWS), rows)
        _write(writer, "到期分布", (*_PLACE, *_EXPIRING), months)
    return len(rows)


def _write_cover(writer: WorkbookWriter, board: Board) -> None:
    permille = board.cover_permille
    rows: list[list[str | int]] = [
        ["库存成本(分) Stock at cost, cents", board.stock_cents],
        ["未计成本件数 Items without a cost", board.uncosted],
        ["资金余额(分) Funds, cents", board.fund_cents],
        ["结余折价(分) Outstanding, cents", board.liability_cents],
        ["应付未付(分) Owed, cents", board.owed_cents],
        ["覆盖率(‰) Cover, permille", "" if permille is None else permille],
    ]
    for unit in board.units:
        named = _unit(unit.unit)
        rows.append([f"{named}：月均使用 pace a month", unit.pace])
        if unit.budgets is not None:
            rows += [
                [f"{named}：发放额度 ceiling", unit.budgets.ceiling],
                [f"{named}：额度余额 left of it", unit.budgets.left],
                [f"{named}：待发放 waiting", unit.budgets.waiting_amount],
            ]
    _write(writer, "总览", _COVER, rows)


def _write_forecast(writer: WorkbookWriter, board: Board) -> None:
    rows: list[list[str | int | date]] = [
        [_unit(unit.unit), month.month_on, month.spent, month.expired, month.left]
        for unit in board.units
        for month in unit.forecast
    ]
    _write(writer, "预测", _FORECAST, rows)


def _write(
    writer: WorkbookWriter, title: str, titles: tuple[str, ...], rows: Sequence[Sequence[str | int | date]]
) -> None:
    sheet = writer.sheet(title, header_rows=1, widths=[_ITEM_WIDTH, *[_WIDTH] * (len(titles) - 1)])
    sheet.write_titles(1, titles)
    for number, row in enumerate(rows, 2):
        sheet.write_row(number, row)


def _place(line: PlaceLine) -> list[str | int]:
    level = " ".join(words(f"organisation_level_{line.node.level}"))
    return [line.node.id, line.node.name, level]


def _unit(code: str) -> str:
    return " ".join(words(f"page.unit.{code}"))


def _flows(flows: Flows) -> list[int]:
    return [flows.issued, flows.spent, flows.expired, flows.converted, flows.moved, flows.outstanding]


def _month(lot: tuple[date | None, int]) -> list[date | str | int]:
    month_on, amount = lot
    return [month_on or NEVER, amount]
