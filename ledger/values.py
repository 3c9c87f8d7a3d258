"""The words of the ledger as immutable values: places, moves, drafts and outcomes. Nothing here does I/O."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from uuid import UUID

BANK = UUID(int=0)
"""Owner of a bank's own accounts: issuance, expired, takings and the like."""

WALLET, HELD, SHELF, BUDGET = "wallet", "held", "shelf", "budget"
ISSUANCE, EXPIRED, TAKINGS, CONVERTED = "issuance", "expired", "takings", "converted"
SUPPLY, HANDED_OUT, CLEARING, VARIANCE = "supply", "handed_out", "clearing", "variance"

GUARDED_KINDS = frozenset({WALLET, HELD, SHELF, BUDGET})
"""Kinds whose balance is kept on the row, locked before use and never below its floor.

A budget is what its owner may still issue: issuance puts into it and takes out of it, and members get theirs from it.
"""

OPEN_KINDS = frozenset(
    {ISSUANCE, EXPIRED, TAKINGS, CONVERTED, SUPPLY, HANDED_OUT, CLEARING, VARIANCE},
)
"""Kinds that no posting locks: their balance is a folded sum plus the tail of postings after it."""

KINDS = GUARDED_KINDS | OPEN_KINDS

MAX_AMOUNT = 2**53 - 1
"""Largest amount of one move: exact in every JSON reader, and 2^10 of them fit a bigint balance."""

MAX_MOVES = 1_000
MAX_KEY_LENGTH = 200

EXPIRE, CARRY_OVER, HOLD, CAPTURE, RELEASE, REVERSAL, CROSSING = (
    "expire",
    "carry_over",
    "hold",
    "capture",
    "release",
    "reversal",
    "crossing",
)
_KEYS_AT_END = (f"{EXPIRE}:", f"{CARRY_OVER}:")


class InvalidDraftError(ValueError):
    """A draft that no ledger could take: a mistake of the calling program, not a refusal."""


@dataclass(frozen=True, slots=True)
class Place:
    """One account, named by what it is: its kind, its owner and, for a lot, the last day of its life."""

    kind: str
    owner: UUID = BANK
    expires_on: date | None = None

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise InvalidDraftError(f"no such kind of account: {self.kind}")
        if self.expires_on is not None and self.kind not in (WALLET, HELD):
            raise InvalidDraftError(f"an account of kind {self.kind} does not expire")


@dataclass(frozen=True, slots=True)
class Wallet:
    """All live lots of an owner, as a source: spent oldest expiry first, lots without expiry last."""

    owner: UUID


@dataclass(frozen=True, slots=True)
class Twin:
    """As a target: the account of this kind and owner with the same expiry as the lot that pays."""

    kind: str
    owner: UUID

    def __post_init__(self) -> None:
        if self.kind not in (WALLET, HELD):
            raise InvalidDraftError(f"an account of kind {self.kind} does not expire")


@dataclass(frozen=True, slots=True)
class Move:
    """Take `amount` (integer, > 0) of `unit` (its code) from `source` to `target`."""

    source: Place | Wallet
    target: Place | Twin
    unit: str
    amount: int

    def __post_init__(self) -> None:
        if type(self.amount) is not int or not 0 < self.amount <= MAX_AMOUNT:
            raise InvalidDraftError("an amount is a whole number from 1 to 2^53-1")
        to_itself = isinstance(self.source, Wallet) or isinstance(self.target, Twin)
        if self.source == self.target or (
            to_itself and self.target.kind == _kind_of(self.source) and self.target.owner == self.source.owner
        ):
            raise InvalidDraftError("a move joins two accounts")


