"""Who stands where to a merchant: its staff, an office that has it in reach, or anybody while it is active."""

from datetime import datetime
from uuid import UUID

from ledger.session import ReadTx
from timebank.access import Actor, check, check_row, has
from timebank.errors import RefusalError
from timebank.merchants.queries import Merchant, merchant

READ, HISTORY, OWN = "merchants.read", "merchants.history", "merchants.own"

_STAFF = """
select m.organisation_id from merchant_staff s
join merchants m on m.bank_id = $1 and m.id = s.merchant_id
where s.bank_id = $1 and s.merchant_id = $2 and s.person_id = $3 and s.since_at <= $4
  and (s.until_at is null or s.until_at > $4)
"""


async def check_staff(tx: ReadTx, actor: Actor, merchant_id: int, *, now: datetime) -> None:
    """Refuse who does not accept for a merchant: it takes the role in its part of the tree and a place on its staff.

    Raises:
        RefusalError: `forbidden`, `unknown_merchant`.
    """
    check(actor, OWN)
    organisation_id = await tx.connection.fetchval(_STAFF, tx.bank_id, merchant_id, actor.person_id, now)
    if organisation_id is None:
        raise RefusalError("unknown_merchant")
    await check_row(tx, actor, OWN, organisation_id, unknown="unknown_merchant")


async def is_staff(tx: ReadTx, person_id: UUID | None, merchant_id: int, *, now: datetime) -> bool:
    """Tell whether a person is on a merchant's staff at a moment, whatever roles they have then."""
    found = await tx.connection.fetchval(_STAFF, tx.bank_id, merchant_id, person_id, now)
    return found is not None


async def merchant_in_reach(tx: ReadTx, actor: Actor, permission: str, merchant_id: int) -> Merchant:
    """Return a merchant of an organisation in which the actor has a permission.

    Raises:
        RefusalError: `forbidden`; `unknown_merchant`, out of reach too.
    """
    check(actor, permission)
    found = await merchant(tx, merchant_id)
    await check_row(tx, actor, permission, found.organisation_id, unknown="unknown_merchant")
    return found


async def sees_inside(tx: ReadTx, actor: Actor, merchant_id: int, *, now: datetime) -> bool:
    """Tell whether the actor is of the merchant's staff, or of an office that has it in reach."""
    if has(actor, OWN):
        try:
            await check_staff(tx, actor, merchant_id, now=now)
        except RefusalError:
            pass
        else:
            return True
    if not has(actor, HISTORY):
        return False
    try:
        await merchant_in_reach(tx, actor, HISTORY, merchant_id)
    except RefusalError:
        return False
    return True


async def shown_merchant(
    tx: ReadTx, actor: Actor, merchant_id: int, *, now: datetime
) -> tuple[Merchant, bool]:
    """Return a merchant as the actor may see it, and whether from inside; from outside only while it is active.

    Raises:
        RefusalError: `forbidden`, `unknown_merchant`.
    """
    check(actor, READ)
    found = await merchant(tx, merchant_id)
    is_inside = await sees_inside(tx, actor, merchant_id, now=now)
    if found.state != "active" and not is_inside:
        raise RefusalError("unknown_merchant")
    return found, is_inside
