"""What a transaction brought that is not where it brought it any more: spent, held or lapsed since."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from ledger.arrays import number_array
from ledger.session import WriteTx

_BROUGHT = """
select p.to_account_id as id, sum(p.amount)::bigint as amount from postings p
where p.bank_id = $1 and p.transaction_id = $2 group by p.to_account_id
"""
# All lots of the wallets, in the order in which `post` locks them afterwards.
_LOCK = """
with wanted as materialized (
  select a.id from accounts b, lateral (select a.id from accounts a
    where a.bank_id = (select $1::bigint) and a.owner = b.owner
      and a.unit_id = b.unit_id and a.kind = b.kind offset 0) a
  where b.bank_id = $1 and b.id = any((select $2::text::bigint[])::bigint[]) and b.kind = 'wallet'
)
select a.id, a.owner, a.expires_on, a.balance - a.floor as left_over, u.code, u.class
from accounts a join units u on u.bank_id = $1 and u.id = a.unit_id
where a.bank_id = $1 and a.id = any(array(select id from wanted))
order by a.id for no key update of a
"""


@dataclass(frozen=True, slots=True)
class Shortfall:
    """How much of a unit is missing from the lot of an owner that got it."""

    owner: UUID
    unit: str
    class_: str
    expires_on: date | None
    amount: int


async def shortfalls(tx: WriteTx, transaction_id: int) -> list[Shortfall]:
    """Return what is missing for a reversal of a transaction that gave to wallets, lot by lot.

    The lots stay locked, so what is given back to them in this transaction is there when it is reversed.
    """
    rows = await tx.connection.fetch(_BROUGHT, tx.bank_id, transaction_id)
    brought: Mapping[int, int] = {row["id"]: row["amount"] for row in rows}
    lots = await tx.connection.fetch(_LOCK, tx.bank_id, number_array(sorted(brought)))
    return [
        Shortfall(
            lot["owner"], lot["code"], lot["class"], lot["expires_on"], brought[lot["id"]] - lot["left_over"]
        )
        for lot in lots
        if brought.get(lot["id"], 0) > lot["left_over"]
    ]
