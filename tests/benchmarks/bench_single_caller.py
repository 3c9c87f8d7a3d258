"""A caller alone: what one posting takes through the queue, against one transaction per transfer."""

import time
from collections.abc import Awaitable, Callable
from functools import partial
from itertools import count
from random import Random
from statistics import median
from uuid import UUID, uuid4

from ledger.queue import PostingQueue
from tests.benchmarks import reference
from tests.benchmarks.arena import Arena, Connection
from tests.benchmarks.community import award, commit, commit_in_batches
from tests.benchmarks.figures import Figure, Target
from tests.benchmarks.scale import Scale
from tests.conftest import new_bank

NAME = "single caller"
SEED = 7
TURNS_PER_REPEAT = 2


async def run(arena: Arena, scale: Scale) -> list[Figure]:
    """Take turns between our queue and the two variants of the baseline; medians of single calls."""
    async with arena.books("single_caller") as books, books.superuser() as connection:
        bank = await new_bank(books.database)
        owners = [uuid4() for _ in range(scale.volunteers)]
        await commit_in_batches(books, bank, (award(owner, f"open {owner}") for owner in owners))
        transfers = await reference.Transfers.make(books, owners)
        await books.settle()
        random, numbers = Random(SEED), count()
        samples: dict[str, list[float]] = {name: [] for name in ("ours", "function", "statements")}

        async def measure(name: str, call: Callable[[UUID, str], Awaitable[object]]) -> None:
            times = []
            for _ in range(scale.reads):
                owner, key = random.choice(owners), f"call {next(numbers)}"
                begun = time.perf_counter()
                await call(owner, key)
                times.append(time.perf_counter() - begun)
            samples[name].append(median(times) * 1000)

        async with PostingQueue(partial(commit, books, bank)) as queue:
            for _ in range(scale.repeats * TURNS_PER_REPEAT):
                await measure("ours", lambda owner, key: queue.submit(award(owner, key)))
                for variant in reference.VARIANTS:
                    await measure(variant.name, partial(_post, variant, connection, transfers))
    measured = "p50 of one caller's draft through the queue"
    return [
        Figure(
            NAME,
            measured,
            "ms",
            samples["ours"],
            f"one transaction per transfer by {name}",
            samples[name],
            target,
        )
        for name, target in (("statements", Target("≤", 1.3)), ("function", None))
    ]


async def _post(
    variant: reference.Variant, connection: Connection, transfers: reference.Transfers, owner: UUID, key: str
) -> None:
    await variant.post(connection, transfers.award(owner, key))
