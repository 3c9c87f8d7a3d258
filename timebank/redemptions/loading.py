"""What confirming needs to know of many quotes at once, in as few statements as can be: each is a wait in a queue."""

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING
from uuid import UUID

from ledger.session import ReadTx, WriteTx
from timebank.errors import RefusalError
from timebank.permissions import OFFICE_ROLES, PERMISSIONS
from timebank.policy.spending import RedemptionRule
from timebank.redemptions.limits import parsed_rule
from timebank.tills.queries import SELL

if TYPE_CHECKING:
    import asyncpg

# Each kind in order of id, one after another: quotes, so that who changes a basket at the same moment comes before or
# after; members, whose limits are decided under their rows, as `reserve` does; shops, whose receipts are numbered under
# theirs, and tills, which are not closed while they sell.
_LOCK = """
with quoted as materialized (
  select q.id, q.person_id, q.till_id from quotes q where q.bank_id = $1 and q.id = any($2::uuid[])
  order by q.id for no key update
), members as materialized (
  select p.id from people p where p.bank_id = $1 and p.id = any(array(select person_id from quoted))
  order by p.id for no key update
), places as materialized (
  select s.id from tills t join shops s on s.bank_id = $1 and s.id = t.shop_id
  where t.bank_id = $1 and t.id = any(array(select till_id from quoted)) and (select count(*) from members) >= 0
  order by s.id, t.id for no key update of s, t
)
select count(*) from places
"""
# A quote is forgotten after a day; what came of it is found by its id for ever. Each table is asked for by its key in
# a subquery of its own, as in `timebank.scans.loading`.
_QUOTES = """
select x.id, q.person_id, q.reservation_id, q.points, q.policy_version, q.expires_at, h.hold_id,
  r.id as redemption_id, f.refusal, f.detail, p.erased_at,
  t.id as till_id, t.cashier_id, t.session_id, t.closed_at, d.revoked_at,
  s.id as shop_id, s.code, s.name, s.owner, s.organisation_id, s.closed_on,
  n.made_on as last_on, n.receipt as last_receipt,
  array(select row(g.id, (l.line->>'quantity')::bigint, (l.line->>'points')::bigint, g.sku, g.name, g.unit_code,
      g.is_listed)
    from jsonb_array_elements(q.lines) with ordinality as l (line, number), lateral (
      select g.* from goods g where g.bank_id = $1 and g.id = (l.line->>'goods_id')::bigint offset 0) g
    order by l.number) as lines,
  (select row(p.body -> 'redemption') from policy_packs p
    where p.bank_id = $1 and p.effective_from <= $3 order by p.effective_from desc limit 1) as rule
from unnest($2::uuid[]) as x (id)
left join lateral (select q.* from quotes q where q.bank_id = $1 and q.id = x.id offset 0) q on true
left join lateral (
  select r.id, r.till_id from redemptions r where r.bank_id = $1 and r.quote_id = x.id offset 0) r on true
left join lateral (
  select f.refusal, f.refusal_detail::text as detail from transactions f
  where f.bank_id = $1 and f.idempotency_key = 'redemption:' || x.id::text offset 0) f on true
left join lateral (
  select h.hold_id from reservations h where h.bank_id = $1 and h.id = q.reservation_id offset 0) h on true
left join lateral (select p.erased_at from people p where p.bank_id = $1 and p.id = q.person_id offset 0) p on true
join lateral (
  select t.* from tills t where t.bank_id = $1 and t.id = coalesce(q.till_id, r.till_id) offset 0) t on true
join lateral (select d.revoked_at from devices d where d.bank_id = $1 and d.id = t.device_id offset 0) d on true
join lateral (select s.* from shops s where s.bank_id = $1 and s.id = t.shop_id offset 0) s on true
left join lateral (
  select n.made_on, n.receipt from redemptions n where n.bank_id = $1 and n.shop_id = s.id
  order by n.id desc limit 1) n on true
"""
# The door of `access` for many at once: whose the living sessions are, and which of some organisations they reach.
_SELLERS = """
with recursive up (at, id, parent_id) as (
  select o.id, o.id, o.parent_id from organisations o where o.bank_id = $1 and o.id = any($3::bigint[])
  union
  select up.at, o.id, o.parent_id from up join organisations o on o.bank_id = $1 and o.id = up.parent_id
)
select x.id, s.person_id, g.is_seller, g.reached
from unnest($2::uuid[]) as x (id), lateral (
  select s.* from sessions s where s.bank_id = $1 and s.id = x.id offset 0) s
left join lateral (select p.erased_at from people p where p.bank_id = $1 and p.id = s.person_id offset 0) p on true
left join lateral (select d.revoked_at from devices d where d.bank_id = $1 and d.id = s.device_id offset 0) d on true,
lateral (
  select count(*) > 0 as is_seller, array_agg(distinct up.at) filter (where up.at is not null) as reached
  from role_grants g
  join organisations o on o.bank_id = $1 and o.id = g.organisation_id
  left join up on up.id = g.organisation_id or (o.parent_id is null and up.parent_id is null)
  where g.bank_id = $1 and g.person_id = s.person_id and g.role = any($5::text[]) and g.revoked_at is null
    and g.from_at <= $4 and (g.until_at is null or g.until_at > $4)
    and (s.method = any($6::text[]) or g.role <> all($7::text[]))) g
where s.ended_at is null and s.expires_at > $4 and p.erased_at is null and d.revoked_at is null
"""
_HIGHEST = """
select coalesce(max(substring(r.receipt from '[0-9]+$')::bigint), 0) from redemptions r
where r.bank_id = $1 and r.shop_id = $2 and r.made_on = $3
"""


