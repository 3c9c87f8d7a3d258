"""Many callers at once who all take from one account: through our queue, and in one transaction per transfer."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from functools import partial
from itertools import count
from random import Random
from statistics import median
from uuid import UUID

from ledger.queue import PostingQueue
from ledger.values import Draft
from tests.benchmarks import reference
from tests.benchmarks.arena import Books, Connection
from tests.benchmarks.community import commit
from tests.benchmarks.figures import Figure, Target
from tests.benchmarks.scale import Scale
from timebank.database import Bank

SEED = 7

Post = Callable[[UUID, str], Awaitable[object]]
"""Posts ten points to the wallet of an owner under a key, and returns when that is committed."""


@dataclass(frozen=True, slots=True)
class Measured:
    """What is measured, by which name, and what its ratio has to be."""

    name: str
    what: str
    draft: Callable[[UUID, str], Draft]
    target: Target


async def measure(books: Books, bank: Bank, owners: Sequence[UUID], scale: Scale, one: Measured) -> Figure:
    """Take turns: our queue, then each variant and pool size of the baseline, whose best counts; repeat."""
    transfers = await reference.Transfers.make(books, owners)
    await books.settle()
    crowd = _Crowd(owners, scale.callers, scale.seconds)
    ours: list[float] = []
    baselines: dict[str, list[float]] = {}
    for _ in range(scale.repeats):
        async with PostingQueue(partial(commit, books, bank)) as queue:
            ours.append(await crowd.rate(lambda owner, key: queue.submit(one.draft(owner, key))))
        for size in scale.pool_sizes:
            for variant in reference.VARIANTS:
                rate = await _reference_rate(books, transfers, variant, size, crowd)
                baselines.setdefault(f"{variant.name}, pool of {size}", []).append(rate)
    best = max(baselines, key=lambda name: median(baselines[name]))
    return Figure(
        one.name,
        f"{scale.callers} callers, {one.what}",
        "tx/s",
        ours,
        f"one transaction per transfer, both rows locked ({best}: the best)",
        baselines[best],
        one.target,
    )


@dataclass(frozen=True, slots=True)
class _Crowd:
    """Callers that post to random owners, each waiting for its answer before it calls again."""

    owners: Sequence[UUID]
    callers: int
    seconds: float
    random: Random = field(default_factory=lambda: Random(SEED))
    numbers: "count[int]" = field(default_factory=count)

    async def rate(self, post: Post) -> float:
        """Return how many calls a second were answered."""
        done = 0
        begun = time.perf_counter()
        deadline = begun + self.seconds

        async def call() -> None:
            nonlocal done
            while not done or time.perf_counter() < deadline:
                await post(self.random.choice(self.owners), f"call {next(self.numbers)}")
                done += 1

        await asyncio.gather(*(call() for _ in range(self.callers)))
        return done / (time.perf_counter() - begun)


async def _reference_rate(
    books: Books, transfers: reference.Transfers, variant: reference.Variant, size: int, crowd: _Crowd
) -> float:
    async with AsyncExitStack() as stack:
        idle: asyncio.Queue[Connection] = asyncio.Queue()
        for number in range(size):
            connection = await stack.enter_async_context(books.superuser())
            key = f"first of {number} of {variant.name} {next(crowd.numbers)}"
            await variant.post(connection, transfers.award(crowd.owners[0], key))
            idle.put_nowait(connection)

        async def post(owner: UUID, key: str) -> None:
            connection = await idle.get()
            try:
                await variant.post(connection, transfers.award(owner, key))
            finally:
                idle.put_nowait(connection)

        return await crowd.rate(post)
