"""Close the notices whose last day lies before a day and credit what nobody objected to, batch by batch."""

from ledger.session import ReadTx, WriteTx
from timebank.errors import RefusalError
from timebank.jobs.batches import Batch, Walk, in_batches, numbered
from timebank.jobs.run import Run
from timebank.notices.closing import (
    approved_records,
    close_over,
    credit_due,
    credit_unnoticed,
    due_records,
)
from timebank.notices.crediting import BATCH, By, Credited
from timebank.policy.queries import version_on

BY = By("job:credit")


async def run_credit(run: Run) -> dict[str, object]:
    """Credit and close, and return the figures: records credited, refused and waiting for a budget, notices closed.

    Where the policy wants no notice, what is approved is credited as it is. A run that died is run again: what it had
    credited is credited, the rest follows; the figures are those of this run.

    Raises:
        RefusalError: `day_in_future`: a notice is never cut short.
    """
    as_of, now = run.as_of, run.now
    if run.is_ahead:
        raise RefusalError("day_in_future", day=as_of.isoformat())

    async def has_no_notice(tx: ReadTx) -> bool:
        # What is approved today is not spared its notice because there was none on a day that is past.
        versions = [await version_on(tx, day) for day in {as_of, tx.day(now)}]
        return all(
            version is not None and version.pack.attendance.notice_working_days == 0 for version in versions
        )

    walks = [_due(run)]
    if await run.read(has_no_notice):
        walks.append(_unnoticed(run))
    done = Credited()
    for walk in walks:
        async for credited in in_batches(run, 0, walk):
            done += credited
            run.progress(done.credited + done.refused + done.waiting)

    async def finish(tx: WriteTx) -> dict[str, object]:
        closed = await close_over(tx, as_of=as_of, now=now)
        return {
            "credited": done.credited,
            "refused": done.refused,
            "waiting": done.waiting,
            "notices": closed,
        }

    return await run.write(finish)


def _due(run: Run) -> Walk[int, Credited]:
    async def work(tx: WriteTx, after_id: int, limit: int) -> Batch[int, Credited]:
        batch = await credit_due(tx, as_of=run.as_of, after_id=after_id, by=BY, now=run.now, limit=limit)
        return Batch(batch.credited, batch.last_id)

    async def next_id(tx: ReadTx, after_id: int) -> int | None:
        return next(iter(await due_records(tx, as_of=run.as_of, after_id=after_id, limit=1)), None)

    return Walk(work, numbered("record", next_id), BATCH)


def _unnoticed(run: Run) -> Walk[int, Credited]:
    async def work(tx: WriteTx, after_id: int, limit: int) -> Batch[int, Credited]:
        batch = await credit_unnoticed(tx, after_id=after_id, by=BY, now=run.now, limit=limit)
        return Batch(batch.credited, batch.last_id)

    async def next_id(tx: ReadTx, after_id: int) -> int | None:
        return next(iter(await approved_records(tx, after_id=after_id, limit=1)), None)

    return Walk(work, numbered("record", next_id), BATCH)
