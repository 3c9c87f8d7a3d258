"""The words of the workbook import, Chinese and English, by code; `{0}`, `{1}` are a fate's numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from timebank.workbook.fates import Fate
    from timebank.workbook.precheck import WorkbookRefused

FATES: Final[dict[str, tuple[str, str]]] = {
    "registered": ("已登记", "registered"),
    "credited": ("已记入：{0} 分钟，{1} 积分", "credited: {0} minutes, {1} points"),
    "needs_review": (
        "待复核：超过当日时长上限，{0} 分钟暂未记入",
        "over the daily limit: {0} minutes wait for review",
    ),
    "merged": ("已并入第 {0} 行", "merged into row {0}"),
    "awarded": ("已发放：{0} 积分", "awarded: {0} points"),
    "redeemed": ("已兑换：{0} 积分", "redeemed: {0} points"),
    "already_recorded": ("以前已导入", "recorded by an earlier import"),
    "unknown_activity": ("活动编号不存在", "there is no such activity"),
    "unknown_volunteer": ("志愿者编号不存在", "there is no such volunteer"),
    "missing_time": ("缺少时间", "a time is missing"),
    "bad_time": ("时间无法识别", "a time cannot be read"),
    "checkout_not_after_checkin": ("签退时间不晚于签到时间", "check-out is not after check-in"),
    "not_volunteer_service": (
        "不属于志愿服务，依法不记录时长",
        "not volunteer service: the law forbids hours for it",
    ),
    "too_short": ("有效服务时间不足", "too little time served"),
    "overlap": ("与已有服务时间重叠", "overlaps service already taken"),
    "duplicate_receipt": ("小票号重复", "this receipt number was seen before"),
    "unknown_item": ("该门店没有此商品", "this shop has no such item"),
    "price_mismatch": ("积分与积分价 × 数量不符", "points are not price × quantity"),
    "insufficient_points": ("有效积分不足", "not enough points"),
    "out_of_stock": ("库存不足", "out of stock"),
    "bad_number": ("数字无法识别或不在允许范围", "a number cannot be read or is out of range"),
    "bad_yes_no": ("应填“是”或“否”", "must be 是 or 否"),
    "missing_code": ("缺少编号", "the code is missing"),
    "duplicate_code": ("编号重复，以先出现的为准", "this code stands above already; the first row counts"),
    "unknown_parent": (
        "上级编码不存在，或上下级成环",
        "the parent does not exist, or the parents form a circle",
    ),
    "unknown_organisation": ("组织编码不存在，该项未记录", "left out: there is no such organisation"),
    "unknown_team": ("服务队编码不存在，该项未记录", "left out: there is no such team"),
    "unknown_leader": ("负责人编号不存在，该项未记录", "left out: the leader is no known volunteer"),
    "id_number_typed_as_number": (
        "证件号码被存成数字，位数已丢失，未记录；请把该列设为文本后重填",
        "left out: the ID number was typed as a number and lost digits; make the column text and retype it",
    ),
    "bad_birth_date": ("出生日期无法识别，未记录", "left out: the date of birth cannot be read"),
    "bad_registration_date": ("注册日期无法识别，未记录", "left out: the registration date cannot be read"),
    "kept_as_registered": (
        "以前已登记，内容不同，以先登记的为准",
        "registered before with other content, which stands",
    ),
    "period_closed": ("所在期间已结账，未记入", "not booked: its period is closed"),
    "lot_expired": ("所在批次已到期，未记入", "not booked: the lot has expired"),
    "not_spendable": ("该单位不可支出，未记入", "not booked: this unit is never spent"),
    "exchange_not_allowed": (
        "政策包不允许此兑换，未记入",
        "not booked: the policy pack does not allow this exchange",
    ),
    "unknown_unit": ("没有此单位，未记入", "not booked: there is no such unit"),
    "end_not_after_start": (
        "结束时间不晚于开始时间，不能记时长",
        "the end is not after the start: nothing can be served",
    ),
}

REFUSALS: Final[dict[str, tuple[str, str]]] = {
    "file_not_found": ("找不到文件", "there is no such file"),
    "not_a_workbook": (
        "无法作为 Excel 工作簿（.xlsx）打开：{reason}",
        "cannot be opened as an .xlsx workbook: {reason}",
    ),
    "too_large": ("文件展开后过大（上限 {limit_mib} MiB）", "unpacks to too much (limit {limit_mib} MiB)"),
    "unknown_sheet": ("不认识的工作表：{sheets}", "unknown sheets: {sheets}"),
    "missing_sheet": ("缺少工作表：{sheets}", "missing sheets: {sheets}"),
    "duplicate_sheet": ("工作表“{sheet}”重复", "the sheet {sheet} occurs twice"),
    "missing_header": (
        "工作表“{sheet}”的第一行不是列名",
        "the first row of the sheet {sheet} is not its column titles",
    ),
    "unknown_column": (
        "工作表“{sheet}”有不认识的列：{columns}",
        "unknown columns in the sheet {sheet}: {columns}",
    ),
    "missing_column": (
        "工作表“{sheet}”缺少列：{columns}",
        "columns missing from the sheet {sheet}: {columns}",
    ),
    "duplicate_column": (
        "工作表“{sheet}”的列重复：{columns}",
        "columns occur twice in the sheet {sheet}: {columns}",
    ),
    "formula_cell": (
        "单元格中有公式，请先粘贴为数值：{cells}",
        "cells hold formulas, paste them as values first: {cells}",
    ),
    "error_cell": ("单元格中有错误值：{cells}", "cells hold error values: {cells}"),
    "too_many_rows": ("工作表“{sheet}”超过 {limit} 行", "the sheet {sheet} has more than {limit} rows"),
    "too_many_columns": (
        "工作表“{sheet}”在很远的 {column} 列有内容",
        "the sheet {sheet} has something far out in column {column}",
    ),
}

REASONS: Final[dict[str, tuple[str, str]]] = {
    "empty": ("文件是空的", "the file is empty"),
    "old_or_locked": (
        "旧版 .xls 格式或设有密码，请另存为不加密的 .xlsx",
        "an old .xls or locked file: save it as .xlsx without a password",
    ),
    "locked": ("设有密码", "it is locked by a password"),
    "not_excel": ("不是 .xlsx 文件", "it is not an .xlsx file"),
    "damaged": ("文件已损坏", "it is damaged"),
}


def fate_words(fate: Fate) -> tuple[str, str]:
    """Return what became of a row, in Chinese and in English, the latter with the codes."""
    chinese, english = (words.format(*fate.numbers) for words in FATES[fate.code])
    for note in fate.notes:
        chinese += f"；{FATES[note][0]}"
        english += f"; {FATES[note][1]}"
    codes = ", ".join((fate.code, *fate.notes))
    return chinese, f"{english} [{codes}]"


def refusal_words(refused: WorkbookRefused) -> tuple[str, str]:
    """Return why a file is refused, in Chinese and in English."""
    chinese, english = REFUSALS[refused.code]
    reasons = REASONS.get(str(refused.params.get("reason", "")), ("", ""))
    return (
        chinese.format(**{**refused.params, "reason": reasons[0]}),
        english.format(**{**refused.params, "reason": reasons[1]}),
    )
