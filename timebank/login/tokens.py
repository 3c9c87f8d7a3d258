"""Access tokens and the cookies of pages: signed, naming a session of a bank and nothing about anybody.

Ed25519 keys lie in the home folder, one file each; the newest signs, the others still verify. Nothing here asks the
database: whether the session is alive is asked with the first statement of every request.
"""

import base64
import hashlib
import json
import os
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple
from uuid import UUID

import jwt
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from timebank.errors import RefusalError
from timebank.keyfiles import load_or_make
from timebank.login.signatures import ALGORITHM, SignedTexts

ISSUER = "timebank"
PAGES = "pages"
"""The audience of a cookie, so that it is no access token, nor that a cookie."""
LIFETIME = timedelta(minutes=10)
CLOCK_SKEW = timedelta(seconds=5)
KEY_BYTES = 32
FIRST = "1"
REMEMBERED_TOKENS = 10_000
REMEMBERED_HEADERS = 100


@dataclass(frozen=True, slots=True)
class Claims:
    """What a verified token says: a session of a bank, until when."""

    bank: str
    session_id: UUID
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class CookieClaims:
    """What a verified cookie says: a session of a bank, and when that was said."""

    bank: str
    session_id: UUID
    signed_at: datetime


class _Said(NamedTuple):
    """The claims of a token or a cookie; what has no end says when it was issued."""

    bank: str
    session_id: UUID
    issued_at: datetime
    ends_at: datetime


class TokenKeys:
    """The signing key and all that verify, by `kid`."""

    def __init__(self, keys: list[bytes]) -> None:
        """Take raw private keys, the signing one first.

        Raises:
            RefusalError: `token_key_invalid`.
        """
        if not keys or any(len(key) != KEY_BYTES for key in keys):
            raise RefusalError("token_key_invalid")
        private = [Ed25519PrivateKey.from_private_bytes(key) for key in keys]
        self._signer = private[0]
        self._signed = {_kid(key.public_key()): SignedTexts(key) for key in private}
        self._kid = next(iter(self._signed))
        self._by_header: dict[str, SignedTexts] = {}
        self._verified: dict[str, Claims] = {}
        self._verified_cookies: dict[str, CookieClaims] = {}

    def issue(self, bank: str, session_id: UUID, *, now: datetime) -> tuple[str, datetime]:
        """Return a token for a session, and until when it is good."""
        expires_at = (now + LIFETIME).replace(microsecond=0)
        claims = {
            "iss": ISSUER,
            "bank": bank,
            "sid": str(session_id),
            "iat": int(now.timestamp()),
            "exp": int(expires_at.timestamp()),
        }
        return jwt.encode(claims, self._signer, ALGORITHM, headers={"kid": self._kid}), expires_at

    def verify(self, token: str, *, now: datetime) -> Claims:
        """Return what a token says. A signature that was found right is not computed again.

        Raises:
            RefusalError: `token_invalid` whatever is wrong with it, `token_expired`.
        """
        known = self._verified.get(token)
        if known is None:
            said = self._read(token, now, "exp")
            known = Claims(said.bank, said.session_id, said.ends_at)
            if len(self._verified) >= REMEMBERED_TOKENS:
                self._verified.clear()
            self._verified[token] = known
        if known.expires_at <= now:
            raise RefusalError("token_expired")
        return known

    def issue_cookie(self, bank: str, session_id: UUID, *, now: datetime) -> str:
        """Return what a browser keeps of a session. It ends with the session, which the database is asked for."""
        claims = {
            "iss": ISSUER,
            "aud": PAGES,
            "bank": bank,
            "sid": str(session_id),
            "iat": int(now.timestamp()),
        }
        return jwt.encode(claims, self._signer, ALGORITHM, headers={"kid": self._kid})

    def verify_cookie(self, cookie: str, *, now: datetime) -> CookieClaims:
        """Return what a cookie says. A signature that was found right is not computed again.

        Raises:
            RefusalError: `token_invalid` whatever is wrong with it.
        """
        known = self._verified_cookies.get(cookie)
        if known is None:
            said = self._read(cookie, now, "iat", audience=PAGES)
            known = CookieClaims(said.bank, said.session_id, said.issued_at)
            if len(self._verified_cookies) >= REMEMBERED_TOKENS:
                self._verified_cookies.clear()
            self._verified_cookies[cookie] = known
        return known

    def _signed_like(self, token: str) -> SignedTexts:
        """Return what reads the key's texts that a token names. Each key writes one header, so it is read once."""
        header = token.partition(".")[0]
        signed = self._by_header.get(header)
        if signed is None:
            signed = self._signed[str(jwt.get_unverified_header(token)["kid"])]
            if len(self._by_header) < REMEMBERED_HEADERS:
                self._by_header[header] = signed
        return signed

    def _read(self, token: str, now: datetime, end: str, *, audience: str | None = None) -> _Said:
        """Return what a token says; `end` is the claim that says until when.

        The claims are checked here and not by PyJWT: those that we write are few, and all of them must be there.
        """
        try:
            claims = json.loads(self._signed_like(token).payload(token))
            issued_at = datetime.fromtimestamp(int(claims["iat"]), now.tzinfo)
            ends_at = datetime.fromtimestamp(int(claims[end]), now.tzinfo)
            said = _Said(str(claims["bank"]), UUID(str(claims["sid"])), issued_at, ends_at)
            is_ours = claims["iss"] == ISSUER and claims.get("aud") == audience
        except (jwt.PyJWTError, KeyError, ValueError, TypeError, OverflowError, OSError):
            raise RefusalError("token_invalid") from None
        if not is_ours or issued_at > now + CLOCK_SKEW:
            raise RefusalError("token_invalid")
        return said

    def jwks(self) -> dict[str, list[dict[str, str]]]:
        """Return the public keys as a JSON Web Key Set (RFC 8037)."""
        return {
            "keys": [
                {
                    "kty": "OKP",
                    "crv": "Ed25519",
                    "use": "sig",
                    "alg": ALGORITHM,
                    "kid": kid,
                    "x": _b64(_raw(signed.public)),
                }
                for kid, signed in self._signed.items()
            ]
        }


