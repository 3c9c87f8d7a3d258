"""Whose fund it is: what is out of reach is as unknown as what is not there."""

from ledger.session import ReadTx
from timebank.access import Actor, check, check_row
from timebank.funds.queries import Fund, fund


async def check_fund(tx: ReadTx, actor: Actor, permission: str, fund_id: int) -> Fund:
    """Return a fund of an organisation in which the actor has a permission.

    Raises:
        RefusalError: `forbidden`; `unknown_fund`, out of reach too.
    """
    check(actor, permission)
    found = await fund(tx, fund_id)
    await check_row(tx, actor, permission, found.organisation_id, unknown="unknown_fund")
    return found
