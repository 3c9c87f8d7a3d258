"""Reading what solvency is made of, set by set: flows and lots by place, the pace of spending, what is owed, budgets.

A person's place is where they volunteer, else their team, else where they live; whoever has none counts only for the
bank as a whole.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from ledger.session import ReadTx

_UNITS = "select u.id, u.code from units u where u.bank_id = $1 and u.class = 'value' order by u.code"

_CIRCLE = """
  select v.owner, coalesce(v.organisation_id, v.team_id) as place from volunteers v
  where v.bank_id = $1 and (v.organisation_id = any($2) or v.organisation_id is null and v.team_id = any($2))
  union all
  select m.person_id, m.organisation_id from memberships m
  where m.bank_id = $1 and m.organisation_id = any($2) and m.kind = 'residence' and m.until_on is null
    and not exists (select from volunteers v where v.bank_id = $1 and v.owner = m.person_id
      and coalesce(v.organisation_id, v.team_id) is not null)
"""
_LOTS = f"""
with circle as materialized ({_CIRCLE}), lots as materialized (
  select c.place, a.id, a.unit_id, a.expires_on, a.balance from circle c
  join accounts a on a.bank_id = $1 and a.owner = c.owner and a.unit_id = any($3) and a.kind in ('wallet', 'held')
)
"""  # noqa: S608 -- the module's own words
_OUT_BY_PLACE = f"""
{_LOTS} select l.place, u.code, date_trunc('month', l.expires_on)::date as month_on, sum(l.balance)::bigint
from lots l join units u on u.bank_id = $1 and u.id = l.unit_id
where l.balance <> 0 group by 1, 2, 3
"""  # noqa: S608 -- the module's own words
# What came to each lot, net, from each other account.
_FLOWS_BY_PLACE = f"""
{_LOTS}, came as (
  select c.place, c.unit_id, c.other_id, sum(c.amount) as amount from (
    select l.place, l.unit_id, p.from_account_id as other_id, p.amount
    from lots l join postings p on p.bank_id = $1 and p.to_account_id = l.id and p.to_seq is not null
    union all
    select l.place, l.unit_id, p.to_account_id, -p.amount
    from lots l join postings p on p.bank_id = $1 and p.from_account_id = l.id and p.from_seq is not null
  ) c group by 1, 2, 3
)
select c.place, u.code, o.kind, sum(c.amount)::bigint from came c
join accounts o on o.bank_id = $1 and o.id = c.other_id
join units u on u.bank_id = $1 and u.id = c.unit_id group by 1, 2, 3
"""  # noqa: S608 -- the module's own words
# Written so that it can begin at the lots of a few people, or at the takings for many.
_SPENT_BY_PLACE = f"""
{_LOTS}, takings as materialized (
  select a.id from accounts a where a.bank_id = $1 and a.kind = 'takings' and a.unit_id = any($3)
)
select s.place, u.code, sum(s.amount)::bigint from (
  select l.place, l.unit_id, p.amount from lots l
  join postings p on p.bank_id = $1 and p.from_account_id = l.id and p.from_seq is not null and p.to_seq is null
  join takings o on o.id = p.to_account_id
  join transactions t on t.bank_id = $1 and t.id = p.transaction_id and t.effective_at >= $4 and t.effective_at < $5
  union all
  select l.place, l.unit_id, -p.amount from lots l
  join postings p on p.bank_id = $1 and p.to_account_id = l.id and p.to_seq is not null and p.from_seq is null
  join takings o on o.id = p.from_account_id
  join transactions t on t.bank_id = $1 and t.id = p.transaction_id and t.effective_at >= $4 and t.effective_at < $5
) s join units u on u.bank_id = $1 and u.id = s.unit_id group by 1, 2
"""  # noqa: S608 -- the module's own words

_OUT = """
select u.code, date_trunc('month', a.expires_on)::date as month_on, sum(a.balance)::bigint
from accounts a join units u on u.bank_id = $1 and u.id = a.unit_id
where a.bank_id = $1 and a.unit_id = any($2) and a.kind in ('wallet', 'held') and a.balance <> 0 group by 1, 2
"""
# By the days that were folded, and by what came after the fold; what payees were paid for was spent before.
_SPENT = """
with takings as materialized (
  select a.id, u.code, a.folded_before from accounts a join units u on u.bank_id = $1 and u.id = a.unit_id
  where a.bank_id = $1 and a.kind = 'takings' and a.unit_id = any($2)
)
select s.code, sum(s.amount)::bigint from (
  select k.code, sum(f.received - f.given) as amount from takings k
  join folds f on f.bank_id = $1 and f.account_id = k.id and f.effective_on >= $3 and f.effective_on < $4 group by 1
  union all
  select k.code, p.amount from takings k
  join postings p on p.bank_id = $1 and p.to_account_id = k.id and p.to_seq is null and p.xact >= k.folded_before
  join transactions t on t.bank_id = $1 and t.id = p.transaction_id and t.effective_at >= $5 and t.effective_at < $6
  union all
  select k.code, -p.amount from takings k
  join postings p on p.bank_id = $1 and p.from_account_id = k.id and p.from_seq is null and p.xact >= k.folded_before
  join transactions t on t.bank_id = $1 and t.id = p.transaction_id and t.effective_at >= $5 and t.effective_at < $6
  union all
  select s.unit, s.amount from settlements s join units u on u.bank_id = $1 and u.code = s.unit and u.id = any($2)
  where s.bank_id = $1 and s.paid_at >= $5 and s.paid_at < $6
) s group by 1
"""

# What merchants took and no statement counts yet, in the unit; statements that are not paid yet, in cents.
_UNSETTLED = """
select u.code, sum(x.amount)::bigint - sum(x.stated)::bigint from (
  select a.unit_id, a.balance
      + coalesce((select sum(p.amount) from postings p where p.bank_id = $1 and p.to_account_id = a.id
          and p.to_seq is null and p.xact >= a.folded_before), 0)
      - coalesce((select sum(p.amount) from postings p where p.bank_id = $1 and p.from_account_id = a.id
          and p.from_seq is null and p.xact >= a.folded_before), 0) as amount,
    coalesce((select sum(s.amount) from settlements s where s.bank_id = $1 and s.merchant_id = m.id
      and s.state <> 'paid'
      and s.unit = (select y.code from units y where y.bank_id = $1 and y.id = a.unit_id)), 0) as stated
  from merchants m join accounts a on a.bank_id = $1 and a.owner = m.owner and a.kind = 'takings'
    and a.unit_id = any($2)
  where m.bank_id = $1 and ($3::bigint[] is null or m.organisation_id = any($3))
) x join units u on u.bank_id = $1 and u.id = x.unit_id group by 1
"""
_UNPAID_CENTS = """
select coalesce(sum(s.cents), 0)::bigint from settlements s
left join shops h on h.bank_id = $1 and h.id = s.shop_id
left join merchants m on m.bank_id = $1 and m.id = s.merchant_id
where s.bank_id = $1 and s.state <> 'paid'
  and ($2::bigint[] is null or coalesce(h.organisation_id, m.organisation_id) = any($2))
