"""The printed receipt: what stands on it, on either paper, and what never does."""

import re
import shutil
import subprocess
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from timebank.redemptions.receipts import Paper, render_receipt
from timebank.redemptions.requests import Receipt, ReceiptLine

PDFTOTEXT = shutil.which("pdftotext")
PDFINFO = shutil.which("pdfinfo")
MADE_AT = datetime(2026, 5, 9, 2, 5, tzinfo=UTC)
RECEIPT = Receipt(
    redemption_id=7,
    number="S1-20260509-0042",
    shop_id=1,
    shop="东门积分超市",
    till_id=3,
    points=1_110,
    cash_cents=550,
    made_at=MADE_AT,
    refunded_at=None,
    lines=[
        ReceiptLine(1, "RICE", "东北大米 5kg", 2, 1_060),
        ReceiptLine(2, "OIL", "#菜籽油 $x$ [一级]", 1, 50),
    ],
)

needs_poppler = pytest.mark.skipif(
    PDFTOTEXT is None or PDFINFO is None, reason="pdftotext and pdfinfo are not on this machine"
)


def printed(receipt: Receipt, paper: Paper = "58", name: str | None = "示*") -> bytes:
    return render_receipt(
        receipt, bank="测试时间银行", zone=ZoneInfo("Asia/Shanghai"), masked_name=name, paper=paper
    )


def text_of(sheet: bytes, folder: Path) -> str:
    """Return what another program reads in a PDF."""
    assert PDFTOTEXT is not None
    path = folder / "receipt.pdf"
    path.write_bytes(sheet)
    done = subprocess.run([PDFTOTEXT, "-layout", str(path), "-"], check=True, capture_output=True, timeout=30)
    return done.stdout.decode()


@needs_poppler
@pytest.mark.parametrize("paper", ["58", "80"])
def test_it_says_what_was_redeemed_in_text_that_can_be_read_out(tmp_path: Path, paper: Paper) -> None:
    text = text_of(printed(RECEIPT, paper), tmp_path)
    for said in (
        "测试时间银行",
        "东门积分超市",
        "兑换小票",
        "S1-20260509-0042",
        "2026-05-09 10:05",
        "示*",
        "东北大米 5kg",
        "RICE × 2",
        "1,060",
        "#菜籽油 $x$ [一级]",
        "1,110",
        "¥5.50",
    ):
        assert said in text, said
    assert "已退还" not in text


@needs_poppler
def test_what_was_refunded_says_so_and_without_cash_there_is_no_line_of_it(tmp_path: Path) -> None:
    refunded = replace(RECEIPT, cash_cents=0, refunded_at=datetime(2026, 5, 10, 3, 0, tzinfo=UTC))
    text = text_of(printed(refunded), tmp_path)
    assert re.search(r"已退还.*2026-05-10 11:00", text)
    assert "现金" not in text
    assert "示*" not in text_of(printed(RECEIPT, name=None), tmp_path)


@needs_poppler
@pytest.mark.parametrize(("paper", "points"), [("58", 164), ("80", 227)])
def test_it_is_as_wide_as_the_roll_and_as_long_as_it_needs(tmp_path: Path, paper: Paper, points: int) -> None:
    assert PDFINFO is not None
    lengths = []
    for lines in (2, 60):
        path = tmp_path / f"{lines}.pdf"
        path.write_bytes(printed(replace(RECEIPT, lines=[*RECEIPT.lines] * (lines // 2)), paper))
        said = subprocess.run(
            [PDFINFO, str(path)], check=True, capture_output=True, text=True, timeout=30
        ).stdout
        size = re.search(r"Page size:\s+([\d.]+) x ([\d.]+)", said)
        assert size is not None
        assert "Pages:           1\n" in said
        assert round(float(size[1])) == points
        lengths.append(float(size[2]))
    assert lengths[1] > 5 * lengths[0]
