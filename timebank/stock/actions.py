"""Receiving, transferring, counting and writing off, each by somebody who is no cashier of the shop.

Every entry stands in the register and, where anything moved, in the ledger by the same transaction. The item's row is
locked first, then the shelf, so that what is counted is compared with what is there.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from ledger.posting import post
from ledger.session import WriteTx
from ledger.values import SUPPLY, VARIANCE, Draft, Move, Place, Posted, Refused
from timebank.errors import RefusalError
from timebank.funds.actions import hold_open
from timebank.funds.queries import funds_above
from timebank.stock.items import Item, check_open, lock_items, lock_stock
from timebank.stock.queries import Entry, entries_of, layers_of
from timebank.stock.rules import Layer, check_same_item, leaving, remaining

RECEIPT: Final = "receipt"
TRANSFER, COUNT, WRITE_OFF = "transfer", "count", "write_off"

_TILL = """
select t.cashier_id, t.closed_at from tills t where t.bank_id = $1 and t.id = $2 and t.shop_id = $3
"""
_KEEP = """
insert into stock_entries (bank_id, goods_id, kind, quantity, to_goods_id, unit_cost_cents, fund_id, expected, counted,
  reason, transaction_id, till_id, entered_at, entered_by)
select $1, $2, $3, e.quantity, $4, e.unit_cost_cents, e.fund_id, $5, $6, $7, $8, $9, $10, $11
from unnest($12::bigint[], $13::bigint[], $14::bigint[]) with ordinality
  as e (quantity, unit_cost_cents, fund_id, line)
order by e.line
returning id, goods_id, kind, quantity, to_goods_id, unit_cost_cents, fund_id, expected, counted, reason,
  transaction_id, till_id, entered_at, entered_by
