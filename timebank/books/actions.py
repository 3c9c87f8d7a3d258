"""Taking a transaction back. Nothing is ever deleted: a reversal mirrors it."""

import hashlib
from datetime import datetime
from typing import TYPE_CHECKING, Literal

from ledger.holds import reversal
from ledger.posting import post
from ledger.session import WriteTx
from ledger.values import CARRY_OVER, EXPIRE, Posted, Refused
from timebank.access import Actor, check_whole_bank, represented
from timebank.budgets.rules import CEILING
from timebank.errors import RefusalError
from timebank.notifications.actions import tell
from timebank.records.debts import DEBT
from timebank.settlements.actions import SETTLEMENT
from timebank.stock.actions import COUNT, RECEIPT, TRANSFER, WRITE_OFF

if TYPE_CHECKING:
    import asyncpg

Reason = Literal["mistake", "duplicate", "dispute", "fraud", "other"]
"""Why, in a word: what somebody writes freely may name people, and the books cannot forget."""

_FOUND = """
select t.kind, t.actor, t.idempotency_key like 'record:%' as is_of_record,
  exists (select from redemptions r where r.bank_id = $1 and r.transaction_id = t.id) as is_of_redemption,
  exists (select from acceptances a where a.bank_id = $1 and a.transaction_id = t.id) as is_of_acceptance
from transactions t
where t.bank_id = $1 and t.id = $2 and t.refusal is null
"""
_OWNERS = """
select distinct a.owner from postings p
join accounts a on a.bank_id = $1 and a.id in (p.from_account_id, p.to_account_id)
where p.bank_id = $1 and p.transaction_id = $2 and a.kind in ('wallet', 'held')
"""
# What a job does by the calendar would come back to a lot that has lapsed, and no run would take it again.
# A ceiling is changed by another change, which says who and why.
# A debt stands in for what was spent of a credit, and only as long as that credit is void.
_KEPT = frozenset({EXPIRE, CARRY_OVER, CEILING, DEBT})
# What a register of its own tells of is put right there, or the register would tell what is not so.
_BY_KIND = {
    SETTLEMENT: "reversal_of_settlement",
    **dict.fromkeys((RECEIPT, TRANSFER, COUNT, WRITE_OFF), "reversal_of_stock"),
}


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
            (it goes back with the record, which would say that it is credited still), `reversal_of_redemption` (by a
            refund), `reversal_of_acceptance` (by a complaint), `reversal_of_stock` (by a count),
            `reversal_of_settlement` (it would be paid again, and be paid still), `reversal_to_oneself` (to who has a
            part in it, or acts for who has), `idempotency_conflict`.
    """
    check_whole_bank(actor, "reversals.write")
    found = await tx.connection.fetchrow(_FOUND, tx.bank_id, transaction_id)
    if found is None:
        raise RefusalError("unknown_transaction")
    fault = _fault_of(found, actor)
    if fault is not None:
        raise RefusalError(fault)
    owners = [row["owner"] for row in await tx.connection.fetch(_OWNERS, tx.bank_id, transaction_id)]
    if actor.person_id in owners or await represented(tx, actor.person_id, owners, now=now):
        raise RefusalError("reversal_to_oneself")
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
    await tell(
        tx,
        owners,
        "reversed",
        transaction=transaction_id,
        reversal=outcome.transaction_id,
    )
    return outcome.transaction_id


def _fault_of(found: "asyncpg.Record", actor: Actor) -> str | None:
    """Return why a transaction is not taken back here, whatever the books would say."""
    faults = {
        "reversal_of_own": found["actor"] == actor.text,
        "not_reversible": found["kind"] in _KEPT,
        "reversal_of_record": found["is_of_record"],
        "reversal_of_redemption": found["is_of_redemption"],
        "reversal_of_acceptance": found["is_of_acceptance"],
    }
    return next((fault for fault, applies in faults.items() if applies), _BY_KIND.get(found["kind"]))
