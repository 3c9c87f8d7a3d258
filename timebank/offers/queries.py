"""Reading offers: those that are shown, and all of a merchant's."""

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING
from uuid import UUID

from ledger.session import ReadTx
from timebank.errors import RefusalError
from timebank.offers.rules import Kind, OfferPlan, State

if TYPE_CHECKING:
    import asyncpg

_COLUMNS = """o.id, o.merchant_id, m.name as merchant, o.kind, o.title, o.terms, o.price_fufen, o.percent,
  o.amount_cents, o.minutes, o.starts_on, o.ends_on, o.member_limit, o.total_limit, o.voucher_days, o.state, o.version,
  m.state as merchant_state
from offers o join merchants m on m.bank_id = $1 and m.id = o.merchant_id"""
_ONE = f"select {_COLUMNS} where o.bank_id = $1 and o.id = $2"
_SHOWN = f"""
select {_COLUMNS}
where o.bank_id = $1 and o.id > $2 and o.state = 'published' and m.state = 'active'
  and o.starts_on <= $3 and o.ends_on >= $3
  and ($4::bigint is null or o.merchant_id = $4) and ($5::text is null or o.kind = $5)
order by o.id limit $6
"""
_OF_MERCHANT = f"""
select {_COLUMNS} where o.bank_id = $1 and o.merchant_id = $2 and o.id > $3 order by o.id limit $4
"""
_NEWEST = f"""
select {_COLUMNS} where o.bank_id = $1 and o.merchant_id = $2 order by o.id desc limit $3
"""

# What was refunded is no use; a voucher that waits is one.
_USES = """
select x.member, x.total from (
  select
    (select count(*) from acceptances a where a.bank_id = $1 and a.offer_id = $2 and a.person_id = $3
      and not exists (select from complaints c
        where c.bank_id = $1 and c.acceptance_id = a.id and c.refund_id is not null))
    + (select count(*) from vouchers v where v.bank_id = $1 and v.offer_id = $2 and v.person_id = $3
      and v.state = 'issued') as member,
    case when $4::boolean then (select count(*) from acceptances a where a.bank_id = $1 and a.offer_id = $2
      and not exists (select from complaints c
        where c.bank_id = $1 and c.acceptance_id = a.id and c.refund_id is not null))
    + (select count(*) from vouchers v where v.bank_id = $1 and v.offer_id = $2
      and v.state = 'issued') else 0 end as total
) x
"""


@dataclass(frozen=True, slots=True)
class Offer:
    """An offer of a merchant; `voucher_days` is how long a voucher of it is good."""

    id: int
    merchant_id: int
    merchant: str
    plan: OfferPlan
    state: State
    version: int
    merchant_state: str

    def is_shown(self, day: date) -> bool:
        """Tell whether everybody may see it on a day."""
        is_good = self.state == "published" and self.merchant_state == "active"
        return is_good and self.plan.starts_on <= day <= self.plan.ends_on


@dataclass(frozen=True, slots=True)
class Uses:
    """How often an offer was used or promised: by a member, and altogether."""

    member: int
    total: int


async def offer(tx: ReadTx, offer_id: int) -> Offer:
    """Return one offer, in whatever state.

    Raises:
        RefusalError: `unknown_offer`.
    """
    row = await tx.connection.fetchrow(_ONE, tx.bank_id, offer_id)
    if row is None:
        raise RefusalError("unknown_offer")
    return _offer(row)


async def shown_offers(
    tx: ReadTx,
    *,
    day: date,
    merchant_id: int | None = None,
    kind: Kind | None = None,
    after: int,
    limit: int,
) -> list[Offer]:
    """Return offers that everybody may take on a day, of active merchants only, in order of id."""
    rows = await tx.connection.fetch(_SHOWN, tx.bank_id, after, day, merchant_id, kind, limit)
    return [_offer(row) for row in rows]


async def offers_of(tx: ReadTx, merchant_id: int, *, after: int, limit: int) -> list[Offer]:
    """Return a merchant's offers in every state, in order of id."""
    rows = await tx.connection.fetch(_OF_MERCHANT, tx.bank_id, merchant_id, after, limit)
    return [_offer(row) for row in rows]


async def newest_offers_of(tx: ReadTx, merchant_id: int, *, limit: int) -> list[Offer]:
    """Return a merchant's last offers in every state, in order of id."""
    rows = await tx.connection.fetch(_NEWEST, tx.bank_id, merchant_id, limit)
    return [_offer(row) for row in reversed(rows)]


async def uses_of(tx: ReadTx, offer_id: int, person_id: UUID, *, counts_all: bool) -> Uses:
    """Return how often an offer was used by a member, and altogether if that is wanted (0 if not)."""
    (row,) = await tx.connection.fetch(_USES, tx.bank_id, offer_id, person_id, counts_all)
    return Uses(*row)


def _offer(row: "asyncpg.Record") -> Offer:
    id_, merchant_id, merchant, *plan, state, version, merchant_state = row
    return Offer(id_, merchant_id, merchant, OfferPlan(*plan), state, version, merchant_state)
