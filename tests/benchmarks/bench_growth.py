"""Reading by turns at a small and at a large history: a hundred times as many postings, the same time."""

import contextlib
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from random import Random
from statistics import median

import psutil

from ledger.balances import balance, wallet
from ledger.session import ReadTx
from ledger.statements import wallet_statement
from ledger.values import ISSUANCE, WALLET, Place
from tests.benchmarks.arena import Arena, Books
from tests.benchmarks.figures import Figure, Target
from tests.benchmarks.history import History, load_history, shape_of
from tests.benchmarks.scale import Scale

NAME = "growth"
SEED = 7
PAGE = 20
SMALL_STEPS, LARGE_STEPS = 12, 120
"""The large history has ten times the volunteers, each with ten times the steps. Two lines a step: already the small
one fills a page and begins another, so that pages of one length are compared."""

READS = ("balance of a wallet", "balance of the issuer", "wallet, lot by lot", "first statement page")


async def run(arena: Arena, scale: Scale) -> list[Figure]:
    """Load both, then read of one and the other by turns: random volunteers, first untimed so that all is cached."""
    async with arena.books("growth_small") as small_books, arena.books("growth_large") as large_books:
        small = await load_history(
            small_books, shape_of(scale.small_postings, steps=SMALL_STEPS), sample=scale.reads
        )
        large = await load_history(
            large_books, shape_of(scale.large_postings, steps=LARGE_STEPS), sample=scale.reads
        )
        async with _one_core((small_books, small), (large_books, large)):
            return [
                await _compared(name, (small_books, small), (large_books, large), scale) for name in READS
            ]


async def _compared(
    name: str, small: tuple[Books, History], large: tuple[Books, History], scale: Scale
) -> Figure:
    samples: list[list[float]] = [[], []]
    for timed in (False, *(True for _ in range(scale.repeats))):
        milliseconds = await _by_turns(name, small, large, scale)
        if timed:
            for kept, times in zip(samples, milliseconds, strict=True):
                kept.append(median(times))
    return Figure(
        NAME,
        f"{name} at {large[1].postings:,} postings ({large[1].volunteers:,} volunteers), warm",
        "ms",
        samples[1],
        f"the same at {small[1].postings:,} ({small[1].volunteers:,} volunteers)",
        samples[0],
        Target("≤", 1.3),
    )


@contextlib.asynccontextmanager
async def _one_core(*histories: tuple[Books, History]) -> AsyncIterator[None]:
    """Keep this process and its backends on one core, where the system knows how.

    Which core a backend happens to sit on makes half of what a short read takes, and each history has its own backend.
    """
    process = psutil.Process()
    if not hasattr(process, "cpu_affinity"):
        yield
        return
    cores = process.cpu_affinity()
    process.cpu_affinity(cores[:1])
    try:
        for books, history in histories:
            backend = await books.database.read(
                history.bank, lambda tx: tx.connection.fetchval("select pg_backend_pid()")
            )
            psutil.Process(backend).cpu_affinity(cores[:1])
        yield
    finally:
        process.cpu_affinity(cores)


async def _by_turns(
    name: str, small: tuple[Books, History], large: tuple[Books, History], scale: Scale
) -> tuple[list[float], list[float]]:
    """Return the milliseconds of each read of either history."""
    times: tuple[list[float], list[float]] = ([], [])
    random = Random(SEED)
    for _ in range(scale.reads):
        for (books, history), kept in zip((small, large), times, strict=True):
            work = _reading(name, history, random)
            begun = time.perf_counter()
            await books.database.read(history.bank, work)
            kept.append((time.perf_counter() - begun) * 1000)
    return times


def _reading(name: str, history: History, random: Random) -> Callable[[ReadTx], Awaitable[object]]:
    owner = random.choice(history.owners)
    readings: dict[str, Callable[[ReadTx], Awaitable[object]]] = {
        READS[0]: lambda tx: balance(tx, Place(WALLET, owner), "minute"),
        READS[1]: lambda tx: balance(tx, Place(ISSUANCE), "point"),
        READS[2]: lambda tx: wallet(tx, owner, "point"),
        READS[3]: lambda tx: wallet_statement(tx, owner, "point", limit=PAGE),
    }
    return readings[name]
