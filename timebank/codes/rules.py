"""The codes that are shown: how they are made, read and checked. No I/O; `docs/codes.md` has the layout.

A code is base32 (RFC 4648, upper case, no padding) of body and mac. The body is a kind byte, the ids it names as
varints (LEB128, the bank's first) and, in a rotating code, the window it was made in as four bytes, big-endian. The
mac is the first 10 bytes of HMAC-SHA256 of the body. A body has one spelling: anything else is unreadable.
"""

import hmac
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from hashlib import sha256
from typing import Final, Protocol, TypeAlias

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from timebank.codes.layout import body_of, mac_of, raw_of, rotating_body, text_of
from timebank.errors import RefusalError
from timebank.vault.rules import checked_keys, key_id_of

STATION, POSTER, MEMBER, MERCHANT, PICK_UP = 1, 2, 3, 4, 5
"""The kind byte, which is also the version of the layout."""
_KINDS = {STATION: (3, True), POSTER: (3, False), MEMBER: (2, True), MERCHANT: (2, True), PICK_UP: (2, False)}

STATION_WINDOW_SECONDS: Final = 15
MEMBER_WINDOW_SECONDS: Final = 30
MERCHANT_WINDOW_SECONDS: Final = 60
"""Who scans a merchant's code reads what it costs and confirms: that takes longer than a check-in."""
TOLERANCE_WINDOWS: Final = 1
"""A code is good in its own window and in one more, so that whoever scans at the turn is not sent away."""

SEED_BYTES: Final = 20
KEY_BYTES: Final = 32

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_SIGNING, _SEEDING = b"timebank/codes/v1", b"timebank/pass-seeds/v1"


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
        """Return the mac of a body under the first key; a member's code is under its pass's seed instead."""
        return mac_of(_derived(self.ring.keys[0], _SIGNING), body)

    def verifies(self, body: bytes, mac: bytes) -> bool:
        """Tell whether any key made that mac of that body."""
        return self._verifies(body, mac) or (self.ring.refresh() and self._verifies(body, mac))

    def seed_key(self, key_id: str) -> bytes | None:
        """Return what seeds are derived from under the key of that name; None if the ring has it no longer."""
        found = self._seed_key(key_id)
        return self._seed_key(key_id) if found is None and self.ring.refresh() else found

    def _verifies(self, body: bytes, mac: bytes) -> bool:
        return any(hmac.compare_digest(mac_of(_derived(key, _SIGNING), body), mac) for key in self.ring.keys)

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
        return rotating_body(STATION, self.window, self.bank_id, self.station_id, self.session_id)


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
        return body_of(POSTER, self.bank_id, self.station_id, self.serial)


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
        return rotating_body(MEMBER, self.window, self.bank_id, self.pass_id)


@dataclass(frozen=True, slots=True)
class MerchantCode:
    """The rotating code that a merchant shows for one of its offers."""

    bank_id: int
    offer_id: int
    window: int
    mac: bytes

    @property
    def body(self) -> bytes:
        """What the mac is of."""
        return rotating_body(MERCHANT, self.window, self.bank_id, self.offer_id)


@dataclass(frozen=True, slots=True)
class PickUpCode:
    """The code with which a member picks up what is reserved; good for as long as the reservation is."""

    bank_id: int
    reservation_id: int
    mac: bytes

    @property
    def body(self) -> bytes:
        """What the mac is of."""
        return body_of(PICK_UP, self.bank_id, self.reservation_id)


Code: TypeAlias = StationCode | PosterCode | MemberCode | MerchantCode | PickUpCode


def station_code(keys: CodeKeys, *, bank_id: int, station_id: int, session_id: int, at: datetime) -> str:
    """Return the code that a station shows for a session in the window of that moment."""
    body = rotating_body(STATION, window_of(at, STATION_WINDOW_SECONDS), bank_id, station_id, session_id)
    return text_of(body, keys.mac(body))


def poster_code(keys: CodeKeys, *, bank_id: int, station_id: int, serial: int) -> str:
    """Return the code of a station's poster."""
    body = body_of(POSTER, bank_id, station_id, serial)
    return text_of(body, keys.mac(body))


