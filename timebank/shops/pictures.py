"""Pictures of goods: what is brought is painted anew, so that nothing but what is seen gets in, and stored small."""

import hashlib
import io
from datetime import datetime
from typing import Final

from PIL import Image, ImageOps, UnidentifiedImageError

from ledger.session import WriteTx
from timebank.errors import RefusalError
from timebank.shops.queries import Picture, goods
from timebank.shops.rules import MAX_BROUGHT_BYTES

MEDIA_TYPES: Final = {"image/png": "PNG", "image/jpeg": "JPEG", "image/webp": "WEBP"}
MAX_STORED_BYTES: Final = 512 * 1024
MAX_PIXELS: Final = 24_000_000
"""Of what is brought: a small file may say that it is a picture of a square mile."""
MAX_SIDE: Final = 1_024
MIN_SIDE: Final = 64

_SET = """
insert into goods_pictures (bank_id, goods_id, digest, media_type, content, set_at, set_by)
values ($1, $2, $3, $4, $5, $6, $7)
on conflict on constraint goods_pictures_pkey do update
set digest = excluded.digest, media_type = excluded.media_type, content = excluded.content,
  set_at = excluded.set_at, set_by = excluded.set_by
"""
_REMOVE = "delete from goods_pictures where bank_id = $1 and goods_id = $2 returning goods_id"


def paint(content: bytes) -> Picture:
    """Return a PNG, JPEG or WebP picture as it is stored: upright, without metadata, no larger than is shown.

    Of a moving picture the first frame. Slow enough for a thread.

    Raises:
        RefusalError: `picture_unreadable` if it is none of the three or broken, `picture_too_large`.
    """
    if len(content) > MAX_BROUGHT_BYTES:
        raise RefusalError("picture_too_large", limit_bytes=MAX_BROUGHT_BYTES, limit_pixels=MAX_PIXELS)
    try:
        return _painted(content)
    # What a broken or hostile file may raise is as varied as the formats; each of them says the same.
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError, TypeError, EOFError, IndexError):
        raise RefusalError("picture_unreadable") from None
    except (Image.DecompressionBombError, Image.DecompressionBombWarning, MemoryError):
        raise RefusalError(
            "picture_too_large", limit_bytes=MAX_BROUGHT_BYTES, limit_pixels=MAX_PIXELS
        ) from None


def _painted(content: bytes) -> Picture:
    with Image.open(io.BytesIO(content), formats=tuple(MEDIA_TYPES.values())) as brought:
        if brought.width * brought.height > MAX_PIXELS:
            raise RefusalError("picture_too_large", limit_bytes=MAX_BROUGHT_BYTES, limit_pixels=MAX_PIXELS)
        media_type = Image.MIME[brought.format or ""]
        brought.draft("RGB", (MAX_SIDE, MAX_SIDE))
        seen = ImageOps.exif_transpose(brought)
        is_opaque = media_type == "image/jpeg" or not seen.has_transparency_data
        seen = seen.convert("RGB" if is_opaque else "RGBA")
    side = MAX_SIDE
    while True:
        seen.thumbnail((side, side))
        written = _written(seen, MEDIA_TYPES[media_type])
        if len(written) <= MAX_STORED_BYTES or side <= MIN_SIDE:
            return Picture(media_type, hashlib.sha256(written).digest(), written)
        side = side * 3 // 4


def _written(seen: Image.Image, format_: str) -> bytes:
    # A new canvas: what the file said besides its pixels (place, camera, owner, colour profile) stays behind.
    canvas = Image.new(seen.mode, seen.size)
    canvas.paste(seen)
    out = io.BytesIO()
    canvas.save(out, format_, quality=85)
    return out.getvalue()


async def set_picture(tx: WriteTx, goods_id: int, *, painted: Picture, actor: str, now: datetime) -> None:
    """Give an item a picture that was painted, in place of any it has.

    Raises:
        RefusalError: `unknown_goods`.
    """
    await goods(tx, goods_id)
    await tx.connection.execute(
        _SET, tx.bank_id, goods_id, painted.digest, painted.media_type, painted.content, now, actor
    )


async def remove_picture(tx: WriteTx, goods_id: int) -> None:
    """Take an item's picture away.

    Raises:
        RefusalError: `unknown_picture`.
    """
    if await tx.connection.fetchval(_REMOVE, tx.bank_id, goods_id) is None:
        raise RefusalError("unknown_picture")
