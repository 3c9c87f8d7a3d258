"""Reading redemptions: receipts, a till's, a shop's, and one's own."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID

from ledger.session import ReadTx
from timebank.redemptions.requests import Receipt, ReceiptLine

if TYPE_CHECKING:
    import asyncpg

_REDEMPTION = """
select r.id, r.receipt, r.shop_id, coalesce(s.name, s.code) as shop, r.till_id, r.points, r.cash_cents, r.made_at,
  f.made_at as refunded_at, r.person_id,
  array(select row(l.goods_id, g.sku, g.name, l.quantity, l.points)
    from redemption_lines l join goods g on g.bank_id = $1 and g.id = l.goods_id
    where l.bank_id = $1 and l.redemption_id = r.id order by l.line) as lines
from redemptions r
join shops s on s.bank_id = $1 and s.id = r.shop_id
left join refunds f on f.bank_id = $1 and f.redemption_id = r.id
"""
_SOME = f"{_REDEMPTION} where r.bank_id = $1 and r.id = any($2::bigint[])"
_BY_NUMBER = f"{_REDEMPTION} where r.bank_id = $1 and r.receipt = $2"
_OF_QUOTE = f"{_REDEMPTION} where r.bank_id = $1 and r.quote_id = $2"
_OF_TILL = f"{_REDEMPTION} where r.bank_id = $1 and r.till_id = $2 and r.id < $3 order by r.id desc limit $4"
_OF_SHOP = f"{_REDEMPTION} where r.bank_id = $1 and r.shop_id = $2 and r.id < $3 order by r.id desc limit $4"
_OF_PERSON = (
    f"{_REDEMPTION} where r.bank_id = $1 and r.person_id = $2 and r.id < $3 order by r.id desc limit $4"
)


@dataclass(frozen=True, slots=True)
class Redeemed:
    """A redemption and whose it is, which goes no further than their masked name."""

    receipt: Receipt
    person_id: UUID


async def receipts(tx: ReadTx, ids: Collection[int]) -> dict[int, Redeemed]:
    """Return redemptions by id."""
    rows = await tx.connection.fetch(_SOME, tx.bank_id, list(ids))
    return {row["id"]: _redeemed(row) for row in rows}


async def receipt_numbered(tx: ReadTx, number: str) -> Redeemed | None:
    """Return the redemption of a receipt, if there is one of that number."""
    row = await tx.connection.fetchrow(_BY_NUMBER, tx.bank_id, number)
    return None if row is None else _redeemed(row)


async def of_quote(tx: ReadTx, quote_id: UUID) -> Redeemed | None:
    """Return the redemption that came of a quote, if one did."""
    row = await tx.connection.fetchrow(_OF_QUOTE, tx.bank_id, quote_id)
    return None if row is None else _redeemed(row)


async def of_till(tx: ReadTx, till_id: int, *, before_id: int, limit: int) -> Sequence[Redeemed]:
    """Return what was redeemed at a till, newest first."""
    rows = await tx.connection.fetch(_OF_TILL, tx.bank_id, till_id, before_id, limit)
    return [_redeemed(row) for row in rows]


async def of_shop(tx: ReadTx, shop_id: int, *, before_id: int, limit: int) -> Sequence[Redeemed]:
    """Return what was redeemed in a shop, newest first."""
    rows = await tx.connection.fetch(_OF_SHOP, tx.bank_id, shop_id, before_id, limit)
    return [_redeemed(row) for row in rows]


async def of_person(tx: ReadTx, person_id: UUID, *, before_id: int, limit: int) -> Sequence[Receipt]:
    """Return what a person redeemed, newest first."""
    rows = await tx.connection.fetch(_OF_PERSON, tx.bank_id, person_id, before_id, limit)
    return [_redeemed(row).receipt for row in rows]


def _redeemed(row: "asyncpg.Record") -> Redeemed:
    *_, lines = row
    return Redeemed(
        Receipt(
            redemption_id=row["id"],
            number=row["receipt"],
            shop_id=row["shop_id"],
            shop=row["shop"],
            till_id=row["till_id"],
            points=row["points"],
            cash_cents=row["cash_cents"],
            made_at=row["made_at"],
            refunded_at=row["refunded_at"],
            lines=[ReceiptLine(*line) for line in lines],
        ),
        row["person_id"],
    )
