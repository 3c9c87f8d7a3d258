"""A signature that is made again is taken exactly where the public key would take it."""

import base64
import random

import jwt
import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from timebank.login.signatures import SignedTexts

KEY = Ed25519PrivateKey.from_private_bytes(b"k" * 32)
SIGNED = SignedTexts(KEY)
HEADER = b'{"alg":"EdDSA"}'


def _b64(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()


def _said(payload: bytes, header: bytes = HEADER) -> str:
    return f"{_b64(header)}.{_b64(payload)}"


def _signature(payload: bytes, key: Ed25519PrivateKey = KEY, header: bytes = HEADER) -> bytes:
    return key.sign(_said(payload, header).encode())


def _text(payload: bytes, signature: bytes, header: bytes = HEADER) -> str:
    return f"{_said(payload, header)}.{_b64(signature)}"


def test_what_the_key_signed_is_read() -> None:
    assert SIGNED.payload(_text(b"said", _signature(b"said"))) == b"said"
    assert SIGNED.payload(jwt.encode({"a": 1}, KEY, "EdDSA")) == b'{"a":1}'


def test_it_agrees_with_the_public_key_on_every_bit() -> None:
    signature = _signature(b"said")
    for bit in range(8 * len(signature)):
        altered = bytearray(signature)
        altered[bit // 8] ^= 1 << bit % 8
        with pytest.raises(InvalidSignature):
            KEY.public_key().verify(bytes(altered), _said(b"said").encode())
        with pytest.raises(jwt.InvalidSignatureError):
            SIGNED.payload(_text(b"said", bytes(altered)))


@pytest.mark.parametrize(
    "signature",
    [
        b"",
        _signature(b"said")[:-1],
        _signature(b"said") + b"\0",
        bytes(64),
        _signature(b"other"),
        _signature(b"said", Ed25519PrivateKey.from_private_bytes(b"o" * 32)),
        random.Random(1).randbytes(64),
    ],
)
def test_another_signature_is_not_taken(signature: bytes) -> None:
    with pytest.raises(jwt.InvalidSignatureError):
        SIGNED.payload(_text(b"said", signature))


@pytest.mark.parametrize("name", ["none", "HS256", "ES256", "Ed25519", "eddsa", ""])
def test_another_algorithm_is_not_known_whoever_signed_it(name: str) -> None:
    header = f'{{"alg":"{name}"}}'.encode()
    with pytest.raises(jwt.InvalidAlgorithmError):
        SIGNED.payload(_text(b"said", _signature(b"said", header=header), header))
