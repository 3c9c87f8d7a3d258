"""A statement as a workbook for the accountant: its head, and a line for each transaction."""

import io
from collections.abc import Sequence
from zoneinfo import ZoneInfo

from timebank.settlements.queries import Item, Settlement
from timebank.words import words
from timebank.workbook.sheetwriter import WorkbookWriter

_CENTS = 100


def statement_sheet(found: Settlement, lines: Sequence[Item], *, zone: ZoneInfo) -> bytes:
    """Return the .xlsx file; sums of money in yuan, all else in whole units, times in the bank's zone."""
    out = io.BytesIO()
    with WorkbookWriter(out) as writer:
        head = writer.sheet("结算单 Statement", header_rows=1, widths=[28, 32])
        head.write_titles(1, ("项目 Field", "内容 Value"))
        facts: tuple[tuple[str, str | int | float | None], ...] = (
            ("编号 Number", found.id),
            ("收款方 Payee", found.payee),
            ("月份 Month", f"{found.month_on:%Y-%m}"),
            ("单位 Unit", found.unit),
            ("数量 Amount", found.amount),
            ("单价（分）Cents per unit", found.unit_cents),
            ("金额（元）Yuan", found.cents / _CENTS),
            ("状态 State", " ".join(words(f"settlement_{found.state}"))),
            ("政策版本 Policy version", found.policy_version),
            ("付款交易 Payment", found.transaction_id),
        )
        for place, (name, value) in enumerate(facts, start=2):
            head.write_row(place, (name, value))
        sheet = writer.sheet("明细 Lines", header_rows=1, widths=[14, 16, 20, 24, 12, 14])
        sheet.write_titles(
            1,
            (
                "交易 Transaction",
                "类型 Kind",
                "时间 Time",
                "小票/核销 Receipt",
                "数量 Amount",
                "金额（元）Yuan",
            ),
        )
        for place, line in enumerate(lines, start=2):
            at = line.effective_at.astimezone(zone).replace(tzinfo=None)
            shown = line.receipt or (f"A{line.acceptance_id}" if line.acceptance_id else "")
            yuan = line.amount * found.unit_cents / _CENTS
            sheet.write_row(place, (line.transaction_id, line.kind, at, shown, line.amount, yuan))
    return out.getvalue()
