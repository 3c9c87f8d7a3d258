"""Draft the statements of the month that is over. An office approves them; nothing is paid by the clock."""

from ledger.session import WriteTx
from timebank.jobs.run import Run
from timebank.settlements.actions import By, draft_statements
from timebank.settlements.rules import month_before


async def run_settle(run: Run) -> dict[str, object]:
    """Draft the statements of the month before the run's day and return the figures; again drafts what is missing.

    Raises:
        RefusalError: `month_not_over`.
    """
    month_on = month_before(run.as_of)

    async def work(tx: WriteTx) -> dict[str, object]:
        drafted = await draft_statements(tx, month_on=month_on, organisations=None, by=By("job"), now=run.now)
        return {"month": f"{month_on:%Y-%m}", "drafted": len(drafted)}

    return await run.write(work)
