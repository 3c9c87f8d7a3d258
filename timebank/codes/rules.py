"""The codes that are shown at check-in: how they are made, read and checked. No I/O; `docs/codes.md` has the layout.

A code is base32 (RFC 4648, upper case, no padding) of body and mac. The body is a kind byte, the ids it names as
varints (LEB128, the bank's first) and, in a rotating code, the window it was made in as four bytes, big-endian. The
mac is the first 10 bytes of HMAC-SHA256 of the body. A body has one spelling: anything else is unreadable.
"""

import base64
import binascii
import hmac
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from hashlib import sha256
from typing import Final, Protocol

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from timebank.errors import RefusalError
from timebank.vault.rules import checked_keys, key_id_of

STATION, POSTER, MEMBER = 1, 2, 3
"""The kind byte, which is also the version of the layout."""
_ID_COUNTS = {STATION: 3, POSTER: 3, MEMBER: 2}

STATION_WINDOW_SECONDS: Final = 15
MEMBER_WINDOW_SECONDS: Final = 30
TOLERANCE_WINDOWS: Final = 1
"""A code is good in its own window and in one more, so that whoever scans at the turn is not sent away."""

MAC_BYTES: Final = 10
SEED_BYTES: Final = 20
WINDOW_BYTES: Final = 4
KEY_BYTES: Final = 32
MAX_ID: Final = 2**63 - 1

_CODE = re.compile(r"(?:https?://[^/\s]{1,255}/q/)?([a-z2-7]{20,80})", re.IGNORECASE | re.ASCII)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_SIGNING, _SEEDING = b"timebank/codes/v1", b"timebank/pass-seeds/v1"
_QUANTUM = 8
_LOW, _MORE, _SHIFT = 0x7F, 0x80, 7


class Ring(Protocol):
    """The vault's keys, and the way to read them again; `timebank.vault.keys.KeyRing` is one."""

    @property
    def keys(self) -> tuple[bytes, ...]:
        """The keys, the making one first."""

    def refresh(self) -> bool:
        """Read the keys again and tell whether they are others now."""


@dataclass(frozen=True, slots=True)
class FixedRing:
    """Keys that stay as they are."""

    keys: tuple[bytes, ...]

    def refresh(self) -> bool:
        """Tell that they are the same still."""
        return False


class CodeKeys:
    """Keys for codes, derived from the vault's: the first makes them, every one verifies.

    Given the ring itself, what no key verifies has the key files read again: a rotation may have run since.
    """

    def __init__(self, keys: Sequence[bytes] | Ring) -> None:
        """Take the vault's keys, or its ring.

        Raises:
            RefusalError: `vault_key_invalid`.
        """
        self.ring: Ring = FixedRing(checked_keys(keys)) if isinstance(keys, Sequence) else keys

    @property
    def key_id(self) -> str:
        """The name of the key that makes codes and seeds now; the same as the vault's."""
        return _key_id(self.ring.keys[0])

    @property
    def key_ids(self) -> tuple[str, ...]:
        """The names of all keys that verify, the first one first."""
        return tuple(map(_key_id, self.ring.keys))

    def mac(self, body: bytes) -> bytes:
        """Return the mac of a station's or poster's body under the first key."""
        return _mac(_derived(self.ring.keys[0], _SIGNING), body)

    def verifies(self, body: bytes, mac: bytes) -> bool:
        """Tell whether any key made that mac of that body."""
        return self._verifies(body, mac) or (self.ring.refresh() and self._verifies(body, mac))

    def seed_key(self, key_id: str) -> bytes | None:
        """Return what seeds are derived from under the key of that name; None if the ring has it no longer."""
        found = self._seed_key(key_id)
        return self._seed_key(key_id) if found is None and self.ring.refresh() else found

    def _verifies(self, body: bytes, mac: bytes) -> bool:
        return any(hmac.compare_digest(_mac(_derived(key, _SIGNING), body), mac) for key in self.ring.keys)

    def _seed_key(self, key_id: str) -> bytes | None:
        return next((_derived(key, _SEEDING) for key in self.ring.keys if _key_id(key) == key_id), None)


