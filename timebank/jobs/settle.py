"""Draft the statements of the month that is over. An office approves them; nothing is paid by the clock."""

from datetime import date, datetime
from typing import Final

from ledger.session import WriteTx
from timebank.database import Bank, Database
from timebank.jobs.runs import begin_run, finish_run
from timebank.settlements.actions import By, draft_statements
from timebank.settlements.rules import month_before

JOB: Final = "settle"


async def run_settle(database: Database, bank: Bank, *, as_of: date, now: datetime) -> dict[str, object]:
    """Draft the statements of the month before `as_of` and return the figures; running it again drafts what is missing.

    Raises:
        RefusalError: `month_not_over`.
    """
    month_on = month_before(as_of)

    async def work(tx: WriteTx) -> dict[str, object]:
        await begin_run(tx, JOB, as_of, now=now)
        drafted = await draft_statements(tx, month_on=month_on, organisations=None, by=By("job"), now=now)
        result: dict[str, object] = {"month": f"{month_on:%Y-%m}", "drafted": len(drafted)}
        await finish_run(tx, JOB, as_of, now=now, result=result)
        return result

    return await database.write(bank, work)
