"""Access tokens that were forged, borrowed or kept too long: all get nowhere, in the same way."""

import base64
import hashlib
import hmac
import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import uuid4

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tests.api.cast import enter
from tests.api.conftest import As
from tests.api.entering import Door
from tests.conftest import new_bank
from timebank.database import Database

LOGIN_CODES = {"token_invalid", "token_expired", "session_over"}


def _b64(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()


def _claims(door: Door, **changed: object) -> dict[str, Any]:
    now = int(door.clock().timestamp())
    sid = str(door.cast.sessions["adam"])
    return {
        "iss": "timebank",
        "bank": door.cast.bank.code,
        "sid": sid,
        "iat": now,
        "exp": now + 600,
    } | changed


def _header(door: Door) -> dict[str, str]:
    return {"kid": door.service.tokens.jwks()["keys"][0]["kid"]}


def _signed(door: Door, **changed: object) -> str:
    ours = Ed25519PrivateKey.from_private_bytes(b"t" * 32)
    return jwt.encode(_claims(door, **changed), ours, "EdDSA", headers=_header(door))


def _public(door: Door) -> bytes:
    x = door.service.tokens.jwks()["keys"][0]["x"]
    return base64.urlsafe_b64decode(x + "=")


def _unsigned(door: Door) -> str:
    header = {"alg": "none", "typ": "JWT", **_header(door)}
    return f"{_b64(json.dumps(header).encode())}.{_b64(json.dumps(_claims(door)).encode())}."


def _hmac_with_the_public_key(door: Door) -> str:
    header = {"alg": "HS256", "typ": "JWT", **_header(door)}
    said = f"{_b64(json.dumps(header).encode())}.{_b64(json.dumps(_claims(door)).encode())}"
    return f"{said}.{_b64(hmac.digest(_public(door), said.encode(), hashlib.sha256))}"


def _of_another_key(door: Door) -> str:
    return jwt.encode(_claims(door), Ed25519PrivateKey.generate(), "EdDSA", headers=_header(door))


def _of_an_unknown_key(door: Door) -> str:
    return jwt.encode(_claims(door), Ed25519PrivateKey.generate(), "EdDSA", headers={"kid": "unknown"})


def _with_its_own_key(door: Door) -> str:
    key = Ed25519PrivateKey.generate()
    public = {"kty": "OKP", "crv": "Ed25519", "x": _b64(key.public_key().public_bytes_raw())}
    return jwt.encode(_claims(door), key, "EdDSA", headers={**_header(door), "jwk": public})


def _altered(door: Door) -> str:
    head, _, signature = _signed(door).split(".")
    other = _claims(door, sid=str(door.cast.sessions["olga"]))
    return f"{head}.{_b64(json.dumps(other).encode())}.{signature}"


FORGED: dict[str, Callable[[Door], str]] = {
    "none algorithm": _unsigned,
    "HS256 with the public key": _hmac_with_the_public_key,
    "another key": _of_another_key,
    "an unknown key": _of_an_unknown_key,
    "a key of its own": _with_its_own_key,
    "altered": _altered,
    "unknown session": lambda door: _signed(door, sid=str(uuid4())),
    "no session": lambda door: _signed(door, sid="adam"),
    "unknown bank": lambda door: _signed(door, bank="no-such-bank"),
    "another issuer": lambda door: _signed(door, iss="somebody"),
    "expired": lambda door: _signed(door, exp=int(door.clock().timestamp())),
    "of the future": lambda door: _signed(door, iat=int(door.clock().timestamp()) + 60),
    "endless": lambda door: _signed(door, exp=10**30),
    "garbage": lambda _: "garbage",
    "three dots": lambda _: "...",
    "not a number": lambda door: _signed(door, exp="soon"),
}


async def _me(door: Door, token: str) -> tuple[int, str]:
    answer = await door.as_("stranger").get("/api/v1/me", headers={"Authorization": f"Bearer {token}"})
    return answer.status_code, answer.json().get("code", "")


async def test_a_token_of_ours_is_let_in(door: Door) -> None:
    assert await _me(door, _signed(door)) == (200, "")


@pytest.mark.parametrize("kind", FORGED)
async def test_is_refused(door: Door, kind: str) -> None:
    status, code = await _me(door, FORGED[kind](door))
    assert status == 401
    assert code in LOGIN_CODES


async def test_a_session_is_of_its_bank_only(door: Door, database: Database) -> None:
    """Signed by us, naming another bank: there is no such session there, and nothing tells that there is one here."""
    other = await enter(database, await new_bank(database))
    assert await _me(door, _signed(door, bank=other.bank.code)) == (401, "session_over")
    assert await _me(door, _signed(door, bank=other.bank.code, sid=str(other.sessions["adam"]))) == (200, "")


async def test_a_token_outlives_neither_its_minutes_nor_its_session(door: Door, as_: As) -> None:
    token, until = door.service.tokens.issue(
        door.cast.bank.code, door.cast.sessions["adam"], now=door.clock()
    )
    assert until <= door.clock() + timedelta(minutes=10)
    assert await _me(door, token) == (200, "")
    door.clock.at = until
    assert await _me(door, token) == (401, "token_expired")
    door.clock.at = until - timedelta(seconds=1)
    assert (await as_("adam").post("/api/v1/logout")).status_code == 204
    assert await _me(door, token) == (401, "session_over")


async def test_the_published_keys_check_our_tokens(door: Door) -> None:
    answer = await door.as_("stranger").get("/api/v1/jwks.json")
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "public, max-age=300"
    (key,) = jwt.PyJWKSet.from_dict(answer.json()).keys
    token, _ = door.service.tokens.issue(door.cast.bank.code, uuid4(), now=door.clock())
    assert jwt.get_unverified_header(token)["kid"] == key.key_id
    jwt.decode(token, key, algorithms=["EdDSA"], options={"verify_exp": False, "verify_iat": False})
    assert "d" not in answer.json()["keys"][0]
