"""Opening a till at an enrolled device, and closing it with what was counted.

Whoever counts posts nothing: the difference is shown, and somebody else settles it by a stock entry. Locks: the shop,
then the till, as confirming a redemption does; so nothing is sold between the count and its line.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from ledger.session import ReadTx, WriteTx
from timebank.access import Actor, check
from timebank.errors import RefusalError
from timebank.shops.access import check_shop
from timebank.tills.queries import Till, own_till, till, till_in_reach
from timebank.tills.report import expected_cash, expected_goods

OPEN, CLOSE, CLOSE_OTHERS = "tills.open", "tills.close", "stock.write"

_OPEN = """
insert into tills (bank_id, shop_id, device_id, cashier_id, session_id, opened_at, opening_cash_cents)
values ($1, $2, $3, $4, $5, $6, $7)
on conflict do nothing returning id
"""
_HOLD_SHOP = "select id from shops where bank_id = $1 and id = $2 for key share"
_IS_BELOW = """
with recursive up (id, parent_id) as (
  select o.id, o.parent_id from organisations o where o.bank_id = $1 and o.id = $2
  union
  select o.id, o.parent_id from organisations o join up on o.id = up.parent_id where o.bank_id = $1
)
select exists (select from up where id = $3)
"""
_LOCK = """
select t.closed_at from tills t join shops s on s.bank_id = $1 and s.id = t.shop_id
where t.bank_id = $1 and t.id = $2 order by s.id, t.id for no key update of s, t
"""
_CLOSE = """
update tills set closed_at = $3, closing_cash_cents = $4, expected_cash_cents = $5, closed_by = $6, note = $7
where bank_id = $1 and id = $2
"""
_COUNT = """
insert into till_counts (bank_id, till_id, goods_id, expected, counted)
select $1, $2, x.goods_id, x.expected, x.counted
from unnest($3::bigint[], $4::bigint[], $5::bigint[]) as x (goods_id, expected, counted)
"""


@dataclass(frozen=True, slots=True)
class Count:
    """How many of an item were counted in the shop, what is set aside for pick-up included."""

    goods_id: int
    counted: int


async def open_till(
    tx: WriteTx, actor: Actor, *, shop_id: int, device: Actor, opening_cash_cents: int, now: datetime
) -> Till:
    """Open a till of a shop in reach at a device, which is there in a session of its own.

    Raises:
        RefusalError: `forbidden`, `unknown_shop`, `shop_closed`; `unknown_device` if it is no till of the shop's line;
            `already_open_till` at this device, or of this cashier.
    """
    # Held as the till's own row will hold it: who closes the shop waits, or has closed it by now.
    await tx.connection.execute(_HOLD_SHOP, tx.bank_id, shop_id)
    found = await check_shop(tx, actor, OPEN, shop_id)
    if not found.is_open(tx.day(now)):
        raise RefusalError("shop_closed")
    is_till = device.device_id is not None and device.device_kind == "till"
    if not is_till or not await tx.connection.fetchval(
        _IS_BELOW, tx.bank_id, found.organisation_id, device.device_organisation_id
    ):
        raise RefusalError("unknown_device")
    id_ = await tx.connection.fetchval(
        _OPEN,
        tx.bank_id,
        shop_id,
        device.device_id,
        actor.person_id,
        actor.session_id,
        now,
        opening_cash_cents,
    )
    if id_ is None:
        raise RefusalError("already_open_till")
    return await till(tx, id_)


async def close_till(
    tx: WriteTx,
    actor: Actor,
    till_id: int,
    *,
    cash_cents: int,
    counts: Sequence[Count],
    note: str,
    now: datetime,
) -> Till:
    """Close one's own till, from whatever session, or as who keeps the shop's stock anybody's; once.

    Raises:
        RefusalError: `forbidden`, `unknown_till`, `already_closed_till`; `unknown_goods` if what was counted is none of
            the shop's, `goods_counted_twice`.
    """
    found = await _till_to_close(tx, actor, till_id)
    if await tx.connection.fetchval(_LOCK, tx.bank_id, till_id) is not None:
        raise RefusalError("already_closed_till")
    counted = {count.goods_id: count.counted for count in counts}
    if len(counted) < len(counts):
        raise RefusalError("goods_counted_twice")
    expected = await expected_goods(tx, found.shop.id, list(counted))
    if expected.keys() != counted.keys():
        raise RefusalError("unknown_goods")
    if counted:
        ids = sorted(counted)
        await tx.connection.execute(
            _COUNT, tx.bank_id, till_id, ids, [expected[id_] for id_ in ids], [counted[id_] for id_ in ids]
        )
    await tx.connection.execute(
        _CLOSE, tx.bank_id, till_id, now, cash_cents, await expected_cash(tx, till_id), actor.text, note
    )
    return await till(tx, till_id)


async def _till_to_close(tx: ReadTx, actor: Actor, till_id: int) -> Till:
    check(actor, CLOSE)
    try:
        return await own_till(tx, actor, CLOSE, till_id)
    except RefusalError:
        pass
    try:
        return await till_in_reach(tx, actor, CLOSE_OTHERS, till_id)
    except RefusalError:
        raise RefusalError("unknown_till") from None
