"""An import that dies: at a chosen point, or at any moment, by kill -9. Run again, it ends in the same books."""

import asyncio
import contextlib
import os
import random
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import pytest_asyncio

from tests.timebank.offices import assert_sound, books, close_year, new_office, take_in
from tests.timebank.workbook import generator, oracle
from timebank.database import Address, Bank, Database

SIZE = generator.Size(volunteers=30, activities=60, attendances=900, awards=60, items=12, slips=300)
SEED = 20_260_101
ATTEMPTS = 8

IMPORTER = """
import asyncio, os, signal, sys
from pathlib import Path
from tests.timebank.offices import take_in
from timebank.database import APP, Address, Database
from timebank.workbook import booking

host, port, database, bank, path, step, batch = sys.argv[1:]
booking.BATCH = int(batch)
heard = 0

def progress(name, done, total):
    global heard
    heard += 1
    if heard == int(step):
        os.kill(os.getpid(), signal.SIGKILL)

async def main():
    address = Address(host=host, port=int(port), database=database, user="postgres")
    async with Database.connect(address, APP) as opened:
        await take_in(opened, await opened.bank(bank), Path(path), progress=progress)

print("ready", flush=True)
sys.stdin.readline()
asyncio.run(main())
print("done", flush=True)
"""


class Importer:
    """An import in a process of its own, which waits for the word to start; it may kill itself at a step."""

    def __init__(self, address: Address, bank: Bank, path: Path, *, step: int = 0) -> None:
        place = (address.host, address.port, address.database, bank.code, path, step, 50)
        self.process = subprocess.Popen(
            [sys.executable, "-c", IMPORTER, *map(str, place)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=Path(__file__).parents[3],
        )
        assert self.process.stdout is not None
        assert self.process.stdout.readline() == "ready\n"

    def start(self) -> None:
        """Let it begin."""
        assert self.process.stdin is not None
        self.process.stdin.write("\n")
        self.process.stdin.flush()

    def end(self) -> int:
        """Wait for its end and return how it ended."""
        self.process.communicate(timeout=60)
        return self.process.returncode


@pytest.fixture(scope="module")
def workbook(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return an invented workbook that takes over ten batches of fifty to book."""
    path = tmp_path_factory.mktemp("kill") / "invented.xlsx"
    generator.write(path, generator.district(SEED, SIZE))
    return path


@pytest_asyncio.fixture(scope="module")
async def whole(database: Database, workbook: Path) -> Bank:
    """Return a bank with the books of an import that nothing disturbed."""
    bank = await new_office(database)
    await take_in(database, bank, workbook)
    return bank


async def assert_ends_well(database: Database, bank: Bank, workbook: Path, whole: Bank) -> None:
    """Run the import to its end and compare it with one that nothing disturbed."""
    await take_in(database, bank, workbook)
    assert await books(database, bank) == await books(database, whole)
    assert await close_year(database, bank) == oracle.expected(workbook)
    await assert_sound(database, bank)


# Heard: 1 and 2 reading, 3 and 4 storing (not committed yet), 5 stored and about to book, 6 and on a batch each.
@pytest.mark.parametrize("step", [4, 5, 6, 9, 14])
async def test_it_dies_at_a_step(
    step: int, database: Database, address: Address, workbook: Path, whole: Bank
) -> None:
    bank = await new_office(database)
    importer = Importer(address, bank, workbook, step=step)
    importer.start()
    assert importer.end() == -signal.SIGKILL
    found = await books(database, bank)
    assert bool(found["records"]) == (step > 4)
    assert ("credit" in {kind for kind, *_ in found["transactions"]}) == (step > 5)
    await assert_sound(database, bank)
    await assert_ends_well(database, bank, workbook, whole)


async def test_it_is_killed_again_and_again(
    database: Database, address: Address, workbook: Path, whole: Bank
) -> None:
    bank, chance = await new_office(database), random.Random(SEED)
    killed, longest = 0, 1.0
    for _ in range(ATTEMPTS):
        importer = Importer(address, bank, workbook)
        importer.start()
        await asyncio.sleep(chance.uniform(0.05, longest))
        with contextlib.suppress(ProcessLookupError):
            os.kill(importer.process.pid, signal.SIGKILL)
        if importer.end() == -signal.SIGKILL:
            killed += 1
        else:  # faster than the killer: again from nothing, and sooner
            bank, longest = await new_office(database), longest * 0.7
        await assert_sound(database, bank)
    assert killed > ATTEMPTS // 3
    await assert_ends_well(database, bank, workbook, whole)


async def test_one_of_two_at_once_is_killed(
    database: Database, address: Address, workbook: Path, whole: Bank
) -> None:
    bank = await new_office(database)
    both = [Importer(address, bank, workbook), Importer(address, bank, workbook, step=8)]
    for importer in both:
        importer.start()
    ends = await asyncio.gather(*(asyncio.to_thread(importer.end) for importer in both))
    assert ends == [0, -signal.SIGKILL]
    await assert_ends_well(database, bank, workbook, whole)


async def test_another_workbook_may_come_in_between(
    database: Database, address: Address, workbook: Path
) -> None:
    bank = await new_office(database)
    importer = Importer(address, bank, workbook, step=7)
    importer.start()
    assert importer.end() == -signal.SIGKILL
    other = workbook.with_name("other.xlsx")
    sheets = generator.district(SEED, SIZE)
    sheets["签到"] = sheets["签到"][:100]
    generator.write(other, sheets)
    await take_in(database, bank, other)
    await take_in(database, bank, workbook)
    await assert_sound(database, bank)
    found = await close_year(database, bank)
    expected = oracle.expected(workbook)
    assert {key: found[key] for key in ("records_credited", "minutes_credited", "points_issued")} == {
        key: expected[key] for key in ("records_credited", "minutes_credited", "points_issued")
    }
