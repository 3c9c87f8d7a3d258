"""Reading a code off a photo: what a phone without camera access, or without script, sends instead."""

import io
import struct
from typing import Final

import zxingcpp
from PIL import Image, ImageOps, UnidentifiedImageError

from timebank.errors import RefusalError

MAX_PHOTO_BYTES: Final = 20 * 1024 * 1024
MAX_PIXELS: Final = 64_000_000
"""Of what is brought: a small file may say that it is a picture of a square mile."""
SIDES: Final = (1_600, 3_200, 800)
"""How large the photo is looked at: a code held near, one far away in a large photo, one that was kept unsharp."""
KINDS: Final = ("JPEG", "PNG", "WEBP", "GIF", "BMP")
FORMATS: Final = zxingcpp.BarcodeFormats(
    (
        zxingcpp.BarcodeFormat.QRCode,
        zxingcpp.BarcodeFormat.EAN13,
        zxingcpp.BarcodeFormat.EAN8,
        zxingcpp.BarcodeFormat.Code128,
    )
)
LONGEST: Final = 400
"""No code of ours is longer."""


def code_in(photo: bytes) -> str:
    """Return the text of the code on a photo. Slow enough for a thread.

    Raises:
        RefusalError: `picture_unreadable` if it is no picture or broken, `picture_too_large`, `code_not_found` if
            there is no code on it, or no photo.
    """
    if not photo:
        raise RefusalError("code_not_found")
    if len(photo) > MAX_PHOTO_BYTES:
        raise _too_large()
    try:
        found = _found(photo)
    # What a broken or hostile file may raise is as varied as the formats; each of them says the same.
    except (
        *(UnidentifiedImageError, OSError, SyntaxError, ValueError, TypeError, EOFError),
        *(LookupError, ArithmeticError, struct.error),
    ):
        raise RefusalError("picture_unreadable") from None
    except (Image.DecompressionBombError, Image.DecompressionBombWarning, MemoryError):
        raise _too_large() from None
    if found is None:
        raise RefusalError("code_not_found")
    return found


def _found(photo: bytes) -> str | None:
    with Image.open(io.BytesIO(photo), formats=KINDS) as brought:
        if brought.width * brought.height > MAX_PIXELS:
            raise _too_large()
        # A JPEG is decoded no larger than it is looked at; grey before it is turned, a picture takes a quarter.
        brought.draft("L", (SIDES[1], SIDES[1]))
        grey = brought.convert("L")
    ImageOps.exif_transpose(grey, in_place=True)
    for side in SIDES:
        if side > SIDES[0] and max(grey.size) <= SIDES[0]:
            continue
        seen = grey.copy()
        seen.thumbnail((side, side))
        # Among the modules of a QR symbol there is now and then a bar code, too: that one is not meant.
        found = sorted(zxingcpp.read_barcodes(seen, formats=FORMATS), key=_is_bars)
        texts = (code.text for code in found)
        if text := next((text for text in texts if 0 < len(text) <= LONGEST), None):
            return text
    return None


def _is_bars(code: zxingcpp.Barcode) -> bool:
    return code.format != zxingcpp.BarcodeFormat.QRCode


def _too_large() -> RefusalError:
    return RefusalError("picture_too_large", limit_bytes=MAX_PHOTO_BYTES, limit_pixels=MAX_PIXELS)
