"""Holds, refunds and reversals, as drafts: the everyday shapes that `post` understands.

A hold is an ordinary transaction to a held account of the same expiry. It is captured or released once;
`lapsed_holds` finds those whose time is up, and `release` under the key of the hold lets them go.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from ledger.session import ReadTx
from ledger.values import (
    CAPTURE,
    HELD,
    HOLD,
    RELEASE,
    REVERSAL,
    Draft,
    Move,
    Settlement,
    Twin,
    Wallet,
)

_LAPSED = """
select t.id, t.hold_until from transactions t
where t.bank_id = $1 and t.hold_until < $2 and t.refusal is null and t.id > $3
  and not exists (select from transactions r
    where r.bank_id = $1 and r.resolves_id = t.id and r.refusal is null)
order by t.id limit $4
"""


@dataclass(frozen=True, slots=True)
class LapsedHold:
    """A hold that was neither captured nor released when its time was up."""

    id: int
    hold_until: datetime


def hold(  # noqa: PLR0913 -- each is a field of the draft
    key: str,
    *,
    owner: UUID,
    unit: str,
    amount: int,
    until: datetime,
    effective_at: datetime,
    actor: str,
    metadata: Mapping[str, object] | None = None,
) -> Draft:
    """Return the draft that sets `amount` of an owner's wallet aside until `until`, oldest expiry first."""
    move = Move(Wallet(owner), Twin(HELD, owner), unit, amount)
    return Draft(HOLD, key, effective_at, actor, (move,), metadata=metadata or {}, hold_until=until)


def capture(
    key: str, *, hold_id: int, settle: Sequence[Settlement], effective_at: datetime, actor: str
) -> Draft:
    """Return the draft that takes what is held to where `settle` says; what it does not name goes back."""
    return Draft(CAPTURE, key, effective_at, actor, resolves=hold_id, settle=tuple(settle))


def release(key: str, *, hold_id: int, effective_at: datetime, actor: str) -> Draft:
    """Return the draft that gives what is held back to the lots it came from."""
    return Draft(RELEASE, key, effective_at, actor, resolves=hold_id)


def release_lapsed(lapsed: LapsedHold, *, effective_at: datetime, actor: str) -> Draft:
    """Return the one draft by which a lapsed hold is released, whoever finds it first."""
    return release(f"lapse:{lapsed.id}", hold_id=lapsed.id, effective_at=effective_at, actor=actor)


def reversal(
    key: str,
    *,
    transaction_id: int,
    effective_at: datetime,
    actor: str,
    grace_on: date | None = None,
    memo: str = "",
) -> Draft:
    """Return the draft that mirrors a transaction.

    With `grace_on`, what returns to a lot that has lapsed by then goes on to a new lot ending on that day.
    """
    return Draft(REVERSAL, key, effective_at, actor, memo=memo, reverses=transaction_id, grace_on=grace_on)


async def lapsed_holds(
    tx: ReadTx, moment: datetime, *, after_id: int = 0, limit: int = 500
) -> list[LapsedHold]:
    """Return unresolved holds whose end is before the moment, by id, from after `after_id`."""
    rows = await tx.connection.fetch(_LAPSED, tx.bank_id, moment, after_id, limit)
    return [LapsedHold(row["id"], row["hold_until"]) for row in rows]
