"""What is typed or scanned into the till's one box, read: an item, so many of it, more or less of a line, a receipt.

Pure. A member's code, a card and a pick-up code are told apart before, by what they are made of.
"""

import re
import unicodedata
from dataclasses import dataclass
from typing import TypeAlias

_STEP = re.compile(r"([+-])\s*(\d{0,3})")
_COUNT = re.compile(r"\d{1,3}")
_SEVERAL = re.compile(r"(0*[1-9]\d{0,3})\s*[*xX×]\s*(\S.*)")
_RECEIPT = re.compile(r"\S+-\d{8}-\d{4,}")
_NUMBERED = re.compile(r"#(\d{1,18})")


@dataclass(frozen=True, slots=True)
class Step:
    """So many more of the chosen line, or fewer."""

    by: int


@dataclass(frozen=True, slots=True)
class Count:
    """Exactly so many of the chosen line; none takes it out."""

    quantity: int


@dataclass(frozen=True, slots=True)
class Wanted:
    """So many of an item, named by its id, its barcode, its number or a part of its name."""

    quantity: int
    name: int | str


@dataclass(frozen=True, slots=True)
class Receipt:
    """A receipt's number, off its paper."""

    number: str


Entry: TypeAlias = Step | Count | Wanted | Receipt


def plain(text: str) -> str:
    """Return what was typed without the wide letters and digits of a Chinese keyboard, and without what guns add."""
    said = unicodedata.normalize("NFKC", text).replace("\N{MINUS SIGN}", "-")
    return "".join(sign for sign in said if unicodedata.category(sign)[0] != "C").strip()


def read_entry(text: str) -> Entry:
    """Return what was entered. No barcode is as short as a count: they have four signs at least."""
    if found := _STEP.fullmatch(text):
        many = int(found[2] or 1)
        return Step(many if found[1] == "+" else -many)
    if _COUNT.fullmatch(text):
        return Count(int(text))
    if _RECEIPT.fullmatch(text):
        return Receipt(text)
    several = _SEVERAL.fullmatch(text)
    quantity, name = (int(several[1]), several[2]) if several else (1, text)
    numbered = _NUMBERED.fullmatch(name)
    return Wanted(quantity, int(numbered[1]) if numbered else name)
