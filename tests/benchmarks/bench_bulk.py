"""Bulk posting from one issuer to many wallets, against a bare COPY of the rows that came of it."""

import asyncio
import time
from collections.abc import Sequence
from io import BytesIO
from itertools import count
from uuid import UUID, uuid4

from ledger.values import Draft
from tests.benchmarks.arena import Arena, Books, Connection
from tests.benchmarks.community import award, commit_in_batches
from tests.benchmarks.figures import Figure, Target
from tests.benchmarks.scale import Scale
from tests.benchmarks.twins import TABLES, empty_twins, make_twins
from tests.conftest import new_bank
from timebank.database import Bank

NAME = "bulk"
CONNECTIONS = 2
_ROWS = "select {table}.* from timebank.{table} where bank_id = $1 and {id} > $2 order by {id}"
_IDS = {"transactions": "id", "postings": "transaction_id"}


async def run(arena: Arena, scale: Scale) -> list[Figure]:
    """Post to existing and to new wallets, and copy the rows of the former into twins of the tables."""
    samples: dict[str, list[float]] = {name: [] for name in ("existing", "one", "new", "twin", "bare")}
    async with arena.books("bulk") as books, books.superuser() as connection:
        bank = await new_bank(books.database)
        owners = [uuid4() for _ in range(min(scale.bulk, scale.volunteers))]
        await commit_in_batches(books, bank, (award(owner, f"open {owner}") for owner in owners))
        await make_twins(connection, "twin", foreign_keys=True)
        await make_twins(connection, "bare", foreign_keys=False)
        numbers = count()
        for _ in range(scale.repeats):
            await books.settle()
            last = await connection.fetchval("select max(id) from timebank.transactions")
            samples["existing"].append(await _rate(books, bank, owners, scale.bulk, numbers, CONNECTIONS))
            rows = await _export(connection, bank.id, last)
            for schema in ("twin", "bare"):
                await empty_twins(connection, schema)
                await connection.execute("checkpoint")
                samples[schema].append(scale.bulk / await _copy(connection, schema, rows))
            await connection.execute("checkpoint")
            samples["one"].append(await _rate(books, bank, owners, scale.bulk, numbers, 1))
            await connection.execute("checkpoint")
            newcomers = [uuid4() for _ in range(scale.bulk)]
            samples["new"].append(await _rate(books, bank, newcomers, scale.bulk, numbers, CONNECTIONS))
    copied = "COPY of the same rows into equal tables"
    bare = "COPY into tables without foreign keys"
    both = f"batches on {CONNECTIONS} connections, disjoint wallets"
    existing, twin = samples["existing"], samples["twin"]
    return [
        Figure(NAME, f"existing wallets; {both}", "tx/s", existing, copied, twin, Target("≥", 0.5)),
        Figure(NAME, "existing wallets; batches on one connection", "tx/s", samples["one"], copied, twin),
        Figure(NAME, f"new wallets, opened with the batch; {both}", "tx/s", samples["new"], copied, twin),
        Figure(NAME, f"existing wallets; {both}", "tx/s", existing, bare, samples["bare"]),
    ]


async def _rate(
    books: Books, bank: Bank, owners: Sequence[UUID], wanted: int, numbers: "count[int]", connections: int
) -> float:
    """Return transactions a second; the drafts are there before, as the rows of the COPY are."""
    shares: list[list[Draft]] = []
    for part in range(connections):
        own = owners[part::connections]
        share = wanted // connections
        shares.append([award(own[i % len(own)], f"bulk {next(numbers)}") for i in range(share)])
    begun = time.perf_counter()
    await asyncio.gather(*(commit_in_batches(books, bank, share) for share in shares))
    return sum(map(len, shares)) / (time.perf_counter() - begun)


async def _export(connection: Connection, bank_id: int, after: int) -> dict[str, bytes]:
    rows = {}
    for table in TABLES:
        output = BytesIO()
        query = _ROWS.format(table=table, id=_IDS[table])
        await connection.copy_from_query(query, bank_id, after, output=output, format="binary")
        rows[table] = output.getvalue()
    return rows


async def _copy(connection: Connection, schema: str, rows: dict[str, bytes]) -> float:
    """Copy the rows in one transaction and return the seconds until it was committed."""
    begun = time.perf_counter()
    async with connection.transaction():
        for table in TABLES:
            await connection.copy_to_table(
                table, schema_name=schema, source=BytesIO(rows[table]), format="binary"
            )
    return time.perf_counter() - begun
