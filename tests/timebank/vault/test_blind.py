"""The blind index: what has one digest, and what tells numbers apart."""

import pytest

from timebank.vault.blind import BlindIndex, normal
from timebank.vault.keys import KeyRing

BLIND = BlindIndex(bytes(range(32)))


@pytest.mark.parametrize(
    ("field", "value", "plain"),
    [
        ("phone", "19900001234", "19900001234"),
        ("phone", "+86 199 0000 1234", "19900001234"),
        ("phone", "0086-199-0000-1234", "19900001234"),
        ("phone", "1９９00001234", "19900001234"),
        ("phone", "8612345", "8612345"),
        ("phone", "(0990) 123 4567", "09901234567"),
        ("id_number", " 99000019590320001x ", "99000019590320001X"),
        ("id_number", "8699000019590", "8699000019590"),
        ("phone", " - ", ""),
    ],
)
def test_ways_of_writing_one_number_are_one(field: str, value: str, plain: str) -> None:
    assert normal(field, value) == plain
    assert BLIND.digest(1, field, value) == BLIND.digest(1, field, plain)


def test_another_bank_field_number_or_key_has_another_digest() -> None:
    base = BLIND.digest(1, "phone", "19900001234")
    others = {
        BLIND.digest(2, "phone", "19900001234"),
        BLIND.digest(1, "id_number", "19900001234"),
        BLIND.digest(1, "phone", "19900001235"),
        BlindIndex(bytes(32)).digest(1, "phone", "19900001234"),
    }
    assert len(others | {base}) == 5
    assert {len(digest) for digest in others} == {32}


def test_every_key_of_a_ring_finds_and_the_first_makes() -> None:
    ring = BlindIndex(KeyRing([bytes(32), bytes(range(32))]))
    assert ring.digests(1, "phone", "199") == [
        ring.digest(1, "phone", "199"),
        BLIND.digest(1, "phone", "199"),
    ]
