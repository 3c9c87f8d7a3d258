"""Tell the managers of shops what is running low, once until it is restocked."""

from datetime import date, datetime
from typing import Final

from ledger.session import WriteTx
from timebank.database import Bank, Database
from timebank.jobs.runs import begin_run, finish_run
from timebank.stock.low import Told, forget_restocked, tell_low_stock

JOB: Final = "low_stock"


async def run_low_stock(database: Database, bank: Bank, *, as_of: date, now: datetime) -> dict[str, object]:
    """Look at every shelf as it is now, batch by batch, and return the figures; `as_of` is the run it stands for.

    Running it again tells nobody twice.
    """

    async def begin(tx: WriteTx) -> int:
        await begin_run(tx, JOB, as_of, now=now)
        return await forget_restocked(tx)

    restocked = await database.write(bank, begin)
    told = unmanaged = 0
    last_id: int | None = 0
    while last_id is not None:

        async def work(tx: WriteTx, after_id: int = last_id) -> Told:
            return await tell_low_stock(tx, after_id=after_id, now=now)

        batch = await database.write(bank, work)
        told += batch.told
        unmanaged += batch.unmanaged
        last_id = batch.last_id
    result: dict[str, object] = {"told": told, "restocked": restocked, "unmanaged": unmanaged}

    async def finish(tx: WriteTx) -> None:
        await finish_run(tx, JOB, as_of, now=now, result=result)

    await database.write(bank, finish)
    return result
