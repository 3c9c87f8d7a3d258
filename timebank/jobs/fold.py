"""Fold the balances of open accounts, so that reading one need not add up a long tail."""

from ledger.folding import fold
from timebank.jobs.run import Run


async def run_fold(run: Run) -> dict[str, object]:
    """Fold up to the horizon and return how many accounts were brought forward."""
    return {"accounts": await run.write(fold)}
