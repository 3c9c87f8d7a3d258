"""Sending for ever, bank after bank: what runs beside the jobs."""

import asyncio
import contextlib
from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

import structlog

from timebank.database import Bank
from timebank.errors import OutageError
from timebank.messages.sending import Outbox, forget_old, send_due

POLL_SECONDS: Final = 2.0
SWEEP_EVERY: Final = timedelta(hours=1)

log = structlog.get_logger("timebank.messages")


async def send_all(outbox: Outbox, codes: Sequence[str] | None = None) -> Counter[str]:
    """Send once all that is due in these banks (None: all); return how many came to which state.

    Raises:
        OutageError: as `send_due`.
        RefusalError: `unknown_bank`.
    """
    done = Counter[str]()
    for bank in await _banks(outbox, codes):
        done += await send_due(outbox, bank)
    return done


async def send_forever(outbox: Outbox, codes: Sequence[str] | None = None, *, stop: asyncio.Event) -> None:
    """Send whatever becomes due until asked to stop; what is being sent then is finished and marked first."""
    swept_at: dict[int, datetime] = {}
    while not stop.is_set():
        try:
            for bank in await _banks(outbox, codes):
                if not stop.is_set():
                    await _send(outbox, bank, swept_at)
        except OutageError as error:
            log.warning("outage", code=error.code)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), POLL_SECONDS)


async def _send(outbox: Outbox, bank: Bank, swept_at: dict[int, datetime]) -> None:
    done = await send_due(outbox, bank)
    if done:
        log.info("messages", bank=bank.code, **done)
    now = outbox.now()
    if bank.id not in swept_at or now - swept_at[bank.id] >= SWEEP_EVERY:
        await forget_old(outbox, bank)
        swept_at[bank.id] = now


async def _banks(outbox: Outbox, codes: Sequence[str] | None) -> list[Bank]:
    if codes is None:
        rows = await outbox.database.pool.fetch("select code from banks order by id")
        codes = [row["code"] for row in rows]
    return [await outbox.database.bank(code) for code in codes]
