"""The canonical bytes of a ledger transaction, its salted commitment (the data of a leaf) and its JSON form.

The bytes are a sequence of fields: a length of four bytes, big-endian, then the content; an absent field has
the length 0xFFFFFFFF. Texts are UTF-8, integers decimal, dates ISO 8601, identifiers their 16 bytes, instants
microseconds since 1970 UTC. The fields come in the order of the dataclasses, after the tag; before the
postings comes their number.
"""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from dataclasses import fields as dataclass_fields
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256
from struct import Struct
from typing import TypeAlias, TypeVar
from uuid import UUID

JsonValue: TypeAlias = "int | str | bool | Sequence[JsonValue] | Mapping[str, JsonValue] | None"
Value = TypeVar("Value")

TRANSACTION_TAG = b"timebank/transaction/v1"
COMMITMENT_TAG = b"timebank/commitment/v1"
SALT_MINIMUM_BYTES = 16
INTEGER_LIMIT = 1 << 63

_LENGTH = Struct(">I").pack
_SHORT_LENGTHS = tuple(_LENGTH(length) for length in range(256))
_ABSENT = b"\xff\xff\xff\xff"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_SURROGATE = re.compile("[\ud800-\udfff]")
_INSTANT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{6}Z")


class LeafError(ValueError):
    """A JSON value that is no ledger transaction; the code is `malformed_transaction`."""

    def __init__(self, detail: str) -> None:
        """Carry what was expected where."""
        super().__init__(detail)
        self.code = "malformed_transaction"


@dataclass(frozen=True, slots=True)
class LeafAccount:
    """An account as its owner would name it; `expires_on` for lots."""

    kind: str
    owner: UUID
    expires_on: date | None


@dataclass(frozen=True, slots=True)
class LeafPosting:
    """One movement of `amount` units; sequence and balance after it for guarded accounts, else None."""

    line: int
    unit: str
    amount: int
    source: LeafAccount
    target: LeafAccount
    source_seq: int | None
    source_balance: int | None
    target_seq: int | None
    target_balance: int | None


@dataclass(frozen=True, slots=True)
class LeafTransaction:
    """One ledger transaction or refusal in full. `metadata` and `refusal_detail` are canonical JSON texts."""

    bank: str
    id: int
    kind: str
    idempotency_key: str
    fingerprint: bytes
    effective_at: datetime
    recorded_at: datetime
    actor: str
    memo: str
    metadata: str
    refusal: str | None
    refusal_detail: str
    reverses_id: int | None
    resolves_id: int | None
    hold_until: datetime | None
    xact: int
    postings: tuple[LeafPosting, ...]


def _framed(fields: Sequence[bytes | None]) -> bytes:
    parts = []
    for field in fields:
        if field is None:
            parts.append(_ABSENT)
        else:
            length = len(field)
            parts.append(_SHORT_LENGTHS[length] if length < len(_SHORT_LENGTHS) else _LENGTH(length))
            parts.append(field)
    return b"".join(parts)


