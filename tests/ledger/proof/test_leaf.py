"""Canonical bytes that no two transactions share, and the JSON form that spells each one way."""

import json
from dataclasses import fields, replace
from datetime import UTC, date, datetime, timedelta, timezone
from hashlib import sha256
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.proof.leaf import (
    LeafAccount,
    LeafPosting,
    LeafTransaction,
    canonical_bytes,
    commitment,
    to_json,
)

SALT = bytes(range(32))
ISSUANCE = LeafAccount("issuance", UUID(int=0), None)
LOT = LeafAccount("wallet", UUID(int=7), date(2026, 12, 31))
POSTING = LeafPosting(1, "minute", 90, ISSUANCE, LOT, None, None, 4, 360)
TRANSACTION = LeafTransaction(
    bank="licheng",
    id=12,
    kind="credit",
    idempotency_key="credit:88",
    fingerprint=bytes(range(4)),
    effective_at=datetime(2026, 3, 1, 8, 30, tzinfo=UTC),
    recorded_at=datetime(2026, 3, 1, 8, 30, 0, 250_000, tzinfo=UTC),
    actor="steward:3",
    memo="长者食堂",
    metadata='{"policy":"2026-1"}',
    refusal=None,
    refusal_detail="",
    reverses_id=None,
    resolves_id=None,
    hold_until=None,
    xact=740,
    postings=(POSTING,),
)

integers = st.integers(-(1 << 63), (1 << 63) - 1)
texts = st.text(st.characters(codec="utf-8"), max_size=12)
instants = st.datetimes(timezones=st.just(UTC))
accounts = st.builds(LeafAccount, texts, st.uuids(), st.none() | st.dates())
postings = st.builds(
    LeafPosting,
    integers,
    texts,
    integers,
    accounts,
    accounts,
    *[st.none() | integers] * 4,
)
transactions = st.builds(
    LeafTransaction,
    bank=texts,
    id=integers,
    kind=texts,
    idempotency_key=texts,
    fingerprint=st.binary(max_size=40),
    effective_at=instants,
    recorded_at=instants,
    actor=texts,
    memo=texts,
    metadata=texts,
    refusal=st.none() | texts,
    refusal_detail=texts,
    reverses_id=st.none() | integers,
    resolves_id=st.none() | integers,
    hold_until=st.none() | instants,
    xact=integers,
    postings=st.lists(postings, max_size=3).map(tuple),
)


def framed(*contents: bytes | None) -> bytes:
    return b"".join(
        b"\xff" * 4 if content is None else len(content).to_bytes(4, "big") + content for content in contents
    )


class Reader:
    """Reads canonical bytes back, written from the module's description alone."""

    def __init__(self, encoded: bytes) -> None:
        self.rest = encoded

    def maybe(self) -> bytes | None:
        length, self.rest = int.from_bytes(self.rest[:4], "big"), self.rest[4:]
        if length == 0xFFFFFFFF:
            return None
        assert length <= len(self.rest)
        content, self.rest = self.rest[:length], self.rest[length:]
        return content

    def content(self) -> bytes:
        content = self.maybe()
        assert content is not None
        return content

    def text(self) -> str:
        return self.content().decode()

    def integer(self) -> int:
        return int(self.content())

    def instant(self) -> datetime:
        return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=self.integer())

    def optional_integer(self) -> int | None:
        content = self.maybe()
        return None if content is None else int(content)

    def optional_instant(self) -> datetime | None:
        microseconds = self.optional_integer()
        if microseconds is None:
            return None
        return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=microseconds)

    def optional_text(self) -> str | None:
        content = self.maybe()
        return None if content is None else content.decode()

    def account(self) -> LeafAccount:
        kind, owner, day = self.text(), UUID(bytes=self.content()), self.optional_text()
        return LeafAccount(kind, owner, None if day is None else date.fromisoformat(day))

    def posting(self) -> LeafPosting:
        return LeafPosting(
            self.integer(),
            self.text(),
            self.integer(),
            self.account(),
            self.account(),
            self.optional_integer(),
            self.optional_integer(),
            self.optional_integer(),
            self.optional_integer(),
        )

    def transaction(self) -> LeafTransaction:
        assert self.text() == "timebank/transaction/v1"
        return LeafTransaction(
            bank=self.text(),
            id=self.integer(),
            kind=self.text(),
            idempotency_key=self.text(),
            fingerprint=self.content(),
            effective_at=self.instant(),
            recorded_at=self.instant(),
            actor=self.text(),
            memo=self.text(),
            metadata=self.text(),
            refusal=self.optional_text(),
            refusal_detail=self.text(),
            reverses_id=self.optional_integer(),
            resolves_id=self.optional_integer(),
            hold_until=self.optional_instant(),
            xact=self.integer(),
            postings=tuple(self.posting() for _ in range(self.integer())),
        )


def test_the_bytes_are_those_of_the_description() -> None:
    assert canonical_bytes(TRANSACTION) == framed(
        b"timebank/transaction/v1",
        b"licheng",
        b"12",
        b"credit",
        b"credit:88",
        b"\x00\x01\x02\x03",
        b"1772353800000000",  # date -d 2026-03-01T08:30Z +%s
        b"1772353800250000",
        b"steward:3",
        "长者食堂".encode(),
        b'{"policy":"2026-1"}',
        None,
        b"",
        None,
        None,
        None,
        b"740",
        b"1",
        b"1",
        b"minute",
        b"90",
        b"issuance",
        bytes(16),
        None,
        b"wallet",
        bytes(15) + b"\x07",
        b"2026-12-31",
        None,
        None,
        b"4",
        b"360",
    )


