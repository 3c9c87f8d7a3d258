"""Whose shop it is: what is out of reach is as unknown as what is not there."""

from ledger.session import ReadTx
from timebank.access import Actor, check, check_row
from timebank.errors import RefusalError
from timebank.shops.queries import Goods, Shop, goods, shop


async def check_shop(tx: ReadTx, actor: Actor, permission: str, shop_id: int) -> Shop:
    """Return a shop in which the actor has a permission; one without a place in the tree is the whole bank's.

    Raises:
        RefusalError: `forbidden`; `unknown_shop`, out of reach too.
    """
    check(actor, permission)
    found = await shop(tx, shop_id)
    await check_row(tx, actor, permission, found.organisation_id, unknown="unknown_shop")
    return found


async def check_goods(tx: ReadTx, actor: Actor, permission: str, goods_id: int) -> Goods:
    """Return an item of a shop in which the actor has a permission.

    Raises:
        RefusalError: `forbidden`; `unknown_goods`, out of reach too.
    """
    check(actor, permission)
    found = await goods(tx, goods_id)
    try:
        await check_shop(tx, actor, permission, found.shop_id)
    except RefusalError:
        raise RefusalError("unknown_goods") from None
    return found
