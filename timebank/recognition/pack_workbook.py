"""The annual pack as a workbook: the list, the evidence, who is not on it and why, totals of the tree, and about it."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from ledger.session import ReadTx
from timebank.recognition.pack import PackLine, pack_lines, pack_totals, step_heads, step_label
from timebank.recognition.pack_about import about
from timebank.recognition.queries import Round
from timebank.recognition.totals import NodeTotal
from timebank.vault.cipher import Cipher
from timebank.words import both
from timebank.workbook.cells import Cell
from timebank.workbook.sheetwriter import SheetWriter, WorkbookWriter

GRADES: Final = ("A", "B", "C", "D", "E", "none")

_WHO = ("序号 No.", "姓名或名称 Name", "编号 Code", "社区 Community")
_WHO_WIDTHS = (9, 18, 16, 22)
_LIST = (
    *_WHO,
    "级别 Level",
    "名次 Place",
    "并列 Tied",
    "小时 Hours",
    "分钟 Minutes",
    "积分 Points",
    "记录数 Records",
    "认定 Finding",
)
_EVIDENCE = (
    *_WHO,
    "起 Since",
    "止 Until",
    "记录数 Records",
    "人数 People",
    "分钟 Minutes",
    "积分 Points",
    *(f"等级{grade} Grade {grade}" for grade in GRADES[:-1]),
    "无等级 No grade",
    "账目摘要 Digest of the leaves",
)
_LEFT_OUT = (
    *_WHO,
    "级别 Level",
    "小时 Hours",
    "认定 Finding",
    "状态 State",
    "理由 Reason",
    "说明 Note",
    "决定时间 Decided",
)


async def write_pack_workbook(tx: ReadTx, cipher: Cipher, found: Round, path: Path, *, in_full: bool) -> int:
    """Write the pack and return how many are on the list.

    Raises:
        RefusalError: `vault_key_wrong`.
    """
    totals = await pack_totals(tx, found)
    with WorkbookWriter(path) as writer:
        list_ = _sheet(writer, "名单", _LIST, (*_WHO_WIDTHS, 30, 12, 10, 12, 14, 14, 16, 30))
        evidence = _sheet(writer, "依据", _EVIDENCE, (*_WHO_WIDTHS, *[13] * (len(_EVIDENCE) - 5), 68))
        left_out = _sheet(writer, "未列入", _LEFT_OUT, (*_WHO_WIDTHS, 30, 12, 32, 20, 24, 40, 20))
        named = others = 0
        async for line in pack_lines(tx, cipher, found.id, in_full=in_full):
            if line.is_named:
                named += 1
                list_.write_row(named + 1, _listed(found, line))
                evidence.write_row(named + 1, _evidence(line))
            else:
                others += 1
                left_out.write_row(others + 1, _left_out(tx, found, line))
        _write_totals(writer, found, totals)
        _write_about(writer, tx, found, in_full=in_full, named=named, others=others)
    return named


def _sheet(writer: WorkbookWriter, title: str, titles: Sequence[str], widths: Sequence[int]) -> SheetWriter:
    sheet = writer.sheet(title, header_rows=1, widths=widths)
    sheet.write_titles(1, titles)
    return sheet


def _who(line: PackLine) -> list[Cell]:
    each = line.candidate
    return [each.number, line.name, each.code or "", each.community or ""]


def _listed(found: Round, line: PackLine) -> list[Cell]:
    each = line.candidate
    return [
        *_who(line),
        step_label(found, each.level),
        each.place,
        each.tied if each.tied > 1 else "",
        round(each.minutes / 60, 2),
        each.minutes,
        each.points,
        each.records,
        finding_words(each.finding),
    ]


def _evidence(line: PackLine) -> list[Cell]:
    each = line.candidate
    grades = each.evidence.get("grades", {})
    return [
        *_who(line),
        each.evidence.get("since") or "",
        each.evidence.get("until") or "",
        each.records,
        each.evidence.get("people") or "",
        each.minutes,
        each.points,
        *(grades.get(grade, 0) for grade in GRADES),
        each.evidence.get("leaves") or "",
    ]


def _left_out(tx: ReadTx, found: Round, line: PackLine) -> list[Cell]:
    each, last = line.candidate, line.last
    decided: list[Cell] = ["", "", ""]
    if last is not None:
        local = last.decided_at.astimezone(tx.zone).replace(tzinfo=None)
        decided = [both(f"recognition.reason.{last.reason}"), last.note, local]
    return [
        *_who(line),
        step_label(found, each.level) if each.level else "",
        round(each.minutes / 60, 2),
        finding_words(each.finding),
        both(f"recognition.state.{each.state}"),
        *decided,
    ]


def finding_words(finding: str) -> str:
    """Return what was found of a candidate in words."""
    return both(f"recognition.finding.{finding.replace(':', '.')}")


def _write_totals(writer: WorkbookWriter, found: Round, totals: Sequence[NodeTotal]) -> None:
    steps = step_heads(found)
    counts = ("人数 Named", *steps, "小时 Hours", "积分 Points", "记录数 Records")
    titles = ("组织 Organisation", "本级人数 Its own", *counts)
    sheet = _sheet(writer, "汇总", titles, (32, *[16] * (len(titles) - 1)))
    rows = 1
    for total in totals:
        rows += 1
        whole = total.whole
        name = "　" * total.depth + total.node.name if total.node else both("pack_nowhere")
        levels = [*whole.levels, *[0] * (len(steps) - len(whole.levels))]
        hours = round(whole.minutes / 60, 2)
        sheet.write_row(
            rows, [name, total.own.named, whole.named, *levels, hours, whole.points, whole.records]
        )
    tops = [total.whole for total in totals if total.depth == 0]
    sheet.write_row(
        rows + 1,
        [
            both("pack_all"),
            sum(total.own.named for total in totals),
            sum(whole.named for whole in tops),
            *(sum(whole.levels[place] for whole in tops) for place in range(len(steps))),
            round(sum(whole.minutes for whole in tops) / 60, 2),
            sum(whole.points for whole in tops),
            sum(whole.records for whole in tops),
        ],
    )


def _write_about(
    writer: WorkbookWriter, tx: ReadTx, found: Round, *, in_full: bool, named: int, others: int
) -> None:
    sheet = _sheet(writer, "说明", ("项目 Item", "内容 Content"), (30, 110))
    rows = about(tx, found, named=named, others=others)
    if not in_full:
        rows.append(("姓名 Names", both("pack_masked")))
    number = 1
    for name, value in rows:
        # A checkpoint is of several lines, which a cell shows as one.
        for place, line in enumerate(value.splitlines() or [""]):
            number += 1
            sheet.write_row(number, [name if place == 0 else "", line])
