"""All benchmarks in the order in which they run."""

import sys
from collections.abc import Awaitable, Callable, Sequence

from tests.benchmarks import (
    bench_budget,
    bench_bulk,
    bench_calendar,
    bench_expiry,
    bench_first_paint,
    bench_growth,
    bench_hot_issuer,
    bench_http,
    bench_import,
    bench_recognise,
    bench_redemptions,
    bench_scans,
    bench_sealing,
    bench_single_caller,
    bench_size,
)
from tests.benchmarks.arena import Arena
from tests.benchmarks.figures import Figure
from tests.benchmarks.scale import Scale

Benchmark = Callable[[Arena, Scale], Awaitable[list[Figure]]]

BENCHMARKS: dict[str, Benchmark] = {
    "hot_issuer": bench_hot_issuer.run,
    "budget": bench_budget.run,
    "single_caller": bench_single_caller.run,
    "bulk": bench_bulk.run,
    "growth": bench_growth.run,
    "expiry": bench_expiry.run,
    "recognise": bench_recognise.run,
    "sealing": bench_sealing.run,
    "size": bench_size.run,
    "http": bench_http.run,
    "scans": bench_scans.run,
    "redemptions": bench_redemptions.run,
    "calendar": bench_calendar.run,
    "import": bench_import.run,
    "first_paint": bench_first_paint.run,
}


async def run_suite(arena: Arena, scale: Scale, names: Sequence[str] = tuple(BENCHMARKS)) -> list[Figure]:
    """Run the named benchmarks one after another and return their figures, saying on stderr what is under way."""
    figures: list[Figure] = []
    for name in names:
        sys.stderr.write(f"{name} …\n")
        figures += await BENCHMARKS[name](arena, scale)
    return figures
