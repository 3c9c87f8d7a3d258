"""The workbook of solvency: a line for each place, and the whole bank's board before them."""

from pathlib import Path
from typing import Any

import openpyxl

from tests.timebank.solvency.scene import NOW, District
from timebank.solvency.board import bank_board
from timebank.solvency.export import WHOLE_BANK, write_solvency
from timebank.words import words

POINTS = "积分 points"


async def sheets(
    district: District, folder: Path, nodes: list[int] | None
) -> dict[str, list[tuple[Any, ...]]]:
    path = folder / "solvency.xlsx"
    await district.read(lambda tx: write_solvency(tx, path, nodes, now=NOW))
    book = openpyxl.load_workbook(path)
    return {sheet.title: list(sheet.iter_rows(values_only=True))[1:] for sheet in book}


async def test_the_whole_bank_and_each_place(district: District, tmp_path: Path) -> None:
    found = await sheets(district, tmp_path, None)
    assert list(found) == ["总览", "预测", "发放与结余", "到期分布"]
    board = await district.read(lambda tx: bank_board(tx, months=12, now=NOW))
    cover = {row[0]: row[1] for row in found["总览"]}
    assert cover["覆盖率(‰) Cover, permille"] == board.cover_permille
    assert cover["库存成本(分) Stock at cost, cents"] == 1_000
    assert (cover[f"{POINTS}：发放额度 ceiling"], cover[f"{POINTS}：额度余额 left of it"]) == (900, 560)
    assert len(found["预测"]) == 12 * len(board.units)
    whole = {row[3]: row[4:] for row in found["发放与结余"] if row[1] == WHOLE_BANK}
    for unit in board.units:
        flows = unit.flows
        assert whole[" ".join(words(f"page.unit.{unit.unit}"))] == (
            flows.issued,
            flows.spent,
            flows.expired,
            flows.converted,
            flows.moved,
            flows.outstanding,
        )
    # Carl belongs nowhere: the top of the tree has less than the bank by what is his.
    (top,) = (row for row in found["发放与结余"] if row[1] == "测试root" and row[3] == POINTS)
    assert whole[POINTS][0] - top[4] == 340
    out = sum(row[5] for row in found["到期分布"] if row[1] == WHOLE_BANK and row[3] == POINTS)
    assert out == whole[POINTS][5]


async def test_who_reaches_a_part_gets_that_part(district: District, tmp_path: Path) -> None:
    nodes = [district.cast.organisations[at] for at in ("apple", "grid")]
    found = await sheets(district, tmp_path, nodes)
    assert list(found) == ["发放与结余", "到期分布"]
    assert {row[1:3] for row in found["发放与结余"]} == {("测试apple", "社区 community")}
