"""End what is left of lots whose last day is over, and let go of holds whose time is up by then."""

from collections import Counter
from collections.abc import Awaitable, Callable
from datetime import date, datetime, time, timedelta
from typing import Final

from ledger.expiry import ExpiredBatch, ExpiryCursor
from ledger.folding import fold
from ledger.session import ReadTx, WriteTx
from timebank.errors import RefusalError
from timebank.expiry.actions import end_lots
from timebank.expiry.queries import next_lot
from timebank.jobs.batches import Batch, Item, Walk, in_batches
from timebank.jobs.release_holds import release_over
from timebank.jobs.run import Run
from timebank.policy.actions import load_history

ACTOR: Final = "job:expire"
BATCH: Final = 500
"""Whoever pays with a lot of a batch waits for all of it: with ten times as many the tills felt it."""


async def run_expire(run: Run) -> dict[str, object]:
    """Expire or renew batch by batch and return the figures: holds released, lots emptied, amounts by unit.

    Where lots were renewed, also how many and how much. A run that died is run again: what it had ended is gone from
    the lots, the rest follows. The figures are those of this run.

    Raises:
        RefusalError: `day_in_future`: nothing ends before its time; `period_closed` if the day lies in a closed period.
    """
    as_of = run.as_of
    if run.is_ahead:
        raise RefusalError("day_in_future", day=as_of.isoformat())
    # What they held goes back to its lots before those end.
    begins_at = datetime.combine(as_of, time(), run.bank.zone)
    released, _ = await release_over(run, before=begins_at)
    history = await run.read(load_history)

    async def work(tx: WriteTx, after: ExpiryCursor, limit: int) -> Batch[ExpiryCursor, ExpiredBatch]:
        ended = await end_lots(tx, history=history, as_of=as_of, actor=ACTOR, after=after, limit=limit)
        return Batch(ended, ended.next)

    counts, amounts, renewed = Counter[str](), Counter[str](), Counter[str]()
    walk = Walk(work, lot_after(as_of - timedelta(days=1)), BATCH)
    async for batch in in_batches(run, ExpiryCursor(), walk):
        counts.update(expired=batch.lots, renewed=batch.renewed_lots)
        amounts.update(batch.amounts)
        renewed.update(batch.renewed_amounts)
        run.progress(counts.total())
    await run.write(fold)
    result: dict[str, object] = {
        "holds_released": released,
        "lots": counts["expired"],
        "amounts": dict(amounts),
    }
    if renewed:
        result |= {"renewed_lots": counts["renewed"], "renewed_amounts": dict(renewed)}
    return result


def lot_after(until: date) -> Callable[[ReadTx, ExpiryCursor], Awaitable[Item[ExpiryCursor] | None]]:
    """Return what finds and names the first lot after another, of those that end by a day."""

    async def first(tx: ReadTx, after: ExpiryCursor) -> Item[ExpiryCursor] | None:
        place = await next_lot(tx, after=after, until=until)
        return None if place is None else Item(f"lot {place.account_id}", place)

    return first