def _check_move(kind: str, move: Move) -> None:
    if (kind == HOLD) != (move.target.kind == HELD):
        raise InvalidDraftError("a hold, and only a hold, moves to held accounts")
    if kind == HOLD and move.target.owner != move.source.owner:
        raise InvalidDraftError("what is held stays its owner's")
    source = move.source
    if kind == HOLD and isinstance(source, Place) and source.kind == BUDGET:
        raise InvalidDraftError("a budget issues, and holds nothing for anybody")
    names_the_lot = isinstance(source, Place) and source.kind == WALLET
    if names_the_lot != (kind in (EXPIRE, CARRY_OVER)):
        raise InvalidDraftError(
            "a spend names the wallet; expiring and carrying over, and only they, name the lot"
        )
    if isinstance(source, Place) and source.kind == HELD:
        raise InvalidDraftError("what is held leaves by capture or release")


def _kind_of(source: Place | Wallet) -> str:
    return WALLET if isinstance(source, Wallet) else source.kind


@dataclass(frozen=True, slots=True)
class Renewal:
    """In place of expiring: what is left of a lot goes on in one that ends on `until`; `metadata` says why."""

    until: date
    metadata: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Settlement:
    """Where a capture takes one unit of a hold: all of it, or `amount` of it, the rest going back."""

    unit: str
    target: Place
    amount: int | None = None

    def __post_init__(self) -> None:
        if self.amount is not None and (type(self.amount) is not int or not 0 < self.amount <= MAX_AMOUNT):
            raise InvalidDraftError("an amount is a whole number from 1 to 2^53-1")


def _check_settlements(settle: tuple[Settlement, ...]) -> None:
    if len({settlement.unit for settlement in settle}) < len(settle):
        raise InvalidDraftError("a capture settles each unit once")
    if any(settlement.target.kind == HELD for settlement in settle):
        raise InvalidDraftError("what is held leaves by capture or release")


@dataclass(frozen=True, slots=True)
class Draft:
    """A transaction to be decided.

    `key` names the caller's intent: the same key with the same content has one outcome for ever.
    Exactly one of `moves`, `reverses` (a transaction id) and `resolves` (the id of a hold) says what moves.
    `grace_on` lets a reversal carry what returns to a lapsed lot into a new lot that ends on that day.
    """

    kind: str
    key: str
    effective_at: datetime
    actor: str
    moves: tuple[Move, ...] = ()
    memo: str = ""
    metadata: Mapping[str, object] = field(default_factory=dict)
    hold_until: datetime | None = None
    reverses: int | None = None
    grace_on: date | None = None
    resolves: int | None = None
    settle: tuple[Settlement, ...] = ()

    def __post_init__(self) -> None:
        if not 0 < len(self.key) <= MAX_KEY_LENGTH:
            raise InvalidDraftError(f"a key has 1 to {MAX_KEY_LENGTH} characters")
        if self.key.startswith(_KEYS_AT_END) and not self.key.startswith(f"{self.kind}:"):
            raise InvalidDraftError("keys that begin with expire: and carry_over: are those of lots that end")
        if self.effective_at.tzinfo is None or (self.hold_until and self.hold_until.tzinfo is None):
            raise InvalidDraftError("times carry a zone")
        if (bool(self.moves), self.reverses is not None, self.resolves is not None).count(True) != 1:
            raise InvalidDraftError("a draft either moves, reverses or resolves")
        if len(self.moves) > MAX_MOVES:
            raise InvalidDraftError(f"a draft has at most {MAX_MOVES} moves")
        self._check_kind()
        for move in self.moves:
            _check_move(self.kind, move)
        if self.settle:
            _check_settlements(self.settle)

    def _check_kind(self) -> None:
        """Refuse a kind without what belongs to it, and what belongs to a kind without it."""
        if (self.kind == HOLD) != (self.hold_until is not None):
            raise InvalidDraftError("a hold, and only a hold, has an end")
        if self.hold_until is not None and self.hold_until <= self.effective_at:
            raise InvalidDraftError("a hold ends after it begins")
        if (self.kind == REVERSAL) != (self.reverses is not None):
            raise InvalidDraftError("a reversal, and only a reversal, reverses")
        if (self.kind in (CAPTURE, RELEASE)) != (self.resolves is not None):
            raise InvalidDraftError("a capture or a release, and nothing else, resolves")
        if (self.kind == CAPTURE) != bool(self.settle):
            raise InvalidDraftError("a capture, and only a capture, settles")

    @property
    def metadata_json(self) -> str:
        """The metadata as canonical JSON: sorted keys, no spaces."""
        return canonical_json(self.metadata)

    def fingerprint(self) -> bytes:
        """Return 16 bytes that are the same for the same content and differ for any other."""
        return hashlib.sha256(self.content().encode()).digest()[:16]

    def content(self) -> str:
        """Return the text that the fingerprint is of: everything but the key, as a JSON array without spaces."""
        # Written by hand: a third of what the encoder takes for the same text, and every draft pays it.
        moves = ",".join([_move_text(move) for move in self.moves])
        return (
            f"[{_quote(self.kind)},{self.effective_at.timestamp()!r},{_quote(self.actor)},{_quote(self.memo)},"
            f"[{moves}],{self.metadata_json},{self._other_parts()}"
        )

    def _other_parts(self) -> str:
        """Return the JSON of what few drafts have, up to the closing bracket."""
        parts = (
            self.hold_until and self.hold_until.timestamp(),
            self.reverses,
            self.grace_on and self.grace_on.isoformat(),
            self.resolves,
            [(s.unit, _place_parts(s.target), s.amount) for s in self.settle],
        )
        return _NO_OTHER_PARTS if parts == _NOTHING else _encode(parts)[1:]


