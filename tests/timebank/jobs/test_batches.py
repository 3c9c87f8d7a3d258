"""Batches: one poisoned thing stops neither its batch nor the run."""

from datetime import date

import pytest

from ledger.session import ReadTx, WriteTx
from tests.timebank.jobs.schedule import Office, job
from timebank.database import Bank, Database
from timebank.errors import OutageError, RefusalError
from timebank.jobs.batches import Batch, Walk, in_batches, numbered
from timebank.jobs.run import Run, RunLostError

THINGS = range(1, 31)


class PoisonError(Exception):
    """What a poisoned thing breaks with."""


@pytest.fixture
def office(database: Database, bank: Bank) -> Office:
    """Return a bank whose clock stands at noon."""
    return Office(database, bank)


def walk(done: list[int], poisoned: set[int], error: Exception, limit: int = 8) -> Walk[int, int]:
    async def work(_: WriteTx, after: int, limit: int) -> Batch[int, int]:
        batch = [thing for thing in THINGS if thing > after][:limit]
        if poisoned & set(batch):
            raise error
        done.extend(batch)
        return Batch(len(batch), batch[-1] if len(batch) == limit else None)

    async def next_id(_: ReadTx, after: int) -> int | None:
        return next((thing for thing in THINGS if thing > after), None)

    return Walk(work, numbered("thing", next_id), limit)


@pytest.mark.parametrize("poisoned", [set(), {1}, {30}, {8, 9}, set(range(5, 25)), set(THINGS)])
async def test_all_but_the_poisoned_are_done_once(office: Office, poisoned: set[int]) -> None:
    done: list[int] = []

    async def action(run: Run) -> dict[str, object]:
        return {
            "done": sum([count async for count in in_batches(run, 0, walk(done, poisoned, PoisonError()))])
        }

    await office.scheduler(job(action)).tick()
    assert done == [thing for thing in THINGS if thing not in poisoned]
    assert await office.faults() == [(f"thing {thing}", "PoisonError") for thing in sorted(poisoned)]
    assert await office.runs() == [("2026-11-22", "succeeded", 1)]


@pytest.mark.parametrize(
    "error", [OutageError("database_lost"), RefusalError("period_closed"), RunLostError()]
)
async def test_what_is_not_the_things_own_ends_the_run(office: Office, error: Exception) -> None:
    run = Run(office.database, office.bank, date(2026, 11, 22), office.clock())
    done: list[int] = []
    with pytest.raises(type(error)):
        async for _ in in_batches(run, 0, walk(done, {20}, error)):
            pass
    assert done == list(range(1, 17))
    assert await office.faults() == []
