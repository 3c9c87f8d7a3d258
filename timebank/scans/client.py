"""A station's queue without network, as a reference: append, sign, chain, hand out in batches. It asks no server.

The queue is a file of JSON lines to which is only ever added; each line reaches the disk before the member is told
anything (`timebank.linefile`).
"""

import base64
import json
from collections.abc import Iterator
from dataclasses import asdict, replace
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from timebank.linefile import LineFile
from timebank.scans.batch import FIRST_PRIOR, MAX_ENTRIES, Entry, canonical, digest_of
from timebank.scans.rules import ACCEPTED, Kind


class StationQueue(LineFile):
    """The queue of one device; one program at a time has it open."""

    def __init__(self, path: Path, device_id: UUID, key: Ed25519PrivateKey) -> None:
        """Open the queue's file, or make it.

        Raises:
            BlockingIOError: another program has it open.
        """
        super().__init__(path)
        self._device_id, self._key = device_id, key
        self._seq, self._prior, self._latest = 0, FIRST_PRIOR, ""
        for entry in self.entries():
            self._follow(entry)

    def add(  # noqa: PLR0913 -- an entry has that many fields
        self,
        *,
        kind: Kind,
        activity_session_id: int,
        now: datetime,
        offset_ms: int | None,
        station_id: int | None = None,
        member_code: str | None = None,
        card: str | None = None,
        outcome: str = ACCEPTED,
    ) -> Entry:
        """Append a scan by the device's clock, and return it once it is on the disk.

        Raises:
            OSError: the disk did not take it: the member is told so, and nothing of it is left.
        """
        at = now.astimezone(UTC).isoformat()
        entry = Entry(
            seq=self._seq + 1,
            prior=self._prior,
            at=at,
            latest=self._latest or at,
            offset_ms=offset_ms,
            kind=kind,
            activity_session_id=activity_session_id,
            station_id=station_id,
            member_code=member_code,
            card=card,
            outcome=outcome,
        )
        signature = base64.b64encode(self._key.sign(canonical(self._device_id, entry))).decode()
        entry = replace(entry, signature=signature)
        self.append(json.dumps(asdict(entry)))
        self._follow(entry)
        return entry

    def entries(self) -> Iterator[Entry]:
        """Return everything in the queue, oldest first."""
        for line in self.lines():
            yield Entry(**json.loads(line))

    def batches(self, *, after_seq: int = 0, size: int = MAX_ENTRIES) -> Iterator[dict[str, object]]:
        """Return bodies of `POST /api/v1/scans/batch` with what comes after a number; one may be sent again."""
        batch: list[dict[str, object]] = []
        for entry in self.entries():
            if entry.seq <= after_seq:
                continue
            batch.append(asdict(entry))
            if len(batch) == size:
                yield {"device_id": str(self._device_id), "entries": batch}
                batch = []
        if batch:
            yield {"device_id": str(self._device_id), "entries": batch}

    def _follow(self, entry: Entry) -> None:
        self._seq, self._prior = entry.seq, digest_of(self._device_id, entry).hex()
        highest = max(datetime.fromisoformat(entry.at), datetime.fromisoformat(entry.latest))
        self._latest = highest.isoformat()
