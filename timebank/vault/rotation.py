"""Changing the vault's key: what an older key sealed is sealed again with the first, batch by batch.

Each batch is a transaction: a death in between loses nothing, and the next run goes on. Servers need not stop: a row
is locked while it is sealed anew, and a process that meets a key it does not know reads the key files again. What a
slow one still seals with the older key is found by the next run, for the older key stays until no row names it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import UUID

from ledger.session import ReadTx, WriteTx
from timebank.database import Bank, Database
from timebank.errors import RefusalError
from timebank.vault.blind import INDEXED, BlindIndex, put_indexes
from timebank.vault.cipher import Cipher
from timebank.vault.keys import add_key_file, list_key_files, remove_key_file

if TYPE_CHECKING:
    import asyncpg

FIRST_ID = UUID(int=0)
_BANKS = "select code from banks order by id"


@dataclass(frozen=True, slots=True)
class Store:
    """A table of sealed values: what it is sealed for, how a batch is taken under lock and put back.

    Rows are taken by (subject, place); `prefix` and place together are the field that the value is bound to.
    """

    name: str
    prefix: str
    batch: int
    take: str
    put: str
    count: str


def _contacts_of(table: str, prefix: str) -> Store:
    """Return the store of what objectors left to be reached at."""
    return Store(
        table,
        prefix,
        500,
        f"""
select raised_by as subject, id::text as place, contact_sealed as sealed from {table}
where bank_id = $1 and (raised_by, id::text) > ($2, $3) and contact_key_id <> $4 and contact_sealed is not null
order by raised_by, id::text limit $5 for update
""",  # noqa: S608 -- a name of ours
        f"""
update {table} o set contact_key_id = $2, contact_sealed = x.sealed
from unnest($3::uuid[], $4::text[], $5::bytea[]) as x (subject, place, sealed)
where o.bank_id = $1 and o.id = x.place::bigint
""",  # noqa: S608 -- a name of ours
        f"select contact_key_id as key_id, count(*) as rows from {table}"  # noqa: S608 -- a name of ours
        " where bank_id = $1 and contact_sealed is not null group by contact_key_id",
    )


STORES = (
    Store(
        "vault",
        "",
        500,
        """
select subject, field as place, sealed from vault
where bank_id = $1 and (subject, field) > ($2, $3) and key_id <> $4
order by subject, field limit $5 for update
""",
        """
update vault v set key_id = $2, sealed = x.sealed
from unnest($3::uuid[], $4::text[], $5::bytea[]) as x (subject, place, sealed)
where v.bank_id = $1 and v.subject = x.subject and v.field = x.place
""",
        "select key_id, count(*) as rows from vault where bank_id = $1 group by key_id",
    ),
    Store(
        "credentials",
        "totp",
        500,
        """
select person_id as subject, '' as place, totp_sealed as sealed from credentials
where bank_id = $1 and (person_id, '') > ($2, $3) and totp_key_id <> $4 and totp_sealed is not null
order by person_id limit $5 for update
""",
        """
update credentials c set totp_key_id = $2, totp_sealed = x.sealed
from unnest($3::uuid[], $4::text[], $5::bytea[]) as x (subject, place, sealed)
where c.bank_id = $1 and c.person_id = x.subject
""",
        "select totp_key_id as key_id, count(*) as rows from credentials"
        " where bank_id = $1 and totp_sealed is not null group by totp_key_id",
    ),
    Store(
        "task_files",
        "",
        1,  # a file may be as large as a request
        """
select task_id as subject, role as place, sealed from task_files
where bank_id = $1 and (task_id, role) > ($2, $3) and key_id <> $4
order by task_id, role limit $5 for update
""",
        """
update task_files f set key_id = $2, sealed = x.sealed
from unnest($3::uuid[], $4::text[], $5::bytea[]) as x (subject, place, sealed)
where f.bank_id = $1 and f.task_id = x.subject and f.role = x.place
""",
        "select key_id, count(*) as rows from task_files where bank_id = $1 group by key_id",
    ),
    _contacts_of("objections", "objection:"),
    _contacts_of("recognition_objections", "recognition_objection:"),
    Store(
        "webhook_endpoints",
        "webhook:",
        500,
        """
select $2::uuid as subject, id::text as place, sealed_secret as sealed from webhook_endpoints
where bank_id = $1 and id > coalesce(nullif($3, '')::bigint, 0) and key_id <> $4
order by id limit $5 for update
""",
        """
update webhook_endpoints w set key_id = $2, sealed_secret = x.sealed
from unnest($3::uuid[], $4::text[], $5::bytea[]) as x (subject, place, sealed)
where w.bank_id = $1 and w.id = x.place::bigint
""",
        "select key_id, count(*) as rows from webhook_endpoints where bank_id = $1 group by key_id",
    ),
    Store(
        "certificates",
        "certificate:",
        10,  # one of hundreds of records, each with its proof, is large
        """
select person_id as subject, number as place, sealed from certificates
where bank_id = $1 and (person_id, number) > ($2, $3) and key_id <> $4 and sealed is not null
order by person_id, number limit $5 for update
""",
        """
