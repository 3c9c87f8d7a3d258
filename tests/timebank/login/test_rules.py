"""Which passwords are refused, how long sessions live, and what strangers see."""

from datetime import UTC, datetime, timedelta

import pytest

from timebank.errors import RefusalError
from timebank.login.rules import (
    check_password,
    client_family,
    is_fresh,
    masked_name,
    plain_password,
    session_end,
)

NOON = datetime(2026, 3, 5, 4, 0, tzinfo=UTC)
WECHAT = (
    "Mozilla/5.0 (Linux; Android 14; ABC) AppleWebKit/537.36 Chrome/116.0 Safari/537.36 MicroMessenger/8.0.47"
)
IPHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) AppleWebKit/605.1.15 Version/17.0 Safari/604.1"
)


@pytest.mark.parametrize(
    "password",
    [
        "1234567890",
        "19900000001",
        "password123",
        "Password1!!",
        "P@ssw0rd2024",
        "qwertyuiop",
        "poiuytrewq",
        "1qaz2wsx3edc",
        "q1w2e3r4t5",
        "abcdefghij",
        "klmnopqrstuvw",
        "iloveyou520",
        "woaini5201314",
        "timebank2026",
        "zhiyuanzhe2026",
        "adminadminadmin",
        "aaaaaaaaaaaa",
        "abababababab",
        "123456789a",
        "........................",
    ],
)
def test_what_guessers_try_first_is_refused(password: str) -> None:
    with pytest.raises(RefusalError) as refused:
        check_password(password)
    assert refused.value.code == "password_common"


@pytest.mark.parametrize(
    "password",
    [
        "gleaming-river-42",
        "mao-zai-wuding-shang",
        "春江潮水连海平海上明月",
        "xK7#pq!92mZ",
        "administrators-tea-cup",
    ],
)
def test_others_are_not(password: str) -> None:
    check_password(password)


@pytest.mark.parametrize("password", ["xK7#pq!92", ""])
def test_short_ones_are_refused(password: str) -> None:
    with pytest.raises(RefusalError) as refused:
        check_password(password)
    assert (refused.value.code, refused.value.params) == ("password_short", {"least": 10})


def test_the_width_of_a_letter_makes_no_difference() -> None:
    assert plain_password("ｒｉｖｅｒ４２") == "river42"


def test_how_long_a_session_lives() -> None:
    began, now = NOON, NOON + timedelta(hours=5)
    assert session_end(began, now, is_device=False, carries_roles=False) == now + timedelta(days=30)
    assert session_end(began, now, is_device=False, carries_roles=True) == NOON + timedelta(hours=12)
    assert session_end(began, now, is_device=True, carries_roles=False) == now + timedelta(days=90)


@pytest.mark.parametrize(
    ("method", "minutes", "fresh"),
    [
        ("code", 9, True),
        ("link", 9, True),
        ("code", 10, False),
        ("password", 0, False),
        ("password_totp", 0, False),
    ],
)
def test_which_login_is_fresh(method: str, minutes: int, *, fresh: bool) -> None:
    assert is_fresh(method, NOON, NOON + timedelta(minutes=minutes)) is fresh


@pytest.mark.parametrize(
    ("name", "masked"), [("王芳", "*芳"), ("王小明", "**明"), (" 欧阳小明 ", "***明"), ("王", "*"), ("", "*")]
)
def test_a_household_tells_its_members_by_the_last_character(name: str, masked: str) -> None:
    assert masked_name(name) == masked


@pytest.mark.parametrize(
    ("user_agent", "family"),
    [(WECHAT, "wechat android"), (IPHONE, "safari ios"), ("curl/8", "other"), ("", "other")],
)
def test_a_client_is_known_by_its_family_only(user_agent: str, family: str) -> None:
    assert client_family(user_agent) == family
