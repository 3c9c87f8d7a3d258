"""Putting personal fields into the vault and taking them out; the blind index follows every change."""

from collections.abc import Iterable, Mapping
from uuid import UUID

from ledger.session import ReadTx, WriteTx
from timebank.errors import RefusalError
from timebank.vault.blind import INDEXED, BlindIndex, put_indexes
from timebank.vault.cipher import Cipher

_PUT = """
insert into vault (bank_id, subject, field, key_id, sealed)
select $1, v.subject, v.field, $2, v.sealed
from unnest($3::uuid[], $4::text[], $5::bytea[]) as v (subject, field, sealed)
on conflict on constraint vault_pkey do nothing
returning subject, field
"""
_REPLACE = """
insert into vault (bank_id, subject, field, key_id, sealed)
select $1, $2, v.field, $3, v.sealed from unnest($4::text[], $5::bytea[]) as v (field, sealed)
on conflict on constraint vault_pkey do update set key_id = excluded.key_id, sealed = excluded.sealed
"""
# Held until the end, so that an erasure at the same time comes before or after, and never leaves a field behind.
_LIVING = "select erased_at is null from people where bank_id = $1 and id = $2 for share"
_REMOVE = "delete from vault where bank_id = $1 and subject = $2 and field = any($3::text[])"
_TAKE = "select field, sealed from vault where bank_id = $1 and subject = $2"


async def put_fields(tx: WriteTx, cipher: Cipher, fields: Iterable[tuple[UUID, str, str]]) -> None:
    """Seal (person, field, value) and keep them; a field that is there already stays as it is."""
    key_id = cipher.key_id
    values = {(who, field): value for who, field, value in fields if value}
    if not values:
        return
    rows = [(*key, cipher.seal(tx.bank_id, *key, value)) for key, value in values.items()]
    added = await tx.connection.fetch(_PUT, tx.bank_id, key_id, *map(list, zip(*rows, strict=True)))
    new = [(row["subject"], row["field"]) for row in added if row["field"] in INDEXED]
    await put_indexes(tx, BlindIndex(cipher.ring), ((*key, values[key]) for key in new))


async def replace_fields(tx: WriteTx, cipher: Cipher, subject: UUID, fields: Mapping[str, str]) -> None:
    """Seal a person's fields anew, in place of what was there; an empty value removes the field.

    Raises:
        RefusalError: `unknown_person`, `person_erased`.
    """
    await check_living(tx, subject)
    key_id = cipher.key_id
    kept = [
        (field, cipher.seal(tx.bank_id, subject, field, value))
        for field, value in sorted(fields.items())
        if value
    ]
    gone = [field for field, value in fields.items() if not value]
    if kept:
        await tx.connection.execute(
            _REPLACE, tx.bank_id, subject, key_id, *map(list, zip(*kept, strict=True))
        )
    if gone:
        await tx.connection.execute(_REMOVE, tx.bank_id, subject, gone)
    await put_indexes(
        tx, BlindIndex(cipher.ring), ((subject, field, value) for field, value in fields.items())
    )


async def check_living(tx: WriteTx, person_id: UUID) -> None:
    """Refuse who is not there or was erased, and let nobody erase them until the transaction ends.

    Raises:
        RefusalError: `unknown_person`, `person_erased`.
    """
    is_living = await tx.connection.fetchval(_LIVING, tx.bank_id, person_id)
    if is_living is None:
        raise RefusalError("unknown_person")
    if not is_living:
        raise RefusalError("person_erased")


async def take_fields(tx: ReadTx, cipher: Cipher, subject: UUID) -> dict[str, str]:
    """Return a person's fields in clear.

    Raises:
        RefusalError: `vault_key_wrong`.
    """
    rows = await tx.connection.fetch(_TAKE, tx.bank_id, subject)
    return {row["field"]: cipher.open(tx.bank_id, subject, row["field"], row["sealed"]) for row in rows}
