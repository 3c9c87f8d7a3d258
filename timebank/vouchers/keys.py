"""The keys that a bank's vouchers are signed with: derived from the vault's, one for each bank. No I/O."""

from functools import lru_cache
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from timebank.codes.rules import Ring
from timebank.vault.rules import key_id_of

SEED_BYTES: Final = 32


class VoucherKeys:
    """One bank's keys: the first of the vault's ring signs, what any of them signed is genuine.

    A rotation keeps the vault key that an open voucher was signed under (`timebank.vault.rotation`).
    """

    def __init__(self, ring: Ring, bank_id: int) -> None:
        """Take the vault's ring."""
        self._ring = ring
        self._bank_id = bank_id

    @property
    def key_id(self) -> str:
        """The name of the key that signs now; the same as the vault's."""
        return key_id_of(self._ring.keys[0])

    @property
    def public_keys(self) -> tuple[bytes, ...]:
        """The public halves, the signing one first."""
        return tuple(_derived(key, self._bank_id).public_key().public_bytes_raw() for key in self._ring.keys)

    def refresh(self) -> bool:
        """Read the ring again, for a rotation may have run; tell whether it is another now."""
        return self._ring.refresh()

    def sign(self, key_id: str, message: bytes) -> bytes | None:
        """Return the signature under the key of that name, always the same; None if it was removed."""
        found = self._sign(key_id, message)
        return self._sign(key_id, message) if found is None and self._ring.refresh() else found

    def _sign(self, key_id: str, message: bytes) -> bytes | None:
        for key in self._ring.keys:
            if key_id_of(key) == key_id:
                return _derived(key, self._bank_id).sign(message)
        return None


@lru_cache(maxsize=64)
def _derived(key: bytes, bank_id: int) -> Ed25519PrivateKey:
    seed = HKDF(SHA256(), SEED_BYTES, salt=None, info=b"timebank/vouchers/v1/%d" % bank_id).derive(key)
    return Ed25519PrivateKey.from_private_bytes(seed)
