"""A scan of the demo: as if somebody's own phone had read the station's screen at that moment."""

import hashlib
from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID

from ledger.session import ReadTx
from timebank.codes.rules import CodeKeys, station_code
from timebank.scans.requests import ScanRequest

if TYPE_CHECKING:
    from timebank.vault.cipher import Cipher


def scan_of(  # noqa: PLR0917 -- who, where, which way and when
    tx: ReadTx, cipher: "Cipher", session_id: int, station_id: int, person_id: UUID, kind: str, at: datetime
) -> ScanRequest:
    """Return the scan of a person, in or out, with the code that was on the screen then."""
    keys = CodeKeys(cipher.ring.keys)
    said = f"demo {session_id} {person_id} {kind}"
    return ScanRequest(
        digest=hashlib.sha256(said.encode()).digest(),
        kind="in" if kind == "in" else "out",
        received_at=at,
        actor=f"person:{person_id}",
        person_id=person_id,
        code=station_code(keys, bank_id=tx.bank_id, station_id=station_id, session_id=session_id, at=at),
        phone=hashlib.sha256(f"demo {person_id}".encode()).digest(),
    )
