"""Sealing a long backlog into the Merkle tree: how many transactions a second, in how much memory."""

import time
from datetime import UTC, datetime

from ledger.proof.note import SigningKey
from ledger.proof.sealing import Sealed, seal
from ledger.session import WriteTx
from tests.benchmarks.arena import Arena
from tests.benchmarks.figures import Figure
from tests.benchmarks.history import LOTS, Shape, load_history
from tests.benchmarks.memory import own_peak_megabytes, reset_own_peak
from tests.benchmarks.scale import Scale

NAME = "sealing"
SEALED_AT = datetime(2026, 1, 1, tzinfo=UTC)
PARTS = 10


async def run(arena: Arena, scale: Scale) -> list[Figure]:
    """Seal credits of two postings each until nothing is left, a tenth at a time."""
    async with arena.books("sealing") as books:
        history = await load_history(books, Shape(scale.sealed // len(LOTS), steps=1), sample=1)
        origin = f"timebank/{history.bank.code}"
        key = SigningKey.generate(origin)
        rates: list[float] = []
        sealed = 0

        async def work(tx: WriteTx) -> Sealed:
            return await seal(tx, key, origin=origin, sealed_at=SEALED_AT, limit=scale.sealed // PARTS)

        reset_own_peak()
        idle_megabytes = own_peak_megabytes()
        while sealed < history.transactions:
            begun = time.perf_counter()
            count = (await books.database.write(history.bank, work)).transactions
            rates.append(count / (time.perf_counter() - begun))
            sealed += count
        peak = own_peak_megabytes()
    return [
        Figure(NAME, f"{sealed:,} credits of two postings", "tx/s", rates),
        Figure(NAME, "peak memory of the process meanwhile", "MB", [peak], "before it", [idle_megabytes]),
    ]
