"""The blind index: a keyed digest of a phone or an ID number, by which its holders are found and nothing is read."""

import hmac
import unicodedata
from collections.abc import Iterable, Mapping
from functools import lru_cache
from hashlib import sha256
from uuid import UUID

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from ledger.session import ReadTx, WriteTx
from timebank.vault.keys import KeyRing

PHONE, ID_NUMBER = "phone", "id_number"
INDEXED = frozenset({PHONE, ID_NUMBER})
DIGEST_BYTES = 32
MOBILE_DIGITS = 11

_PUT = """
insert into blind_indexes (bank_id, person_id, field, digest)
select $1, x.person_id, x.field, x.digest
from unnest($2::uuid[], $3::text[], $4::bytea[]) as x (person_id, field, digest)
on conflict on constraint blind_indexes_pkey do update set digest = excluded.digest
"""
_REMOVE = """
delete from blind_indexes b using unnest($2::uuid[], $3::text[]) as x (person_id, field)
where b.bank_id = $1 and b.person_id = x.person_id and b.field = x.field
"""
_FIND = """
select person_id from blind_indexes where bank_id = $1 and field = $2 and digest = any($3::bytea[]) order by person_id
"""


class BlindIndex:
    """HMAC-SHA256 under keys derived from the vault's: the first makes digests, all of them find.

    The same number has another digest in another bank and in another field, so that tables cannot be joined by it.
    """

    def __init__(self, keys: bytes | KeyRing) -> None:
        """Take one vault key, or the cipher's ring.

        Raises:
            RefusalError: `vault_key_invalid`.
        """
        self.ring = keys if isinstance(keys, KeyRing) else KeyRing([keys])

    def digest(self, bank_id: int, field: str, value: str) -> bytes:
        """Return the digest of a value under the first key; ways of writing the same number have the same digest."""
        return self.digests(bank_id, field, value)[0]

    def digests(self, bank_id: int, field: str, value: str) -> list[bytes]:
        """Return the digests of a value under every key, the first key's first."""
        said = f"{bank_id}|{field}|{normal(field, value)}".encode()
        return [hmac.digest(_derived(key), said, sha256) for key in self.ring.keys]


def normal(field: str, value: str) -> str:
    """Return a phone or ID number without what may differ from writer to writer; anything else as it is."""
    if field not in INDEXED:
        return value
    if value.isascii() and value.isalnum():  # nearly all of a workbook's thousands
        plain = value.upper()
    else:
        plain = "".join(
            character for character in unicodedata.normalize("NFKC", value).upper() if character.isalnum()
        )
    if field == PHONE:
        for country in ("0086", "86"):
            if plain.startswith(country) and len(plain) == len(country) + MOBILE_DIGITS:
                return plain.removeprefix(country)
    return plain


async def put_index(tx: WriteTx, blind: BlindIndex, person_id: UUID, field: str, value: str) -> None:
    """Let a person be found by a value from now on, and no longer by the one before; by none if it is empty."""
    await put_indexes(tx, blind, [(person_id, field, value)])


async def put_indexes(tx: WriteTx, blind: BlindIndex, values: Iterable[tuple[UUID, str, str]]) -> None:
    """Put many at once: (person, field, value). Fields that have no index are passed over."""
    last: Mapping[tuple[UUID, str], str] = {
        (who, field): value for who, field, value in values if field in INDEXED
    }
    put = [
        (*key, blind.digest(tx.bank_id, key[1], value))
        for key, value in last.items()
        if normal(key[1], value)
    ]
    gone = [key for key, value in last.items() if not normal(key[1], value)]
    if put:
        # In one order for everybody, so that two who put several at once do not wait for each other in a ring.
        put.sort()
        await tx.connection.execute(_PUT, tx.bank_id, *map(list, zip(*put, strict=True)))
    if gone:
        await tx.connection.execute(_REMOVE, tx.bank_id, *map(list, zip(*gone, strict=True)))


async def find(tx: ReadTx, blind: BlindIndex, field: str, value: str) -> list[UUID]:
    """Return who has that phone or ID number: nobody, one, or several who share a phone."""
    if not normal(field, value):
        return []
    found = await tx.connection.fetch(_FIND, tx.bank_id, field, blind.digests(tx.bank_id, field, value))
    # A rotation in another process may have moved the digests to a key that this one has not read yet.
    if not found and blind.ring.refresh():
        found = await tx.connection.fetch(_FIND, tx.bank_id, field, blind.digests(tx.bank_id, field, value))
    return [row["person_id"] for row in found]


@lru_cache(maxsize=16)
def _derived(key: bytes) -> bytes:
    return HKDF(SHA256(), DIGEST_BYTES, salt=None, info=b"timebank/blind-index/v1").derive(key)
