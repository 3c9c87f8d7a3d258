"""One busy issuer: many callers at once, each with its own draft, against one transaction per transfer."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from functools import partial
from itertools import count
from random import Random
from uuid import UUID, uuid4

from ledger.queue import PostingQueue
from tests.benchmarks import reference
from tests.benchmarks.arena import Arena, Books, Connection
from tests.benchmarks.community import award, commit, commit_in_batches
from tests.benchmarks.figures import Figure, Target
from tests.benchmarks.scale import Scale
from tests.conftest import new_bank

NAME = "hot issuer"
POOL_SIZES = (10, 20, 50)
SEED = 7

Caller = Callable[[UUID, str], Awaitable[object]]
"""Posts ten points to the wallet of an owner under a key, and returns when that is committed."""


async def run(arena: Arena, scale: Scale) -> list[Figure]:
    """Take turns: our queue, then each variant and pool size of the baseline, whose best counts; repeat."""
    async with arena.books("hot_issuer") as books:
        bank = await new_bank(books.database)
        owners = [uuid4() for _ in range(scale.volunteers)]
        await commit_in_batches(books, bank, (award(owner, f"open {owner}") for owner in owners))
        transfers = await reference.Transfers.make(books, owners)
        await books.settle()
        ours: list[float] = []
        baselines: dict[str, list[float]] = {}
        numbers = count()
        for _ in range(scale.repeats):
            async with PostingQueue(partial(commit, books, bank)) as queue:
                ours.append(
                    await _rate(lambda owner, key: queue.submit(award(owner, key)), owners, scale, numbers)
                )
            for size in POOL_SIZES:
                for variant in reference.VARIANTS:
                    rate = await _reference_rate(books, transfers, variant, size, owners, scale, numbers)
                    baselines.setdefault(f"{variant.name}, pool of {size}", []).append(rate)
    best = max(baselines, key=lambda name: sum(baselines[name]))
    return [
        Figure(
            NAME,
            f"{scale.callers} callers, each its own draft through the queue",
            "tx/s",
            ours,
            f"one transaction per transfer, both rows locked ({best}: the best)",
            baselines[best],
            Target("≥", 8),
        )
    ]


async def _rate(caller: Caller, owners: Sequence[UUID], scale: Scale, numbers: "count[int]") -> float:
    """Return how many calls a second so many callers get answered, each waiting for its answer."""
    random = Random(SEED)
    done = 0
    begun = time.perf_counter()
    deadline = begun + scale.seconds

    async def call() -> None:
        nonlocal done
        while time.perf_counter() < deadline:
            await caller(random.choice(owners), f"call {next(numbers)}")
            done += 1

    await asyncio.gather(*(call() for _ in range(scale.callers)))
    return done / (time.perf_counter() - begun)


async def _reference_rate(  # noqa: PLR0913 -- a measurement has this many circumstances
    books: Books,
    transfers: reference.Transfers,
    variant: reference.Variant,
    size: int,
    owners: Sequence[UUID],
    scale: Scale,
    numbers: "count[int]",
) -> float:
    async with AsyncExitStack() as stack:
        idle: asyncio.Queue[Connection] = asyncio.Queue()
        for _ in range(size):
            connection = await stack.enter_async_context(books.superuser())
            await variant.post(connection, transfers.award(owners[0], f"call {next(numbers)}"))
            idle.put_nowait(connection)

        async def caller(owner: UUID, key: str) -> None:
            connection = await idle.get()
            try:
                await variant.post(connection, transfers.award(owner, key))
            finally:
                idle.put_nowait(connection)

        return await _rate(caller, owners, scale, numbers)