def _microseconds(instant: datetime) -> bytes:
    return b"%d" % ((instant - _EPOCH) // _MICROSECOND)


def canonical_bytes(t: LeafTransaction) -> bytes:
    """Encode a transaction so that different transactions never share their bytes.

    Raises:
        TypeError: an instant without a time zone.
    """
    fields = [
        TRANSACTION_TAG,
        t.bank.encode(),
        b"%d" % t.id,
        t.kind.encode(),
        t.idempotency_key.encode(),
        t.fingerprint,
        _microseconds(t.effective_at),
        _microseconds(t.recorded_at),
        t.actor.encode(),
        t.memo.encode(),
        t.metadata.encode(),
        None if t.refusal is None else t.refusal.encode(),
        t.refusal_detail.encode(),
        None if t.reverses_id is None else b"%d" % t.reverses_id,
        None if t.resolves_id is None else b"%d" % t.resolves_id,
        None if t.hold_until is None else _microseconds(t.hold_until),
        b"%d" % t.xact,
        b"%d" % len(t.postings),
    ]
    for posting in t.postings:
        source, target = posting.source, posting.target
        fields += (
            b"%d" % posting.line,
            posting.unit.encode(),
            b"%d" % posting.amount,
            source.kind.encode(),
            source.owner.bytes,
            None if source.expires_on is None else source.expires_on.isoformat().encode(),
            target.kind.encode(),
            target.owner.bytes,
            None if target.expires_on is None else target.expires_on.isoformat().encode(),
            None if posting.source_seq is None else b"%d" % posting.source_seq,
            None if posting.source_balance is None else b"%d" % posting.source_balance,
            None if posting.target_seq is None else b"%d" % posting.target_seq,
            None if posting.target_balance is None else b"%d" % posting.target_balance,
        )
    return _framed(fields)


def commitment(salt: bytes, t: LeafTransaction) -> bytes:
    """Return the 32 bytes that stand for the transaction in the tree: the data of its leaf, not yet its hash.

    Without the salt nobody can test a guess at the content; erasing the salt makes the leaf meaningless.

    Raises:
        ValueError: the salt is shorter than 16 bytes.
    """
    if len(salt) < SALT_MINIMUM_BYTES:
        message = f"a salt of {len(salt)} bytes hides nothing"
        raise ValueError(message)
    return sha256(_framed((COMMITMENT_TAG, salt)) + canonical_bytes(t)).digest()


def _check_exact(value: object) -> None:
    if isinstance(value, dict):
        if not all(isinstance(key, str) for key in value):
            message = "keys of canonical JSON are texts"
            raise TypeError(message)
        value = list(value.values())
    if isinstance(value, list):
        for element in value:
            _check_exact(element)
    elif not isinstance(value, int | str | None):
        message = f"{type(value).__name__} has no canonical JSON"
        raise TypeError(message)


def canonical_json(value: object) -> str:
    """Write a value in the only way: keys sorted by code point, no spaces, characters as they are.

    Raises:
        TypeError: anything but int, str, bool, None, list and dict with text keys; floats above all.
    """
    _check_exact(value)
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def json_object(value: JsonValue, keys: Sequence[str]) -> Mapping[str, JsonValue]:
    """Take an object with exactly these keys; raises `LeafError`."""
    if not isinstance(value, dict) or value.keys() != set(keys):
        message = f"expected an object of {', '.join(keys)}"
        raise LeafError(message)
    return value


def json_array(value: JsonValue) -> Sequence[JsonValue]:
    """Take an array; raises `LeafError`."""
    if not isinstance(value, list):
        message = "expected an array"
        raise LeafError(message)
    return value


def json_text(value: JsonValue) -> str:
    """Take a text that UTF-8 can carry; raises `LeafError`."""
    if not isinstance(value, str) or _SURROGATE.search(value):
        message = "expected a text"
        raise LeafError(message)
    return value


def json_integer(value: JsonValue) -> int:
    """Take a signed 64-bit integer; raises `LeafError`."""
    if not isinstance(value, int) or isinstance(value, bool) or not -INTEGER_LIMIT <= value < INTEGER_LIMIT:
        message = "expected a 64-bit integer"
        raise LeafError(message)
    return value


def _instant(value: JsonValue) -> datetime:
    text = json_text(value)
    if not _INSTANT.fullmatch(text):
        message = "expected a time like 2026-01-31T08:30:00.000000Z"
        raise LeafError(message)
    return datetime.fromisoformat(text)


def _optional(read: Callable[[JsonValue], Value], value: JsonValue) -> Value | None:
    return None if value is None else read(value)


def _plain(value: object) -> JsonValue:
    """Turn a field into JSON: bytes in hex, times in UTC with microseconds."""
    match value:
        case None | int() | str():
            plain: JsonValue = value
        case bytes():
            plain = value.hex()
        case datetime():
            plain = value.astimezone(UTC).isoformat(timespec="microseconds").removesuffix("+00:00") + "Z"
        case date():
            plain = value.isoformat()
        case UUID():
            plain = str(value)
        case tuple():
            plain = [_plain(element) for element in value]
        case LeafAccount() | LeafPosting() | LeafTransaction():
            plain = {field.name: _plain(getattr(value, field.name)) for field in dataclass_fields(value)}
        case _:
            message = f"{type(value).__name__} is no part of a transaction"
            raise TypeError(message)
    return plain


def _account(value: JsonValue) -> LeafAccount:
    account = json_object(value, LeafAccount.__slots__)
    return LeafAccount(
        kind=json_text(account["kind"]),
        owner=UUID(json_text(account["owner"])),
        expires_on=_optional(lambda day: date.fromisoformat(json_text(day)), account["expires_on"]),
    )


def _posting(value: JsonValue) -> LeafPosting:
    posting = json_object(value, LeafPosting.__slots__)
    return LeafPosting(
        line=json_integer(posting["line"]),
        unit=json_text(posting["unit"]),
        amount=json_integer(posting["amount"]),
        source=_account(posting["source"]),
        target=_account(posting["target"]),
        source_seq=_optional(json_integer, posting["source_seq"]),
        source_balance=_optional(json_integer, posting["source_balance"]),
        target_seq=_optional(json_integer, posting["target_seq"]),
        target_balance=_optional(json_integer, posting["target_balance"]),
    )


def _transaction(value: JsonValue) -> LeafTransaction:
    t = json_object(value, LeafTransaction.__slots__)
    return LeafTransaction(
        bank=json_text(t["bank"]),
        id=json_integer(t["id"]),
        kind=json_text(t["kind"]),
        idempotency_key=json_text(t["idempotency_key"]),
        fingerprint=bytes.fromhex(json_text(t["fingerprint"])),
        effective_at=_instant(t["effective_at"]),
        recorded_at=_instant(t["recorded_at"]),
        actor=json_text(t["actor"]),
        memo=json_text(t["memo"]),
        metadata=json_text(t["metadata"]),
        refusal=_optional(json_text, t["refusal"]),
        refusal_detail=json_text(t["refusal_detail"]),
        reverses_id=_optional(json_integer, t["reverses_id"]),
        resolves_id=_optional(json_integer, t["resolves_id"]),
        hold_until=_optional(_instant, t["hold_until"]),
        xact=json_integer(t["xact"]),
        postings=tuple(_posting(posting) for posting in json_array(t["postings"])),
    )


def to_json(t: LeafTransaction) -> JsonValue:
    """Return the transaction as plain JSON values, one key per field; `from_json` takes them back.

    Raises:
        TypeError: a field of a type no transaction has.
    """
    return _plain(t)


def from_json(value: JsonValue) -> LeafTransaction:
    """Read what `to_json` wrote, and only that: other spellings of the same value are refused.

    Raises:
        LeafError: `malformed_transaction`.
    """
    try:
        t = _transaction(value)
    except LeafError:
        raise
    except ValueError as error:
        raise LeafError(str(error)) from None
    if to_json(t) != value:
        message = "expected the canonical spelling of every field"
        raise LeafError(message)
    return t
