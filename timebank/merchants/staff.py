"""Who accepts for a merchant: added and removed by an office, from among those who have the role there."""

from datetime import datetime
from uuid import UUID

from ledger.session import WriteTx
from timebank.access import Actor
from timebank.errors import RefusalError
from timebank.merchants.access import OWN
from timebank.merchants.actions import lock_merchant
from timebank.merchants.rules import check_lasting
from timebank.roles.queries import may_at

_ADD = """
insert into merchant_staff as s (bank_id, merchant_id, person_id, since_at, added_by) values ($1, $2, $3, $4, $5)
on conflict (bank_id, merchant_id, person_id) do update set since_at = $4, added_by = $5, until_at = null
  where s.until_at is not null and s.until_at <= $4
returning true
"""
_REMOVE = """
update merchant_staff set until_at = greatest(since_at, $4)
where bank_id = $1 and merchant_id = $2 and person_id = $3 and (until_at is null or until_at > $4) returning true
"""


async def add_staff(tx: WriteTx, actor: Actor, *, merchant_id: int, person_id: UUID, now: datetime) -> None:
    """Let somebody accept for a merchant.

    Raises:
        RefusalError: `unknown_merchant`, `merchant_state_refused`, `staff_of_oneself`, `unknown_staff` without the
            role there, `already_staff`.
    """
    found = await lock_merchant(tx, merchant_id, expected_version=None)
    check_lasting(found.state)
    if actor.person_id == person_id:
        raise RefusalError("staff_of_oneself")
    if not await may_at(tx, person_id, OWN, found.organisation_id, now=now):
        raise RefusalError("unknown_staff")
    if not await tx.connection.fetchval(_ADD, tx.bank_id, merchant_id, person_id, now, actor.text):
        raise RefusalError("already_staff")


async def remove_staff(tx: WriteTx, *, merchant_id: int, person_id: UUID, now: datetime) -> None:
    """Let somebody accept for a merchant no longer.

    Raises:
        RefusalError: `unknown_staff`.
    """
    if not await tx.connection.fetchval(_REMOVE, tx.bank_id, merchant_id, person_id, now):
        raise RefusalError("unknown_staff")
