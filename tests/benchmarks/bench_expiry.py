"""Expiring very many lots in one pass, against a bare INSERT … SELECT of the rows that came of it.

The pass is measured in tenths, each followed by the INSERT of the same tenth, so that load on the machine and the
growth of the indexes meet both alike. Half-way the pass dies inside a batch, and is started from the beginning.
"""

import time
from datetime import date

from ledger.expiry import ExpiredBatch, ExpiryCursor, expire_lots
from ledger.session import WriteTx
from tests.benchmarks.arena import Arena, Books, Connection
from tests.benchmarks.figures import Figure, Target
from tests.benchmarks.history import LOTS, Shape, load_history
from tests.benchmarks.memory import own_peak_megabytes, reset_own_peak
from tests.benchmarks.scale import Scale
from tests.benchmarks.twins import TABLES, make_twins
from timebank.database import Bank

NAME = "expiry"
PARTS = 10
AS_OF = date(2026, 1, 1)
_IDS = {"transactions": "id", "postings": "transaction_id"}


class _Death(Exception):  # noqa: N818 -- not an error: what a process may come to
    """Ends a batch before it is committed."""


async def run(arena: Arena, scale: Scale) -> list[Figure]:
    """Expire all lots of a loaded bank and see that each was expired exactly once."""
    async with arena.books("expiry") as books, books.superuser() as connection:
        history = await load_history(books, Shape(scale.lots // len(LOTS), steps=1), sample=1)
        await make_twins(connection, "twin", foreign_keys=True)
        samples, baselines = [], []
        cursor, expired = ExpiryCursor(), 0
        reset_own_peak()
        idle_megabytes = own_peak_megabytes()
        for part in range(PARTS):
            last = await connection.fetchval("select max(id) from timebank.transactions")
            begun = time.perf_counter()
            if part == PARTS // 2:
                await _die(books, history.bank, cursor, scale)
                cursor = ExpiryCursor()
            cursor, lots = await _expire(books, history.bank, cursor, scale.lots // PARTS, scale.expiry_batch)
            samples.append(time.perf_counter() - begun)
            expired += lots
            baselines.append(await _insert(connection, last))
        peak_megabytes = own_peak_megabytes()
        await _check(connection, history.bank, scale.lots, expired)
    return [
        Figure(
            NAME,
            f"{scale.lots:,} lots in batches of {scale.expiry_batch:,}, by tenths, one death and restart",
            "s",
            samples,
            "INSERT … SELECT of the same rows into equal tables",
            baselines,
            Target("≤", 3),
        ),
        Figure(
            NAME, "lots expired a second", "lots/s", [scale.lots / PARTS / seconds for seconds in samples]
        ),
        Figure(
            NAME,
            "peak memory of the process meanwhile",
            "MB",
            [peak_megabytes],
            "before it",
            [idle_megabytes],
        ),
    ]


async def _expire(
    books: Books, bank: Bank, cursor: ExpiryCursor, wanted: int, batch_size: int
) -> tuple[ExpiryCursor, int]:
    """Expire so many lots from after the cursor and return where it stopped, and how many they were."""
    lots = 0
    while lots < wanted:
        batch = await _batch(books, bank, cursor, min(batch_size, wanted - lots))
        lots += batch.lots
        if batch.next is None:
            break
        cursor = batch.next
    return cursor, lots


async def _batch(
    books: Books, bank: Bank, cursor: ExpiryCursor, limit: int, *, dies: bool = False
) -> ExpiredBatch:
    async def work(tx: WriteTx) -> ExpiredBatch:
        batch = await expire_lots(tx, as_of=AS_OF, actor="benchmark", after=cursor, limit=limit)
        if dies:
            raise _Death
        return batch

    return await books.database.write(bank, work)


async def _die(books: Books, bank: Bank, cursor: ExpiryCursor, scale: Scale) -> None:
    try:
        await _batch(books, bank, cursor, scale.expiry_batch, dies=True)
    except _Death:
        return


async def _insert(connection: Connection, after: int) -> float:
    """Insert into the twins what came after a transaction, and return the seconds until it was committed."""
    begun = time.perf_counter()
    async with connection.transaction():
        for table in TABLES:
            await connection.execute(
                f"insert into twin.{table} select * from timebank.{table} where {_IDS[table]} > {after:d}"
            )
    return time.perf_counter() - begun


async def _check(connection: Connection, bank: Bank, wanted: int, expired: int) -> None:
    booked = await connection.fetchval(
        "select count(*) from transactions where bank_id = $1 and kind = 'expire'", bank.id
    )
    left = await connection.fetchval(
        "select count(*) from accounts where bank_id = $1 and expires_on < $2 and balance > 0", bank.id, AS_OF
    )
    if (expired, booked, left) != (wanted, wanted, 0):
        msg = f"of {wanted} lots {expired} were expired, {booked} are booked and {left} are left"
        raise AssertionError(msg)