_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode
_quote = json.encoder.encode_basestring
_NOTHING: tuple[object, ...] = (None, None, None, None, [])
_NO_OTHER_PARTS = _encode(_NOTHING)[1:]


def canonical_json(value: object) -> str:
    """Return JSON with sorted keys and no spaces; the same value gives the same text."""
    return _encode(value) if value else "{}"


def _place_parts(place: Place) -> tuple[str, ...]:
    return (place.kind, place.owner.hex, place.expires_on.isoformat() if place.expires_on else "")


def _place_text(place: Place | Wallet | Twin) -> str:
    if isinstance(place, Place):
        day = place.expires_on.isoformat() if place.expires_on else ""
        return f'["{place.kind}","{place.owner.hex}","{day}"]'
    if isinstance(place, Wallet):
        return f'["{place.owner.hex}"]'
    return f'["{place.kind}","{place.owner.hex}"]'


def _move_text(move: Move) -> str:
    return f"[{_place_text(move.source)},{_place_text(move.target)},{_quote(move.unit)},{move.amount}]"


@dataclass(frozen=True, slots=True)
class Posted:
    """The draft is in the books as this transaction; `replayed` if an earlier call put it there."""

    transaction_id: int
    replayed: bool = False


@dataclass(frozen=True, slots=True)
class Refused:
    """The draft was refused, and always will be under this key. `detail` holds JSON values for the words.

    Codes, first that applies: `unknown_unit`, `unknown_transaction`, `not_reversible`, `not_a_hold`,
    `already_reversed`, `already_resolved`, `period_closed`, `hold_expired`, `not_spendable`,
    `exchange_not_allowed`, then move by move `lot_expired`, `insufficient`.
    """

    code: str
    transaction_id: int
    detail: Mapping[str, object]
    replayed: bool = False


@dataclass(frozen=True, slots=True)
class Conflict:
    """The key was used before for other content; `differs` names the first field that is not the same."""

    transaction_id: int
    differs: str


@dataclass(frozen=True, slots=True)
class Short:
    """What the draft takes is not there now, and no trace of that is left: its key is free (see `post_covered`).

    `detail` is that of the refusal `insufficient`.
    """

    detail: Mapping[str, object]


Outcome = Posted | Refused | Conflict
