"""Setting goods aside for a member with the points for them, giving both back, and handing the goods over.

Locks: the member, so that limits hold whatever they do at once; then the reservation; then the ledger's accounts. Who
picks up, cancels or lets lapse holds the reservation's row first, so that one of them wins and the others see it.
"""

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

from ledger.balances import wallet
from ledger.holds import release
from ledger.posting import post
from ledger.session import WriteTx
from ledger.values import HOLD, Draft, Posted, Refused
from timebank.errors import RefusalError
from timebank.policy.rules import POINT
from timebank.redemptions.limits import limits_for, rule_on
from timebank.redemptions.rules import Wish
from timebank.reservations.queries import Reservation, reservation, reservation_of
from timebank.reservations.rules import (
    CANCELLED,
    PICKED_UP,
    RESERVED,
    check_findings,
    held_until,
    moves_of,
    refusal_of,
)
from timebank.tills.items import items_of
from timebank.tills.rules import basket, total_points

_LOCK_PERSON = """
select p.id from people p where p.bank_id = $1 and p.id = $2 and p.erased_at is null for no key update
"""
# Who closes the shop waits for this, or this for them.
_SHOP = "select s.owner, s.closed_on from shops s where s.bank_id = $1 and s.id = $2 for key share"
_INSERT = """
insert into reservations
  (bank_id, person_id, shop_id, key_id, points, policy_version, made_at, made_by, until_at, state)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, 'reserved') returning id
"""
_LINES = """
insert into reservation_lines (bank_id, reservation_id, line, goods_id, quantity, points)
select $1, $2, x.line, x.goods_id, x.quantity, x.points
from unnest($3::bigint[], $4::bigint[], $5::bigint[]) with ordinality as x (goods_id, quantity, points, line)
"""
_HELD = "update reservations set hold_id = $3 where bank_id = $1 and id = $2"
_LOCK = """
select r.id, r.state, r.until_at from reservations r
where r.bank_id = $1 and r.id = any($2::bigint[]) order by r.id for no key update
"""
_RESOLVE = """
update reservations set state = $3, resolved_at = $4
where bank_id = $1 and id = any($2::bigint[]) and state = 'reserved'
"""


async def reserve(
    tx: WriteTx,
    *,
    person_id: UUID,
    shop_id: int,
    wanted: Sequence[tuple[int, int]],
    key_id: str,
    by: str,
    now: datetime,
) -> Reservation:
    """Set (item's id, quantity) of a shop aside for a member with the points for them, at the prices of now.

    `key_id` names the key that makes pick-up codes now.

    Raises:
        RefusalError: `unknown_person`, `unknown_shop`, `shop_closed`, `policy_missing`, `goods_not_sold`,
            `basket_too_large`, `limit_reached`, `not_a_redemption_day`, `insufficient_points`, `out_of_stock`, and
            what else the ledger refuses.
    """
    if await tx.connection.fetchval(_LOCK_PERSON, tx.bank_id, person_id) is None:
        raise RefusalError("unknown_person")
    today = tx.day(now)
    shop = await tx.connection.fetchrow(_SHOP, tx.bank_id, shop_id)
    if shop is None:
        raise RefusalError("unknown_shop")
    if shop["closed_on"] is not None and shop["closed_on"] <= today:
        raise RefusalError("shop_closed")
    policy = await rule_on(tx, today)
    items = await items_of(tx, shop_id, [goods_id for goods_id, _ in wanted])
    lines = basket(wanted, items)
    points = total_points(lines)
    wish = Wish(person_id, points, {line.goods_id: line.quantity for line in lines})
    (findings,) = await limits_for(tx, policy.rule, [wish], now=now)
    lots = await wallet(tx, person_id, POINT)
    until_at = held_until(tx, lots, points=points, hours=policy.rule.reservation_hours, now=now)
    check_findings(policy.rule, findings, first=today, last=tx.day(until_at))
    id_: int = await tx.connection.fetchval(
        _INSERT, tx.bank_id, person_id, shop_id, key_id, points, policy.version, now, by, until_at
    )
    await tx.connection.execute(
        _LINES,
        tx.bank_id,
        id_,
        [line.goods_id for line in lines],
        [line.quantity for line in lines],
        [line.points for line in lines],
    )
    draft = Draft(
        HOLD,
        f"reservation:{id_}",
        now,
        by,
        moves_of(lines, items, person_id=person_id, shop=shop["owner"]),
        metadata={"reservation": id_, "policy": policy.version},
        hold_until=until_at,
    )
    (outcome,) = await post(tx, [draft])
    if isinstance(outcome, Refused):
        raise refusal_of(outcome)
    await tx.connection.execute(_HELD, tx.bank_id, id_, outcome.transaction_id)
    return await reservation(tx, id_)


async def cancel_reservation(
    tx: WriteTx, *, person_id: UUID, reservation_id: int, by: str, now: datetime
) -> Reservation:
    """Give back what was set aside for a member; one that is cancelled already stays as it is.

    Raises:
        RefusalError: `unknown_reservation`, `reservation_over` if it was picked up or has lapsed.
    """
    await tx.connection.fetch(_LOCK, tx.bank_id, [reservation_id])
    found = await reservation_of(tx, person_id, reservation_id)
    if found.state == CANCELLED:
        return found
    if found.state != RESERVED:
        raise RefusalError("reservation_over")
    draft = release(f"cancel:reservation:{reservation_id}", hold_id=found.hold_id, effective_at=now, actor=by)
    (outcome,) = await post(tx, [draft])
    if not isinstance(outcome, Posted):
        raise RefusalError("reservation_over")
    await tx.connection.execute(_RESOLVE, tx.bank_id, [reservation_id], CANCELLED, now)
    return await reservation(tx, reservation_id)


async def lock_waiting(tx: WriteTx, reservation_ids: Collection[int], *, now: datetime) -> set[int]:
    """Hold reservations against whoever else would resolve them, and return those that still wait to be picked up."""
    rows = await tx.connection.fetch(_LOCK, tx.bank_id, sorted(set(reservation_ids)))
    return {row["id"] for row in rows if row["state"] == RESERVED and row["until_at"] > now}


async def mark_picked_up(tx: WriteTx, reservation_ids: Collection[int], *, now: datetime) -> None:
    """Note that reservations were handed over, in the transaction that captured their holds under `lock_waiting`."""
    await tx.connection.execute(_RESOLVE, tx.bank_id, sorted(set(reservation_ids)), PICKED_UP, now)