"""
_FUND_CENTS = """
select coalesce(sum(a.balance), 0)::bigint from funds f
join accounts a on a.bank_id = $1 and a.owner = f.owner and a.kind = 'wallet'
join units u on u.bank_id = $1 and u.id = a.unit_id and u.class = 'money'
where f.bank_id = $1 and f.kind = 'money' and ($2::bigint[] is null or f.organisation_id = any($2))
"""
_TREE = """
select o.id, o.name, o.level, o.parent_id from organisations o where o.bank_id = $1
  and ($2::bigint[] is null or o.id = any($2)) order by o.id
"""
_SUBTREE = """
with recursive down (id) as (
  select o.id from organisations o where o.bank_id = $1 and o.id = $2
  union
  select o.id from organisations o join down on o.parent_id = down.id where o.bank_id = $1
)
select array(select id from down order by id)
"""


@dataclass(frozen=True, slots=True)
class Node:
    """An organisation as the tree has it."""

    id: int
    name: str
    level: str
    parent_id: int | None


@dataclass(frozen=True, slots=True)
class Came:
    """What came to the wallets of a place, net, from accounts of a kind."""

    place: int
    unit: str
    kind: str
    amount: int


@dataclass(frozen=True, slots=True)
class Out:
    """What is out of a unit that ends in a month (None: never)."""

    unit: str
    month_on: date | None
    amount: int


async def value_units(tx: ReadTx) -> dict[str, int]:
    """Return the units that are issued to be spent, with their ids."""
    return {row["code"]: row["id"] for row in await tx.connection.fetch(_UNITS, tx.bank_id)}


async def nodes_below(tx: ReadTx, organisation_id: int) -> list[int]:
    """Return an organisation and all below it."""
    found: list[int] = await tx.connection.fetchval(_SUBTREE, tx.bank_id, organisation_id)
    return found


async def tree(tx: ReadTx, nodes: Sequence[int] | None) -> list[Node]:
    """Return some organisations, or all, by id."""
    return [Node(*row) for row in await tx.connection.fetch(_TREE, tx.bank_id, nodes)]


async def came_by_place(tx: ReadTx, nodes: Sequence[int], unit_ids: Sequence[int]) -> list[Came]:
    """Return what came to people's wallets, by place, unit and the kind of the other account."""
    return [Came(*row) for row in await tx.connection.fetch(_FLOWS_BY_PLACE, tx.bank_id, nodes, unit_ids)]


