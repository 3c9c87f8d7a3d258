"""The annual pack: what stands in the workbook and on paper, and who is noted for it."""

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, TypeAlias

import openpyxl
import pypdf
import pytest
import pytest_asyncio

from ledger.session import WriteTx
from tests.api.cast import Cast
from tests.timebank.recognition.listed import DIGEST, Line, enter_list
from timebank.database import Database
from timebank.errors import RefusalError
from timebank.privacy.queries import look_ups_of
from timebank.recognition import pack, pack_sheet
from timebank.recognition.packing import Form, make_pack
from timebank.vault.actions import put_fields
from timebank.vault.cipher import Cipher

CIPHER = Cipher(b"p" * 32)
RARE = "\U0002a3ed"
LAST = 2**63 - 1
Packs: TypeAlias = Callable[..., Awaitable[Path]]


@pytest_asyncio.fixture
async def packs(database: Database, cast: Cast, tmp_path: Path) -> Packs:
    """Return the way to a pack, of people who have names."""
    names = {"alice": f"测小{RARE}", "bob": "测乙"}

    async def name(tx: WriteTx) -> None:
        await put_fields(tx, CIPHER, [(cast.people[who], "name", said) for who, said in names.items()])

    await database.write(cast.bank, name)

    async def make(round_id: int, form: Form = Form.XLSX, *, viewer: str | None = "olga") -> Path:
        path = tmp_path / f"pack.{form}"
        viewer_id = cast.people[viewer] if viewer else None
        await make_pack(database, cast.bank, CIPHER, round_id, form, path, viewer_id=viewer_id)
        return path

    return make


def sheets(path: Path) -> dict[str, list[tuple[Any, ...]]]:
    book = openpyxl.load_workbook(path)
    return {sheet.title: list(sheet.iter_rows(values_only=True)) for sheet in book.worksheets}


def printed(path: Path) -> str:
    """Return what is read off a PDF, without its spaces."""
    text = "".join(page.extract_text() for page in pypdf.PdfReader(path).pages)
    return "".join(text.replace("\u200b", "").split())


async def looks(database: Database, cast: Cast, who: str) -> list[str]:
    found = await database.read(cast.bank, lambda tx: look_ups_of(tx, cast.people[who], before=LAST, limit=9))
    return [look.purpose for look in found]


async def test_the_workbook_has_the_list_its_evidence_and_its_totals(
    database: Database, cast: Cast, packs: Packs
) -> None:
    round_id = await enter_list(database, cast)
    found = sheets(await packs(round_id))
    assert list(found) == ["名单", "依据", "未列入", "汇总", "说明"]
    (line,) = found["名单"][1:]
    assert line[:4] == (1, f"测小{RARE}", "ALICE", "测试apple")
    assert line[4] == "满 100 小时 / 100 hours or more"
    assert line[7:11] == (101.5, 6090, 1015, 4)
    (evidence,) = found["依据"][1:]
    assert evidence[4:6] == ("2025-02-01", "2025-11-30")
    assert evidence[10:16] == (0, 6060, 0, 0, 0, 30)
    (left_out,) = found["未列入"][1:]
    assert left_out[:4] == (2, "测乙", "BOB", "测试birch")
    assert left_out[6].startswith("有未结清的欠款")
    assert [row[:3] for row in found["汇总"][1:]] == [
        ("测试root", 0, 1),
        ("　测试north", 0, 1),
        ("　　测试apple", 1, 1),
        ("合计 / total", 1, 1),
    ]
    about = {row[0].split(" ")[0]: row[1] for row in found["说明"][1:] if row[0]}
    assert about["名单摘要"] == DIGEST.hex()
    assert about["检查点"] == "timebank.example/test"
    assert about["类别"] == "嘉许 / recognition (annual)"
    assert about["名额"].startswith("每社区 1")


async def test_the_print_can_be_read_and_has_no_gaps(database: Database, cast: Cast, packs: Packs) -> None:
    round_id = await enter_list(database, cast)
    path = await packs(round_id, Form.PDF)
    text = printed(path)
    for said in ("测试2025年度嘉许名单", "嘉许", "ALICE", "U+2A3ED", "测试north", "（盖章）", DIGEST.hex()):
        assert said in text, said
    assert "BOB" not in text
    first = path.read_bytes()
    assert (await packs(round_id, Form.PDF)).read_bytes() == first


async def test_everybody_named_is_noted_for_the_viewer(database: Database, cast: Cast, packs: Packs) -> None:
    round_id = await enter_list(database, cast)
    await packs(round_id)
    assert [await looks(database, cast, who) for who in ("alice", "bob")] == [["recognition.pack"]] * 2


async def test_for_nobody_names_are_masked(database: Database, cast: Cast, packs: Packs) -> None:
    round_id = await enter_list(database, cast)
    found = sheets(await packs(round_id, viewer=None))
    assert [row[1] for row in (found["名单"][1], found["未列入"][1])] == ["测*", "测*"]
    assert "脱敏" in found["说明"][-1][1]
    assert "脱敏" in printed(await packs(round_id, Form.PDF, viewer=None))
    assert await looks(database, cast, "alice") == []


async def test_many_candidates_come_in_pages(
    database: Database, cast: Cast, packs: Packs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pack, "PAGE", 1)
    round_id = await enter_list(database, cast, lines=(Line("bob", 2, 6_600), Line("alice", 1, 3_100)))
    found = sheets(await packs(round_id))
    assert [row[2] for row in found["名单"][1:]] == ["BOB", "ALICE"]
    assert await looks(database, cast, "alice") == ["recognition.pack"]


@pytest.mark.parametrize("state", ["review", "notice", "withdrawn", "revoked"])
async def test_before_approval_there_is_none(
    database: Database, cast: Cast, packs: Packs, state: str
) -> None:
    round_id = await enter_list(database, cast, state=state)
    with pytest.raises(RefusalError, match="pack_too_early"):
        await packs(round_id)
    assert await looks(database, cast, "alice") == []


async def test_what_is_not_there_is_unknown(packs: Packs) -> None:
    with pytest.raises(RefusalError, match="unknown_round"):
        await packs(2**40, viewer=None)


async def test_paper_has_an_end(
    database: Database, cast: Cast, packs: Packs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pack_sheet, "MOST_PRINTED", 1)
    round_id = await enter_list(database, cast, lines=(Line("bob", 2, 6_600), Line("alice", 1, 3_100)))
    with pytest.raises(RefusalError, match="pack_too_long"):
        await packs(round_id, Form.PDF)
