"""A voucher's text: how it is written, read and checked with the public key alone; no I/O.

Whoever writes a merchant's program may take this file as it is; it needs `cryptography` and nothing more.
`docs/vouchers.md` has the layout and an example.
"""

import base64
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final, Literal, TypeAlias

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

Kind: TypeAlias = Literal["percent_off", "amount_off", "housekeeping"]

KINDS: Final[tuple[Kind, ...]] = ("percent_off", "amount_off", "housekeeping")
"""What a voucher is good for, by its number from 1: percent off, cents off, minutes of housekeeping."""

PREFIX: Final = "V1"
PURPOSE: Final = b"timebank/voucher/1\n"
"""Signed before the body, so that a signature for anything else is none of a voucher."""

NUMBER_BYTES: Final = 8
BODY_BYTES: Final = 1 + 5 * NUMBER_BYTES + 5
SIGNATURE_BYTES: Final = 64

_TEXT = re.compile(r"V1([A-Z2-7]{176})")
_DAY_ONE: Final = date(1970, 1, 1)
_LAST_DAY: Final = (date.max - _DAY_ONE).days

UNREADABLE, OTHER_BANK, FORGED, OTHER_MERCHANT, EXPIRED = (
    "voucher_unreadable",
    "voucher_of_other_bank",
    "voucher_forged",
    "voucher_of_other_merchant",
    "voucher_expired",
)
"""Why a voucher is refused by its text alone, in the order in which it is asked."""


@dataclass(frozen=True, slots=True)
class Said:
    """What a voucher says: its number, where and for what it is good, what it costs, and its last day.

    `value` is in percent, cents or minutes, by the kind; `fufen` is what the merchant is settled for.
    """

    bank_id: int
    number: int
    merchant_id: int
    kind: Kind
    value: int
    fufen: int
    expires_on: date

    @property
    def body(self) -> bytes:
        """The bytes of it; signed are these after `PURPOSE`."""
        numbers = (self.bank_id, self.number, self.merchant_id, self.value, self.fufen)
        return (
            bytes((KINDS.index(self.kind) + 1,))
            + b"".join(number.to_bytes(NUMBER_BYTES, "big") for number in numbers)
            + (self.expires_on - _DAY_ONE).days.to_bytes(5, "big")
        )


@dataclass(frozen=True, slots=True)
class Signed:
    """What a text says and the signature under it, which is not verified yet."""

    said: Said
    signature: bytes

    def is_genuine(self, public_keys: Sequence[bytes]) -> bool:
        """Tell whether one of the bank's keys signed it."""
        return any(_verifies(key, self.signature, PURPOSE + self.said.body) for key in public_keys)


def written(said: Said, signature: bytes) -> str:
    """Return the text of a voucher: capital letters and digits, so that its symbol stays small."""
    return PREFIX + base64.b32encode(said.body + signature).decode()


def plain(text: str) -> str:
    """Return a text in the one spelling that it has: without what surrounds it, in capitals."""
    return text.strip().upper() if text.isascii() else text


def read(text: str) -> Signed | None:
    """Return what a text says; None if it is no voucher. Only the one spelling of its content is read."""
    found = _TEXT.fullmatch(plain(text))
    if found is None:
        return None
    raw = base64.b32decode(found[1])  # 176 letters are 110 bytes with no bit to spare
    body, signature = raw[:BODY_BYTES], raw[BODY_BYTES:]
    numbers = [
        int.from_bytes(body[at : at + NUMBER_BYTES], "big")
        for at in range(1, 1 + 5 * NUMBER_BYTES, NUMBER_BYTES)
    ]
    days = int.from_bytes(body[-5:], "big")
    if not 1 <= body[0] <= len(KINDS) or days > _LAST_DAY:
        return None
    bank_id, number, merchant_id, value, fufen = numbers
    expires_on = _DAY_ONE + timedelta(days=days)
    return Signed(Said(bank_id, number, merchant_id, KINDS[body[0] - 1], value, fufen, expires_on), signature)


def fault_of(signed: Signed | None, *, is_genuine: bool, bank_id: int, merchant_id: int) -> str | None:
    """Return why a text is no voucher for this merchant on whatever day; None if it is one."""
    if signed is None:
        return UNREADABLE
    if signed.said.bank_id != bank_id:
        return OTHER_BANK
    if not is_genuine:
        return FORGED
    return None if signed.said.merchant_id == merchant_id else OTHER_MERCHANT


def check(
    text: str, *, public_keys: Sequence[bytes], bank_id: int, merchant_id: int, today: date
) -> Said | str:
    """Return what a good voucher says, else why it is not: the first of the codes above that applies.

    Whether it was used before or taken back only the server knows; used on this device, its queue.
    """
    signed = read(text)
    is_genuine = signed is not None and signed.is_genuine(public_keys)
    fault = fault_of(signed, is_genuine=is_genuine, bank_id=bank_id, merchant_id=merchant_id)
    if signed is None or fault is not None:
        return fault or UNREADABLE
    return signed.said if today <= signed.said.expires_on else EXPIRED


def _verifies(public_key: bytes, signature: bytes, message: bytes) -> bool:
    try:
        Ed25519PublicKey.from_public_bytes(public_key).verify(signature, message)
    except InvalidSignature:
        return False
    return True
