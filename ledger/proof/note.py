"""Signed notes and tree checkpoints in the C2SP formats (c2sp.org/signed-note, c2sp.org/tlog-checkpoint).

Keys are Ed25519. Every refusal is a `NoteError`; the words for people are not here.
"""

import re
from base64 import b64encode
from binascii import a2b_base64
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Literal, Self

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from ledger.proof.merkle import HASH_BYTES, SIZE_LIMIT

NOTE_BYTES_LIMIT = 1_000_000
SIGNATURES_LIMIT = 100
KEY_ID_BYTES = 4
KEY_BYTES = 32
ED25519 = b"\x01"

_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f]")
_SIZE = re.compile(r"0|[1-9][0-9]{0,18}")
_SIGNATURE_LINE = re.compile("— ([^ ]+) ([^ ]+)")

NoteCode = Literal["malformed_note", "malformed_checkpoint", "malformed_key", "bad_signature", "unknown_key"]


class NoteError(Exception):
    """A note, checkpoint or key that must not be trusted.

    Codes, in order of precedence: `malformed_key`, `malformed_note`, `bad_signature` (a known key's signature
    does not verify), `unknown_key` (no known key signed), `malformed_checkpoint` (the signed text is none).
    """

    def __init__(self, code: NoteCode) -> None:
        """Carry the code."""
        super().__init__(code)
        self.code: NoteCode = code


def decode_base64(text: str) -> bytes:
    """Decode standard base64 that is exactly what encoding gives back.

    Raises:
        ValueError: other characters, wrong padding, or bits set that the encoding does not use.
    """
    decoded = a2b_base64(text.encode("ascii"))
    if b64encode(decoded).decode() != text:
        message = "base64 is not canonical"
        raise ValueError(message)
    return decoded


def _is_plain(text: str) -> bool:
    """Tell whether the text is valid UTF-8 without ASCII control characters other than newline."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return _CONTROL.search(text) is None


def _check_key_name(name: str) -> None:
    if not name or "+" in name or any(character.isspace() for character in name) or not _is_plain(name):
        raise NoteError("malformed_key")


@dataclass(frozen=True, slots=True)
class VerifierKey:
    """A public key under the name of its owner; as text, `name+hash+base64`, what one hands to verifiers.

    Raises:
        NoteError: `malformed_key`.
    """

    name: str
    public: bytes

    def __post_init__(self) -> None:
        """Refuse a name with spaces or plus signs and a key of another length."""
        _check_key_name(self.name)
        if len(self.public) != KEY_BYTES:
            raise NoteError("malformed_key")

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read the text form and check its hash.

        Raises:
            NoteError: `malformed_key`, also for kinds of key other than Ed25519.
        """
        try:
            name, _, typed = text.split("+", 2)
            decoded = decode_base64(typed)
        except ValueError:
            raise NoteError("malformed_key") from None
        key = cls(name, decoded[1:])
        if str(key) != text:
            raise NoteError("malformed_key")
        return key

    @property
    def key_id(self) -> bytes:
        """The four bytes that name this key in signature lines."""
        return sha256(self.name.encode() + b"\n" + ED25519 + self.public).digest()[:KEY_ID_BYTES]

    def __str__(self) -> str:
        """Return the text form, `name+hash+base64`."""
        return f"{self.name}+{self.key_id.hex()}+{b64encode(ED25519 + self.public).decode()}"

    def verifies(self, text: str, signature: bytes) -> bool:
        """Tell whether the signature is this key's over the text."""
        try:
            Ed25519PublicKey.from_public_bytes(self.public).verify(signature, text.encode())
        except InvalidSignature:
            return False
        return True


