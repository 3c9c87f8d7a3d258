"""QR symbols of codes and links, as SVG and PNG. Tests decode each with two programs.

Links and codes are of capital letters, digits and a few signs, so `qrcode` packs them in its alphanumeric mode: a
link of 61 letters is 29 modules wide, one of 90 is 33, at a correction that bears 15 % of the symbol damaged.
"""

import io
from typing import Final

from PIL import Image
from qrcode.constants import ERROR_CORRECT_M  # type: ignore[import-untyped]  # it has no annotations
from qrcode.main import QRCode  # type: ignore[import-untyped]  # it has no annotations

QUIET_MODULES: Final = 4
"""The white margin that the standard asks for."""

PIXELS_PER_MODULE: Final = 10
"""A link of 61 letters is then 370 pixels wide."""


def qr_modules(text: str) -> list[list[bool]]:
    """Return the symbol of a text, row by row, dark as True, its white margin included."""
    symbol = QRCode(error_correction=ERROR_CORRECT_M, border=QUIET_MODULES)
    symbol.add_data(text, optimize=0)
    modules: list[list[bool]] = symbol.get_matrix()
    return modules


def qr_svg(text: str) -> str:
    """Return the symbol of a text as an SVG document without a size of its own: it fills where it is put."""
    modules = qr_modules(text)
    side = len(modules)
    path = "".join(
        f"M{left} {top}h{right - left}v1h{left - right}z"
        for top, row in enumerate(modules)
        for left, right in _runs(row)
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {side} {side}" shape-rendering="crispEdges">'
        f'<path fill="#fff" d="M0 0h{side}v{side}h-{side}z"/><path d="{path}"/></svg>'
    )


def qr_png(text: str) -> bytes:
    """Return the symbol of a text as a black and white PNG."""
    modules = qr_modules(text)
    side = len(modules)
    image = Image.frombytes("L", (side, side), bytes(0 if dark else 255 for row in modules for dark in row))
    scaled = image.resize((side * PIXELS_PER_MODULE, side * PIXELS_PER_MODULE), Image.Resampling.NEAREST)
    out = io.BytesIO()
    scaled.convert("1").save(out, "PNG", optimize=True)
    return out.getvalue()


def _runs(row: list[bool]) -> list[tuple[int, int]]:
    """Return where dark stretches of a row begin and end."""
    edges = [
        place
        for place in range(len(row) + 1)
        if (place < len(row) and row[place]) != (place and row[place - 1])
    ]
    return list(zip(edges[::2], edges[1::2], strict=True))
