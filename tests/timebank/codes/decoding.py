"""Two programs that read QR symbols, as phones and scanner guns do."""

import io
import shutil
import subprocess
from pathlib import Path

import zxingcpp
from PIL import Image

QR = zxingcpp.BarcodeFormats((zxingcpp.BarcodeFormat.QRCode,))
ZBAR = shutil.which("zbarimg")


def decode_zxing(png: bytes) -> list[str]:
    """Return the texts of the QR symbols in a picture: among their modules there is now and then a bar code, too."""
    with Image.open(io.BytesIO(png)) as image:
        found = zxingcpp.read_barcodes(image.convert("L"), formats=QR)
        return [each.text for each in found]


def decode_zbar(png: bytes, folder: Path) -> list[str]:
    """Return the texts of the QR symbols in a picture, as zbarimg sees them."""
    assert ZBAR is not None
    picture = folder / "symbol.png"
    picture.write_bytes(png)
    done = subprocess.run(
        [ZBAR, "--quiet", "--raw", "--nodbus", "-Sdisable", "-Sqrcode.enable", str(picture)],
        check=True, capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    return done.stdout.splitlines()
