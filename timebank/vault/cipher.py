"""Sealing and opening personal fields: AES-256-GCM, bound to bank, subject and field."""

import os
from functools import lru_cache
from pathlib import Path
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from timebank.errors import RefusalError
from timebank.vault.keys import KeyRing, load_ring
from timebank.vault.rules import key_id_of

NONCE_BYTES = 12


class Cipher:
    """Seals with the first key of a ring and opens with any.

    `key_id` names the sealing key beside what it sealed, so that a rotation finds it. Read it before sealing, not
    after: should the ring change in between, the row names the older key, and the rotation looks at it once more.
    """

    def __init__(self, keys: bytes | KeyRing) -> None:
        """Take one key, or a ring of them.

        Raises:
            RefusalError: `vault_key_invalid`.
        """
        self.ring = keys if isinstance(keys, KeyRing) else KeyRing([keys])

    @property
    def key_id(self) -> str:
        """The name of the key that seals now."""
        return _key_id(self.ring.keys[0])

    @property
    def key_ids(self) -> tuple[str, ...]:
        """The names of all keys that open, the sealing one first."""
        return tuple(map(_key_id, self.ring.keys))

    def seal(self, bank_id: int, subject: UUID, field: str, value: str) -> bytes:
        """Return nonce and ciphertext of one field; the same value never gives the same bytes twice."""
        return self.seal_bytes(bank_id, subject, field, value.encode())

    def seal_bytes(self, bank_id: int, subject: UUID, field: str, value: bytes) -> bytes:
        """Return nonce and ciphertext of bytes, a file's for example."""
        nonce = os.urandom(NONCE_BYTES)
        return nonce + _aead(self.ring.keys[0]).encrypt(nonce, value, _bound_to(bank_id, subject, field))

    def open(self, bank_id: int, subject: UUID, field: str, sealed: bytes) -> str:
        """Return the value of one field.

        Raises:
            RefusalError: `vault_key_wrong` if no key of the ring sealed it, or it was moved to another place.
        """
        try:
            return self.open_bytes(bank_id, subject, field, sealed).decode()
        except UnicodeDecodeError:
            raise RefusalError("vault_key_wrong") from None

    def open_bytes(self, bank_id: int, subject: UUID, field: str, sealed: bytes) -> bytes:
        """Return what `seal_bytes` sealed.

        Raises:
            RefusalError: as `open`.
        """
        bound_to = _bound_to(bank_id, subject, field)
        found = self._try_open(bytes(sealed), bound_to)
        if found is None and self.ring.refresh():
            found = self._try_open(bytes(sealed), bound_to)
        if found is None:
            raise RefusalError("vault_key_wrong")
        return found

    def _try_open(self, sealed: bytes, bound_to: bytes) -> bytes | None:
        nonce, ciphertext = sealed[:NONCE_BYTES], sealed[NONCE_BYTES:]
        for key in self.ring.keys:
            try:
                return _aead(key).decrypt(nonce, ciphertext, bound_to)
            except (InvalidTag, ValueError):  # the latter when there are too few bytes for a nonce
                continue
        return None


def load_cipher(key_texts: str | None, home: Path) -> Cipher:
    """Return the cipher of the given base64 keys (commas between, the first seals), else of home's key files.

    Raises:
        RefusalError: `vault_key_invalid` if a key is not base64 of 32 bytes.
    """
    return Cipher(load_ring(key_texts, home))


_aead = lru_cache(maxsize=16)(AESGCM)
_key_id = lru_cache(maxsize=16)(key_id_of)


def _bound_to(bank_id: int, subject: UUID, field: str) -> bytes:
    return f"timebank/vault/v1|{bank_id}|{subject}|{field}".encode()
