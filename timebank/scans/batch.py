"""What a station scanned without network: its entries, what is signed of them, and how far to believe its clock.

`docs/offline.md` is the page for whoever writes a station's program.
"""

import base64
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Final
from uuid import UUID

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from ledger.session import ReadTx
from timebank.errors import RefusalError
from timebank.scans.requests import ScanRequest, Stamp
from timebank.scans.rules import ACCEPTED, REPEAT, Kind

FORMAT: Final = "timebank/scan/1"
FIRST_PRIOR: Final = "0" * 64
"""What the first entry of a device follows."""

MAX_ENTRIES: Final = 500
CREDIBLE_OFFSET: Final = timedelta(minutes=10)
"""A clock that was further off when the device last asked the server is doubted, though it was put right."""
CREDIBLE_STEP: Final = timedelta(minutes=1)
"""A clock that went back further than this between two entries is doubted until it has caught up."""
CREDIBLE_LEAD: Final = timedelta(minutes=2)
"""A scan from further ahead of the moment that it arrives is doubted, and counts as of that moment."""
CREDIBLE_DELAY: Final = timedelta(days=7)
"""What is brought later than this after it happened is doubted: papers in another form."""
MAX_LEAD: Final = timedelta(days=1)
"""Beyond this the clock says nothing at all."""

_DEVICE: Final = """
select d.id, d.organisation_id, d.public_key, d.enrolled_at, d.revoked_at from devices d
where d.bank_id = $1 and d.id = $2 and d.kind = 'station'
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One scan of a queue, as it was signed.

    `prior` is the digest of the entry before, `at` the device's clock and `latest` the highest that it showed before;
    `offset_ms` what the server's clock was ahead of it when last asked, None if never. `outcome` is what the device
    told the member: `accepted`, `repeat`, or its own refusal.
    """

    seq: int
    prior: str
    at: str
    latest: str
    offset_ms: int | None
    kind: Kind
    activity_session_id: int
    station_id: int | None
    member_code: str | None
    card: str | None
    outcome: str
    signature: str = ""


@dataclass(frozen=True, slots=True)
class Device:
    """A station whose queue is uploaded."""

    id: UUID
    organisation_id: int
    public_key: bytes | None
    enrolled_at: datetime
    revoked_at: datetime | None


async def station_device(tx: ReadTx, device_id: UUID) -> Device:
    """Return a station, a revoked one too.

    Raises:
        RefusalError: `unknown_device`.
    """
    row = await tx.connection.fetchrow(_DEVICE, tx.bank_id, device_id)
    if row is None:
        raise RefusalError("unknown_device")
    key = None if row["public_key"] is None else bytes(row["public_key"])
    return Device(row["id"], row["organisation_id"], key, row["enrolled_at"], row["revoked_at"])


def canonical(device_id: UUID, entry: Entry) -> bytes:
    """Return the bytes that the device signed: every field but the signature, in one spelling."""
    fields: dict[str, object] = asdict(entry) | {"device_id": str(device_id)}
    del fields["signature"]
    text = json.dumps(fields, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return f"{FORMAT}\n{text}".encode()


def digest_of(device_id: UUID, entry: Entry) -> bytes:
    """Return the digest by which the next entry names this one, and by which it is known when it is sent again."""
    return sha256(canonical(device_id, entry)).digest()


def verified(device: Device, entries: Sequence[Entry]) -> list[bool]:
    """Tell of each entry whether the device signed it; slow, so outside of transactions."""
    if device.public_key is None:
        return [False] * len(entries)
    key = Ed25519PublicKey.from_public_bytes(device.public_key)
    return [_is_signed(key, device.id, entry) for entry in entries]


def requests_of(
    entries: Sequence[Entry],
    signed: Sequence[bool],
    *,
    device: Device,
    actor: str,
    within: frozenset[int] | None,
    now: datetime,
) -> list[ScanRequest]:
    """Return the entries as scans to be recorded, in the order of their numbers."""
    pairs = sorted(zip(entries, signed, strict=True), key=lambda pair: pair[0].seq)
    return [_request(entry, ok, device, actor, within, now) for entry, ok in pairs]


def moment_of(entry: Entry) -> datetime:
    """Return when it happened by the device's clock, put right by what the server last told it."""
    return datetime.fromisoformat(entry.at) + timedelta(milliseconds=entry.offset_ms or 0)


def is_doubtful(entry: Entry, *, received_at: datetime, device: Device) -> bool:
    """Tell whether the clock is not to be believed: never set or far off, put back meanwhile, ahead of the server's.

    It is told by the entry alone, so that it does not matter in what order a queue arrives. What a device that has
    been revoked says was before is doubted too: whoever has it may have set its clock. So is what is from before the
    device was enrolled, or is brought after more than a week.
    """
    if entry.offset_ms is None or abs(timedelta(milliseconds=entry.offset_ms)) > CREDIBLE_OFFSET:
        return True
    if datetime.fromisoformat(entry.at) < datetime.fromisoformat(entry.latest) - CREDIBLE_STEP:
        return True
    moment = moment_of(entry)
    if moment < device.enrolled_at - CREDIBLE_STEP or moment < received_at - CREDIBLE_DELAY:
        return True
    return moment > received_at + CREDIBLE_LEAD or device.revoked_at is not None


def _request(
    entry: Entry,
    is_signed: bool,  # noqa: FBT001 -- one of a pair
    device: Device,
    actor: str,
    within: frozenset[int] | None,
    now: datetime,
) -> ScanRequest:
    fault = None if is_signed else "signature_invalid"
    moment = moment_of(entry)
    if fault is None and device.revoked_at is not None and moment > device.revoked_at:
        fault = "device_revoked"
    if fault is None and moment > now + MAX_LEAD:
        fault = "clock_in_future"
    digest = digest_of(device.id, entry)
    if not is_signed:
        # Not the device's word: it must not stand in the way of what the device says itself.
        digest = sha256(b"unsigned\0" + digest + entry.signature.encode()).digest()
    return ScanRequest(
        digest=digest,
        kind=entry.kind,
        received_at=now,
        happened_at=min(moment, now),
        actor=actor,
        session_id=entry.activity_session_id,
        station_id=entry.station_id,
        member_code=entry.member_code,
        card=entry.card,
        within=within,
        device_id=device.id,
        stamp=Stamp(
            seq=entry.seq,
            at=datetime.fromisoformat(entry.at),
            prior=bytes.fromhex(entry.prior),
            fault=fault,
            is_doubtful=is_doubtful(entry, received_at=now, device=device),
            told=None if entry.outcome in (ACCEPTED, REPEAT) else entry.outcome,
        ),
    )


def _is_signed(key: Ed25519PublicKey, device_id: UUID, entry: Entry) -> bool:
    try:
        key.verify(base64.b64decode(entry.signature), canonical(device_id, entry))
    except (InvalidSignature, ValueError):
        return False
    return True
