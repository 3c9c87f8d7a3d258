"""Tasks in workers' hands: claimed once, kept by a beating heart, taken over from the dead, given up in the end."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid4

import pytest
import pytest_asyncio

from ledger.audit import audit
from ledger.session import ReadTx, WriteTx
from tests.timebank.offices import CIPHER, new_office
from tests.timebank.workbook import generator, oracle
from timebank.access import Actor, Grant
from timebank.database import Address, Bank, Database
from timebank.permissions import Role
from timebank.tasks import worker as working
from timebank.tasks.actions import (
    KEEP_REPORTS,
    LEASE,
    MAX_ATTEMPTS,
    Claimed,
    Ended,
    beat,
    claim_task,
    finish_task,
    release_task,
    request_task,
)
from timebank.tasks.queries import EXPORT, IMPORT, INPUT, REPORT, SealedFile, Task, find_task, take_file
from timebank.tasks.worker import Worker
from timebank.totals.queries import totals

NOW = datetime(2026, 3, 4, 5, 6, tzinfo=UTC)
SMALL = generator.Size(volunteers=12, activities=25, attendances=160, awards=12, items=6, slips=60)
ADMINISTRATOR = Actor(None, uuid4(), grants=(Grant(Role.ADMINISTRATOR, 1, at_root=True),))
JOURNAL: dict[str, object] = {"export": "journal_csv", "organisation_ids": None}


@dataclass
class Clock:
    """A clock that is turned by hand."""

    now: datetime = NOW

    def __call__(self) -> datetime:
        return self.now


@pytest_asyncio.fixture
async def office(database: Database) -> Bank:
    """Return a bank with the default policy pack."""
    return await new_office(database)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def hand(database: Database, tmp_path: Path, clock: Clock) -> Worker:
    return Worker(database, CIPHER, tmp_path / "tasks", clock)


async def ask(
    database: Database,
    bank: Bank,
    *,
    workbook: Path | None = None,
    now: datetime = NOW,
    dry_run: bool = False,
) -> UUID:
    """Ask for an import of the workbook, or else for an export."""
    task_id = uuid4()
    kind, file = EXPORT, None
    params: dict[str, object] = JOURNAL
    if workbook is not None:
        sealed = CIPHER.seal_bytes(bank.id, task_id, INPUT, workbook.read_bytes())
        kind, params, file = IMPORT, {"dry_run": dry_run}, SealedFile("w.xlsx", "x", CIPHER.key_id, sealed)
    await database.write(
        bank,
        lambda tx: request_task(tx, ADMINISTRATOR, task_id, kind=kind, params=params, file=file, now=now),
    )
    return task_id


async def look(database: Database, bank: Bank, task_id: UUID, now: datetime = NOW) -> Task:
    return await database.read(bank, lambda tx: find_task(tx, ADMINISTRATOR, task_id, now=now))


async def claim(database: Database, bank: Bank, now: datetime = NOW) -> Claimed | None:
    return await database.write(bank, lambda tx: claim_task(tx, now=now))


async def test_many_workers_at_once_get_a_task_each(database: Database, office: Bank) -> None:
    asked = {await ask(database, office, now=NOW + timedelta(seconds=n)) for n in range(8)}
    claimed = await asyncio.gather(*(claim(database, office, NOW + timedelta(minutes=1)) for _ in range(12)))
    assert sorted(str(each.id) for each in claimed if each) == sorted(map(str, asked))


async def test_the_oldest_comes_first_and_another_banks_never(database: Database, office: Bank) -> None:
    later = await ask(database, office, now=NOW + timedelta(seconds=1))
    first = await ask(database, office, now=NOW)
    other = await new_office(database)
    assert await claim(database, other) is None
    assert [getattr(await claim(database, office), "id", None) for _ in range(3)] == [first, later, None]


async def test_a_silent_workers_task_is_taken_over_and_the_first_changes_nothing_more(
    database: Database, office: Bank
) -> None:
    task_id = await ask(database, office)
    first = await claim(database, office)
    assert first is not None
    assert (await look(database, office, task_id)).state == "running"
    assert await claim(database, office, NOW + LEASE - timedelta(seconds=1)) is None
    # A beat keeps it for another lease.
    soon = NOW + LEASE / 2
    assert await database.write(office, lambda tx: beat(tx, first, step="x", done=1, total=9, now=soon))
    found = await look(database, office, task_id)
    assert (found.step, found.done, found.total) == ("x", 1, 9)
    assert await claim(database, office, NOW + LEASE) is None
    late = soon + LEASE
    assert (await look(database, office, task_id, late)).state == "waiting"
    second = await claim(database, office, late)
    assert second is not None
    assert (second.id, second.attempt) == (task_id, 2)

    assert not await database.write(office, lambda tx: beat(tx, first, step="x", done=2, total=9, now=late))
    report = SealedFile("a", "b", "c", b"first")
    ended = Ended(None, {"lines": 1}, report)
    assert not await database.write(office, lambda tx: finish_task(tx, first, ended, now=late))
    await database.write(office, lambda tx: release_task(tx, first, again_at=late, is_counted=True))
    assert await claim(database, office, late) is None
    assert await database.write(
        office, lambda tx: finish_task(tx, second, Ended(None, {"lines": 2}, None), now=late)
    )
    found = await look(database, office, task_id, late)
    assert (found.state, found.result, found.report_name) == ("succeeded", {"lines": 2}, None)


async def test_what_breaks_every_worker_is_given_up_and_its_file_deleted(
    database: Database, office: Bank, tmp_path: Path
) -> None:
    path = tmp_path / "w.xlsx"
    path.write_bytes(b"x")
    task_id = await ask(database, office, workbook=path)
    now = NOW
    for _ in range(MAX_ATTEMPTS):
        assert await claim(database, office, now) is not None
        now += LEASE
    assert await claim(database, office, now) is None
    found = await look(database, office, task_id, now)
    assert (found.state, found.problem, found.finished_at) == ("failed", "task_given_up", now)
    assert await database.read(office, lambda tx: take_file(tx, task_id, INPUT)) is None


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
    await asyncio.wait_for(run, 10)
    assert stopped.is_set()
    assert (await look(database, office, task_id)).state == "running"


KILLED = """
import asyncio, sys
from datetime import UTC, datetime
from pathlib import Path
from tests.timebank.offices import CIPHER
from timebank.database import APP, Address, Database
from timebank.tasks import actions
from timebank.tasks.worker import Worker
from timebank.workbook import booking

host, port, database, bank, folder = sys.argv[1:]
booking.BATCH = 20

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
    assert await hand.work([office.code], until_empty=True) == 1
    found = await look(database, office, task_id, clock.now)
    assert (found.state, found.problem) == ("succeeded", None)
    assert not any(each.exists() for each in left)
    told = oracle.expected(path)
    assert (await database.read(office, totals))["records_credited"] == told["records_credited"]
    counts = found.result and found.result["counts"]
    assert isinstance(counts, dict)
    assert counts["签到"]["credited"] == told["records_credited"]
    assert await database.read(office, audit) == []


async def test_task_files_are_hidden_from_the_reader(superuser: object, database: Database) -> None:
    found = await superuser.fetchval(  # type: ignore[attr-defined]  # asyncpg without types here
        "select has_table_privilege('timebank_reader', 'timebank.task_files', 'select')"
    )
    assert found is False

    async def insert(tx: WriteTx) -> None:
        await tx.connection.execute("delete from tasks where bank_id = $1", tx.bank_id)

    with pytest.raises(Exception, match="permission denied"):
        await database.write(await new_office(database), insert)
