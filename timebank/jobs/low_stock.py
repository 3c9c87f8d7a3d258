"""Tell the managers of shops what is running low, once until it is restocked."""

from ledger.session import ReadTx, WriteTx
from timebank.jobs.batches import Batch, Walk, in_batches, numbered
from timebank.jobs.run import Run
from timebank.stock.low import BATCH, Told, forget_restocked, tell_low_stock
from timebank.stock.queries import low_stock


async def run_low_stock(run: Run) -> dict[str, object]:
    """Look at every shelf as it is now, batch by batch, and return the figures.

    Running it again tells nobody twice.
    """
    restocked = await run.write(forget_restocked)
    today = run.now.astimezone(run.bank.zone).date()
    told = unmanaged = 0

    async def work(tx: WriteTx, after_id: int, limit: int) -> Batch[int, Told]:
        batch = await tell_low_stock(tx, after_id=after_id, now=run.now, limit=limit)
        return Batch(batch, batch.last_id)

    async def next_id(tx: ReadTx, after_id: int) -> int | None:
        found = await low_stock(tx, on=today, organisations=None, after_id=after_id, limit=1)
        return next((line.goods_id for line in found), None)

    async for batch in in_batches(run, 0, Walk(work, numbered("goods", next_id), BATCH)):
        told += batch.told
        unmanaged += batch.unmanaged
    return {"told": told, "restocked": restocked, "unmanaged": unmanaged}