def load_token_keys(key_texts: str | None, home: Path) -> TokenKeys:
    """Return the keys given as base64 texts with commas, the signing one first, else those of the home folder.

    Raises:
        RefusalError: `token_key_invalid`.
    """
    if key_texts is not None:
        texts = key_texts.split(",")
    else:
        folder = home / "keys" / "tokens"
        load_or_make(folder / f"{FIRST}.key", _new_key)
        numbers = sorted(
            (int(path.stem) for path in folder.glob("*.key") if path.stem.isdigit()), reverse=True
        )
        texts = [(folder / f"{number}.key").read_text(encoding="ascii") for number in numbers]
    try:
        return TokenKeys([base64.b64decode(text.strip(), validate=True) for text in texts])
    except ValueError:
        raise RefusalError("token_key_invalid") from None


def rotate_token_keys(home: Path, *, keep: int = 2) -> int:
    """Make a new signing key, keep so many in all, and return the new one's number; servers take it up at start."""
    folder = home / "keys" / "tokens"
    load_or_make(folder / f"{FIRST}.key", _new_key)
    numbers = sorted(int(path.stem) for path in folder.glob("*.key") if path.stem.isdigit())
    newest = numbers[-1] + 1
    load_or_make(folder / f"{newest}.key", _new_key)
    for number in [*numbers, newest][:-keep]:
        (folder / f"{number}.key").unlink()
    return newest


@dataclass(frozen=True, slots=True)
class TokenKeyFile:
    """A signing key's public name, and when its file was made."""

    kid: str
    made_at: datetime


def list_token_keys(home: Path) -> list[TokenKeyFile]:
    """Return the keys of the home folder, the signing one first.

    Raises:
        RefusalError: `token_key_invalid`.
    """
    folder = home / "keys" / "tokens"
    numbers = sorted((int(path.stem) for path in folder.glob("*.key") if path.stem.isdigit()), reverse=True)
    found = []
    for number in numbers:
        path = folder / f"{number}.key"
        try:
            key = Ed25519PrivateKey.from_private_bytes(
                base64.b64decode(path.read_text(encoding="ascii").strip())
            )
        except ValueError:
            raise RefusalError("token_key_invalid") from None
        found.append(TokenKeyFile(_kid(key.public_key()), datetime.fromtimestamp(path.stat().st_mtime, UTC)))
    return found


def _new_key() -> str:
    return base64.b64encode(os.urandom(KEY_BYTES)).decode()


def _raw(key: Ed25519PublicKey) -> bytes:
    return key.public_bytes(Encoding.Raw, PublicFormat.Raw)


def _kid(key: Ed25519PublicKey) -> str:
    return hashlib.sha256(_raw(key)).hexdigest()[:16]


def _b64(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()
