"""How a code's bytes are laid out: the body of a kind, its one spelling as text, and back.

What the kinds are, and which code is good, `timebank.codes.rules` says.
"""

import base64
import binascii
import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

MAC_BYTES: Final = 10
WINDOW_BYTES: Final = 4
MAX_ID: Final = 2**63 - 1

_CODE = re.compile(r"(?:https?://[^/\s]{1,255}/q/)?([a-z2-7]{20,80})", re.IGNORECASE | re.ASCII)
_QUANTUM = 8
_LOW, _MORE, _SHIFT = 0x7F, 0x80, 7


@dataclass(frozen=True, slots=True)
class Raw:
    """What a text says, byte by byte: its kind, the ids that kind has, the window if there is one, and the mac."""

    kind: int
    ids: tuple[int, ...]
    window: int | None
    mac: bytes


def body_of(kind: int, *ids: int) -> bytes:
    """Return the body of a code that stays as it is."""
    return bytes((kind,)) + b"".join(map(_varint, ids))


def rotating_body(kind: int, window: int, *ids: int) -> bytes:
    """Return the body of a code that is made anew in each window."""
    return body_of(kind, *ids) + window.to_bytes(WINDOW_BYTES, "big")


def text_of(body: bytes, mac: bytes) -> str:
    """Return the code."""
    return base64.b32encode(body + mac).decode().rstrip("=")


def mac_of(key: bytes, body: bytes) -> bytes:
    """Return the mac of a body under a key."""
    return hmac.digest(key, body, sha256)[:MAC_BYTES]


def raw_of(text: str, kinds: Mapping[int, tuple[int, bool]]) -> Raw | None:
    """Return what a text says, bare or as a link, in upper or lower case; None if it is no code of those kinds.

    `kinds` has, for each kind's byte, how many ids it names and whether it rotates. Only the one spelling of a body is
    read: no varint with needless bytes, no bits lost in the last letter, nothing left over.
    """
    found = _CODE.fullmatch(text.strip())
    if found is None:
        return None
    letters = found[1].upper()
    try:
        raw = base64.b32decode(letters + "=" * (-len(letters) % _QUANTUM))
    except binascii.Error:
        return None
    body, mac = raw[:-MAC_BYTES], raw[-MAC_BYTES:]
    kind = body[0]
    if kind not in kinds:
        return None
    count, is_rotating = kinds[kind]
    ids, rest = _ids(body[1:], count)
    if len(rest) != (WINDOW_BYTES if is_rotating else 0) or any(value > MAX_ID for value in ids):
        return None
    window = int.from_bytes(rest, "big") if is_rotating else None
    again = body_of(kind, *ids) if window is None else rotating_body(kind, window, *ids)
    if len(ids) < count or again != body or text_of(body, mac) != letters:
        return None
    return Raw(kind, tuple(ids), window, mac)


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
