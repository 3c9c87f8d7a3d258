"""Receipts: what one says, on which phone, for how long; no bit of it can be changed."""

import base64
import secrets
from datetime import timedelta

import pytest

from tests.timebank.scans.scene import KEYS, STARTS
from timebank.codes.rules import CodeKeys, StationCode, poster_code, station_code
from timebank.errors import RefusalError
from timebank.scans.receipts import LIFETIME, make_receipt, phone_digest, read_receipt, touch
from timebank.vault.blind import BlindIndex

CODE = StationCode(7, 8, 9, 1, b"")
PHONE = secrets.token_bytes(32)
SECOND = timedelta(seconds=1)


def made(keys: CodeKeys = KEYS) -> str:
    return make_receipt(keys, bank_id=7, station_code=CODE, phone=PHONE, now=STARTS)


def test_it_says_what_was_touched_when() -> None:
    receipt = read_receipt(KEYS, made(), bank_id=7, phone=PHONE, now=STARTS + LIFETIME)
    assert (receipt.station_id, receipt.session_id, receipt.touched_at, receipt.fault) == (8, 9, STARTS, None)


def test_it_is_of_one_phone_and_of_five_minutes() -> None:
    late = read_receipt(KEYS, made(), bank_id=7, phone=PHONE, now=STARTS + LIFETIME + SECOND)
    assert late.fault == "code_expired"
    for phone in (None, secrets.token_bytes(32)):
        assert read_receipt(KEYS, made(), bank_id=7, phone=phone, now=STARTS).fault == "code_replayed"


def test_no_bit_can_be_changed() -> None:
    raw = base64.urlsafe_b64decode(made())
    for bit in range(8 * len(raw)):
        changed = bytearray(raw)
        changed[bit // 8] ^= 1 << bit % 8
        text = base64.urlsafe_b64encode(bytes(changed)).decode()
        with pytest.raises(RefusalError) as refused:
            read_receipt(KEYS, text, bank_id=7, phone=PHONE, now=STARTS)
        assert refused.value.code in {"code_unreadable", "code_of_other_bank", "code_forged"}


@pytest.mark.parametrize("text", ["", "A", "二维码", "A" * 68, "A" * 400])
def test_what_is_none_is_unreadable(text: str) -> None:
    with pytest.raises(RefusalError, match="code_unreadable"):
        read_receipt(KEYS, text, bank_id=7, phone=PHONE, now=STARTS)


def test_a_key_that_was_rotated_away_from_still_verifies() -> None:
    old, new = b"o" * 32, b"n" * 32
    before = made(CodeKeys([old]))
    assert read_receipt(CodeKeys([new, old]), before, bank_id=7, phone=PHONE, now=STARTS).fault is None
    with pytest.raises(RefusalError, match="code_forged"):
        read_receipt(CodeKeys([new]), before, bank_id=7, phone=PHONE, now=STARTS)


def test_a_touch_takes_a_station_s_code_of_this_moment_only() -> None:
    code = station_code(KEYS, bank_id=7, station_id=8, session_id=9, at=STARTS)
    touched = touch(KEYS, code, bank_id=7, phone=PHONE, now=STARTS + 15 * SECOND)
    assert (touched.session_id, touched.expires_at) == (9, STARTS + 15 * SECOND + LIFETIME)
    with pytest.raises(RefusalError, match="code_expired"):
        touch(KEYS, code, bank_id=7, phone=PHONE, now=STARTS + 31 * SECOND)
    poster = poster_code(KEYS, bank_id=7, station_id=8, serial=1)
    with pytest.raises(RefusalError, match="code_unreadable"):
        touch(KEYS, poster, bank_id=7, phone=PHONE, now=STARTS)


def test_a_phone_is_another_in_another_bank() -> None:
    blind, phone = BlindIndex(b"v" * 32), "0" * 32
    assert phone_digest(blind, 7, phone) == phone_digest(blind, 7, phone)
    assert phone_digest(blind, 7, phone) != phone_digest(blind, 8, phone)
