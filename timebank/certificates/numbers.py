"""Numbers of certificates: the bank's id, 80 random bits that nobody guesses, and a check character. Pure.

As letters they are Crockford's base32, in groups of four; the bank's id stands first. However a number was typed, with
lower case, spaces or an O for a 0, it is read as the same one. A mistyped character is noticed, two swapped ones nearly
always.
"""

from dataclasses import dataclass
from typing import Final

from timebank.errors import RefusalError

ALPHABET: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
RANDOM_BYTES: Final = 10
RANDOM_LETTERS: Final = 16
LONGEST: Final = 60
MAX_ID: Final = 2**63 - 1

_GROUP = 4
_BITS = 5
_BASE = len(ALPHABET)
_MISREAD = str.maketrans("OIL", "011")
_SEPARATORS = str.maketrans("", "", "- ")


@dataclass(frozen=True, slots=True)
class Number:
    """A number that was read: which bank's, and how it is written."""

    bank_id: int
    text: str


def new_number(bank_id: int, chance: bytes) -> str:
    """Return the number made of a bank's id and ten random bytes."""
    drawn = int.from_bytes(chance[:RANDOM_BYTES], "big")
    letters = "".join(
        ALPHABET[drawn >> _BITS * place & _BASE - 1] for place in reversed(range(RANDOM_LETTERS))
    )
    head = _letters_of(bank_id)
    return _written(head, letters + check_character(head + letters))


def read_number(text: str) -> Number:
    """Return what a number says, however it was typed.

    Raises:
        RefusalError: `certificate_number_wrong`.
    """
    plain = text[: LONGEST + 1].upper().translate(_SEPARATORS).translate(_MISREAD)
    head, letters = plain[: -RANDOM_LETTERS - 1], plain[-RANDOM_LETTERS - 1 :]
    is_written = bool(head) and len(text) <= LONGEST and all(letter in ALPHABET for letter in plain)
    if not is_written or check_character(plain[:-1]) != plain[-1]:
        raise RefusalError("certificate_number_wrong")
    bank_id = 0
    for letter in head:
        bank_id = bank_id * _BASE + ALPHABET.index(letter)
    if not 1 <= bank_id <= MAX_ID or _letters_of(bank_id) != head:
        raise RefusalError("certificate_number_wrong")
    return Number(bank_id, _written(head, letters))


def check_character(letters: str) -> str:
    """Return the character that follows: ISO 7064's hybrid system for 32 characters."""
    product = _BASE
    for letter in letters:
        total = (product + ALPHABET.index(letter)) % _BASE or _BASE
        product = 2 * total % (_BASE + 1)
    return ALPHABET[(_BASE + 1 - product) % _BASE]


def _letters_of(value: int) -> str:
    letters = ""
    while value:
        value, low = divmod(value, _BASE)
        letters = ALPHABET[low] + letters
    return letters


def _written(head: str, letters: str) -> str:
    groups = [letters[start : start + _GROUP] for start in range(0, RANDOM_LETTERS, _GROUP)]
    return "-".join([head, *groups]) + letters[RANDOM_LETTERS:]
