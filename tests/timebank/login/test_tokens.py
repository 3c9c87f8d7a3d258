"""Token keys: made once, rotated with an overlap, refused when they are none."""

import base64
import json
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from timebank.errors import RefusalError
from timebank.login.tokens import TokenKeys, load_token_keys, rotate_token_keys

NOON = datetime(2026, 3, 5, 4, 0, tzinfo=UTC)
KEY = b"t" * 32
SAID = {
    "iss": "timebank",
    "bank": "bank",
    "sid": "6f0d3f52-6f4b-4ac0-9b52-6f3a6c2f9f10",
    "iat": int(NOON.timestamp()),
    "exp": int(NOON.timestamp()) + 60,
}


def _signed(claims: object) -> str:
    kid = TokenKeys([KEY]).jwks()["keys"][0]["kid"]
    header = {"kid": kid, "typ": "JWT"}
    signer = Ed25519PrivateKey.from_private_bytes(KEY)
    return jwt.PyJWS().encode(json.dumps(claims).encode(), signer, "EdDSA", header)


def test_each_claim_must_be_there() -> None:
    keys = TokenKeys([KEY])
    assert keys.verify(_signed(SAID), now=NOON).bank == "bank"
    assert keys.verify_cookie(_signed(SAID | {"aud": "pages"}), now=NOON).bank == "bank"
    for missing in SAID:
        with pytest.raises(RefusalError, match="token_invalid"):
            keys.verify(_signed({name: said for name, said in SAID.items() if name != missing}), now=NOON)


@pytest.mark.parametrize(
    "claims",
    [
        SAID | {"iss": None},
        SAID | {"iss": ["timebank"]},
        SAID | {"aud": "pages"},
        SAID | {"aud": "others"},
        SAID | {"iat": None},
        SAID | {"iat": "NaN"},
        SAID | {"exp": float("inf")},
        SAID | {"exp": []},
        SAID | {"sid": 1},
        [],
        ["iss", "bank", "sid", "iat", "exp"],
        "iss",
        1,
        None,
    ],
)
def test_claims_that_we_do_not_make_are_refused_although_we_signed_them(claims: object) -> None:
    with pytest.raises(RefusalError, match="token_invalid"):
        TokenKeys([KEY]).verify(_signed(claims), now=NOON)


@pytest.mark.parametrize("audience", [None, "", "others", ["pages"]])
def test_a_cookie_is_for_pages(audience: object) -> None:
    with pytest.raises(RefusalError, match="token_invalid"):
        TokenKeys([KEY]).verify_cookie(_signed(SAID | {"aud": audience}), now=NOON)


def test_a_home_has_one_key_from_the_first_start_on(tmp_path: Path) -> None:
    first, again = load_token_keys(None, tmp_path), load_token_keys(None, tmp_path)
    token, _ = first.issue("bank", uuid4(), now=NOON)
    assert again.verify(token, now=NOON).bank == "bank"
    assert (tmp_path / "keys" / "tokens" / "1.key").stat().st_mode & 0o777 == 0o600


def test_after_a_rotation_the_key_before_still_verifies_and_the_one_before_that_does_not(
    tmp_path: Path,
) -> None:
    old = load_token_keys(None, tmp_path)
    token, _ = old.issue("bank", uuid4(), now=NOON)
    assert rotate_token_keys(tmp_path) == 2
    new = load_token_keys(None, tmp_path)
    assert new.verify(token, now=NOON).bank == "bank"
    newer, _ = new.issue("bank", uuid4(), now=NOON)
    with pytest.raises(RefusalError, match="token_invalid"):
        old.verify(newer, now=NOON)
    assert rotate_token_keys(tmp_path) == 3
    with pytest.raises(RefusalError, match="token_invalid"):
        load_token_keys(None, tmp_path).verify(token, now=NOON)


def test_keys_may_be_given(tmp_path: Path) -> None:
    texts = [base64.b64encode(bytes([n]) * 32).decode() for n in (1, 2)]
    both = load_token_keys(",".join(texts), tmp_path)
    token, _ = load_token_keys(texts[1], tmp_path).issue("bank", uuid4(), now=NOON)
    assert both.verify(token, now=NOON).bank == "bank"
    assert len(both.jwks()["keys"]) == 2
    assert not (tmp_path / "keys").exists()


@pytest.mark.parametrize("text", ["", "not base64!", base64.b64encode(b"short").decode()])
def test_what_is_no_key_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(RefusalError, match="token_key_invalid"):
        load_token_keys(text, tmp_path)
