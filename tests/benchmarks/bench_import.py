"""`timebank import` of a district's workbook on a machine that has never seen it, against merely reading the file."""

import asyncio
import json
import os
import sys
from pathlib import Path

from tests.benchmarks.arena import Arena
from tests.benchmarks.figures import Figure, Target
from tests.benchmarks.memory import Run, run_program
from tests.benchmarks.scale import Scale

NAME = "import"
WORKBOOK = Path(__file__).parents[1] / "data" / "licheng.xlsx"
REPEATS_AT_MOST = 3
COPIES = "tests.benchmarks.workbook_copies"
READ = """
import sys, openpyxl
for sheet in openpyxl.load_workbook(sys.argv[1], read_only=True):
    for row in sheet.iter_rows(values_only=True):
        pass
"""


async def run(arena: Arena, scale: Scale) -> list[Figure]:
    """Import and read by turns, then import a workbook of several times the rows; all as programs of their own."""
    once, larger = arena.folder / "once.xlsx", arena.folder / "larger.xlsx"
    if scale.import_rows is None:
        once = WORKBOOK
    else:
        await _program(arena, "-m", COPIES, str(WORKBOOK), str(once), "1", str(scale.import_rows))
    await _program(arena, "-m", COPIES, str(once), str(larger), str(scale.import_copies))
    imports, reads, large_imports = [], [], []
    for repeat in range(min(scale.repeats, REPEATS_AT_MOST)):
        imports.append(await _import(arena, once, f"once{repeat}"))
        reads.append(await _program(arena, "-c", READ, str(once)))
        large_imports.append(await _import(arena, larger, f"larger{repeat}"))
    _check(imports[0], large_imports[0], scale.import_copies)
    seconds = [run.seconds for run in imports]
    return [
        Figure(
            NAME,
            f"{once.name} into a fresh home, starting the server included",
            "s",
            seconds,
            "openpyxl, read-only mode, merely reading it",
            [run.seconds for run in reads],
            Target("≤", 3),
        ),
        Figure(
            NAME,
            "peak memory of that",
            "MB",
            [run.peak_megabytes for run in imports],
            target=Target("≤", 400),
        ),
        Figure(
            NAME,
            f"{scale.import_copies} times the rows",
            "s",
            [run.seconds for run in large_imports],
            "the rows once",
            seconds,
            Target("≤", scale.import_copies * 1.1),
        ),
        Figure(NAME, "peak memory of that", "MB", [run.peak_megabytes for run in large_imports]),
    ]


async def _import(arena: Arena, workbook: Path, home: str) -> Run:
    command = [str(Path(sys.executable).with_name("timebank")), "import", str(workbook), "--json"]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("TIMEBANK_")}
    environment["TIMEBANK_HOME"] = str(arena.folder / home)
    return await asyncio.to_thread(run_program, command, environment, arena.folder / f"{home}.json")


async def _program(arena: Arena, *arguments: str) -> Run:
    return await asyncio.to_thread(
        run_program, [sys.executable, *arguments], os.environ, arena.folder / "printed"
    )


def _check(once: Run, larger: Run, copies: int) -> None:
    """See that the larger import did the same to each copy of each row."""
    expected = {
        sheet: {fate: rows * copies for fate, rows in fates.items()}
        for sheet, fates in json.loads(once.printed)["counts"].items()
    }
    if json.loads(larger.printed)["counts"] != expected:
        msg = "a copied row did not meet the fate of its original"
        raise AssertionError(msg)
