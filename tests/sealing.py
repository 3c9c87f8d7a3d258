"""Sealing all there is: a writer of another test on the same server may hold the horizon back for a while."""

import asyncio
from datetime import datetime
from pathlib import Path

from timebank.database import Bank, Database
from timebank.proof import actions
from timebank.proof.actions import seal_bank

PATIENCE_SECONDS = 20
"""So long a write of another test may last, which holds back the sealing of every bank on the server; less than a
request may take."""

_UNSEALED = """
select count(*) from transactions t where t.bank_id = $1 and not exists
  (select from leaves l where l.bank_id = $1 and l.transaction_id = t.id)
"""


def wait_for_others() -> None:
    """Let what seals before it answers wait for other tests, as it would for other banks' writers, but for longer."""
    actions.PATIENCE_STEPS = round(PATIENCE_SECONDS / actions.STEP_SECONDS)


async def unsealed(database: Database, bank: Bank) -> int:
    """Return how many transactions are in no leaf."""
    return await database.read(bank, lambda tx: tx.connection.fetchval(_UNSEALED, tx.bank_id))


async def seal_everything(database: Database, bank: Bank, home: Path, *, now: datetime) -> None:
    """Seal until nothing is left."""
    while await unsealed(database, bank):
        await seal_bank(database, bank, home, now=now)
        await asyncio.sleep(0.01)
