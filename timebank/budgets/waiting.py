"""Keeping in view which credits wait because a budget did not cover them. The books know nothing of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from ledger.session import WriteTx

# Since when it waits stays, whatever it waits for by now.
_WAIT = """
insert into waiting_credits (bank_id, record_id, organisation_id, unit, amount, since_at)
select $1, w.record_id, w.organisation_id, w.unit, w.amount, $6
from unnest($2::bigint[], $3::bigint[], $4::text[], $5::bigint[]) as w (record_id, organisation_id, unit, amount)
on conflict on constraint waiting_credits_pkey do update
set organisation_id = excluded.organisation_id, unit = excluded.unit, amount = excluded.amount
"""
_FORGET = "delete from waiting_credits where bank_id = $1 and record_id = any($2::bigint[])"


@dataclass(frozen=True, slots=True)
class Wait:
    """A record whose credit takes so much of a unit from an organisation's budget, which does not have it."""

    record_id: int
    organisation_id: int
    unit: str
    amount: int


async def keep_waiting(
    tx: WriteTx, waits: Sequence[Wait], *, no_longer: Sequence[int], now: datetime
) -> None:
    """Note which records wait for what, and forget those that no longer do. Their rows are locked by the caller."""
    if no_longer:
        await tx.connection.execute(_FORGET, tx.bank_id, no_longer)
    if waits:
        await tx.connection.execute(
            _WAIT,
            tx.bank_id,
            [wait.record_id for wait in waits],
            [wait.organisation_id for wait in waits],
            [wait.unit for wait in waits],
            [wait.amount for wait in waits],
            now,
        )
