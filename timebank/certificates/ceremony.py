"""The file for a ceremony: a ZIP of the printed certificates of a round, in the order of its list."""

import io
import zipfile
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Final

from ledger.session import ReadTx
from timebank.certificates.opening import opened
from timebank.certificates.printing import file_name, render_certificate
from timebank.certificates.queries import Issued, certificates_of_round, documents_of

if TYPE_CHECKING:
    from timebank.vault.cipher import Cipher

ZIP: Final = "application/zip"


async def documents_of_round(
    tx: ReadTx, cipher: "Cipher", round_id: int, *, after: int, limit: int
) -> list[tuple[Issued, str]]:
    """Return the next certificates of a round with their documents; those of who was erased are left out.

    Raises:
        RefusalError: `vault_key_wrong`.
    """
    found = await certificates_of_round(tx, round_id, after=after, limit=limit, kept_only=True)
    documents = await documents_of(tx, cipher, found)
    return [(one, documents[one.id]) for one in found if one.id in documents]


def pack(found: Sequence[tuple[Issued, str]]) -> bytes:
    """Return a ZIP of their prints. Slow: for a thread."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as archive:  # a print is compressed already
        add_prints(archive, found)
    return out.getvalue()


def add_prints(archive: zipfile.ZipFile, found: Iterable[tuple[Issued, str]]) -> None:
    """Add prints to a ZIP, named by their place on the list and nobody's name."""
    for one, document in found:
        name = f"{one.candidate_number or 0:06}-{file_name(one.number)}"
        archive.writestr(name, render_certificate(opened(document), document))
