"""What is known of a key by its bytes alone: how long it is, and its name."""

import hashlib
from collections.abc import Sequence
from typing import Final

from timebank.errors import RefusalError

KEY_BYTES: Final = 32


def key_id_of(key: bytes) -> str:
    """Return the name of a key, which tells nothing about it."""
    return hashlib.sha256(b"timebank/vault-key-id\0" + key).hexdigest()[:16]


def checked_keys(keys: Sequence[bytes]) -> tuple[bytes, ...]:
    """Return keys that make a ring.

    Raises:
        RefusalError: `vault_key_invalid` if there are none, or one has another length.
    """
    if not keys or any(len(key) != KEY_BYTES for key in keys):
        raise RefusalError("vault_key_invalid")
    return tuple(keys)