def member_code(seed: bytes, *, bank_id: int, pass_id: int, at: datetime) -> str:
    """Return the code that a phone with that seed shows in the window of that moment."""
    body = rotating_body(MEMBER, window_of(at, MEMBER_WINDOW_SECONDS), bank_id, pass_id)
    return text_of(body, mac_of(seed, body))


def merchant_code(keys: CodeKeys, *, bank_id: int, offer_id: int, at: datetime) -> str:
    """Return the code that a merchant shows for an offer in the window of that moment."""
    body = rotating_body(MERCHANT, window_of(at, MERCHANT_WINDOW_SECONDS), bank_id, offer_id)
    return text_of(body, keys.mac(body))


def pick_up_code(keys: CodeKeys, *, bank_id: int, reservation_id: int) -> str:
    """Return the code that picks a reservation up."""
    body = body_of(PICK_UP, bank_id, reservation_id)
    return text_of(body, keys.mac(body))


def member_head(bank_id: int, pass_id: int) -> bytes:
    """Return the bytes of a member code's body before its window: the same for as long as the pass is good."""
    return body_of(MEMBER, bank_id, pass_id)


def pass_seed(keys: CodeKeys, *, bank_id: int, pass_id: int, key_id: str) -> bytes | None:
    """Return the seed of a pass, which is kept nowhere; None if the key it comes from was removed."""
    key = keys.seed_key(key_id)
    return None if key is None else hmac.digest(key, f"{bank_id}|{pass_id}".encode(), sha256)[:SEED_BYTES]


def link(public_url: str, text: str) -> str:
    """Return the link that a phone's own scanner opens, in upper case so that the symbol stays small."""
    return f"{public_url.rstrip('/')}/q/{text}".upper()


@lru_cache(maxsize=256)  # in a rush everybody scans the same
def read_code(text: str) -> Code:
    """Return what a code says, given bare or as a link, in upper or lower case; nothing is verified yet.

    Raises:
        RefusalError: `code_unreadable`.
    """
    raw = raw_of(text, _KINDS)
    if raw is None:
        raise RefusalError("code_unreadable")
    bank_id, of, *more = raw.ids
    window = raw.window or 0
    if raw.kind == STATION:
        return StationCode(bank_id, of, more[0], window, raw.mac)
    if raw.kind == POSTER:
        return PosterCode(bank_id, of, more[0], raw.mac)
    if raw.kind == MEMBER:
        return MemberCode(bank_id, of, window, raw.mac)
    if raw.kind == MERCHANT:
        return MerchantCode(bank_id, of, window, raw.mac)
    return PickUpCode(bank_id, of, raw.mac)


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
    _check_made(bank_id, code.bank_id, is_ours=lambda: hmac.compare_digest(mac_of(seed, code.body), code.mac))
    _check_window(code.window, window_of(now, MEMBER_WINDOW_SECONDS))


def check_merchant_code(keys: CodeKeys, code: MerchantCode, *, bank_id: int, now: datetime) -> None:
    """Refuse a merchant's code that is not this bank's, not ours, or not of this moment.

    Raises:
        RefusalError: `code_of_other_bank`, `code_forged`, `code_expired`, `code_early`, in this order.
    """
    _check_made(bank_id, code.bank_id, is_ours=lambda: keys.verifies(code.body, code.mac))
    _check_window(code.window, window_of(now, MERCHANT_WINDOW_SECONDS))


def check_pick_up_code(keys: CodeKeys, code: PickUpCode, *, bank_id: int) -> None:
    """Refuse a pick-up code that is not this bank's, or not ours; whether it still waits the reservation tells.

    Raises:
        RefusalError: `code_of_other_bank`, `code_forged`.
    """
    _check_made(bank_id, code.bank_id, is_ours=lambda: keys.verifies(code.body, code.mac))


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


@lru_cache(maxsize=32)
def _derived(key: bytes, purpose: bytes) -> bytes:
    return HKDF(SHA256(), KEY_BYTES, salt=None, info=purpose).derive(key)


_key_id = lru_cache(maxsize=16)(key_id_of)
