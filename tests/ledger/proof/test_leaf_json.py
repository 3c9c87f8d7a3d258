"""The JSON of a leaf: plain, canonical, and of one shape only."""

import json
from typing import cast
from uuid import UUID

import pytest
from hypothesis import given

from ledger.proof.leaf import (
    JsonValue,
    LeafError,
    LeafTransaction,
    canonical_json,
    from_json,
    to_json,
)
from tests.ledger.proof.test_leaf import TRANSACTION, json_values, transactions


@given(transactions)
def test_json_comes_back(t: LeafTransaction) -> None:
    assert from_json(json.loads(json.dumps(to_json(t)))) == t


def sample_json() -> dict[str, JsonValue]:
    return cast("dict[str, JsonValue]", json.loads(json.dumps(to_json(TRANSACTION))))


def test_json_is_plain() -> None:
    plain = sample_json()
    assert plain["effective_at"] == "2026-03-01T08:30:00.000000Z"
    assert plain["fingerprint"] == "00010203"
    assert plain["postings"] == [
        {
            "line": 1,
            "unit": "minute",
            "amount": 90,
            "source": {"kind": "issuance", "owner": str(UUID(int=0)), "expires_on": None},
            "target": {"kind": "wallet", "owner": str(UUID(int=7)), "expires_on": "2026-12-31"},
            "source_seq": None,
            "source_balance": None,
            "target_seq": 4,
            "target_balance": 360,
        }
    ]


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("id", "12"),
        ("id", True),
        ("id", None),
        ("id", 1 << 63),
        ("bank", 1),
        ("bank", None),
        ("memo", "\ud800"),
        ("fingerprint", "0001020"),
        ("fingerprint", "00 010203"),
        ("fingerprint", "AB"),
        ("effective_at", "2026-03-01T08:30:00Z"),
        ("effective_at", "2026-03-01T08:30:00.000000+00:00"),
        ("effective_at", "2026-02-30T08:30:00.000000Z"),
        ("effective_at", 1772353800),
        ("refusal", 3),
        ("hold_until", ""),
        ("postings", None),
        ("postings", [None]),
        ("postings", {}),
    ],
)
def test_json_of_another_shape_is_refused(key: str, value: JsonValue) -> None:
    with pytest.raises(LeafError) as refusal:
        from_json({**sample_json(), key: value})
    assert refusal.value.code == "malformed_transaction"


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("owner", str(UUID(int=7)).upper().replace("0", "A")),
        ("owner", UUID(int=7).hex),
        ("owner", "me"),
        ("expires_on", "20261231"),
        ("expires_on", "2026-12-32"),
        ("kind", None),
    ],
)
def test_json_of_an_account_of_another_shape_is_refused(key: str, value: JsonValue) -> None:
    plain = sample_json()
    posting = cast("list[dict[str, JsonValue]]", plain["postings"])[0]
    posting["target"] = {**cast("dict[str, JsonValue]", posting["target"]), key: value}
    with pytest.raises(LeafError):
        from_json(plain)


@pytest.mark.parametrize("value", [None, 1, "text", [], {}])
def test_json_of_no_transaction_is_refused(value: JsonValue) -> None:
    with pytest.raises(LeafError):
        from_json(value)


def test_json_with_a_key_more_or_less_is_refused() -> None:
    with pytest.raises(LeafError):
        from_json({**sample_json(), "extra": 1})
    missing = sample_json()
    del missing["xact"]
    with pytest.raises(LeafError):
        from_json(missing)


def test_canonical_json_sorts_and_keeps_characters() -> None:
    value = {"乙": [1, True, None, {"b": "", "a": -2}], "Z": '引"号', "a": {}}
    assert canonical_json(value) == '{"Z":"引\\"号","a":{},"乙":[1,true,null,{"a":-2,"b":""}]}'


@given(json_values)
def test_canonical_json_is_json_and_stable(value: object) -> None:
    text = canonical_json(value)
    assert json.loads(text) == value
    assert canonical_json(json.loads(text)) == text


@pytest.mark.parametrize("value", [1.5, 1.0, [0.5], {"a": {"b": 2.0}}, (1,), {1: "a"}, b"bytes", {"a": {1}}])
def test_canonical_json_refuses_floats_and_the_like(value: object) -> None:
    with pytest.raises(TypeError):
        canonical_json(value)
