"""Tasks claimed once, kept by a beating heart, taken over from the dead, given up in the end."""

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest

from ledger.session import WriteTx
from tests.timebank.offices import new_office
from tests.timebank.tasks.handing import NOW, ask, claim, look
from timebank.database import Bank, Database
from timebank.tasks.actions import (
    LEASE,
    MAX_ATTEMPTS,
    Ended,
    beat,
    finish_task,
    release_task,
)
from timebank.tasks.queries import INPUT, SealedFile, take_file


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


async def test_task_files_are_hidden_from_the_reader(superuser: object, database: Database) -> None:
    found = await superuser.fetchval(  # type: ignore[attr-defined]  # asyncpg without types here
        "select has_table_privilege('timebank_reader', 'timebank.task_files', 'select')"
    )
    assert found is False

    async def insert(tx: WriteTx) -> None:
        await tx.connection.execute("delete from tasks where bank_id = $1", tx.bank_id)

    with pytest.raises(Exception, match="permission denied"):
        await database.write(await new_office(database), insert)