@dataclass(frozen=True, slots=True)
class StationCode:
    """The rotating code of a station in one session."""

    bank_id: int
    station_id: int
    session_id: int
    window: int
    mac: bytes

    @property
    def body(self) -> bytes:
        """What the mac is of."""
        return _rotating(STATION, self.window, self.bank_id, self.station_id, self.session_id)


@dataclass(frozen=True, slots=True)
class PosterCode:
    """The static code on a station's printed poster; a poster of an earlier serial is out of date."""

    bank_id: int
    station_id: int
    serial: int
    mac: bytes

    @property
    def body(self) -> bytes:
        """What the mac is of."""
        return _body(POSTER, self.bank_id, self.station_id, self.serial)


@dataclass(frozen=True, slots=True)
class MemberCode:
    """The rotating code that a member's phone makes, also without network."""

    bank_id: int
    pass_id: int
    window: int
    mac: bytes

    @property
    def body(self) -> bytes:
        """What the mac is of."""
        return _rotating(MEMBER, self.window, self.bank_id, self.pass_id)


def station_code(keys: CodeKeys, *, bank_id: int, station_id: int, session_id: int, at: datetime) -> str:
    """Return the code that a station shows for a session in the window of that moment."""
    body = _rotating(STATION, window_of(at, STATION_WINDOW_SECONDS), bank_id, station_id, session_id)
    return _text(body, keys.mac(body))


def poster_code(keys: CodeKeys, *, bank_id: int, station_id: int, serial: int) -> str:
    """Return the code of a station's poster."""
    body = _body(POSTER, bank_id, station_id, serial)
    return _text(body, keys.mac(body))


def member_code(seed: bytes, *, bank_id: int, pass_id: int, at: datetime) -> str:
    """Return the code that a phone with that seed shows in the window of that moment."""
    body = _rotating(MEMBER, window_of(at, MEMBER_WINDOW_SECONDS), bank_id, pass_id)
    return _text(body, _mac(seed, body))


def member_head(bank_id: int, pass_id: int) -> bytes:
    """Return the bytes of a member code's body before its window: the same for as long as the pass is good."""
    return _body(MEMBER, bank_id, pass_id)


def pass_seed(keys: CodeKeys, *, bank_id: int, pass_id: int, key_id: str) -> bytes | None:
    """Return the seed of a pass, which is kept nowhere; None if the key it comes from was removed."""
    key = keys.seed_key(key_id)
    return None if key is None else hmac.digest(key, f"{bank_id}|{pass_id}".encode(), sha256)[:SEED_BYTES]


def link(public_url: str, text: str) -> str:
    """Return the link that a phone's own scanner opens, in upper case so that the symbol stays small."""
    return f"{public_url.rstrip('/')}/q/{text}".upper()


def read_code(text: str) -> StationCode | PosterCode | MemberCode:
    """Return what a code says, given bare or as a link, in upper or lower case; nothing is verified yet.

    Raises:
        RefusalError: `code_unreadable`.
    """
    found = _CODE.fullmatch(text.strip())
    if found is None:
        raise RefusalError("code_unreadable")
    letters = found[1].upper()
    try:
        raw = base64.b32decode(letters + "=" * (-len(letters) % _QUANTUM))
    except binascii.Error:
        raise RefusalError("code_unreadable") from None
    body, mac = raw[:-MAC_BYTES], raw[-MAC_BYTES:]
    code = _parsed(body, mac)
    # The only spelling: no varint with needless bytes, no bits lost in the last letter, nothing left over.
    if code is None or code.body != body or _text(body, mac) != letters:
        raise RefusalError("code_unreadable")
    return code


def check_station_code(keys: CodeKeys, code: StationCode, *, bank_id: int, now: datetime) -> None:
    """Refuse a station's code that is not this bank's, not ours, or not of this moment.

    Raises:
        RefusalError: `code_of_other_bank`, `code_forged`, `code_expired`, `code_early`, in this order.
    """
    _check_made(bank_id, code.bank_id, is_ours=lambda: keys.verifies(code.body, code.mac))
    _check_window(code.window, window_of(now, STATION_WINDOW_SECONDS))


