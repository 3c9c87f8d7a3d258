"""The printed certificate: PDF/A-3 with the signed document attached, so that one file is all that anybody needs."""

import json
from dataclasses import asdict
from typing import Final

from timebank.certificates.document import Certificate
from timebank.certificates.glyphs import has_glyph
from timebank.certificates.wording import ATTACHMENT, HEADS, foot, printable, sheet_of
from timebank.codes.images import qr_svg
from timebank.codes.sheets import set_sheet

PDF: Final = "application/pdf"


def render_certificate(certificate: Certificate, document: str) -> bytes:
    """Return a certificate as a PDF with its signed document inside: the same bytes each time. For a thread.

    Raises:
        DocumentError: a layout that this version does not know.
    """
    said: dict[str, object] = {
        **asdict(sheet_of(certificate)),
        "heads": HEADS,
        "foot": foot(certificate.number),
        "attachment": ATTACHMENT,
        "symbol": certificate.link or certificate.number,
        "year": certificate.issued_on.year,
        "month": certificate.issued_on.month,
        "day": certificate.issued_on.day,
    }
    inputs = {
        "said": json.dumps(_printable(said), ensure_ascii=False),
        "document": document,
        "symbol": qr_svg(certificate.link or certificate.number),
    }
    return set_sheet("timebank.certificates", "certificate.typ", inputs, "pdf", standard="a-3b")


def file_name(number: str) -> str:
    """Return what the file of a certificate is called."""
    return f"certificate-{number}.pdf"


def _printable(value: object) -> object:
    if isinstance(value, str):
        return printable(value, has_glyph)
    if isinstance(value, dict):
        return {name: _printable(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [_printable(item) for item in value]
    return value
