"""What a certificate says: who, what, by whom, and for each record the transaction that credited it with its path."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final, Literal
from uuid import UUID

from ledger.proof.leaf import (
    JsonValue,
    LeafTransaction,
)

FAMILY: Final = "timebank-certificate/"
HEAD: Final = "timebank-certificate/v1"
LAYOUT: Final = 1
"""Which words a print of it carries: `wording` keeps those of every layout as they were."""
MAX_BYTES: Final = 4 * 1024 * 1024
MAX_RECORDS: Final = 500

SHOWN_FIRST, SHOWN_LAST = 3, 4
"""What of an ID number is shown to whoever need not see all of it."""

Kind = Literal["service", "recognition"]


class DocumentError(ValueError):
    """A signed text that is no certificate of this version."""


@dataclass(frozen=True, slots=True)
class Holder:
    """Whose certificate it is; `account` is how the books know them."""

    name: str
    id_type: str
    id_number: str
    volunteer: str
    account: UUID


@dataclass(frozen=True, slots=True)
class Issuer:
    """Who issues it: the bank, the organisation, its head, who handled it, and how to reach it."""

    bank: str
    bank_name: str
    organisation: str
    head: str
    handler: str
    contact: str


@dataclass(frozen=True, slots=True)
class Inclusion:
    """The transaction that credited a record, and its path to the checkpoint, from the leaf up."""

    transaction: LeafTransaction
    salt: bytes
    leaf_index: int
    path: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class Served:
    """One service record, with the fields of 民政部令第67号 Art 7 and 10."""

    record: int
    activity: str
    day: date
    place: str
    content: str
    minutes: int
    organiser: str
    leader: str
    grade: str
    evaluation: str
    proof: Inclusion


@dataclass(frozen=True, slots=True)
class Honour:
    """What a published round found of somebody; `digest` is that of its list of candidates."""

    round: int
    candidate: int
    scheme: str
    label: str
    title: str
    level: int
    level_label: str
    points: int
    records: int
    digest: str
    evidence: Mapping[str, JsonValue]


@dataclass(frozen=True, slots=True)
class Certificate:
    """What is certified: `minutes` in all from `from_on` to `until_on`, record by record or as an honour."""

    layout: int
    number: str
    link: str
    issued_on: date
    holder: Holder
    issuer: Issuer
    from_on: date
    until_on: date
    minutes: int
    records: tuple[Served, ...]
    honour: Honour | None
    checkpoint: str

    @property
    def kind(self) -> Kind:
        """What kind of certificate it is."""
        return "service" if self.honour is None else "recognition"


def hours(minutes: int) -> str:
    """Return minutes as hours, the law's unit, and where these would be rounded, as hours and minutes."""
    whole, rest = divmod(minutes, 60)
    if rest % 3:
        return f"{whole} 小时 {rest} 分"
    return f"{minutes / 60:.2f}".rstrip("0").rstrip(".") + " 小时"


def masked_id_number(number: str) -> str:
    """Return an ID number with its middle hidden: the birth date among it."""
    if not number:
        return ""
    return f"{number[:SHOWN_FIRST]}{'*' * (len(number) - SHOWN_FIRST - SHOWN_LAST)}{number[-SHOWN_LAST:]}"


def is_whole(id_number: str) -> bool:
    """Tell whether an ID number is shown with nothing hidden."""
    return bool(id_number) and "*" not in id_number


def exact(value: object) -> JsonValue:
    """Return JSON as a signed text may hold it: a number with a fraction as its digits."""
    if isinstance(value, Mapping):
        return {str(name): exact(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [exact(item) for item in value]
    return value if isinstance(value, int | str | None) else str(value)
