"""Warn the people whose lots end soon, so many days before as the policy says."""

from datetime import timedelta
from typing import Final

from ledger.expiry import ExpiryCursor
from ledger.session import WriteTx
from timebank.errors import RefusalError
from timebank.expiry.actions import warn_owners, warnings_on
from timebank.jobs.batches import Batch, Walk, in_batches
from timebank.jobs.expire import lot_after
from timebank.jobs.run import Run
from timebank.policy.actions import load_history

BATCH: Final = 2_000


async def run_warn_expiry(run: Run) -> dict[str, object]:
    """Send the warnings that fell due by the end of a day, and return how many.

    Who missed several, because the job did not run, gets only the one that is nearest to the end.

    Raises:
        RefusalError: `day_in_future`; `policy_missing`.
    """
    if run.is_ahead:
        raise RefusalError("day_in_future", day=run.as_of.isoformat())
    today = run.now.astimezone(run.bank.zone).date()
    history = await run.read(load_history)
    warnings = warnings_on(history, as_of=run.as_of, today=today)

    async def work(tx: WriteTx, after: ExpiryCursor, limit: int) -> Batch[ExpiryCursor, int]:
        batch = await warn_owners(tx, warnings, after=after, limit=limit, now=run.now)
        return Batch(batch.warned, batch.next)

    warned = 0
    walk = Walk(work, lot_after(max(warnings.due, default=today - timedelta(days=1))), BATCH)
    async for count in in_batches(run, ExpiryCursor(today, 0), walk):
        warned += count
        run.progress(warned)
    return {"warned": warned}
