"""The member whose own pages these are: who visits, if they may do for themselves what a page is for."""

from uuid import UUID

from api.web.asking import person_of
from api.web.visit import Visit
from ledger.session import ReadTx
from timebank.access import Actor, check_person


async def member_of(visit: Visit, tx: ReadTx, actor: Actor, permission: str) -> UUID:
    """Return who visits, if they have a permission for themselves.

    Raises:
        RefusalError: `forbidden`.
    """
    person_id = person_of(actor, permission)
    await check_person(tx, actor, permission, person_id, now=visit.now)
    return person_id


async def own_person(visit: Visit, permission: str) -> UUID:
    """Return who visits, if they have a permission for themselves, before a door of the API is asked.

    Raises:
        RefusalError: `token_missing`, `session_over`, `forbidden`.
    """
    return await visit.read(lambda tx, actor: member_of(visit, tx, actor, permission))
