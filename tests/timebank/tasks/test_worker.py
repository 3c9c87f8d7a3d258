"""A worker at its tasks: what it leaves behind when it ends, stops, breaks, loses a task or is killed."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from ledger.audit import audit
from ledger.session import ReadTx
from tests.timebank.offices import CIPHER
from tests.timebank.tasks.handing import NOW, ask, claim, look
from tests.timebank.workbook import generator, oracle
from timebank.database import Address, Bank, Database
from timebank.tasks import worker as working
from timebank.tasks.actions import (
    KEEP_REPORTS,
    LEASE,
    MAX_ATTEMPTS,
    Ended,
)
from timebank.tasks.queries import EXPORT, INPUT, REPORT, take_file
from timebank.tasks.worker import Worker
from timebank.totals.queries import totals

SMALL = generator.Size(volunteers=12, activities=25, attendances=160, awards=12, items=6, slips=60)


@dataclass
class Clock:
    """A clock that is turned by hand."""

    now: datetime = NOW

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def hand(database: Database, tmp_path: Path, clock: Clock) -> Worker:
    return Worker(database, CIPHER, tmp_path / "tasks", clock)


async def test_an_import_ends_as_the_oracle_says_and_leaves_nothing_in_clear(
    database: Database, office: Bank, hand: Worker, tmp_path: Path, clock: Clock
) -> None:
    path = tmp_path / "small.xlsx"
    generator.write(path, generator.district(43, SMALL))
    task_id = await ask(database, office, workbook=path)
    before = await database.read(office, lambda tx: take_file(tx, task_id, INPUT))
    assert before is not None
    assert b"PK" not in before.sealed[:50]
    assert await hand.work([office.code], until_empty=True) == 1
    found = await look(database, office, task_id)
    assert (found.state, found.problem) == ("succeeded", None)
    assert await database.read(office, lambda tx: take_file(tx, task_id, INPUT)) is None
    assert [path for path in hand.folder.rglob("*") if path.is_file()] == []
    booked = await database.read(office, totals)
    told = oracle.expected(path)
    assert booked["records_credited"] == told["records_credited"]
    assert await database.read(office, audit) == []

    report = await database.read(office, lambda tx: take_file(tx, task_id, REPORT))
    assert report is not None
    assert CIPHER.open_bytes(office.id, task_id, REPORT, report.sealed)[:2] == b"PK"
    # Thirty days later the report is gone, and the task still tells.
    clock.now = NOW + KEEP_REPORTS + timedelta(hours=1)
    assert await hand.work([office.code], until_empty=True) == 0
    assert await database.read(office, lambda tx: take_file(tx, task_id, REPORT)) is None
    assert (await look(database, office, task_id)).result == found.result


async def test_a_worker_that_is_asked_to_stop_gives_its_task_back_uncounted(
    database: Database, office: Bank, hand: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun = asyncio.Event()

    async def endless(*_: object, progress: Callable[[str, int, int], None], **__: object) -> Ended:
        progress("book", 3, 7)
        begun.set()
        await asyncio.sleep(1_000)
        raise AssertionError

    monkeypatch.setitem(working._RUNS, EXPORT, endless)
    monkeypatch.setattr(working, "TELL_SECONDS", 0.01)
    task_id = await ask(database, office)
    for _ in range(MAX_ATTEMPTS + 1):
        begun.clear()
        run = asyncio.create_task(hand.work([office.code]))
        await begun.wait()
        while (await look(database, office, task_id)).done != 3:
            await asyncio.sleep(0.01)
        run.cancel()
        with pytest.raises(asyncio.CancelledError):
            await run
        assert (await look(database, office, task_id)).state == "waiting"
    again = await claim(database, office)
    assert again is not None
    assert again.attempt == 1


async def test_what_breaks_once_is_done_again_and_the_worker_lives_on(
    database: Database, office: Bank, hand: Worker, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = working._RUNS[EXPORT]
    attempts = 0

    async def fragile(*arguments: object, **named: object) -> Ended:
        nonlocal attempts
        attempts += 1
        if attempts == 1:
            raise ZeroDivisionError
        return await whole(*arguments, **named)  # type: ignore[arg-type]  # arguments of many types

    monkeypatch.setitem(working._RUNS, EXPORT, fragile)
    task_id = await ask(database, office)
    assert await hand.work([office.code], until_empty=True) == 1
    assert (await look(database, office, task_id)).state == "running"  # resting until its pause is over
    clock.now = NOW + working.PAUSE
    assert await hand.work([office.code], until_empty=True) == 1
    assert (await look(database, office, task_id, clock.now)).state == "succeeded"
    assert attempts == 2


async def test_who_lost_the_task_stops_working_at_it(
    database: Database, office: Bank, hand: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    stopped = asyncio.Event()

    async def endless(*_: object, progress: Callable[[str, int, int], None], **__: object) -> Ended:
        try:
            for number in range(100_000):
                progress("book", number, 100_000)
                await asyncio.sleep(0.01)
        finally:
            stopped.set()
        raise AssertionError

    monkeypatch.setitem(working._RUNS, EXPORT, endless)
    monkeypatch.setattr(working, "TELL_SECONDS", 0.01)
    task_id = await ask(database, office)
    run = asyncio.create_task(hand.work_one(office))
    while (await look(database, office, task_id)).done == 0:
        await asyncio.sleep(0.01)
    thief = None
    while thief is None:  # a beat may come in between
        thief = await claim(database, office, NOW + LEASE)
    await asyncio.wait_for(run, 60)
    assert stopped.is_set()
    assert (await look(database, office, task_id)).state == "running"


KILLED = """
import asyncio, os, signal, sys
from datetime import UTC, datetime
from pathlib import Path
from tests.timebank.offices import CIPHER
from timebank.database import APP, Address, Database
from timebank.tasks import worker
from timebank.tasks.queries import IMPORT
from timebank.tasks.worker import Worker
from timebank.workbook import booking