update certificates c set key_id = $2, sealed = x.sealed
from unnest($3::uuid[], $4::text[], $5::bytea[]) as x (subject, place, sealed)
where c.bank_id = $1 and c.number = x.place
""",
        "select key_id, count(*) as rows from certificates"
        " where bank_id = $1 and sealed is not null group by key_id",
    ),
)

# What is signed under a key derived from one: merchants check it without network, so it cannot be made anew.
_SIGNED_UNDER = "select distinct key_id from vouchers where bank_id = $1 and state = 'issued'"

_INDEXED_FIELDS = """
select subject, field as place, sealed from vault
where bank_id = $1 and (subject, field) > ($2, $3) and field = any($4::text[])
order by subject, field limit $5 for update
"""


@dataclass(frozen=True, slots=True)
class Swept:
    """How many values were sealed anew, and how many no key opens."""

    sealed: int
    unopened: int

    def __add__(self, other: "Swept") -> "Swept":
        """Return both together."""
        return Swept(self.sealed + other.sealed, self.unopened + other.unopened)


@dataclass(frozen=True, slots=True)
class Rotated:
    """What a rotation did: the key it made (none if it finished an earlier one), the rows, the keys it removed."""

    made: str | None
    sealed: int
    unopened: int
    removed: tuple[str, ...]


async def rotate(database: Database, cipher: Cipher, home: Path | None) -> Rotated:
    """Make a new key and seal everything with it; if an earlier run was cut off, finish that one instead.

    `home` is where key files lie, None where the environment gives the keys: whoever sets it makes them. A key that
    no row named any more when the run began is removed at its end: it has had a whole rotation's time. One that an open
    voucher was signed under stays.
    """
    done = await reseal(database, cipher)
    if done.sealed or home is None:
        return Rotated(None, done.sealed, done.unopened, ())
    named = set(await rows_by_key(database)) | await keys_of_vouchers(database)
    before = list_key_files(home)
    add_key_file(home)
    cipher.ring.refresh()
    done = await reseal(database, cipher)
    removed = []
    for file in before[1:]:
        if file.key_id not in named:
            remove_key_file(home, file.number)
            removed.append(file.key_id)
    return Rotated(cipher.key_id, done.sealed, done.unopened, tuple(removed))


async def reseal(database: Database, cipher: Cipher) -> Swept:
    """Seal with the first key what an older one sealed, in every bank; rows that no key opens stay as they are."""
    done = Swept(0, 0)
    for row in await database.pool.fetch(_BANKS):
        bank = await database.bank(row["code"])
        for store in STORES:
            done += await _reseal_store(database, bank, cipher, store)
    return done


async def rows_by_key(database: Database) -> dict[str, int]:
    """Return how many rows of all banks name each key."""
    found: dict[str, int] = {}

    async def work(tx: ReadTx) -> None:
        for store in STORES:
            for row in await tx.connection.fetch(store.count, tx.bank_id):
                found[row["key_id"]] = found.get(row["key_id"], 0) + row["rows"]

    for row in await database.pool.fetch(_BANKS):
        await database.read(await database.bank(row["code"]), work)
    return found


async def keys_of_vouchers(database: Database) -> set[str]:
    """Return the keys that open vouchers of all banks were signed under."""
    found: set[str] = set()

    async def work(tx: ReadTx) -> None:
        found.update(row["key_id"] for row in await tx.connection.fetch(_SIGNED_UNDER, tx.bank_id))

    for row in await database.pool.fetch(_BANKS):
        await database.read(await database.bank(row["code"]), work)
    return found


async def index_fields(database: Database, bank: Bank, cipher: Cipher) -> Swept:
    """Make the blind indexes of a bank's phones and ID numbers anew: for people from before there were any."""
    blind = BlindIndex(cipher.ring)
    done, after = Swept(0, 0), (FIRST_ID, "")
    while True:

        async def work(
            tx: WriteTx, after: tuple[UUID, str] = after
        ) -> "tuple[Sequence[asyncpg.Record], Swept]":
            rows = await tx.connection.fetch(
                _INDEXED_FIELDS, tx.bank_id, *after, sorted(INDEXED), STORES[0].batch
            )
            values = [(row, _opened(cipher, tx.bank_id, row["place"], row)) for row in rows]
            found = [
                (row["subject"], row["place"], value.decode()) for row, value in values if value is not None
            ]
            await put_indexes(tx, blind, found)
            return rows, Swept(len(found), len(rows) - len(found))

        rows, part = await database.write(bank, work)
        done += part
        if not rows:
            return done
        after = (rows[-1]["subject"], rows[-1]["place"])


async def _reseal_store(database: Database, bank: Bank, cipher: Cipher, store: Store) -> Swept:
    done, after = Swept(0, 0), (FIRST_ID, "")
    while True:

        async def work(
            tx: WriteTx, after: tuple[UUID, str] = after
        ) -> "tuple[Sequence[asyncpg.Record], Swept]":
            rows = await tx.connection.fetch(store.take, tx.bank_id, *after, cipher.key_id, store.batch)
            return rows, await _reseal_rows(tx, cipher, store, rows)

        rows, part = await database.write(bank, work)
        done += part
        if not rows:
            return done
        after = (rows[-1]["subject"], rows[-1]["place"])


async def _reseal_rows(tx: WriteTx, cipher: Cipher, store: Store, rows: "Sequence[asyncpg.Record]") -> Swept:
    key_id = cipher.key_id
    anew, indexed = [], []
    for row in rows:
        field = store.prefix + row["place"]
        value = _opened(cipher, tx.bank_id, field, row)
        if value is None:
            continue
        anew.append(
            (row["subject"], row["place"], cipher.seal_bytes(tx.bank_id, row["subject"], field, value))
        )
        if store.name == "vault" and field in INDEXED:
            indexed.append((row["subject"], field, value.decode()))
    if anew:
        await tx.connection.execute(store.put, tx.bank_id, key_id, *map(list, zip(*anew, strict=True)))
        await put_indexes(tx, BlindIndex(cipher.ring), indexed)
    return Swept(len(anew), len(rows) - len(anew))


def _opened(cipher: Cipher, bank_id: int, field: str, row: "asyncpg.Record") -> bytes | None:
    """Return a value in clear, None if no key opens it: one broken row must not keep all others from a new key."""
    try:
        return cipher.open_bytes(bank_id, row["subject"], field, row["sealed"])
    except RefusalError:
        return None
