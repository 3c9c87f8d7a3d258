"""Taking a transaction back. Nothing is ever deleted: a reversal mirrors it."""

import hashlib
from datetime import datetime
from typing import Literal

from ledger.holds import reversal
from ledger.posting import post
from ledger.session import WriteTx
from ledger.values import CARRY_OVER, EXPIRE, Posted, Refused
from timebank.access import Actor, check_whole_bank
from timebank.errors import RefusalError
from timebank.notifications.actions import tell

Reason = Literal["mistake", "duplicate", "dispute", "fraud", "other"]
"""Why, in a word: what somebody writes freely may name people, and the books cannot forget."""

_FOUND = """
select t.kind, t.actor, t.idempotency_key like 'record:%' as is_of_record from transactions t
where t.bank_id = $1 and t.id = $2 and t.refusal is null
"""
_OWNERS = """
select distinct a.owner from postings p
join accounts a on a.bank_id = $1 and a.id in (p.from_account_id, p.to_account_id)
where p.bank_id = $1 and p.transaction_id = $2 and a.kind = 'wallet'
"""
# What a job does by the calendar would come back to a lot that has lapsed, and no run would take it again.
_KEPT = frozenset({EXPIRE, CARRY_OVER})


def books_key(purpose: str, actor: Actor, key: str) -> str:
    """Return the ledger's key for an actor's Idempotency-Key: the same key of somebody else is another."""
    return f"{purpose}:{hashlib.sha256(f'{actor.text} {key}'.encode()).hexdigest()}"


async def reverse(
    tx: WriteTx, actor: Actor, *, key: str, transaction_id: int, reason: Reason, now: datetime
) -> int | Refused:
    """Take a transaction back, tell those whose wallets it touched, and return the reversal's id.

    Who made a transaction does not take it back; what the ledger refuses is returned.

    Raises:
        RefusalError: `forbidden`, `unknown_transaction`, `reversal_of_own`, `not_reversible`, `reversal_of_record`
            (it goes back with the record, which would say that it is credited still), `idempotency_conflict`.
    """
    check_whole_bank(actor, "reversals.write")
    found = await tx.connection.fetchrow(_FOUND, tx.bank_id, transaction_id)
    if found is None:
        raise RefusalError("unknown_transaction")
    if found["actor"] == actor.text:
        raise RefusalError("reversal_of_own")
    if found["kind"] in _KEPT:
        raise RefusalError("not_reversible")
    if found["is_of_record"]:
        raise RefusalError("reversal_of_record")
    draft = reversal(
        books_key("reversal", actor, key),
        transaction_id=transaction_id,
        effective_at=now,
        actor=actor.text,
        memo=reason,
    )
    (outcome,) = await post(tx, [draft])
    if isinstance(outcome, Refused):
        return outcome
    if not isinstance(outcome, Posted):
        raise RefusalError("idempotency_conflict")
    owners = await tx.connection.fetch(_OWNERS, tx.bank_id, transaction_id)
    await tell(
        tx,
        [row["owner"] for row in owners],
        "reversed",
        transaction=transaction_id,
        reversal=outcome.transaction_id,
    )
    return outcome.transaction_id
