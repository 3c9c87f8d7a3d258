"""Who may see an offer and who may change it."""

from datetime import datetime

from ledger.session import ReadTx
from timebank.access import Actor, check
from timebank.errors import RefusalError
from timebank.merchants.access import OWN, READ, check_staff, sees_inside
from timebank.offers.queries import Offer, offer


async def offer_of_staff(tx: ReadTx, actor: Actor, offer_id: int, *, now: datetime) -> Offer:
    """Return an offer of a merchant that the actor accepts for.

    Raises:
        RefusalError: `forbidden`; `unknown_offer`, of another merchant too.
    """
    check(actor, OWN)
    found = await offer(tx, offer_id)
    try:
        await check_staff(tx, actor, found.merchant_id, now=now)
    except RefusalError:
        raise RefusalError("unknown_offer") from None
    return found


async def shown_offer(tx: ReadTx, actor: Actor, offer_id: int, *, now: datetime) -> Offer:
    """Return an offer that everybody may take today, or any to its merchant's staff and an office that has it in reach.

    Raises:
        RefusalError: `forbidden`, `unknown_offer`.
    """
    check(actor, READ)
    found = await offer(tx, offer_id)
    if not found.is_shown(tx.day(now)) and not await sees_inside(tx, actor, found.merchant_id, now=now):
        raise RefusalError("unknown_offer")
    return found
