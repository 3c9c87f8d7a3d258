"""A voucher's text: one spelling, checked with the public key alone, and nothing that was altered passes."""

import ast
import base64
import random
import re
import sys
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from timebank.vouchers import offline
from timebank.vouchers.offline import KINDS, PURPOSE, Said, check, plain, read, written

DOCUMENT = Path(__file__).parents[3] / "docs" / "vouchers.md"
KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
OTHER = Ed25519PrivateKey.from_private_bytes(b"o" * 32)
PUBLIC = KEY.public_key().public_bytes_raw()
SAID = Said(7, 300, 12, "housekeeping", 90, 20, date(2026, 6, 8))
LAST_DAY = SAID.expires_on
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
NUMBERS = st.integers(0, 2**64 - 1)
SAIDS = st.builds(
    Said, NUMBERS, NUMBERS, NUMBERS, st.sampled_from(KINDS), NUMBERS, NUMBERS, st.dates(date(1970, 1, 1))
)

FORGERIES = 20_000
"""So many altered texts are tried, four thousand of each way to alter one."""


def signed(said: Said, key: Ed25519PrivateKey = KEY) -> str:
    return written(said, key.sign(PURPOSE + said.body))


TEXT = signed(SAID)


def checked(text: str, today: date = LAST_DAY, **asked: object) -> Said | str:
    given = {"public_keys": [PUBLIC], "bank_id": 7, "merchant_id": 12, **asked}
    return check(text, today=today, **given)  # type: ignore[arg-type]  # arguments of many types


@given(SAIDS)
def test_what_is_written_is_read(said: Said) -> None:
    text = signed(said)
    assert re.fullmatch("V1[A-Z2-7]{176}", text)
    found = read(text)
    assert found is not None
    assert found.said == said
    assert found.is_genuine([PUBLIC])
    assert not found.is_genuine([OTHER.public_key().public_bytes_raw()])
    assert not found.is_genuine([])


def test_a_good_one_says_what_it_is_good_for() -> None:
    assert checked(TEXT) == SAID
    assert checked(TEXT, today=date(2020, 1, 1)) == SAID
    assert checked(f"  {TEXT.lower()}\n") == SAID
    assert checked(TEXT, public_keys=[OTHER.public_key().public_bytes_raw(), PUBLIC]) == SAID


@pytest.mark.parametrize(
    ("text", "asked", "code"),
    [
        ("", {}, "voucher_unreadable"),
        (TEXT[:-1], {}, "voucher_unreadable"),
        (TEXT + "A", {}, "voucher_unreadable"),
        ("V2" + TEXT[2:], {}, "voucher_unreadable"),
        (TEXT[:50] + " " + TEXT[50:], {}, "voucher_unreadable"),
        (TEXT.replace("V1A", "V1\u0131", 1), {}, "voucher_unreadable"),
        (signed(SAID, OTHER), {}, "voucher_forged"),
        (TEXT, {"public_keys": []}, "voucher_forged"),
        (TEXT, {"bank_id": 8, "public_keys": []}, "voucher_of_other_bank"),
        (TEXT, {"merchant_id": 13}, "voucher_of_other_merchant"),
        (signed(SAID, OTHER), {"merchant_id": 13}, "voucher_forged"),
        (TEXT, {"today": LAST_DAY + timedelta(days=1)}, "voucher_expired"),
        (TEXT, {"today": LAST_DAY + timedelta(days=1), "merchant_id": 13}, "voucher_of_other_merchant"),
    ],
)
def test_each_refusal_in_its_order(text: str, asked: dict[str, object], code: str) -> None:
    assert checked(text, **asked) == code  # type: ignore[arg-type]  # the day among them


def test_a_kind_or_day_that_there_is_not_is_no_voucher() -> None:
    for body in (b"\0" + SAID.body[1:], b"\4" + SAID.body[1:], SAID.body[:-5] + b"\xff" * 5):
        text = "V1" + base64.b32encode(body + KEY.sign(PURPOSE + body)).decode()
        assert checked(text) == "voucher_unreadable"


def test_a_signature_for_something_else_is_none_of_a_voucher() -> None:
    assert checked(written(SAID, KEY.sign(SAID.body))) == "voucher_forged"


@given(SAIDS, st.sampled_from(["bank_id", "number", "merchant_id", "value", "fufen"]), NUMBERS)
def test_no_figure_can_be_changed(said: Said, name: str, value: int) -> None:
    altered = replace(said, **{name: value})  # type: ignore[arg-type]  # each is a number
    signature = KEY.sign(PURPOSE + said.body)
    found = read(written(altered, signature))
    assert found is not None
    assert found.is_genuine([PUBLIC]) == (altered == said)


def test_no_letter_can_be_changed() -> None:
    for at in range(2, len(TEXT)):
        for letter in LETTERS:
            if letter != TEXT[at]:
                assert isinstance(checked(TEXT[:at] + letter + TEXT[at + 1 :]), str), (at, letter)


def test_altered_texts_never_pass() -> None:
    rng = random.Random(20260508)
    texts = [signed(replace(SAID, number=number, fufen=number)) for number in range(300, 310)]
    genuine = set(texts)
    for _ in range(FORGERIES):
        text = altered(rng, texts)
        assert plain(text) in genuine or isinstance(checked(text), str), text


def altered(rng: random.Random, texts: list[str]) -> str:
    """Return a text made of genuine ones as somebody would who has no key."""
    text = rng.choice(texts)
    match rng.randrange(5):
        case 0:  # other letters here and there
            letters = list(text)
            for _ in range(rng.randint(1, 6)):
                letters[rng.randrange(2, len(letters))] = rng.choice(LETTERS)
            return "".join(letters)
        case 1:  # one's body with another's signature
            at = rng.randrange(3, len(text))
            return text[:at] + rng.choice(texts)[at:]
        case 2:  # a bit of the bytes
            raw = bytearray(base64.b32decode(text[2:]))
            raw[rng.randrange(len(raw))] ^= 1 << rng.randrange(8)
            return "V1" + base64.b32encode(raw).decode()
        case 3:  # two letters that changed places
            first, second = sorted(rng.sample(range(2, len(text)), 2))
            return text[:first] + text[second] + text[first + 1 : second] + text[first] + text[second + 1 :]
        case _:  # a body of one's own, signed with anything
            said = replace(SAID, fufen=rng.randrange(2**40), number=rng.randrange(2**40))
            return written(said, rng.randbytes(64))


def test_the_example_of_the_document() -> None:
    rows = dict(
        re.findall(r"^\| ([^|]+) \| `([^`]+)` \|$", DOCUMENT.read_text(encoding="utf-8"), re.MULTILINE)
    )
    assert rows["text"] == TEXT
    assert rows["body (base16)"] == SAID.body.hex().upper()
    public = base64.b64decode(rows["public key (base64)"])
    assert checked(rows["text"], public_keys=[public]) == SAID


def test_it_needs_nothing_of_this_program() -> None:
    tree = ast.parse(Path(offline.__file__).read_text(encoding="utf-8"))
    modules = {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    modules |= {name.name for node in ast.walk(tree) if isinstance(node, ast.Import) for name in node.names}
    assert {module.split(".")[0] for module in modules} - sys.stdlib_module_names == {"cryptography"}
