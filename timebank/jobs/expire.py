"""Expire what is left of lots that ended before a day, and let go of holds whose time is up by then."""

from collections import Counter
from datetime import date, datetime

from ledger.expiry import ExpiryCursor, PeriodClosedError, expire_lots
from ledger.folding import fold
from ledger.holds import lapsed_holds, release_lapsed
from ledger.posting import post
from ledger.session import WriteTx
from ledger.values import Posted
from timebank.database import Bank, Database
from timebank.errors import RefusalError
from timebank.jobs.runs import begin_run, finish_run

JOB = "expire"
ACTOR = "job:expire"
HOLDS_PER_BATCH = 500


async def run_expire(database: Database, bank: Bank, *, as_of: date, now: datetime) -> dict[str, object]:
    """Expire batch by batch and return the figures: holds released, lots emptied, amounts by unit.

    A run that died is run again: what it had expired is gone from the lots, the rest follows. The figures
    are those of this run.

    Raises:
        RefusalError: `period_closed` if the day lies in a closed period.
    """
    await database.write(bank, lambda tx: begin_run(tx, JOB, as_of, now=now))
    released = await _release_lapsed(database, bank, as_of)
    lots = 0
    amounts: Counter[str] = Counter()
    cursor: ExpiryCursor | None = ExpiryCursor()
    while cursor is not None:
        after = cursor

        async def expire(
            tx: WriteTx, after: ExpiryCursor = after
        ) -> tuple[int, dict[str, int], ExpiryCursor | None]:
            batch = await expire_lots(tx, as_of=as_of, actor=ACTOR, after=after)
            return batch.lots, batch.amounts, batch.next

        try:
            count, batch_amounts, cursor = await database.write(bank, expire)
        except PeriodClosedError:
            raise RefusalError("period_closed", as_of=as_of.isoformat()) from None
        lots += count
        amounts.update(batch_amounts)
    result: dict[str, object] = {"holds_released": released, "lots": lots, "amounts": dict(amounts)}

    async def finish(tx: WriteTx) -> None:
        await fold(tx)
        await finish_run(tx, JOB, as_of, now=now, result=result)

    await database.write(bank, finish)
    return result


async def _release_lapsed(database: Database, bank: Bank, as_of: date) -> int:
    """Release the holds that lapsed before the day begins, so that what they held can expire."""
    released, after_id = 0, 0
    while True:

        async def release(tx: WriteTx, after_id: int = after_id) -> tuple[int, int, int]:
            moment = tx.start_of(as_of)
            holds = await lapsed_holds(tx, moment, after_id=after_id, limit=HOLDS_PER_BATCH)
            drafts = [release_lapsed(hold, effective_at=hold.hold_until, actor=ACTOR) for hold in holds]
            outcomes = await post(tx, drafts)
            posted = sum(isinstance(outcome, Posted) for outcome in outcomes)
            return len(holds), posted, holds[-1].id if holds else 0

        found, posted, after_id = await database.write(bank, release)
        released += posted
        if found < HOLDS_PER_BATCH:
            return released