async def out_by_place(tx: ReadTx, nodes: Sequence[int], unit_ids: Sequence[int]) -> list[tuple[int, Out]]:
    """Return what is in people's wallets, by place, unit and the month of its last day."""
    rows = await tx.connection.fetch(_OUT_BY_PLACE, tx.bank_id, nodes, unit_ids)
    return [(place, Out(*rest)) for place, *rest in rows]


async def spent_by_place(
    tx: ReadTx, nodes: Sequence[int], unit_ids: Sequence[int], *, since: date, until: date
) -> dict[tuple[int, str], int]:
    """Return what people spent from one day on and before another, by place and unit."""
    rows = await tx.connection.fetch(
        _SPENT_BY_PLACE, tx.bank_id, nodes, unit_ids, tx.start_of(since), tx.start_of(until)
    )
    return {(place, unit): amount for place, unit, amount in rows}


async def out_of_bank(tx: ReadTx, unit_ids: Sequence[int]) -> list[Out]:
    """Return what is in all wallets, by unit and the month of its last day."""
    return [Out(*row) for row in await tx.connection.fetch(_OUT, tx.bank_id, unit_ids)]


async def spent_in_bank(tx: ReadTx, unit_ids: Sequence[int], *, since: date, until: date) -> dict[str, int]:
    """Return what was spent from one day on and before another, by unit."""
    rows = await tx.connection.fetch(
        _SPENT, tx.bank_id, unit_ids, since, until, tx.start_of(since), tx.start_of(until)
    )
    return {row[0]: row[1] for row in rows}


async def unsettled(tx: ReadTx, nodes: Sequence[int] | None, unit_ids: Sequence[int]) -> dict[str, int]:
    """Return what merchants of some organisations, or all, took and no statement counts yet, by unit."""
    rows = await tx.connection.fetch(_UNSETTLED, tx.bank_id, unit_ids, nodes)
    return {row[0]: row[1] for row in rows}


async def unpaid_cents(tx: ReadTx, nodes: Sequence[int] | None) -> int:
    """Return what statements of some organisations' payees, or all, come to that are not paid yet."""
    cents: int = await tx.connection.fetchval(_UNPAID_CENTS, tx.bank_id, nodes)
    return cents


async def fund_cents(tx: ReadTx, nodes: Sequence[int] | None) -> int:
    """Return the money in funds of some organisations, or in all."""
    cents: int = await tx.connection.fetchval(_FUND_CENTS, tx.bank_id, nodes)
    return cents
