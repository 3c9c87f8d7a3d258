"""What stands behind the lines of a person's statement: the service, the goods, the offer, the award. Reads only.

A transaction says by number what it is of; here the numbers become names. What undoes or ends another transaction is
of what that one was of. Of other people nothing is read.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from ledger.session import ReadTx

# The key of an award is made of its digest, by which its title is kept. Goods are units of the books.
_MATTERS = """
select t.id, f.kind, r.id, r.activity, r.place, r.starts_at, coalesce(r.minutes, 0), coalesce(r.points, 0),
  g.shop, coalesce(g.names, '{}'), coalesce(g.counts, '{}'), o.title, o.merchant, w.title,
  coalesce(c.from_unit, ''), coalesce(c.from_amount, 0), coalesce(c.to_unit, ''), coalesce(c.to_amount, 0)
from unnest($2::bigint[]) as x (id)
join transactions t on t.bank_id = $1 and t.id = x.id
join transactions f on f.bank_id = $1 and f.id = coalesce(t.reverses_id, t.resolves_id, t.id)
left join lateral (
  select r.id, a.name as activity, coalesce(s.place, a.place) as place, coalesce(s.starts_at, a.starts_at) as starts_at,
    r.minutes, r.points
  from service_records r
  join volunteers v on v.bank_id = $1 and v.id = r.volunteer_id and v.owner = $3
  join activities a on a.bank_id = $1 and a.id = r.activity_id
  left join activity_sessions s on s.bank_id = $1 and s.id = r.session_id
  where r.bank_id = $1 and r.id = (f.metadata ->> 'record')::bigint
) r on true
left join lateral (
  select min(coalesce(s.name, s.code)) as shop, array_agg(g.name order by p.line) as names,
    array_agg(p.amount order by p.line) as counts
  from postings p
  join units u on u.bank_id = $1 and u.id = p.unit_id and u.class = 'goods'
  join goods g on g.bank_id = $1 and g.unit_code = u.code
  join shops s on s.bank_id = $1 and s.id = g.shop_id
  where p.bank_id = $1 and p.transaction_id = f.id
) g on true
left join lateral (
  select o.title, m.name as merchant from offers o
  join merchants m on m.bank_id = $1 and m.id = o.merchant_id
  where o.bank_id = $1 and o.id = (f.metadata ->> 'offer')::bigint
) o on true
left join awards w on w.bank_id = $1 and f.kind = 'award' and w.digest = case
  when f.idempotency_key ~ '^award:([0-9a-f]{2})+$' then decode(substr(f.idempotency_key, 7), 'hex') end
left join conversions c on c.bank_id = $1 and c.transaction_id = f.id and c.person_id = $3
"""


@dataclass(frozen=True, slots=True)
class Service:
    """A service that was credited, and what it came to."""

    record_id: int
    activity: str
    place: str
    starts_at: datetime
    minutes: int
    points: int


@dataclass(frozen=True, slots=True)
class Goods:
    """So many of something in a shop."""

    name: str
    count: int


@dataclass(frozen=True, slots=True)
class Matter:
    """What a transaction is of: `kind` is its own, or of the one that it undoes or ends."""

    kind: str
    service: Service | None
    shop: str | None
    goods: tuple[Goods, ...]
    offer: str | None
    merchant: str | None
    award: str | None
    from_unit: str
    from_amount: int
    to_unit: str
    to_amount: int


async def matters_of(tx: ReadTx, transaction_ids: Collection[int], person_id: UUID) -> dict[int, Matter]:
    """Return what some transactions are of, for the person whose statement they are on."""
    rows = await tx.connection.fetch(_MATTERS, tx.bank_id, sorted(set(transaction_ids)), person_id)
    found = {}
    for id_, kind, *of in rows:
        record, shop, names, counts = of[:6], *of[6:9]
        found[id_] = Matter(
            kind,
            Service(*record) if record[0] is not None else None,
            shop,
            tuple(Goods(name, count) for name, count in zip(names, counts, strict=True)),
            *of[9:],
        )
    return found
