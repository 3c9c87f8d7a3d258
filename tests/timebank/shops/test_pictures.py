"""What is brought as a picture: read only if it is one, stored small, upright and without a word about where."""

import io
import struct
import zlib

import pytest
from PIL import Image

from timebank.errors import RefusalError
from timebank.shops.pictures import MAX_STORED_BYTES, paint
from timebank.shops.rules import MAX_BROUGHT_BYTES

ORIENTATION, SIDEWAYS, PLACE = 0x0112, 6, 0x010E


def drawn(format_: str, size: tuple[int, int] = (40, 20), mode: str = "RGB", **said: object) -> bytes:
    """Return a picture with its left half red."""
    image = Image.new(mode, size, "white")
    image.paste("red", (0, 0, size[0] // 2, size[1]))
    out = io.BytesIO()
    image.save(out, format_, **said)
    return out.getvalue()


def seen(content: bytes) -> Image.Image:
    """Return a picture as a phone shows it."""
    return Image.open(io.BytesIO(content))


@pytest.mark.parametrize("format_", ["PNG", "JPEG", "WEBP"])
def test_each_kind_stays_what_it_is_and_comes_out_without_metadata(format_: str) -> None:
    exif = Image.Exif()
    exif[PLACE] = "19 Secret Lane"
    brought = drawn(format_, exif=exif.tobytes())
    assert b"Secret" in brought
    painted = paint(brought)
    assert painted.media_type == f"image/{format_.lower()}"
    assert b"Secret" not in painted.content
    assert len(seen(painted.content).getexif()) == 0
    assert paint(brought) == painted


def test_what_a_phone_held_sideways_is_stored_upright() -> None:
    exif = Image.Exif()
    exif[ORIENTATION] = SIDEWAYS
    assert seen(paint(drawn("JPEG", exif=exif.tobytes())).content).size == (20, 40)


def test_what_is_large_is_stored_small() -> None:
    noise = Image.effect_noise((3_000, 2_000), 100).convert("RGB")
    out = io.BytesIO()
    noise.save(out, "JPEG", quality=40)
    assert MAX_STORED_BYTES < len(out.getvalue()) <= MAX_BROUGHT_BYTES
    painted = paint(out.getvalue())
    assert len(painted.content) <= MAX_STORED_BYTES
    assert max(seen(painted.content).size) <= 1_024


def test_noise_that_packs_badly_is_made_smaller_still() -> None:
    out = io.BytesIO()
    Image.effect_noise((1_000, 1_000), 100).convert("RGB").save(out, "PNG")
    painted = paint(out.getvalue())
    assert len(painted.content) <= MAX_STORED_BYTES
    assert max(seen(painted.content).size) < 1_000


def test_what_is_seen_through_stays_so() -> None:
    image = Image.new("RGBA", (10, 10), (255, 0, 0, 0))
    out = io.BytesIO()
    image.save(out, "PNG")
    assert seen(paint(out.getvalue()).content).getpixel((5, 5)) == (255, 0, 0, 0)


@pytest.mark.parametrize("mode", ["P", "L", "CMYK", "1"])
def test_other_colours_are_painted_in_ours(mode: str) -> None:
    format_ = "JPEG" if mode == "CMYK" else "PNG"
    out = io.BytesIO()
    Image.new("RGB", (10, 10), "white").convert(mode).save(out, format_)
    assert seen(paint(out.getvalue()).content).mode == "RGB"


def test_a_moving_picture_is_its_first_frame() -> None:
    frames = [Image.new("RGB", (10, 10), colour) for colour in ("red", "blue")]
    out = io.BytesIO()
    frames[0].save(out, "WEBP", save_all=True, append_images=frames[1:], lossless=True)
    painted = seen(paint(out.getvalue()).content)
    assert getattr(painted, "n_frames", 1) == 1
    red, _, blue = painted.convert("RGB").getpixel((5, 5))  # type: ignore[misc]  # three bands
    assert (red > 200, blue < 60) == (True, True)


@pytest.mark.parametrize(
    "brought",
    [
        b"",
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        b"GIF89a",
        drawn("GIF"),
        drawn("BMP"),
        drawn("PNG")[:60],
        drawn("JPEG")[:200],
        drawn("WEBP")[:40],
        b"\x89PNG\r\n\x1a\n" + b"\0" * 50,
    ],
)
def test_what_is_no_picture_is_refused(brought: bytes) -> None:
    with pytest.raises(RefusalError, match="picture_unreadable"):
        paint(brought)


def chunk(kind: bytes, content: bytes) -> bytes:
    """Return a part of a PNG file."""
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def test_a_square_mile_in_a_small_file_is_refused_before_it_is_painted() -> None:
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", 100_000, 100_000, 8, 2, 0, 0, 0))
    bomb = b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", zlib.compress(b"\0" * 1000)) + chunk(b"IEND", b"")
    with pytest.raises(RefusalError, match="picture_too_large"):
        paint(bomb)
    with pytest.raises(RefusalError, match="picture_too_large"):
        paint(drawn("PNG", (6_000, 5_000)))


def test_more_than_a_photograph_is_refused() -> None:
    with pytest.raises(RefusalError, match="picture_too_large"):
        paint(drawn("JPEG") + b"\0" * MAX_BROUGHT_BYTES)
