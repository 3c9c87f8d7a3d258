"""Opening what the bank itself has kept, sealed and signed: no signature is checked here."""

from timebank.certificates.document import Certificate
from timebank.certificates.encoding import certificate_of
from timebank.certificates.parsing import parsed


def opened(document: str) -> Certificate:
    """Return what a document of the register says.

    Raises:
        DocumentError: of another version.
        ValueError: it is none.
    """
    return certificate_of(parsed(document.split("\n", 2)[1]))