class SigningKey:
    """A private key under the name of its owner. It prints as its public half; `encode` gives the secret."""

    __slots__ = ("_private", "verifier")

    def __init__(self, name: str, seed: bytes) -> None:
        """Take the 32 bytes of the private key.

        Raises:
            NoteError: `malformed_key`.
        """
        if len(seed) != KEY_BYTES:
            raise NoteError("malformed_key")
        self._private = Ed25519PrivateKey.from_private_bytes(seed)
        self.verifier = VerifierKey(name, self._private.public_key().public_bytes_raw())

    @classmethod
    def generate(cls, name: str) -> Self:
        """Make a new key from the system's randomness; raises as the constructor."""
        return cls(name, Ed25519PrivateKey.generate().private_bytes_raw())

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read what `encode` wrote, the text of a key file; a newline at its end is allowed.

        Raises:
            NoteError: `malformed_key`.
        """
        encoded = text.removesuffix("\n")
        try:
            _, _, name, _, typed = encoded.split("+", 4)
            seed = decode_base64(typed)[1:]
        except ValueError:
            raise NoteError("malformed_key") from None
        key = cls(name, seed)
        if key.encode() != encoded:
            raise NoteError("malformed_key")
        return key

    @property
    def name(self) -> str:
        """The owner's name in signature lines."""
        return self.verifier.name

    def encode(self) -> str:
        """Return the secret as `PRIVATE+KEY+name+hash+base64`, the form of golang.org/x/mod/sumdb/note."""
        seed = b64encode(ED25519 + self._private.private_bytes_raw()).decode()
        return f"PRIVATE+KEY+{self.name}+{self.verifier.key_id.hex()}+{seed}"

    def sign(self, text: str) -> bytes:
        """Return the 64 bytes of the signature over the text."""
        return self._private.sign(text.encode())

    def __repr__(self) -> str:
        """Show the public half only."""
        return f"SigningKey({self.verifier})"


def sign_note(text: str, key: SigningKey) -> str:
    """Return the text with one signature under it.

    Raises:
        NoteError: `malformed_note` if the text does not end in a newline or has control characters.
    """
    if not text.endswith("\n") or not _is_plain(text):
        raise NoteError("malformed_note")
    signature = b64encode(key.verifier.key_id + key.sign(text)).decode()
    return f"{text}\n— {key.name} {signature}\n"


def _parse_signature(line: str) -> tuple[str, bytes, bytes]:
    """Return the name, key id and signature of one line; raises `malformed_note`."""
    matched = _SIGNATURE_LINE.fullmatch(line)
    if matched is None:
        raise NoteError("malformed_note")
    try:
        _check_key_name(matched[1])
        decoded = decode_base64(matched[2])
    except (NoteError, ValueError):
        raise NoteError("malformed_note") from None
    if len(decoded) <= KEY_ID_BYTES:
        raise NoteError("malformed_note")
    return matched[1], decoded[:KEY_ID_BYTES], decoded[KEY_ID_BYTES:]


def open_note(note: str, keys: Sequence[VerifierKey], *, limit_bytes: int = NOTE_BYTES_LIMIT) -> str:
    """Return the text of a note that at least one of the keys signed; signatures of other keys are ignored.

    Raises:
        NoteError: `malformed_note`, `bad_signature` if a line of a known key does not verify, `unknown_key`.
    """
    if not _is_plain(note) or len(note.encode()) > limit_bytes or not note.endswith("\n"):
        raise NoteError("malformed_note")
    head, separator, tail = note.rpartition("\n\n")
    if not separator or not tail:
        raise NoteError("malformed_note")
    lines = tail[:-1].split("\n")
    if len(lines) > SIGNATURES_LIMIT:
        raise NoteError("malformed_note")
    text = head + "\n"
    known = False
    for name, key_id, signature in [_parse_signature(line) for line in lines]:
        named = [key for key in keys if key.name == name and key.key_id == key_id]
        if named and not any(key.verifies(text, signature) for key in named):
            raise NoteError("bad_signature")
        known = known or bool(named)
    if not known:
        raise NoteError("unknown_key")
    return text


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The head of one log: its name, its number of leaves and its 32-byte root. Extensions are further lines.

    Raises:
        NoteError: `malformed_checkpoint` if a line is empty or broken, the size or the root out of bounds.
    """

    origin: str
    size: int
    root: bytes
    extensions: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Refuse what its text could not carry."""
        lines = (self.origin, *self.extensions)
        if any(not line or "\n" in line or not _is_plain(line) for line in lines):
            raise NoteError("malformed_checkpoint")
        if not 0 <= self.size < SIZE_LIMIT or len(self.root) != HASH_BYTES:
            raise NoteError("malformed_checkpoint")

    def text(self) -> str:
        """Return the text to sign, ending in a newline."""
        return "\n".join([self.origin, str(self.size), b64encode(self.root).decode(), *self.extensions, ""])

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read the text of a note that was opened.

        Raises:
            NoteError: `malformed_checkpoint`.
        """
        try:
            origin, size, root, *extensions, end = text.split("\n")
            decoded = decode_base64(root)
        except ValueError:
            raise NoteError("malformed_checkpoint") from None
        if end or not _SIZE.fullmatch(size):
            raise NoteError("malformed_checkpoint")
        return cls(origin, int(size), decoded, tuple(extensions))