def check_poster_code(keys: CodeKeys, code: PosterCode, *, bank_id: int) -> None:
    """Refuse a poster's code that is not this bank's, or not ours; whether its serial is current the caller knows.

    Raises:
        RefusalError: `code_of_other_bank`, `code_forged`.
    """
    _check_made(bank_id, code.bank_id, is_ours=lambda: keys.verifies(code.body, code.mac))


def check_member_code(seed: bytes, code: MemberCode, *, bank_id: int, now: datetime) -> None:
    """Refuse a member's code that is not this bank's, not of that seed, or not of this moment.

    Raises:
        RefusalError: `code_of_other_bank`, `code_forged`, `code_expired`, `code_early`, in this order.
    """
    _check_made(bank_id, code.bank_id, is_ours=lambda: hmac.compare_digest(_mac(seed, code.body), code.mac))
    _check_window(code.window, window_of(now, MEMBER_WINDOW_SECONDS))


def window_of(at: datetime, window_seconds: int) -> int:
    """Return the number of the window that a moment lies in."""
    return (at - _EPOCH) // timedelta(seconds=window_seconds)


def window_starts_at(window: int, window_seconds: int) -> datetime:
    """Return the moment that a window begins."""
    return datetime.fromtimestamp(window * window_seconds, UTC)


def _check_made(bank_id: int, said_bank_id: int, *, is_ours: Callable[[], bool]) -> None:
    if said_bank_id != bank_id:
        raise RefusalError("code_of_other_bank")
    if not is_ours():
        raise RefusalError("code_forged")


def _check_window(window: int, current: int) -> None:
    if window < current - TOLERANCE_WINDOWS:
        raise RefusalError("code_expired")
    if window > current + TOLERANCE_WINDOWS:
        raise RefusalError("code_early")


def _body(kind: int, *ids: int) -> bytes:
    return bytes((kind,)) + b"".join(map(_varint, ids))


def _rotating(kind: int, window: int, *ids: int) -> bytes:
    return _body(kind, *ids) + window.to_bytes(WINDOW_BYTES, "big")


def _text(body: bytes, mac: bytes) -> str:
    return base64.b32encode(body + mac).decode().rstrip("=")


def _mac(key: bytes, body: bytes) -> bytes:
    return hmac.digest(key, body, sha256)[:MAC_BYTES]


def _parsed(body: bytes, mac: bytes) -> StationCode | PosterCode | MemberCode | None:
    kind = body[0]
    count = _ID_COUNTS.get(kind, 0)
    ids, rest = _ids(body[1:], count)
    if len(ids) < count or len(rest) > WINDOW_BYTES or any(value > MAX_ID for value in ids):
        return None
    window = int.from_bytes(rest, "big")
    if kind == STATION:
        return StationCode(ids[0], ids[1], ids[2], window, mac)
    if kind == POSTER:
        return PosterCode(ids[0], ids[1], ids[2], mac)
    return MemberCode(ids[0], ids[1], window, mac) if kind == MEMBER else None


def _varint(value: int) -> bytes:
    digits = bytearray()
    while value > _LOW:
        digits.append(_MORE | value & _LOW)
        value >>= _SHIFT
    digits.append(value)
    return bytes(digits)


def _ids(raw: bytes, count: int) -> tuple[list[int], bytes]:
    """Return that many varints and what is left, fewer if there are not that many."""
    ids: list[int] = []
    value = shift = 0
    for place, byte in enumerate(raw, 1):
        value |= (byte & _LOW) << shift
        shift += _SHIFT
        if not byte & _MORE:
            ids.append(value)
            value = shift = 0
            if len(ids) == count:
                return ids, raw[place:]
    return ids, b""


@lru_cache(maxsize=32)
def _derived(key: bytes, purpose: bytes) -> bytes:
    return HKDF(SHA256(), KEY_BYTES, salt=None, info=purpose).derive(key)


_key_id = lru_cache(maxsize=16)(key_id_of)
