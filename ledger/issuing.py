"""Posting in one call, for drafts that only issue: from open accounts to guarded ones that exist.

Such a draft needs no cover, so there is nothing to decide but what number its posting gets on the account and what
balance comes of it, and the database's function `issue` (a migration has it) knows both under the lock. It locks,
numbers and appends in one statement and one round trip, while posting in general takes five.

Whatever is not as simple as that is left to `ledger.posting.post`, which would write the same: a draft that pays,
reverses or resolves, a key met before, a closed period, an account to be opened, two writers meeting at one account.
"""

from collections.abc import Sequence

import asyncpg

from ledger.appending import new_salts
from ledger.arrays import bytes_array, number_array, text_array, uuid_array
from ledger.session import ReadTx
from ledger.values import GUARDED_KINDS, Draft, Outcome, Place, Posted

_ISSUE = f"select issue({', '.join(f'${n}' for n in range(1, 25))})"
_NOT_THERE, _CLOSED_PERIOD = "TB003", "TB002"


async def issue(tx: ReadTx, drafts: Sequence[Draft]) -> list[Outcome] | None:
    """Post drafts that only issue, all or none; return None if nothing was written, for whatever reason.

    `tx` is no transaction: its connection is outside any, and the call commits itself.
    """
    if not drafts:
        return []
    columns = _columns(tx, drafts)
    if columns is None:
        return None
    try:
        ids = await tx.connection.fetchval(
            _ISSUE,
            tx.bank_id,
            tx.base,
            text_array([draft.kind for draft in drafts]),
            text_array([draft.key for draft in drafts]),
            bytes_array([draft.fingerprint() for draft in drafts]),
            text_array([draft.effective_at.isoformat() for draft in drafts]),
            text_array([draft.actor for draft in drafts]),
            text_array([draft.memo for draft in drafts]),
            text_array([draft.metadata_json for draft in drafts]),
            new_salts(len(drafts)),
            *columns,
        )
    except asyncpg.UniqueViolationError as error:
        if "idempotency_key" not in (error.constraint_name or str(error)):
            raise
        return None
    except asyncpg.PostgresError as error:
        if error.sqlstate in (_NOT_THERE, _CLOSED_PERIOD):
            return None
        raise
    return [Posted(id_) for id_ in ids]


class _Target:
    """An account that the drafts give to: its place among them, and what it has got so far."""

    __slots__ = ("count", "number", "total")

    def __init__(self, number: int) -> None:
        self.number, self.count, self.total = number, 0, 0


def _columns(tx: ReadTx, drafts: Sequence[Draft]) -> list[str] | None:
    """Return the accounts that get something and the moves, as arrays; None if a draft does more than issue."""
    targets: dict[tuple[Place, int], _Target] = {}
    moves = []
    for place, draft in enumerate(drafts, 1):
        if not draft.moves or draft.hold_until is not None:
            return None
        for line, move in enumerate(draft.moves, 1):
            source, unit = move.source, tx.catalogue.units.get(move.unit)
            if unit is None or not isinstance(source, Place) or not isinstance(move.target, Place):
                return None
            source_id = tx.catalogue.open_accounts.get((source.owner, unit.id, source.kind))
            if source_id is None or move.target.kind not in GUARDED_KINDS:
                return None
            target = targets.get((move.target, unit.id))
            if target is None:
                target = targets[move.target, unit.id] = _Target(len(targets) + 1)
            target.count += 1
            target.total += move.amount
            moves.append(
                (place, line, unit.id, source_id, target.number, move.amount, target.count, target.total)
            )
    return [
        uuid_array([place.owner for place, _ in targets]),
        number_array([unit_id for _, unit_id in targets]),
        text_array([place.kind for place, _ in targets]),
        text_array([place.expires_on.isoformat() if place.expires_on else None for place, _ in targets]),
        number_array([target.total for target in targets.values()]),
        number_array([target.count for target in targets.values()]),
        *map(number_array, zip(*moves, strict=True)),
    ]
