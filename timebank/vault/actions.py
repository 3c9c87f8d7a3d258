"""Putting personal fields into the vault and taking them out."""

from collections.abc import Iterable
from uuid import UUID

from ledger.session import ReadTx, WriteTx
from timebank.vault.cipher import Cipher

_PUT = """
insert into vault (bank_id, subject, field, key_id, sealed)
select $1, v.subject, v.field, $2, v.sealed
from unnest($3::uuid[], $4::text[], $5::bytea[]) as v (subject, field, sealed)
on conflict on constraint vault_pkey do nothing
"""
_TAKE = "select field, sealed from vault where bank_id = $1 and subject = $2"


async def put_fields(tx: WriteTx, cipher: Cipher, fields: Iterable[tuple[UUID, str, str]]) -> None:
    """Seal (person, field, value) and keep them; a field that is there already stays as it is."""
    rows = [(who, field, cipher.seal(tx.bank_id, who, field, value)) for who, field, value in fields if value]
    if rows:
        await tx.connection.execute(_PUT, tx.bank_id, cipher.key_id, *map(list, zip(*rows, strict=True)))


async def take_fields(tx: ReadTx, cipher: Cipher, subject: UUID) -> dict[str, str]:
    """Return a person's fields in clear.

    Raises:
        RefusalError: `vault_key_wrong`.
    """
    rows = await tx.connection.fetch(_TAKE, tx.bank_id, subject)
    return {row["field"]: cipher.open(tx.bank_id, subject, row["field"], row["sealed"]) for row in rows}
