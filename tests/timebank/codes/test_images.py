"""Symbols: small, of the standard's shape, and read again by two programs."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.timebank.codes.decoding import ZBAR, decode_zbar, decode_zxing
from timebank.codes.images import QUIET_MODULES, qr_modules, qr_png, qr_svg
from timebank.codes.rules import (
    CodeKeys,
    link,
    member_code,
    merchant_code,
    pick_up_code,
    poster_code,
    station_code,
)

KEYS = CodeKeys([b"v" * 32])
NOW = datetime(2026, 3, 5, 9, 0, tzinfo=UTC)
HOST = "https://time.example.gov.cn"
TEXTS = {
    "station": link(HOST, station_code(KEYS, bank_id=50, station_id=5_000, session_id=1_000_000, at=NOW)),
    "poster": link(HOST, poster_code(KEYS, bank_id=50, station_id=5_000, serial=2)),
    "member": member_code(b"s" * 20, bank_id=50, pass_id=1_000_000, at=NOW),
    "merchant": link(HOST, merchant_code(KEYS, bank_id=50, offer_id=10_000, at=NOW)),
    "pick-up": pick_up_code(KEYS, bank_id=50, reservation_id=1_000_000),
}


@pytest.mark.parametrize(
    ("name", "letters", "modules"),
    [("station", 64, 33), ("poster", 54, 29), ("member", 31, 25), ("merchant", 59, 29), ("pick-up", 24, 25)],
)
def test_a_symbol_stays_small(name: str, letters: int, modules: int) -> None:
    """Versions 4, 3 and 2 at most: a host of 19 letters, 50 banks, 5,000 stations, a million sessions and passes."""
    assert len(TEXTS[name]) == letters
    assert len(qr_modules(TEXTS[name])) == modules + 2 * QUIET_MODULES


@pytest.mark.parametrize("name", TEXTS)
def test_a_png_is_read_by_zxing(name: str) -> None:
    assert decode_zxing(qr_png(TEXTS[name])) == [TEXTS[name]]


@pytest.mark.skipif(ZBAR is None, reason="zbarimg is not on this machine")
@pytest.mark.parametrize("name", TEXTS)
def test_a_png_is_read_by_zbar(name: str, tmp_path: Path) -> None:
    assert decode_zbar(qr_png(TEXTS[name]), tmp_path) == [TEXTS[name]]


def test_an_svg_has_the_same_dark_modules() -> None:
    modules = qr_modules("HTTPS://TIME.EXAMPLE.CN/Q/A")
    svg = qr_svg("HTTPS://TIME.EXAMPLE.CN/Q/A")
    drawn = [[False] * len(modules) for _ in modules]
    for stretch in svg.split('<path d="M')[1].split('"')[0].split("M"):
        place, _, rest = stretch.partition("h")
        left, top = map(int, place.split())
        for at in range(left, left + int(rest.split("v")[0])):
            drawn[top][at] = True
    assert drawn == modules
