"""Seal what was decided since the last time, and keep the checkpoint outside the database too."""

from timebank.jobs.run import Run
from timebank.proof.actions import seal_bank


async def run_seal(run: Run) -> dict[str, object]:
    """Seal everything decided so far and return the figures; sealing has a lock of its own, so twice at once is once.

    Raises:
        RefusalError: `tree_tampered`, `history_forked`: nothing is sealed on top of rewritten history.
    """
    if run.home is None:
        raise ValueError("sealing needs the installation's folder")
    sealed = await seal_bank(run.database, run.bank, run.home, now=run.now)
    return {"transactions": sealed.transactions, "tree_size": sealed.tree_size}
