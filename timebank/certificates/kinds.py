"""What a file is that somebody wants verified, told from its first letters. Pure."""

from typing import Literal

from timebank.certificates.document import FAMILY
from timebank.certificates.reading import PDF_MARK

What = Literal["certificate", "proof", "checkpoint", "unknown"]


def what_is(content: bytes) -> What:
    """Return what a file is: a certificate (its PDF or its document), a proof, a checkpoint, or nothing we know."""
    if content.startswith((PDF_MARK, FAMILY.encode())):
        return "certificate"
    if content.lstrip()[:1] == b"{":
        return "proof"
    return "checkpoint" if content.startswith(b"timebank/") else "unknown"