"""


async def receive(  # noqa: PLR0913 -- each is a part of the receipt
    tx: WriteTx,
    *,
    goods_id: int,
    quantity: int,
    unit_cost_cents: int | None,
    fund_id: int | None,
    key: str,
    by: UUID,
    now: datetime,
    reason: str = "",
) -> Entry:
    """Put what came onto an item's shelf, and note what one cost and which fund it was bought from.

    The fund is not charged: what shops are owed is settled, and a purchase is paid for outside.

    Raises:
        RefusalError: `unknown_goods`, `shop_closed`, `cashier_adjusts_stock`; `unknown_fund` if it is neither of the
            shop's organisation nor above, `fund_closed`, `fund_of_other_kind`; `idempotency_conflict`, and what the
            ledger refuses.
    """
    (item,) = await lock_items(tx, [goods_id], by, now)
    if fund_id is not None:
        above = await funds_above(tx, item.organisation_id)
        if fund_id not in {fund.id for fund in above}:
            raise RefusalError("unknown_fund")
        await hold_open(tx, fund_id, kind="money")
    check_open(tx, item, now)
    move = Move(Place(SUPPLY, item.owner), item.shelf, item.unit, quantity)
    draft = Draft(RECEIPT, key, now, f"person:{by}", (move,))
    layers = [Layer(quantity, unit_cost_cents, fund_id)]
    (entry,) = await _entered(tx, draft, item, layers, _Line("receive", reason, by, now))
    return entry


async def transfer(  # noqa: PLR0913 -- each is a part of the transfer
    tx: WriteTx,
    *,
    goods_id: int,
    to_goods_id: int,
    quantity: int,
    reason: str,
    key: str,
    by: UUID,
    now: datetime,
) -> list[Entry]:
    """Move so many to the same item of another shop, with what they cost: an entry for each cost, oldest first.

    Raises:
        RefusalError: `unknown_goods`, `transfer_within_shop`, `not_the_same_item`, `shop_closed` of the shop it goes
            to, `cashier_adjusts_stock` of either, `out_of_stock`, `idempotency_conflict`, and what the ledger refuses.
    """
    found = {item.id: item for item in await lock_items(tx, [goods_id, to_goods_id], by, now)}
    source, target = found[goods_id], found[to_goods_id]
    if source.shop_id == target.shop_id:
        raise RefusalError("transfer_within_shop")
    check_same_item((source.sku, target.sku), (source.barcode, target.barcode))
    check_open(tx, target, now)
    draft = Draft(
        TRANSFER,
        key,
        now,
        f"person:{by}",
        (
            Move(source.shelf, Place(SUPPLY, source.owner), source.unit, quantity),
            Move(Place(SUPPLY, target.owner), target.shelf, target.unit, quantity),
        ),
    )
    stock = await lock_stock(tx, source)
    layers = leaving(remaining(await layers_of(tx, goods_id), stock), quantity)
    return await _entered(tx, draft, source, layers, _Line("transfer", reason, by, now, to_goods_id))


async def count(  # noqa: PLR0913 -- each is a part of the count
    tx: WriteTx,
    *,
    goods_id: int,
    counted: int,
    reason: str,
    key: str,
    by: UUID,
    now: datetime,
    till_id: int | None = None,
) -> Entry:
    """Put the shelf right by what was counted in the shop, what is set aside for pick-up included.

    `till_id` names the till at whose closing the difference was found, by somebody else.

    Raises:
        RefusalError: `unknown_goods`, `cashier_adjusts_stock`, `unknown_till`, `till_open`; `out_of_stock` if of
            what is set aside some is missing; `idempotency_conflict`, and what the ledger refuses.
    """
    (item,) = await lock_items(tx, [goods_id], by, now)
    if till_id is not None:
        await _check_till(tx, till_id, item, by)
    expected = await lock_stock(tx, item)
    difference = counted - expected
    line = _Line(COUNT, reason, by, now, expected=expected, counted=counted, till_id=till_id)
    layers = [Layer(difference, None, None)]
    if not difference:
        (entry,) = await _kept(tx, item, layers, line, None)
        return entry
    places = (Place(VARIANCE, item.owner), item.shelf)
    source, target = places if difference > 0 else reversed(places)
    draft = Draft(COUNT, key, now, f"person:{by}", (Move(source, target, item.unit, abs(difference)),))
    (entry,) = await _entered(tx, draft, item, layers, line)
    return entry


async def write_off(
    tx: WriteTx, *, goods_id: int, quantity: int, reason: str, key: str, by: UUID, now: datetime
) -> Entry:
    """Take so many off the shelf for a reason: spoilt, broken, out of date.

    Raises:
        RefusalError: `unknown_goods`, `cashier_adjusts_stock`, `out_of_stock`, `idempotency_conflict`, and what the
            ledger refuses.
    """
    (item,) = await lock_items(tx, [goods_id], by, now)
    move = Move(item.shelf, Place(VARIANCE, item.owner), item.unit, quantity)
    draft = Draft(WRITE_OFF, key, now, f"person:{by}", (move,))
    layers = [Layer(quantity, None, None)]
    (entry,) = await _entered(tx, draft, item, layers, _Line(WRITE_OFF, reason, by, now))
    return entry


@dataclass(frozen=True, slots=True)
class _Line:
    """What an entry says besides item, quantity and cost."""

    kind: str
    reason: str
    by: UUID
    now: datetime
    to_goods_id: int | None = None
    expected: int | None = None
    counted: int | None = None
    till_id: int | None = None


async def _check_till(tx: WriteTx, till_id: int, item: Item, by: UUID) -> None:
    row = await tx.connection.fetchrow(_TILL, tx.bank_id, till_id, item.shop_id)
    if row is None:
        raise RefusalError("unknown_till")
    if row["closed_at"] is None:
        raise RefusalError("till_open")
    if row["cashier_id"] == by:
        raise RefusalError("cashier_adjusts_stock")


async def _entered(
    tx: WriteTx, draft: Draft, item: Item, layers: Sequence[Layer], line: _Line
) -> list[Entry]:
    """Post, and keep an entry for each cost; what was posted under the same key before has its entries."""
    (outcome,) = await post(tx, [draft])
    if isinstance(outcome, Refused):
        code = "out_of_stock" if outcome.code == "insufficient" else outcome.code
        raise RefusalError(code, **outcome.detail)
    if not isinstance(outcome, Posted):
        raise RefusalError("idempotency_conflict")
    if outcome.replayed:
        return await entries_of(tx, goods_id=item.id, transaction_id=outcome.transaction_id)
    return await _kept(tx, item, layers, line, outcome.transaction_id)


async def _kept(
    tx: WriteTx, item: Item, layers: Sequence[Layer], line: _Line, transaction_id: int | None
) -> list[Entry]:
    rows = await tx.connection.fetch(
        _KEEP,
        tx.bank_id,
        item.id,
        line.kind,
        line.to_goods_id,
        line.expected,
        line.counted,
        line.reason,
        transaction_id,
        line.till_id,
        line.now,
        line.by,
        [layer.quantity for layer in layers],
        [layer.unit_cost_cents for layer in layers],
        [layer.fund_id for layer in layers],
    )
    return sorted((Entry(*row) for row in rows), key=lambda entry: entry.id)
