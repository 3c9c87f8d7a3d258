"""Every benchmark runs from end to end at a tiny size; no time is asserted."""

from pathlib import Path

from tests.benchmarks.arena import open_arena
from tests.benchmarks.figures import as_table
from tests.benchmarks.machine import describe
from tests.benchmarks.scale import SMOKE
from tests.benchmarks.suite import BENCHMARKS, run_suite


async def test_every_benchmark_still_runs(tmp_path: Path) -> None:
    async with open_arena(tmp_path) as arena:
        machine = await describe(arena)
        figures = await run_suite(arena, SMOKE)
    assert machine["settings"] == {**machine["settings"], "fsync": "on", "synchronous_commit": "on"}  # type: ignore[dict-item]
    assert {figure.benchmark.replace(" ", "_") for figure in figures} == set(BENCHMARKS)
    assert all(figure.value > 0 for figure in figures)
    assert as_table(figures).row_count == len(figures)
