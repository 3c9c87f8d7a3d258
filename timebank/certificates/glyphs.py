"""Which characters the printing font has, read from its own table: a name is never printed with a gap in it."""

from functools import cache
from struct import unpack_from

import pylopdf_fonts_zh_cn

_SEGMENTED_COVERAGE = 12
"""The format of a table that names every character of Unicode: runs of characters and their glyphs."""


def has_glyph(character: str) -> bool:
    """Tell whether the printing font shows a character."""
    return ord(character) in _characters()


@cache
def _characters() -> frozenset[int]:
    font = pylopdf_fonts_zh_cn.sans_path().read_bytes()
    start = _mapping(font, _table(font, b"cmap"))
    (count,) = unpack_from(">I", font, start + 12)
    found: set[int] = set()
    for place in range(count):
        first, last, _ = unpack_from(">III", font, start + 16 + 12 * place)
        found.update(range(first, last + 1))
    return frozenset(found)


def _table(font: bytes, tag: bytes) -> int:
    """Return where a table of a font begins."""
    (count,) = unpack_from(">H", font, 4)
    for place in range(count):
        name, _, start, _ = unpack_from(">4sIII", font, 12 + 16 * place)
        if name == tag:
            return int(start)
    raise LookupError(tag)


def _mapping(font: bytes, start: int) -> int:
    """Return where the mapping of all characters begins in the table of mappings."""
    (count,) = unpack_from(">H", font, start + 2)
    for place in range(count):
        _, _, offset = unpack_from(">HHI", font, start + 4 + 8 * place)
        (form,) = unpack_from(">H", font, start + offset)
        if form == _SEGMENTED_COVERAGE:
            return int(start + offset)
    raise LookupError("cmap")
