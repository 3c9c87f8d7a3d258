"""Tables of the same columns, indexes and constraints as the ledger's, without triggers and row-level security.

What PostgreSQL itself needs to take in the same rows is measured on these.
"""

from collections.abc import Sequence

from tests.benchmarks.arena import Connection

TABLES = ("transactions", "postings")

_FOREIGN_KEYS = """
select conname, pg_get_constraintdef(oid) from pg_constraint
where conrelid = $1::text::regclass and contype = 'f' order by conname
"""


async def make_twins(
    connection: Connection, schema: str, *, foreign_keys: bool, tables: Sequence[str] = TABLES
) -> None:
    """Make empty twins of some tables in a schema of their own; what they refer to else stays the bank's."""
    await connection.execute(f"create schema {schema}")
    for table in tables:
        await connection.execute(f"create table {schema}.{table} (like timebank.{table} including all)")
    if not foreign_keys:
        return
    for table in tables:
        for name, definition in await connection.fetch(_FOREIGN_KEYS, f"timebank.{table}"):
            own = definition.replace("REFERENCES transactions(", f"REFERENCES {schema}.transactions(")
            await connection.execute(f"alter table {schema}.{table} add constraint {name} {own}")


async def empty_twins(connection: Connection, schema: str) -> None:
    """Empty the twins for the next repeat."""
    await connection.execute(f"truncate {schema}.transactions, {schema}.postings")
