"""A station of apple that loses its network: its queue, and what it uploads."""

import base64
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid4

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from ledger.session import WriteTx
from tests.timebank.scans.scene import KEYS, STARTS, Scene
from timebank.scans.actions import record_scans
from timebank.scans.batch import Entry, canonical, requests_of, station_device, verified
from timebank.scans.client import StationQueue

_DEVICE = """
insert into devices (bank_id, id, kind, name, organisation_id, public_key, enrolled_at, enrolled_by)
values ($1, $2, 'station', '站', $3, $4, $5, 'test')
"""


@dataclass(slots=True)
class Outage:
    """A device with a key, and its queue."""

    scene: Scene
    device: UUID
    key: Ed25519PrivateKey
    path: Path

    def queue(self) -> StationQueue:
        """Open the queue."""
        return StationQueue(self.path, self.device, self.key)

    def entries(self) -> list[Entry]:
        """Return what is in the queue."""
        with self.queue() as queue:
            return list(queue.entries())

    async def upload(self, entries: Sequence[Entry], now: datetime) -> list[str]:
        """Upload entries at a moment, and return what became of each, by number."""
        device = await self.scene.database.read(self.scene.bank, lambda tx: station_device(tx, self.device))
        entries = sorted(entries, key=lambda entry: entry.seq)
        requests = requests_of(
            entries,
            verified(device, entries),
            device=device,
            actor=f"device:{device.id}",
            within=frozenset({device.organisation_id}),
            now=now,
        )

        async def work(tx: WriteTx) -> list[str]:
            return [answer.outcome for answer in await record_scans(tx, requests, codes=KEYS)]

        return await self.scene.database.write(self.scene.bank, work)


async def lose_network(
    scene: Scene,
    folder: Path,
    *,
    organisation: int | None = None,
    enrolled: datetime = STARTS - timedelta(days=9),
) -> Outage:
    """Enrol a station."""
    device, key = uuid4(), Ed25519PrivateKey.generate()
    public = key.public_key().public_bytes_raw()
    await scene.do(_DEVICE, device, organisation or scene.organisation, public, enrolled)
    return Outage(scene, device, key, folder / f"{device}.jsonl")


def signed(outage: Outage, entry: Entry) -> Entry:
    """Return an entry with the device's signature."""
    signature = base64.b64encode(outage.key.sign(canonical(outage.device, entry))).decode()
    return replace(entry, signature=signature)
