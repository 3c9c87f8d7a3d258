"""Codes of check-in: made, read, checked; a window each way, no bit changed, none of a million forged ones good."""

import base64
import hmac
import random
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from timebank.codes import layout, rules
from timebank.codes.rules import (
    CodeKeys,
    MemberCode,
    MerchantCode,
    PickUpCode,
    PosterCode,
    StationCode,
    check_member_code,
    check_merchant_code,
    check_pick_up_code,
    check_poster_code,
    check_station_code,
    link,
    member_code,
    merchant_code,
    pick_up_code,
    poster_code,
    read_code,
    station_code,
)
from timebank.errors import RefusalError

KEYS = CodeKeys([b"v" * 32])
SEED = b"s" * 20
NOW = datetime(2026, 3, 5, 9, 0, 0, tzinfo=UTC)
IDS = st.integers(1, layout.MAX_ID)
INSTANTS = st.datetimes(datetime(2020, 1, 1), datetime(2150, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 -- Hypothesis wants bounds without a zone


def test_a_code_says_what_went_in_and_is_good_there_and_then() -> None:
    read = read_code(station_code(KEYS, bank_id=7, station_id=200, session_id=20_000, at=NOW))
    assert isinstance(read, StationCode)
    assert (read.bank_id, read.station_id, read.session_id) == (7, 200, 20_000)
    assert read.window == NOW.timestamp() // 15
    check_station_code(KEYS, read, bank_id=7, now=NOW)

    poster = read_code(poster_code(KEYS, bank_id=7, station_id=200, serial=3))
    assert isinstance(poster, PosterCode)
    assert (poster.bank_id, poster.station_id, poster.serial) == (7, 200, 3)
    check_poster_code(KEYS, poster, bank_id=7)

    member = read_code(member_code(SEED, bank_id=7, pass_id=9, at=NOW))
    assert isinstance(member, MemberCode)
    assert (member.bank_id, member.pass_id, member.window) == (7, 9, NOW.timestamp() // 30)
    check_member_code(SEED, member, bank_id=7, now=NOW)

    merchant = read_code(merchant_code(KEYS, bank_id=7, offer_id=300, at=NOW))
    assert isinstance(merchant, MerchantCode)
    assert (merchant.bank_id, merchant.offer_id, merchant.window) == (7, 300, NOW.timestamp() // 60)
    check_merchant_code(KEYS, merchant, bank_id=7, now=NOW)

    pick_up = read_code(pick_up_code(KEYS, bank_id=7, reservation_id=4_000))
    assert isinstance(pick_up, PickUpCode)
    assert (pick_up.bank_id, pick_up.reservation_id) == (7, 4_000)
    check_pick_up_code(KEYS, pick_up, bank_id=7)


@given(bank_id=IDS, station_id=IDS, session_id=IDS, at=INSTANTS)
def test_whatever_the_ids_a_code_reads_back(
    bank_id: int, station_id: int, session_id: int, at: datetime
) -> None:
    text = station_code(KEYS, bank_id=bank_id, station_id=station_id, session_id=session_id, at=at)
    read = read_code(text)
    assert isinstance(read, StationCode)
    assert (read.bank_id, read.station_id, read.session_id) == (bank_id, station_id, session_id)
    check_station_code(KEYS, read, bank_id=bank_id, now=at)
    poster = read_code(poster_code(KEYS, bank_id=bank_id, station_id=station_id, serial=session_id))
    assert isinstance(poster, PosterCode)
    check_poster_code(KEYS, poster, bank_id=bank_id)
    member = read_code(member_code(SEED, bank_id=bank_id, pass_id=session_id, at=at))
    assert isinstance(member, MemberCode)
    check_member_code(SEED, member, bank_id=bank_id, now=at)
    merchant = read_code(merchant_code(KEYS, bank_id=bank_id, offer_id=station_id, at=at))
    assert isinstance(merchant, MerchantCode)
    assert (merchant.bank_id, merchant.offer_id) == (bank_id, station_id)
    check_merchant_code(KEYS, merchant, bank_id=bank_id, now=at)
    pick_up = read_code(pick_up_code(KEYS, bank_id=bank_id, reservation_id=station_id))
    assert isinstance(pick_up, PickUpCode)
    assert (pick_up.bank_id, pick_up.reservation_id) == (bank_id, station_id)
    check_pick_up_code(KEYS, pick_up, bank_id=bank_id)


def test_a_link_in_any_case_reads_like_the_bare_code() -> None:
    text = station_code(KEYS, bank_id=1, station_id=2, session_id=3, at=NOW)
    whole = link("https://time.example.cn/", text)
    assert whole == f"HTTPS://TIME.EXAMPLE.CN/Q/{text}"
    for spelling in (
        text,
        text.lower(),
        whole,
        whole.lower(),
        f" {text}\n",
        f"http://localhost:8000/Q/{text}",
    ):
        assert read_code(spelling) == read_code(text)


@pytest.mark.parametrize(
    ("seconds", "code"),
    [(0, None), (14, None), (15, None), (29, None), (30, "code_expired"), (86_400, "code_expired"),
     (-1, None), (-15, None), (-16, "code_early"), (-3_600, "code_early")],
)  # fmt: skip
def test_a_station_code_is_good_for_its_window_and_one_more(seconds: int, code: str | None) -> None:
    read = read_code(station_code(KEYS, bank_id=1, station_id=2, session_id=3, at=NOW))
    assert isinstance(read, StationCode)
    assert (
        _refusal(lambda: check_station_code(KEYS, read, bank_id=1, now=NOW + timedelta(seconds=seconds)))
        == code
    )


@pytest.mark.parametrize(
    ("seconds", "code"),
    [(0, None), (59, None), (60, "code_expired"), (-30, None), (-31, "code_early")],
)
def test_a_member_code_is_good_for_its_window_and_one_more(seconds: int, code: str | None) -> None:
    read = read_code(member_code(SEED, bank_id=1, pass_id=2, at=NOW))
    assert isinstance(read, MemberCode)
    assert (
        _refusal(lambda: check_member_code(SEED, read, bank_id=1, now=NOW + timedelta(seconds=seconds)))
        == code
    )


@pytest.mark.parametrize(
    ("seconds", "code"),
    [(0, None), (119, None), (120, "code_expired"), (-60, None), (-61, "code_early")],
)
def test_a_merchants_code_is_good_for_its_window_and_one_more(seconds: int, code: str | None) -> None:
    read = read_code(merchant_code(KEYS, bank_id=1, offer_id=2, at=NOW))
    assert isinstance(read, MerchantCode)
    assert (
        _refusal(lambda: check_merchant_code(KEYS, read, bank_id=1, now=NOW + timedelta(seconds=seconds)))
        == code
    )


def test_another_banks_code_is_named_so_before_all_else() -> None:
    station = read_code(station_code(KEYS, bank_id=1, station_id=2, session_id=3, at=NOW - timedelta(days=1)))
    poster = read_code(poster_code(KEYS, bank_id=1, station_id=2, serial=3))
    member = read_code(member_code(SEED, bank_id=1, pass_id=2, at=NOW))
    assert isinstance(station, StationCode)
    assert isinstance(poster, PosterCode)
    assert isinstance(member, MemberCode)
    assert _refusal(lambda: check_station_code(KEYS, station, bank_id=2, now=NOW)) == "code_of_other_bank"
    assert _refusal(lambda: check_poster_code(KEYS, poster, bank_id=2)) == "code_of_other_bank"
    assert _refusal(lambda: check_member_code(SEED, member, bank_id=2, now=NOW)) == "code_of_other_bank"
    merchant = read_code(merchant_code(KEYS, bank_id=1, offer_id=2, at=NOW - timedelta(days=1)))
    pick_up = read_code(pick_up_code(KEYS, bank_id=1, reservation_id=2))
    assert isinstance(merchant, MerchantCode)
    assert isinstance(pick_up, PickUpCode)
    assert _refusal(lambda: check_merchant_code(KEYS, merchant, bank_id=2, now=NOW)) == "code_of_other_bank"
    assert _refusal(lambda: check_pick_up_code(KEYS, pick_up, bank_id=2)) == "code_of_other_bank"


@pytest.mark.parametrize("made", [
    station_code(KEYS, bank_id=1, station_id=200, session_id=20_000, at=NOW),
    poster_code(KEYS, bank_id=1, station_id=200, serial=1),
    member_code(SEED, bank_id=1, pass_id=77, at=NOW),
    merchant_code(KEYS, bank_id=1, offer_id=300, at=NOW),
    pick_up_code(KEYS, bank_id=1, reservation_id=4_000),
])  # fmt: skip
def test_every_bit_flip_and_every_changed_letter_is_refused(made: str) -> None:
    raw = base64.b32decode(made + "=" * (-len(made) % 8))
    changed = []
    for bit in range(len(raw) * 8):
        flipped = bytearray(raw)
        flipped[bit // 8] ^= 1 << bit % 8
        changed.append(base64.b32encode(bytes(flipped)).decode().rstrip("="))
    changed += [
        made[:place] + letter + made[place + 1 :]
        for place in range(len(made))
        for letter in "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
        if letter != made[place]
    ]
    changed += [made[:-1], made + "A", made + "AA", made[1:]]
    assert len(changed) > 700
    assert [text for text in changed if _refusal(partial(_check, text)) is None] == []
    assert _refusal(lambda: _check(made)) is None


@pytest.mark.parametrize("text", [
    "", "TBC-0123456789ABCDEF", "A" * 23, "A" * 80, "7" * 64, "A" * 81, "AEAQ 8019", "二维码" * 8,
    "https://time.example.cn/q/", "ftp://time.example.cn/Q/" + "A" * 30, "https://time.example.cn/X/" + "A" * 30,
])  # fmt: skip
def test_what_is_no_code_is_unreadable(text: str) -> None:
    assert _refusal(lambda: read_code(text)) == "code_unreadable"


@given(st.text(max_size=120))
def test_any_text_is_read_or_unreadable(text: str) -> None:
    assert _refusal(lambda: _check(text)) is not None


@given(st.binary(min_size=12, max_size=50), st.sampled_from([b"\1", b"\2", b"\3", b"\4", b"\5", b""]))
def test_any_bytes_are_read_or_unreadable_and_never_good(raw: bytes, kind: bytes) -> None:
    assert _refusal(lambda: _check(base64.b32encode(kind + raw).decode().rstrip("="))) is not None


def test_the_same_ids_in_longer_varints_are_unreadable() -> None:
    """Else one code had many spellings, and a scan sent twice would not be known again."""
    text = poster_code(KEYS, bank_id=1, station_id=2, serial=3)
    raw = base64.b32decode(text + "=" * (-len(text) % 8))
    longer = raw[:1] + b"\x81\x00" + raw[2:]
    assert _refusal(lambda: read_code(base64.b32encode(longer).decode().rstrip("="))) == "code_unreadable"


def test_no_code_of_a_million_forged_ones_passes() -> None:
    """From a fixed start: random macs on what is good now, and a good mac on other ids, windows and kinds."""
    chance = random.Random(20_260_305)
    good = read_code(station_code(KEYS, bank_id=1, station_id=200, session_id=20_000, at=NOW))
    assert isinstance(good, StationCode)
    assert KEYS.verifies(good.body, good.mac)
    passed = sum(KEYS.verifies(good.body, chance.randbytes(10)) for _ in range(800_000))
    for _ in range(150_000):
        body = b"\1\1" + chance.randbytes(len(good.body) - 2)
        passed += body != good.body and KEYS.verifies(body, good.mac)
    for _ in range(50_000):
        said = StationCode(
            1,
            chance.getrandbits(8),
            chance.getrandbits(15),
            good.window + chance.randrange(-1, 2),
            chance.randbytes(10),
        )
        passed += _refusal(partial(check_station_code, KEYS, said, bank_id=1, now=NOW)) is None
    assert passed == 0


def test_no_merchants_or_pick_up_code_that_was_guessed_passes() -> None:
    """From a fixed start: random macs on what is good now, and one kind's good mac on the other kind's body."""
    chance = random.Random(20_260_306)
    merchant = read_code(merchant_code(KEYS, bank_id=1, offer_id=300, at=NOW))
    pick_up = read_code(pick_up_code(KEYS, bank_id=1, reservation_id=4_000))
    assert isinstance(merchant, MerchantCode)
    assert isinstance(pick_up, PickUpCode)
    passed = 0
    for _ in range(100_000):
        mac, id_ = chance.randbytes(10), chance.getrandbits(12) + 1
        guessed = MerchantCode(1, id_, merchant.window + chance.randrange(-1, 2), mac)
        passed += _refusal(partial(check_merchant_code, KEYS, guessed, bank_id=1, now=NOW)) is None
        waiting = PickUpCode(1, id_, mac)
        passed += _refusal(partial(check_pick_up_code, KEYS, waiting, bank_id=1)) is None
        for borrowed in (merchant.mac, *([] if id_ == pick_up.reservation_id else [pick_up.mac])):
            other = PickUpCode(1, id_, borrowed)
            passed += _refusal(partial(check_pick_up_code, KEYS, other, bank_id=1)) is None
    assert passed == 0
    assert _refusal(lambda: check_pick_up_code(KEYS, pick_up, bank_id=1)) is None
    assert _refusal(lambda: check_merchant_code(KEYS, merchant, bank_id=1, now=NOW)) is None


def _check(text: str) -> None:
    match read_code(text):
        case StationCode() as code:
            check_station_code(KEYS, code, bank_id=1, now=NOW)
        case PosterCode() as code:
            check_poster_code(KEYS, code, bank_id=1)
        case MemberCode() as code:
            check_member_code(SEED, code, bank_id=1, now=NOW)
        case MerchantCode() as code:
            check_merchant_code(KEYS, code, bank_id=1, now=NOW)
        case PickUpCode() as code:
            check_pick_up_code(KEYS, code, bank_id=1)


def _refusal(work: Callable[[], object]) -> str | None:
    try:
        work()
    except RefusalError as refused:
        return refused.code
    return None


def test_the_example_of_the_document_holds() -> None:
    text = (Path(__file__).parents[3] / "docs" / "codes.md").read_text(encoding="utf-8")
    said = dict(
        re.findall(r"^\| (seed|head|moment|window|body|mac|code) \| `?([^` ]+)`?.*\|$", text, re.MULTILINE)
    )
    seed = base64.b32decode(said["seed"])
    assert seed == bytes(range(20))
    made = member_code(seed, bank_id=7, pass_id=300, at=datetime.fromisoformat(said["moment"]))
    assert made == said["code"]
    assert rules.member_head(7, 300).hex().upper() == said["head"]
    # By hand, as the phone does it.
    window = int(datetime.fromisoformat(said["moment"]).timestamp()) // 30
    body = bytes.fromhex(said["head"]) + window.to_bytes(4, "big")
    mac = hmac.digest(seed, body, "sha256")[:10]
    assert (str(window), body.hex().upper(), mac.hex().upper()) == (said["window"], said["body"], said["mac"])
    assert base64.b32encode(body + mac).decode().rstrip("=") == made
