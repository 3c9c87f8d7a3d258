"""What a transaction takes on disk, indexes and its leaf in the sealed tree included."""

from datetime import UTC, datetime
from uuid import uuid4

from ledger.proof.note import SigningKey
from ledger.proof.sealing import Sealed, seal
from ledger.session import WriteTx
from tests.benchmarks.arena import Arena, Connection
from tests.benchmarks.community import commit_in_batches, credit
from tests.benchmarks.figures import Figure
from tests.benchmarks.scale import Scale
from tests.conftest import new_bank

NAME = "size"
TABLES = ("transactions", "postings", "leaves", "nodes")
CREDITS_PER_VOLUNTEER = 20
SEALED_AT = datetime(2026, 1, 1, tzinfo=UTC)


async def run(arena: Arena, scale: Scale) -> list[Figure]:
    """Post credits of two postings each, seal them, and divide what the tables take by their number."""
    async with arena.books("size") as books, books.superuser() as connection:
        bank = await new_bank(books.database)
        owners = [uuid4() for _ in range(max(1, scale.sized // CREDITS_PER_VOLUNTEER))]
        drafts = (credit(owners[i % len(owners)], f"record:{i}") for i in range(scale.sized))
        await commit_in_batches(books, bank, drafts)
        origin = f"timebank/{bank.code}"
        key = SigningKey.generate(origin)

        async def work(tx: WriteTx) -> Sealed:
            return await seal(tx, key, origin=origin, sealed_at=SEALED_AT, limit=scale.sized)

        await books.database.write(bank, work)
        await books.settle()
        sizes = {table: await _bytes(connection, table) / scale.sized for table in TABLES}
    parts = ", ".join(f"{table} {size:.0f}" for table, size in sizes.items())
    return [
        Figure(NAME, "a credit of two postings", "B", [sum(sizes.values())], remark=parts),
        Figure(NAME, "of that a posting", "B", [sizes["postings"] / 2]),
    ]


async def _bytes(connection: Connection, table: str) -> int:
    return int(await connection.fetchval("select pg_total_relation_size($1::text::regclass)", table))
