"""Sealing all there is: a writer of another test on the same server may hold the horizon back for a while."""

import asyncio
from datetime import datetime
from pathlib import Path

from timebank.database import Bank, Database
from timebank.proof.actions import seal_bank

_UNSEALED = """
select count(*) from transactions t where t.bank_id = $1 and not exists
  (select from leaves l where l.bank_id = $1 and l.transaction_id = t.id)
"""


async def unsealed(database: Database, bank: Bank) -> int:
    """Return how many transactions are in no leaf."""
    return await database.read(bank, lambda tx: tx.connection.fetchval(_UNSEALED, tx.bank_id))


async def seal_everything(database: Database, bank: Bank, home: Path, *, now: datetime) -> None:
    """Seal until nothing is left."""
    while await unsealed(database, bank):
        await seal_bank(database, bank, home, now=now)
        await asyncio.sleep(0.01)
