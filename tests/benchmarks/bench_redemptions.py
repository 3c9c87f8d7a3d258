"""Confirming redemptions over HTTP: a quote of two items for each member, confirmed at 64 tills of eight shops.

Only confirming is measured (`tests.benchmarks.market`). The baseline is the empty route of the same app, asked by as
many clients at once. Points, stock and receipts are counted afterwards.
"""

import asyncio
from collections.abc import Sequence
from uuid import uuid4

from tests.benchmarks.arena import Arena, Books
from tests.benchmarks.empty_route import CLIENTS, Crowd, take_turns
from tests.benchmarks.figures import Figure
from tests.benchmarks.market import PRICE, SHOPS, Queue, confirm, open_tills, quote_all, settle_market
from tests.benchmarks.scale import Scale
from tests.conftest import new_bank
from tests.served import served
from tests.wire import Wire
from timebank.database import Bank

NAME = "redemptions"


async def run(arena: Arena, scale: Scale) -> list[Figure]:
    """Take turns between the empty route and a queue at every till."""
    async with arena.books("redemptions") as books:
        bank = await new_bank(books.database)
        members = [uuid4() for _ in range(scale.volunteers)]
        tills = await open_tills(books, bank, members, runs=scale.repeats)
        async with served(books.address) as port:

            async def gather(number: int) -> Crowd:
                await _check(books, bank, len(members) * number)
                queues = await quote_all(books, bank, members, tills)
                await settle_market(books)
                return lambda: _confirm_all(port, queues)

            turns = await take_turns(port, scale, gather)
            await _check(books, bank, len(members) * scale.repeats)
    measured = f"{len(members):,} redemptions of two items, {CLIENTS} tills, {SHOPS} shops"
    return turns.figures(NAME, measured, "a confirmation", at_least=0.3)


async def _confirm_all(port: int, queues: Sequence[Queue]) -> list[float]:
    """Let every till confirm its quotes one after another, and return how long each took."""
    waits: list[float] = []

    async def till(queue: Queue) -> None:
        wire = Wire("127.0.0.1", port, queue.token)
        waits.extend([await confirm(wire, quote) for quote in queue.quotes])
        wire.close()

    await asyncio.gather(*(till(queue) for queue in queues))
    return waits


async def _check(books: Books, bank: Bank, count: int) -> None:
    """Count receipts, the points that shops took, and what they handed out."""
    row = await books.database.read(
        bank,
        lambda tx: tx.connection.fetchrow(
            "select count(*) as receipts, coalesce(sum(points), 0)::bigint as points,"
            " (select coalesce(sum(p.amount), 0)::bigint from postings p join accounts a on a.bank_id = $1"
            "    and a.id = p.to_account_id where p.bank_id = $1 and a.kind = 'takings') as takings,"
            " (select coalesce(sum(p.amount), 0)::bigint from postings p join accounts a on a.bank_id = $1"
            "    and a.id = p.to_account_id where p.bank_id = $1 and a.kind = 'handed_out') as handed_out"
            " from redemptions where bank_id = $1",
            tx.bank_id,
        ),
    )
    if row is None or tuple(row) != (count, 2 * PRICE * count, 2 * PRICE * count, 2 * count):
        raise AssertionError(row)
