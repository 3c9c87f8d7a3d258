"""The basket that a cashier had before them when their login ended.

A till sells in the login that opened it, and a member's code is good for one quote: so the basket itself cannot go on.
What was in it comes back when the same member shows themselves to the same cashier at the same device in a new login.
Nobody else is told of it, and what was redeemed, or was left for the next in line, does not come back.
"""

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from ledger.session import ReadTx
from timebank.tills.items import items_of
from timebank.tills.queries import Till
from timebank.tills.queries import till as till_of

COMES_BACK = timedelta(hours=1)
"""So long: enough for a login, a count and an opening, and not until the next visit."""

_BEFORE = """
select t.id from tills t
where t.bank_id = $1 and t.cashier_id = $2 and t.device_id = $3 and t.shop_id = $4 and t.session_id <> $5 and t.id < $6
order by t.id desc limit 1
"""
# The last one only: whoever came before was served, or was let go.
_LAST = """
select q.person_id, q.lines::text as lines, q.reservation_id, exists (select from transactions t
    where t.bank_id = $1 and t.idempotency_key = 'redemption:' || q.id::text) as is_over
from quotes q where q.bank_id = $1 and q.till_id = $2 and q.made_at > $3 and q.expires_at > $3
order by q.made_at desc limit 1
"""
# A till of a new login has quotes of the last hour only; their ends find them by index.
_CAME = """
select exists (select from quotes where bank_id = $1 and till_id = $2 and person_id = $3 and expires_at > $4)
"""


@dataclass(frozen=True, slots=True)
class Left:
    """Whose basket was left, and (item's id, quantity) of what is still sold of it."""

    person_id: UUID
    lines: list[tuple[int, int]]

    @property
    def count(self) -> int:
        """Return how many items they are."""
        return sum(quantity for _, quantity in self.lines)


async def basket_left_at(tx: ReadTx, till: Till, *, now: datetime) -> Left | None:
    """Return what was in the last basket of a till, unless it was redeemed, picked up, or stands since too long."""
    row = await tx.connection.fetchrow(_LAST, tx.bank_id, till.id, now - COMES_BACK)
    if row is None or row["is_over"] or row["reservation_id"] is not None:
        return None
    lines = [(line["goods_id"], line["quantity"]) for line in json.loads(row["lines"])]
    items = await items_of(tx, till.shop.id, [goods_id for goods_id, _ in lines])
    sold = [(goods_id, count) for goods_id, count in lines if goods_id in items and items[goods_id].is_listed]
    return Left(row["person_id"], sold) if sold else None


async def basket_left_before(tx: ReadTx, till: Till, *, now: datetime) -> Left | None:
    """Return the basket that the till's cashier had at this device in the login before; None once its member came."""
    seller = (till.cashier_id, till.device_id, till.shop.id, till.session_id, till.id)
    before = await tx.connection.fetchval(_BEFORE, tx.bank_id, *seller)
    if before is None:
        return None
    found = await basket_left_at(tx, await till_of(tx, before), now=now)
    if found is None:
        return None
    came = await tx.connection.fetchval(_CAME, tx.bank_id, till.id, found.person_id, now - COMES_BACK)
    return None if came else found
