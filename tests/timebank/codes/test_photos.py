"""Photos of codes: read near and far, turned and unsharp; what is no photo, or has no code, is said."""

import io
from collections.abc import Callable

import pytest
from PIL import Image, ImageFilter

from timebank.codes.images import qr_png
from timebank.codes.photos import MAX_PHOTO_BYTES, MAX_PIXELS, code_in
from timebank.errors import RefusalError

CARD = "TBC-0123456789ABCDEF"
TABLE = (150, 150, 140)


def photo(
    size: tuple[int, int], side: int, *, turned: int = 0, blurred: float = 0, kind: str = "JPEG"
) -> bytes:
    """Return a photo of a card's code on a table."""
    code = Image.open(io.BytesIO(qr_png(CARD))).convert("RGB").resize((side, side))
    seen = Image.new("RGB", size, TABLE)
    seen.paste(code.rotate(turned, expand=True, fillcolor=TABLE), (size[0] // 3, size[1] // 3))
    out = io.BytesIO()
    seen.filter(ImageFilter.GaussianBlur(blurred)).save(out, kind)
    return out.getvalue()


@pytest.mark.parametrize(
    "brought",
    [
        photo((640, 480), 200),
        photo((640, 480), 200, turned=90),
        photo((3000, 4000), 1200, turned=17, blurred=3),
        photo((4000, 3000), 260, turned=5),
        photo((640, 480), 200, kind="PNG"),
        photo((640, 480), 200, kind="WEBP"),
    ],
    ids=["near", "turned", "large", "far", "png", "webp"],
)
def test_a_code_is_read(brought: bytes) -> None:
    assert code_in(brought) == CARD


def empty() -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (640, 480), TABLE).save(out, "PNG")
    return out.getvalue()


def vast() -> bytes:
    out = io.BytesIO()
    Image.new("1", (MAX_PIXELS // 4_000 + 1, 4_000)).save(out, "PNG")
    return out.getvalue()


@pytest.mark.parametrize(
    ("brought", "code"),
    [
        (bytes, "code_not_found"),
        (empty, "code_not_found"),
        (lambda: b"no picture", "picture_unreadable"),
        (lambda: photo((640, 480), 200)[:900], "picture_unreadable"),
        (vast, "picture_too_large"),
        (lambda: bytes(MAX_PHOTO_BYTES + 1), "picture_too_large"),
    ],
    ids=["nothing", "no code", "no picture", "half a picture", "vast", "too many bytes"],
)
def test_what_cannot_be_read_is_said(brought: Callable[[], bytes], code: str) -> None:
    with pytest.raises(RefusalError) as refused:
        code_in(brought())
    assert refused.value.code == code


def with_exif(kind: str, exif: bytes) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (40, 40), TABLE).save(out, kind, exif=exif)
    return out.getvalue()


@pytest.mark.parametrize("kind", ["PNG", "WEBP"])
@pytest.mark.parametrize("exif", [b"II*\0", b"Exif\0\0II*\0"])
def test_what_says_nonsense_of_itself_is_no_picture(kind: str, exif: bytes) -> None:
    with pytest.raises(RefusalError):
        code_in(with_exif(kind, exif))


def test_a_photo_held_sideways_is_turned_by_what_it_says() -> None:
    code = Image.open(io.BytesIO(qr_png(CARD))).convert("RGB").resize((1200, 1200))
    seen = Image.new("RGB", (6000, 4000), TABLE)
    seen.paste(code, (4000, 1400))
    exif = Image.Exif()
    exif[0x0112] = 6
    out = io.BytesIO()
    seen.save(out, "JPEG", exif=exif)
    assert code_in(out.getvalue()) == CARD
