"""`python -m tests.benchmarks`: run, print one table, and write everything as JSON if asked."""

import argparse
import asyncio
import json
import os
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

from rich.console import Console

from tests.benchmarks.arena import open_arena
from tests.benchmarks.figures import Figure, as_table
from tests.benchmarks.machine import describe
from tests.benchmarks.scale import FULL, QUICK, Scale
from tests.benchmarks.suite import BENCHMARKS, run_suite
from timebank.startup import spare_collector


def main() -> None:
    """Read the arguments and run."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument(
        "--json", type=Path, metavar="FILE", help="write figures, samples and circumstances here"
    )
    parser.add_argument("--only", nargs="+", choices=BENCHMARKS, default=list(BENCHMARKS), metavar="NAME",
                        help=f"of {', '.join(BENCHMARKS)}")  # fmt: skip
    parser.add_argument("--quick", action="store_true", help="a tenth of the size: for trying things out")
    parser.add_argument("--postings", type=int, help="postings of the large history (10,000,000)")
    parser.add_argument(
        "--folder", type=Path, help="where to make the temporary folder; it must be a real disk"
    )
    chosen = parser.parse_args()
    scale = QUICK if chosen.quick else FULL
    if chosen.postings is not None:
        scale = replace(scale, large_postings=chosen.postings)
    spare_collector()
    with tempfile.TemporaryDirectory(prefix="timebank-bench-", dir=chosen.folder) as folder:
        machine, figures = asyncio.run(_measure(Path(folder), scale, chosen.only))
    console = Console(width=None if sys.stdout.isatty() else WIDTH)
    for name, value in machine.items():
        console.print(f"{name}: {value}", highlight=False)
    console.print(as_table(figures))
    if chosen.json is not None:
        report = {"machine": machine, "figures": [figure.as_json() for figure in figures]}
        chosen.json.write_text(json.dumps(report, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


WIDTH = 150
"""Of the table where the output is no terminal."""


async def _measure(folder: Path, scale: Scale, names: list[str]) -> tuple[dict[str, object], list[Figure]]:
    begun = time.perf_counter()
    async with open_arena(folder) as arena:
        machine = await describe(arena)
        figures = await run_suite(arena, scale, names)
    machine |= {"load_after": os.getloadavg()[0], "run_seconds": round(time.perf_counter() - begun)}
    return machine, figures


if __name__ == "__main__":
    main()
