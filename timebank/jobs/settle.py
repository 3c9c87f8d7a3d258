"""Draft the statements of the month that is over. An office approves them; nothing is paid by the clock."""

from datetime import date
from typing import Final

from ledger.session import ReadTx, WriteTx
from timebank.jobs.batches import Batch, Item, Walk, in_batches
from timebank.jobs.run import Run
from timebank.settlements.actions import By, Payees, draft_statements, payees_of
from timebank.settlements.rules import month_before

BATCH: Final = 100
"""Payees in a transaction."""


async def run_settle(run: Run) -> dict[str, object]:
    """Draft the statements of the month before the run's day and return the figures; again drafts what is missing.

    A payee whose takings cannot be drafted is noted and passed over.

    Raises:
        RefusalError: `month_not_over`.
    """
    month_on = month_before(run.as_of)
    payees = await run.read(lambda tx: payees_of(tx, None))
    drafted = 0
    async for count in in_batches(run, 0, _payees(payees, month_on, run)):
        drafted += count
    return {"month": f"{month_on:%Y-%m}", "drafted": drafted}


def _payees(payees: Payees, month_on: date, run: Run) -> Walk[int, int]:
    """Return the way through the payees, by their place: the shops, then the merchants."""
    shops, all_of_them = len(payees.shops), len(payees.shops) + len(payees.merchants)

    async def work(tx: WriteTx, after: int, limit: int) -> Batch[int, int]:
        upto = after + limit
        some = Payees(
            payees.shops[after:upto], payees.merchants[max(after - shops, 0) : max(upto - shops, 0)]
        )
        drafted = await draft_statements(tx, month_on=month_on, payees=some, by=By("job"), now=run.now)
        return Batch(len(drafted), upto if upto < all_of_them else None)

    async def first(_: ReadTx, after: int) -> Item[int] | None:
        if after < shops:
            return Item(f"shop {payees.shops[after]}", after + 1)
        return Item(f"merchant {payees.merchants[after - shops]}", after + 1)

    return Walk(work, first, BATCH)
