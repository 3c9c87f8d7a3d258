"""Raising and lowering what an organisation may issue, and finding where issuing takes from.

A budget is an account of the organisation's in the books. Whatever issues for an organisation takes from the nearest
budget of that unit, its own or one above it; where there is none, from the bank's issuance, without a ceiling. Once an
organisation has a budget it keeps it: one that is to bind nobody is raised high.
"""

import hashlib
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from ledger.accounts import load_units
from ledger.posting import post_covered
from ledger.session import ReadTx, WriteTx
from ledger.values import BUDGET, ISSUANCE, Draft, Move, Place, Posted, Refused, Short
from timebank.access import Actor, check_organisation
from timebank.books.actions import books_key
from timebank.budgets.queries import payers
from timebank.budgets.rules import CEILING, check_change
from timebank.errors import RefusalError

_OWNER = "select owner from organisations where bank_id = $1 and id = $2"
_KEEP = """
insert into ceilings (bank_id, organisation_id, unit, change, reason, transaction_id, made_at, made_by)
values ($1, $2, $3, $4, $5, $6, $7, $8) returning id
"""
_ABOUT = """
select (select sum(c.change) from ceilings c
    where c.bank_id = $1 and c.organisation_id = $2 and c.unit = $3)::bigint as ceiling,
  (select a.balance from accounts a where a.bank_id = $1 and a.owner = $4 and a.kind = 'budget'
    and a.unit_id = (select u.id from units u where u.bank_id = $1 and u.code = $3)) as left_over
"""


@dataclass(frozen=True, slots=True)
class Changed:
    """A ceiling changed: by which entry and transaction, what it is now, and what is left of it."""

    id: int
    transaction_id: int
    organisation_id: int
    unit: str
    change: int
    ceiling: int
    left: int


async def issuers(tx: ReadTx, unit: str, organisation_ids: Collection[int | None]) -> dict[int | None, Place]:
    """Return where issuing a unit for each organisation takes from: a budget, or the bank's issuance.

    None is what belongs to no organisation.
    """
    found = await payers(tx, [unit], organisation_ids)
    return {
        id_: found[id_, unit].place if (id_, unit) in found else Place(ISSUANCE) for id_ in organisation_ids
    }


async def change_ceiling(  # noqa: PLR0913 -- each is a part of the change
    tx: WriteTx,
    actor: Actor,
    *,
    key: str,
    organisation_id: int,
    unit: str,
    change: int,
    reason: str,
    now: datetime,
) -> Changed:
    """Raise what an organisation may issue of a unit, or lower it if `change` is below nothing.

    It is lowered by what is left at most: what was issued stays issued.

    Raises:
        RefusalError: `forbidden`, `unknown_organisation`, `unknown_unit`, `budget_unit_refused`,
            `ceiling_change_refused`, `ceiling_below_issued`, `period_closed`, `idempotency_conflict`.
    """
    await check_organisation(tx, actor, "budgets.write", organisation_id)
    await load_units(tx, [unit])
    if unit not in tx.catalogue.units:
        raise RefusalError("unknown_unit", unit=unit)
    check_change(tx.catalogue.units[unit], change)
    owner = await tx.connection.fetchval(_OWNER, tx.bank_id, organisation_id)
    sides = (Place(ISSUANCE), Place(BUDGET, owner))
    digest = hashlib.blake2b(books_key(CEILING, actor, key).encode(), digest_size=16).hexdigest()
    draft = Draft(
        CEILING,
        f"ceiling:{digest}",
        now,
        actor.text,
        (Move(*(sides if change > 0 else sides[::-1]), unit, abs(change)),),
        metadata={"organisation": organisation_id},
    )
    (outcome,) = await post_covered(tx, [draft])
    if isinstance(outcome, Short):
        raise RefusalError(
            "ceiling_below_issued", unit=unit, left=outcome.detail["available"], lowered=-change
        )
    if isinstance(outcome, Refused):
        raise RefusalError(outcome.code, **outcome.detail)
    if not isinstance(outcome, Posted):
        raise RefusalError("idempotency_conflict")
    id_: int = await tx.connection.fetchval(
        _KEEP, tx.bank_id, organisation_id, unit, change, reason, outcome.transaction_id, now, actor.text
    )
    about = await tx.connection.fetchrow(_ABOUT, tx.bank_id, organisation_id, unit, owner)
    assert about is not None  # noqa: S101 -- a SELECT without FROM has one row
    return Changed(
        id_, outcome.transaction_id, organisation_id, unit, change, about["ceiling"], about["left_over"]
    )
