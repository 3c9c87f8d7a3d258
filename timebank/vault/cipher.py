"""Sealing and opening personal fields: AES-256-GCM, bound to bank, person and field."""

import base64
import hashlib
import os
from pathlib import Path
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from timebank.errors import RefusalError
from timebank.keyfiles import load_or_make

KEY_BYTES = 32
NONCE_BYTES = 12


class Cipher:
    """One key. `key_id` names it beside what it sealed, so that a later key can be told from it."""

    def __init__(self, key: bytes) -> None:
        if len(key) != KEY_BYTES:
            raise RefusalError("vault_key_invalid")
        self._aead = AESGCM(key)
        self.key_id = hashlib.sha256(b"timebank/vault-key-id\0" + key).hexdigest()[:16]

    def seal(self, bank_id: int, subject: UUID, field: str, value: str) -> bytes:
        """Return nonce and ciphertext of one field; the same value never gives the same bytes twice."""
        nonce = os.urandom(NONCE_BYTES)
        return nonce + self._aead.encrypt(nonce, value.encode(), _bound_to(bank_id, subject, field))

    def open(self, bank_id: int, subject: UUID, field: str, sealed: bytes) -> str:
        """Return the value of one field.

        Raises:
            RefusalError: `vault_key_wrong` if another key sealed it, or it was moved to another place.
        """
        nonce, ciphertext = sealed[:NONCE_BYTES], sealed[NONCE_BYTES:]
        try:
            return self._aead.decrypt(nonce, ciphertext, _bound_to(bank_id, subject, field)).decode()
        except (InvalidTag, ValueError):  # the latter when there are too few bytes for a nonce
            raise RefusalError("vault_key_wrong") from None


def load_cipher(key_text: str | None, home: Path) -> Cipher:
    """Return the cipher of the given base64 key, else of home's key file, which is made on first use.

    Raises:
        RefusalError: `vault_key_invalid` if the key is not base64 of 32 bytes.
    """
    if key_text is None:
        key_text = load_or_make(
            home / "keys" / "vault.key", lambda: base64.b64encode(os.urandom(KEY_BYTES)).decode()
        )
    try:
        return Cipher(base64.b64decode(key_text, validate=True))
    except ValueError:  # not base64, or not even ASCII
        raise RefusalError("vault_key_invalid") from None


def _bound_to(bank_id: int, subject: UUID, field: str) -> bytes:
    return f"timebank/vault/v1|{bank_id}|{subject}|{field}".encode()
