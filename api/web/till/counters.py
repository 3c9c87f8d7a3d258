"""What stands at a counter: the till that is open, the device that the browser is, the shops that could be opened."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from api.web import cookies
from api.web.arriving import CARRIED_ON_AFTER
from api.web.visit import Visit
from ledger.session import ReadTx, WriteTx
from timebank.access import Actor, check, load_actor, reach
from timebank.errors import RefusalError
from timebank.login.sessions import see_session
from timebank.redemptions.queries import of_till
from timebank.redemptions.requests import Receipt
from timebank.shops.queries import Shop, shops
from timebank.tills.actions import OPEN
from timebank.tills.leaving import basket_left_at, basket_left_before
from timebank.tills.queries import Till, own_tills

SHOP_LIMIT = 200
LAST = 2**62
RECENT = 4
KIND = "till"


@dataclass(frozen=True, slots=True)
class Counter:
    """What a cashier has before them; the shops only while no till is open, the last receipts while one sells.

    `left` is how many items wait for their member since the login before ended at this device.
    """

    till: Till | None
    is_selling: bool
    has_device: bool
    shops: Sequence[Shop]
    recent: Sequence[Receipt]
    left: int = 0


async def counter_of(visit: Visit) -> Counter:
    """Return what a cashier has before them.

    Raises:
        RefusalError: `token_missing`, `forbidden`, and as `Visit.read`.
    """

    async def work(tx: ReadTx, actor: Actor) -> Counter:
        opened = await _opened(tx, actor)
        if opened is not None:
            recent = [each.receipt for each in await of_till(tx, opened.id, before_id=LAST, limit=RECENT)]
            is_selling = opened.sells_in(actor.session_id)
            left = await _left(tx, visit, opened, is_selling=is_selling)
            return Counter(opened, is_selling, has_device=True, shops=(), recent=recent, left=left)
        nodes = await reach(tx, actor, OPEN)
        own = await shops_within(tx, visit, nodes)
        has_device = await device_of(visit, tx) is not None
        return Counter(None, is_selling=False, has_device=has_device, shops=own, recent=())

    return await visit.read(work)


async def open_till_of(visit: Visit) -> Till | None:
    """Return the till that a cashier has open, None if there is none.

    Raises:
        RefusalError: `token_missing`, `forbidden`, and as `Visit.read`.
    """
    return await visit.read(_opened)


async def open_till_id(visit: Visit) -> int:
    """Return the till that a cashier has open; 0, which is none, if there is none.

    Raises:
        RefusalError: as `open_till_of`.
    """
    opened = await open_till_of(visit)
    return opened.id if opened else 0


async def device_of(visit: Visit, tx: ReadTx) -> Actor | None:
    """Return the device that this browser was enrolled as, while it lives."""
    said = cookies.read(visit.request, cookies.DEVICE)
    if said is None:
        return None
    try:
        claims = visit.service.tokens.verify_cookie(said, now=visit.now)
        found = await load_actor(tx, claims.session_id, now=visit.now)
    except RefusalError:
        return None
    return found if claims.bank == tx.bank_code and found.device_kind == KIND else None


async def carry_device(visit: Visit) -> None:
    """Carry the device's own session on, at most once an hour; forget one that is over."""
    said = cookies.read(visit.request, cookies.DEVICE)
    if said is None or visit.bank is None:
        return
    try:
        claims = visit.service.tokens.verify_cookie(said, now=visit.now)
    except RefusalError:
        visit.dropped.append(cookies.DEVICE)
        return
    if visit.now - claims.signed_at < CARRIED_ON_AFTER or claims.bank != visit.bank.code:
        return

    async def work(tx: WriteTx) -> datetime | None:
        return await see_session(
            tx, session_id=claims.session_id, strong=visit.service.strong_methods, now=visit.now
        )

    ends_at = await visit.service.database.write(visit.bank, work)
    if ends_at is None:
        visit.dropped.append(cookies.DEVICE)
    else:
        visit.keep_device(claims.session_id, ends_at)


async def shops_within(
    tx: ReadTx, visit: Visit, nodes: Sequence[int] | None, *, closed_too: bool = False
) -> list[Shop]:
    """Return the shops of some places of the tree; None is the whole bank. A shop of no place has no till."""
    found = await shops(
        tx, on=tx.day(visit.now), closed_too=closed_too, after_id=0, limit=SHOP_LIMIT, within=nodes
    )
    return [shop for shop in found if shop.organisation_id is not None]


async def _left(tx: ReadTx, visit: Visit, till: Till, *, is_selling: bool) -> int:
    if is_selling:
        found = await basket_left_before(tx, till, now=visit.now)
    else:
        device = await device_of(visit, tx)
        is_here = device is not None and device.device_id == till.device_id
        found = await basket_left_at(tx, till, now=visit.now) if is_here else None
    return found.count if found else 0


async def _opened(tx: ReadTx, actor: Actor) -> Till | None:
    check(actor, OPEN)
    assert actor.person_id is not None  # noqa: S101 -- no device may open one
    last = await own_tills(tx, actor.person_id, before_id=LAST, limit=1)
    return next((till for till in last if till.closing is None), None)
