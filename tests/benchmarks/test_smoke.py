"""Every benchmark runs from end to end at a tiny size, on a history that is in order; no time is asserted."""

from pathlib import Path

from ledger.audit import audit
from tests.benchmarks.arena import open_arena
from tests.benchmarks.figures import as_table
from tests.benchmarks.history import Shape, load_history
from tests.benchmarks.machine import describe
from tests.benchmarks.scale import SMOKE
from tests.benchmarks.suite import BENCHMARKS, run_suite


async def test_every_benchmark_still_runs(tmp_path: Path) -> None:
    # What first_paint does, but for the watch, the sweep of the journeys does too.
    names = [name for name in BENCHMARKS if name != "first_paint"]
    async with open_arena(tmp_path) as arena:
        machine = await describe(arena)
        figures = await run_suite(arena, SMOKE, names)
    assert machine["settings"] == {**machine["settings"], "fsync": "on", "synchronous_commit": "on"}  # type: ignore[dict-item]  # JSON
    assert {figure.benchmark.replace(" ", "_") for figure in figures} == set(names)
    assert all(figure.value > 0 for figure in figures)
    assert as_table(figures).row_count == len(figures)


async def test_the_history_that_is_loaded_passes_the_audit(tmp_path: Path) -> None:
    async with open_arena(tmp_path) as arena, arena.books("history") as books:
        history = await load_history(books, Shape(volunteers=3, steps=6), sample=3)
        violations = await books.database.read(history.bank, lambda tx: audit(tx, verifier=None, anchors=[]))
    assert violations == []
    assert (history.transactions, history.postings) == (36, 66)