host, port, database, bank, folder = sys.argv[1:]
booking.BATCH = 20
whole = worker._RUNS[IMPORT]

async def halting(*given, progress, **named):
    def told(step, done, total):
        progress(step, done, total)
        if step == "book" and done >= 200:
            os.kill(os.getpid(), signal.SIGSTOP)  # in the middle, until it is killed there

    return await whole(*given, progress=told, **named)

worker._RUNS[IMPORT] = halting

async def main():
    address = Address(host=host, port=int(port), database=database, user="postgres")
    async with Database.connect(address, APP) as opened:
        await Worker(opened, CIPHER, Path(folder), lambda: datetime.now(UTC)).work([bank])

asyncio.run(main())
"""


async def test_a_workers_death_in_the_middle_of_an_import_loses_and_doubles_nothing(
    database: Database, address: Address, office: Bank, tmp_path: Path, clock: Clock
) -> None:
    path = tmp_path / "large.xlsx"
    generator.write(path, generator.district(47, generator.larger(SMALL, 8)))
    begun = datetime.now(UTC)
    task_id = await ask(database, office, workbook=path, now=begun)
    folder = tmp_path / "tasks"
    command = [
        sys.executable,
        "-c",
        KILLED,
        address.host,
        address.port,
        address.database,
        office.code,
        folder,
    ]
    process = subprocess.Popen(list(map(str, command)))  # noqa: ASYNC220 -- it is short to start

    async def booked(tx: ReadTx) -> int:
        count: int = await tx.connection.fetchval(
            "select count(*) from transactions where bank_id = $1", tx.bank_id
        )
        return count

    while await database.read(office, booked) < 40:
        assert process.poll() is None
        await asyncio.sleep(0.02)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    left = [each for each in folder.rglob("*") if each.is_file()]
    assert left  # the workbook in clear, in a folder of mode 700
    assert folder.stat().st_mode & 0o777 == 0o700
    assert (await look(database, office, task_id, begun)).state == "running"

    clock.now = datetime.now(UTC) + LEASE
    hand = Worker(database, CIPHER, folder, clock)
    while not (done := await hand.work([office.code], until_empty=True)):
        await asyncio.sleep(0.01)  # the killed one's last transaction may hold the task for a moment
    assert done == 1
    found = await look(database, office, task_id, clock.now)
    assert (found.state, found.problem) == ("succeeded", None)
    assert not any(each.exists() for each in left)
    told = oracle.expected(path)
    assert (await database.read(office, totals))["records_credited"] == told["records_credited"]
    counts = found.result and found.result["counts"]
    assert isinstance(counts, dict)
    assert counts["签到"]["credited"] == told["records_credited"]
    assert await database.read(office, audit) == []
