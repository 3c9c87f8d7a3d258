"""Movements between banks: each bank books its side against its clearing account with the other.

Both sides are posted in one database transaction, so either both stand or neither; Σ of the two clearing
accounts is 0. The clearing account of a bank names the other bank as its owner.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from ledger.accounts import lock_book
from ledger.posting import post
from ledger.session import WRITERS_LOCK, WriteTx
from ledger.values import CLEARING, CROSSING, Conflict, Draft, Move, Outcome, Place, Posted, Refused, Wallet

_BANK_OWNER = "select owner from banks where id = $1"


class CounterpartRefusedError(Exception):
    """The receiving bank refused its side: the caller must roll back, and `outcome` says why."""

    def __init__(self, outcome: Outcome) -> None:
        super().__init__("counterpart_refused")
        self.outcome = outcome


@dataclass(frozen=True, slots=True)
class Crossing:
    """What goes from a wallet of one bank to a lot of another, in a unit that both have under one code."""

    key: str
    source: UUID
    target: Place
    unit: str
    amount: int
    effective_at: datetime
    actor: str
    metadata: Mapping[str, object]


async def cross(tx: WriteTx, other: WriteTx, crossing: Crossing) -> tuple[Outcome, Outcome | None]:
    """Post both sides; `other` is the receiving bank on the same connection.

    Returns the payer's outcome and the receiver's, which is None when the payer's side was refused. The
    transaction is left set to the payer's bank.

    Raises:
        CounterpartRefusedError: the receiver's side was refused after the payer's was accepted.
    """
    owners = [await tx.connection.fetchval(_BANK_OWNER, bank.bank_id) for bank in (tx, other)]
    paid = _side(
        crossing, Move(Wallet(crossing.source), Place(CLEARING, owners[1]), crossing.unit, crossing.amount)
    )
    got = _side(crossing, Move(Place(CLEARING, owners[0]), crossing.target, crossing.unit, crossing.amount))
    if other.bank_id < tx.bank_id:
        # Everybody locks in the order of the banks, so that those who cross each other's way never wait in a circle.
        await _enter(other)
        await lock_book(other, [got], {})
        await _enter(tx)
    (ours,) = await post(tx, [paid])
    if not isinstance(ours, Posted):
        return ours, None
    await _enter(other)
    (theirs,) = await post(other, [got])
    await _enter(tx)
    if isinstance(theirs, Refused | Conflict):
        raise CounterpartRefusedError(theirs)
    return ours, theirs


def _side(crossing: Crossing, move: Move) -> Draft:
    return Draft(
        CROSSING,
        f"crossing:{crossing.key}",
        crossing.effective_at,
        crossing.actor,
        (move,),
        metadata=crossing.metadata,
    )


async def _enter(tx: WriteTx) -> None:
    """Turn the connection to the transaction's bank, sharing that bank's writers' lock."""
    await tx.connection.execute(f"set local timebank.bank_id = '{tx.bank_id:d}'")
    await tx.connection.execute("select pg_advisory_xact_lock_shared($1)", WRITERS_LOCK + tx.bank_id)
