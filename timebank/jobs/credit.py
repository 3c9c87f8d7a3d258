"""Close the notices whose last day lies before a day and credit what nobody objected to, batch by batch."""

from collections.abc import Awaitable, Callable
from datetime import date, datetime
from typing import TypeAlias

from ledger.session import WriteTx
from timebank.database import Bank, Database
from timebank.errors import RefusalError
from timebank.jobs.runs import begin_run, finish_run
from timebank.notices.closing import Batch, close_over, credit_due, credit_unnoticed
from timebank.notices.crediting import By, Credited
from timebank.policy.queries import version_on

JOB = "credit"
BY = By("job:credit")

_Step: TypeAlias = Callable[[WriteTx, int], Awaitable[Batch]]


async def run_credit(
    database: Database,
    bank: Bank,
    *,
    as_of: date,
    now: datetime,
    progress: Callable[[Credited], None] | None = None,
) -> dict[str, object]:
    """Credit and close, and return the figures: records credited, refused and waiting for a budget, notices closed.

    Where the policy wants no notice, what is approved is credited as it is. A run that died is run again: what it had
    credited is credited, the rest follows; the figures are those of this run. `progress` hears of each batch that is
    committed.

    Raises:
        RefusalError: `day_in_future`: a notice is never cut short.
    """
    if as_of > now.astimezone(bank.zone).date():
        raise RefusalError("day_in_future", day=as_of.isoformat())

    async def begin(tx: WriteTx) -> bool:
        await begin_run(tx, JOB, as_of, now=now)
        # What is approved today is not spared its notice because there was none on a day that is past.
        versions = [await version_on(tx, day) for day in {as_of, tx.day(now)}]
        return all(
            version is not None and version.pack.attendance.notice_working_days == 0 for version in versions
        )

    async def due(tx: WriteTx, after_id: int) -> Batch:
        return await credit_due(tx, as_of=as_of, after_id=after_id, by=BY, now=now)

    async def unnoticed(tx: WriteTx, after_id: int) -> Batch:
        return await credit_unnoticed(tx, after_id=after_id, by=BY, now=now)

    steps: list[_Step] = [due, unnoticed] if await database.write(bank, begin) else [due]
    done = Credited()
    for step in steps:
        done += await _batches(database, bank, step, progress)

    async def finish(tx: WriteTx) -> dict[str, object]:
        closed = await close_over(tx, as_of=as_of, now=now)
        result: dict[str, object] = {
            "credited": done.credited,
            "refused": done.refused,
            "waiting": done.waiting,
            "notices": closed,
        }
        await finish_run(tx, JOB, as_of, now=now, result=result)
        return result

    return await database.write(bank, finish)


async def _batches(
    database: Database, bank: Bank, step: _Step, progress: Callable[[Credited], None] | None
) -> Credited:
    done, last_id = Credited(), 0
    while True:

        async def work(tx: WriteTx, after_id: int = last_id) -> Batch:
            return await step(tx, after_id)

        batch = await database.write(bank, work)
        done += batch.credited
        if progress is not None:
            progress(batch.credited)
        if batch.last_id is None:
            return done
        last_id = batch.last_id
