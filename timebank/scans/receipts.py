"""Receipts of first touch: a station's code verified the moment a phone opened it, so that a slow login is not late.

A receipt is good for five minutes, on the phone that it was made for, and used once. It is base64url of body and mac;
the body is a kind byte that no code has, the ids, the moment of the touch in microseconds and eight bytes of the
phone's digest.
"""

import base64
import binascii
import struct
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Final

from timebank.codes.layout import MAC_BYTES
from timebank.codes.rules import CodeKeys, StationCode, check_station_code, read_code
from timebank.errors import RefusalError
from timebank.vault.blind import BlindIndex

RECEIPT: Final = 0x52
LIFETIME: Final = timedelta(minutes=5)
TAG_BYTES: Final = 8
_BODY: Final = struct.Struct(f">BQQQQ{TAG_BYTES}s")
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)
_LENGTH: Final = (_BODY.size + MAC_BYTES) * 4 // 3


@dataclass(frozen=True, slots=True)
class Receipt:
    """What a receipt says. `proof` is what it uses up."""

    station_id: int
    session_id: int
    touched_at: datetime
    proof: bytes
    fault: str | None
    """`code_replayed` of another phone's, `code_expired` after its time; the rest of it is true then, too."""


@dataclass(frozen=True, slots=True)
class Touched:
    """A receipt just made, and what it is for."""

    receipt: str
    station_id: int
    session_id: int
    expires_at: datetime


def phone_digest(blind: BlindIndex, bank_id: int, phone: str) -> bytes:
    """Return what is kept of a browser's random id: a keyed digest, another one in each bank."""
    return blind.digest(bank_id, "scan_phone", phone)


def make_receipt(
    keys: CodeKeys, *, bank_id: int, station_code: StationCode, phone: bytes, now: datetime
) -> str:
    """Return the receipt of a station's code that was checked just now, for a phone's digest."""
    touched = (now - _EPOCH) // _MICROSECOND
    ids = (bank_id, station_code.station_id, station_code.session_id)
    body = _BODY.pack(RECEIPT, *ids, touched, phone[:TAG_BYTES])
    return base64.urlsafe_b64encode(body + keys.mac(body)).decode()


def touch(keys: CodeKeys, text: str, *, bank_id: int, phone: bytes, now: datetime) -> Touched:
    """Check a station's code at first touch and return its receipt for a phone's digest.

    Raises:
        RefusalError: `code_unreadable` (other kinds of code need no receipt), and as `check_station_code`.
    """
    code = read_code(text)
    if not isinstance(code, StationCode):
        raise RefusalError("code_unreadable")
    check_station_code(keys, code, bank_id=bank_id, now=now)
    receipt = make_receipt(keys, bank_id=bank_id, station_code=code, phone=phone, now=now)
    return Touched(receipt, code.station_id, code.session_id, now + LIFETIME)


def read_receipt(keys: CodeKeys, text: str, *, bank_id: int, phone: bytes | None, now: datetime) -> Receipt:
    """Return what a receipt says.

    Raises:
        RefusalError: `code_unreadable`, `code_of_other_bank`, `code_forged`.
    """
    try:
        raw = base64.b64decode(text, altchars=b"-_", validate=True)
    except (ValueError, binascii.Error):
        raise RefusalError("code_unreadable") from None
    body, mac = raw[:-MAC_BYTES], raw[-MAC_BYTES:]
    if len(body) != _BODY.size or body[0] != RECEIPT or len(text) != _LENGTH:
        raise RefusalError("code_unreadable")
    _, bank, station_id, session_id, touched, tag = _BODY.unpack(body)
    if bank != bank_id:
        raise RefusalError("code_of_other_bank")
    if not keys.verifies(body, mac):
        raise RefusalError("code_forged")
    touched_at = _EPOCH + touched * _MICROSECOND
    fault = None
    if phone is None or tag != phone[:TAG_BYTES]:
        fault = "code_replayed"
    elif now > touched_at + LIFETIME:
        fault = "code_expired"
    return Receipt(station_id, session_id, touched_at, sha256(b"receipt\0" + raw).digest(), fault)
