"""A card and its PIN at a till: the try is counted, the PIN verified outside any transaction, and then decided."""

from collections.abc import Awaitable, Callable
from uuid import UUID

from api.edge import Caller
from ledger.session import WriteTx
from timebank.access import Actor
from timebank.errors import RefusalError
from timebank.people.pins import PinTry, begin_try, end_try


async def holder_by_pin(
    caller: Caller, allow: Callable[[WriteTx, Actor], Awaitable[None]], *, token: str, pin: str
) -> UUID:
    """Return who holds a card, if the PIN is right; `allow` refuses who may not try, before anything is counted.

    A miss is an act on record, of the card and whoever tried.

    Raises:
        RefusalError: what `allow` raises; `unknown_card`, `pin_missing`, `pin_wrong`, `pin_locked`; `throttled` if too
            many hashes wait (it then counts as a miss).
        OutageError: as `Database.write`.
    """

    async def begin(tx: WriteTx, actor: Actor) -> PinTry:
        await allow(tx, actor)
        return await begin_try(tx, token)

    tried = await caller.look(begin)
    is_right = await caller.service.passwords.verify(pin, tried.pin_hash)

    async def end(tx: WriteTx, _actor: Actor) -> str | None:
        return await end_try(tx, tried, is_right=is_right)

    if is_right:
        await caller.look(end)
        return tried.person_id
    code = await caller.write(end, action="cards.pin_wrong", subject=str(tried.card_id))
    raise RefusalError(code or "pin_wrong")