@dataclass(frozen=True, slots=True)
class ShopFacts:
    """The shop that sells, and its last receipt, whatever day that was."""

    id: int
    code: str
    name: str
    owner: UUID
    organisation_id: int | None
    closed_on: date | None
    last_on: date | None = None
    last_receipt: str = ""


@dataclass(frozen=True, slots=True)
class SoldLine:
    """So many of an item as quoted, and what the item is."""

    goods_id: int
    quantity: int
    points: int
    sku: str
    name: str
    unit: str
    is_listed: bool


@dataclass(frozen=True, slots=True)
class Basket:
    """A living quote's content: whose it is, what is in it, and what priced it."""

    person_id: UUID
    is_erased: bool
    reservation_id: int | None
    hold_id: int | None
    lines: Sequence[SoldLine]
    points: int
    policy_version: int
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class QuoteFacts:
    """A quote as confirming finds it; `basket` is None once it is forgotten and only its redemption is left."""

    id: UUID
    basket: Basket | None
    redemption_id: int | None
    refusal: str | None
    refusal_detail: dict[str, object]
    till_id: int
    cashier_id: UUID
    session_id: UUID
    is_till_open: bool
    shop: ShopFacts


@dataclass(frozen=True, slots=True)
class Seller:
    """Whose a login session is (None: a device's), whether they may sell, and at which of the organisations asked."""

    person_id: UUID | None
    is_seller: bool
    reached: frozenset[int]


async def lock_quotes(tx: WriteTx, quote_ids: Collection[UUID]) -> None:
    """Hold quotes, their members, shops and tills."""
    await tx.connection.execute(_LOCK, tx.bank_id, list(quote_ids))


async def load_quotes(
    tx: ReadTx, quote_ids: Collection[UUID], *, day: date
) -> tuple[dict[UUID, QuoteFacts], RedemptionRule]:
    """Return those of the quotes that there are, or were redeemed, and the rule of the day.

    Raises:
        RefusalError: `policy_missing`.
    """
    rows = await tx.connection.fetch(_QUOTES, tx.bank_id, list(quote_ids), day)
    if not rows:
        return {}, RedemptionRule()
    rule = rows[0]["rule"]
    if rule is None:
        raise RefusalError("policy_missing", day=day.isoformat())
    return {row["id"]: _quote(row) for row in rows}, parsed_rule(rule[0])


async def load_sellers(
    tx: ReadTx,
    login_ids: Collection[UUID],
    organisations: Collection[int],
    *,
    strong: frozenset[str],
    now: datetime,
) -> dict[UUID, Seller]:
    """Return who the living login sessions belong to; `strong` ones carry an office's roles."""
    rows = await tx.connection.fetch(
        _SELLERS,
        tx.bank_id,
        list(login_ids),
        list(organisations),
        now,
        [str(role) for role in PERMISSIONS[SELL].roles],
        list(strong),
        [str(role) for role in OFFICE_ROLES],
    )
    return {
        row["id"]: Seller(row["person_id"], row["is_seller"], frozenset(row["reached"] or ())) for row in rows
    }


async def last_number(tx: ReadTx, shop: ShopFacts, *, day: date) -> int:
    """Return the number of a shop's last receipt of a day, 0 if it has none yet; the shop is held."""
    if shop.last_on is None or shop.last_on < day:
        return 0
    if shop.last_on == day:
        return int(shop.last_receipt.rpartition("-")[2])
    # A process whose clock is ahead was here before midnight.
    return int(await tx.connection.fetchval(_HIGHEST, tx.bank_id, shop.id, day))


def _quote(row: "asyncpg.Record") -> QuoteFacts:
    basket = None
    if row["person_id"] is not None:
        basket = Basket(
            row["person_id"],
            row["erased_at"] is not None,
            row["reservation_id"],
            row["hold_id"],
            [SoldLine(*line) for line in row["lines"]],
            row["points"],
            row["policy_version"],
            row["expires_at"],
        )
    shop = ShopFacts(
        row["shop_id"],
        row["code"],
        row["name"] or row["code"],
        row["owner"],
        row["organisation_id"],
        row["closed_on"],
        row["last_on"],
        row["last_receipt"] or "",
    )
    return QuoteFacts(
        id=row["id"],
        basket=basket,
        redemption_id=row["redemption_id"],
        refusal=row["refusal"],
        refusal_detail=json.loads(row["detail"] or "{}"),
        till_id=row["till_id"],
        cashier_id=row["cashier_id"],
        session_id=row["session_id"],
        is_till_open=row["closed_at"] is None and row["revoked_at"] is None,
        shop=shop,
    )