@given(transactions)
def test_the_bytes_can_be_read_back_so_no_two_transactions_share_them(t: LeafTransaction) -> None:
    reader = Reader(canonical_bytes(t))
    assert reader.transaction() == t
    assert reader.rest == b""


@given(transactions, transactions, postings, postings)
def test_a_change_of_any_single_field_changes_the_bytes(
    t: LeafTransaction, other: LeafTransaction, posting: LeafPosting, other_posting: LeafPosting
) -> None:
    changed = [replace(t, **{field.name: getattr(other, field.name)}) for field in fields(t)]
    with_posting = replace(t, postings=(posting,))
    new_postings = [
        replace(posting, **{field.name: getattr(other_posting, field.name)}) for field in fields(posting)
    ]
    for side in ("source", "target"):
        account, other_account = getattr(posting, side), getattr(other_posting, side)
        new_postings += [
            replace(posting, **{side: replace(account, **{field.name: getattr(other_account, field.name)})})
            for field in fields(account)
        ]
    for variant in changed:
        assert (variant == t) == (canonical_bytes(variant) == canonical_bytes(t))
    for new_posting in new_postings:
        variant = replace(t, postings=(new_posting,))
        assert (variant == with_posting) == (canonical_bytes(variant) == canonical_bytes(with_posting))


SINGLE_CHANGES: list[dict[str, object]] = [
    {"bank": "lichenga"},
    {"id": 13},
    {"kind": "credits"},
    {"idempotency_key": "credit:89"},
    {"fingerprint": b""},
    {"effective_at": TRANSACTION.effective_at + timedelta(microseconds=1)},
    {"recorded_at": TRANSACTION.recorded_at - timedelta(microseconds=1)},
    {"actor": ""},
    {"memo": "长者食堂 "},
    {"memo": "长者食堂{", "metadata": '"policy":"2026-1"}'},
    {"metadata": "{}"},
    {"refusal": ""},
    {"refusal_detail": "{}"},
    {"reverses_id": 0},
    {"resolves_id": 0},
    {"hold_until": datetime(1970, 1, 1, tzinfo=UTC)},
    {"xact": -740},
    {"postings": ()},
    {"postings": (POSTING, POSTING)},
    {"postings": (replace(POSTING, line=2),)},
    {"postings": (replace(POSTING, unit="point"),)},
    {"postings": (replace(POSTING, amount=91),)},
    {"postings": (replace(POSTING, source=LOT, target=ISSUANCE),)},
    {"postings": (replace(POSTING, source=replace(ISSUANCE, kind="expired")),)},
    {"postings": (replace(POSTING, target=replace(LOT, owner=UUID(int=8))),)},
    {"postings": (replace(POSTING, target=replace(LOT, expires_on=date(2027, 1, 1))),)},
    {"postings": (replace(POSTING, target=replace(LOT, expires_on=None)),)},
    {"postings": (replace(POSTING, source_seq=4, target_seq=None),)},
    {"postings": (replace(POSTING, source_balance=360, target_balance=None),)},
]


def test_chosen_changes_all_differ() -> None:
    variants = [TRANSACTION, *(replace(TRANSACTION, **change) for change in SINGLE_CHANGES)]  # type: ignore[arg-type]  # arguments of many types
    assert len({canonical_bytes(t) for t in variants}) == len(variants)
    assert len({commitment(SALT, t) for t in variants}) == len(variants)
    assert len({json.dumps(to_json(t)) for t in variants}) == len(variants)


def test_an_instant_is_the_same_in_every_zone() -> None:
    beijing = timezone(timedelta(hours=8))
    moved = replace(TRANSACTION, effective_at=TRANSACTION.effective_at.astimezone(beijing))
    assert canonical_bytes(moved) == canonical_bytes(TRANSACTION)
    assert to_json(moved) == to_json(TRANSACTION)


def test_an_instant_without_zone_is_a_mistake() -> None:
    naive = replace(TRANSACTION, effective_at=TRANSACTION.effective_at.replace(tzinfo=None))
    with pytest.raises(TypeError):
        canonical_bytes(naive)


@pytest.mark.parametrize("length", [255, 256, 257, 70_000])
def test_long_fields_are_framed_too(length: int) -> None:
    long = replace(TRANSACTION, memo="m" * length)
    assert Reader(canonical_bytes(long)).transaction() == long


def test_the_commitment_hashes_tag_salt_and_bytes() -> None:
    expected = sha256(framed(b"timebank/commitment/v1", SALT) + canonical_bytes(TRANSACTION)).digest()
    assert commitment(SALT, TRANSACTION) == expected
    assert commitment(SALT[:16], TRANSACTION) != expected


def test_a_short_salt_is_a_mistake() -> None:
    with pytest.raises(ValueError, match="15 bytes"):
        commitment(SALT[:15], TRANSACTION)


json_values = st.recursive(
    st.none() | st.booleans() | integers | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=10,
)
