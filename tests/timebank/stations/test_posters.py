"""Posters: one sheet whatever is said, the symbol large enough and read again, no name taken for markup."""

import re

import pytest

from tests.timebank.codes.decoding import decode_zxing
from timebank.codes.rules import CodeKeys, link, poster_code
from timebank.stations.posters import Poster, render_poster

LINK = link("https://time.example.cn", poster_code(CodeKeys([b"v" * 32]), bank_id=1, station_id=2, serial=1))
MARKUP = '#panic("x") *b* $x$ [y] <z> \\ " @a `c` = 题'

POSTERS = {
    "usual": Poster("测试区苹果社区", "苹果社区邻里服务站", "东门路 1 号", "APPLE-1 · 1", LINK),
    "longest": Poster("组" * 100, "站" * 100, "址" * 100, "X" * 40 + " · 999", LINK),
    "one word": Poster("W" * 100, "W" * 100, "W" * 100, "X", LINK),
    "markup": Poster(MARKUP, MARKUP, MARKUP, MARKUP, LINK),
}


@pytest.mark.parametrize("said", POSTERS)
def test_a_poster_is_one_sheet_whose_symbol_is_read(said: str) -> None:
    assert decode_zxing(render_poster(POSTERS[said], "png")) == [LINK]
    assert len(re.findall(rb"/Type\s*/Page\b", render_poster(POSTERS[said], "pdf"))) == 1
    svg = render_poster(POSTERS[said], "svg")
    assert svg.startswith(b"<svg")
    assert b"<script" not in svg


def test_what_is_said_is_drawn() -> None:
    """Another name, another picture: nothing is left out."""
    usual = POSTERS["usual"]
    others = [
        Poster("乙", usual.name, usual.place, usual.number, LINK),
        Poster(usual.organisation, "乙", usual.place, usual.number, LINK),
        Poster(usual.organisation, usual.name, "乙", usual.number, LINK),
        Poster(usual.organisation, usual.name, usual.place, "乙", LINK),
    ]
    pictures = {render_poster(poster, "png") for poster in (usual, *others)}
    assert len(pictures) == 5
