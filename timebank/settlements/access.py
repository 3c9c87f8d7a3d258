"""Whose statement it is: what is out of reach is as unknown as what is not there."""

from datetime import datetime

from ledger.session import ReadTx
from timebank.access import Actor, check, check_row, has
from timebank.errors import RefusalError
from timebank.merchants.access import check_staff
from timebank.settlements.queries import Settlement, settlement

READ, SEEN = "settlements.read", "settlements.seen"


async def check_settlement(tx: ReadTx, actor: Actor, permission: str, settlement_id: int) -> Settlement:
    """Return a statement of a payee of an organisation in which the actor has a permission.

    Raises:
        RefusalError: `forbidden`; `unknown_settlement`, out of reach too.
    """
    check(actor, permission)
    found = await settlement(tx, settlement_id)
    await check_row(tx, actor, permission, found.organisation_id, unknown="unknown_settlement")
    return found


async def shown_settlement(tx: ReadTx, actor: Actor, settlement_id: int, *, now: datetime) -> Settlement:
    """Return a statement that an office has in reach, or of a merchant for which the actor accepts.

    Raises:
        RefusalError: `forbidden`, `unknown_settlement`.
    """
    check(actor, SEEN)
    if has(actor, READ):
        return await check_settlement(tx, actor, READ, settlement_id)
    found = await settlement(tx, settlement_id)
    if found.merchant_id is None:
        raise RefusalError("unknown_settlement")
    try:
        await check_staff(tx, actor, found.merchant_id, now=now)
    except RefusalError:
        raise RefusalError("unknown_settlement") from None
    return found
