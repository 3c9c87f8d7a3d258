"""Closing periods: after it, nothing takes effect before the given instant; corrections are made today."""

from datetime import datetime

from ledger.session import WRITERS_LOCK, WriteTx

_LOCK = "select pg_advisory_xact_lock($1)"
_LATEST = "select max(closed_before) from closures where bank_id = $1"
_CLOSE = """
insert into closures (bank_id, closed_before, actor, xact)
values ($1, $2, $3, $4 + pg_current_xact_id()::text::bigint)
on conflict on constraint closures_pkey do nothing
"""


async def close_period(tx: WriteTx, *, before: datetime, actor: str) -> datetime:
    """Close everything that takes effect before the instant and return the end of the closed period.

    Waits for the writers at work, so that what is in the books then is all the period will ever hold.
    Closing an earlier instant than is closed already changes nothing.
    """
    await tx.connection.execute(_LOCK, WRITERS_LOCK + tx.bank_id)
    latest: datetime | None = await tx.connection.fetchval(_LATEST, tx.bank_id)
    if latest is not None and latest >= before:
        return latest
    await tx.connection.execute(_CLOSE, tx.bank_id, before, actor, tx.base)
    return before
