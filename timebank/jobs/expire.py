"""Expire what is left of lots that ended before a day, and let go of holds whose time is up by then."""

from collections import Counter
from datetime import date, datetime, time

from ledger.expiry import ExpiryCursor, PeriodClosedError, expire_lots
from ledger.folding import fold
from ledger.session import WriteTx
from timebank.database import Bank, Database
from timebank.errors import RefusalError
from timebank.jobs.release_holds import release_over
from timebank.jobs.runs import begin_run, finish_run

JOB = "expire"
ACTOR = "job:expire"


async def run_expire(database: Database, bank: Bank, *, as_of: date, now: datetime) -> dict[str, object]:
    """Expire batch by batch and return the figures: holds released, lots emptied, amounts by unit.

    A run that died is run again: what it had expired is gone from the lots, the rest follows. The figures
    are those of this run.

    Raises:
        RefusalError: `period_closed` if the day lies in a closed period.
    """
    await database.write(bank, lambda tx: begin_run(tx, JOB, as_of, now=now))
    # What they held goes back to its lots before those expire.
    begins_at = datetime.combine(as_of, time(), bank.zone)
    released, _ = await release_over(database, bank, before=begins_at, now=now)
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
