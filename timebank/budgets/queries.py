"""Reading budgets: which one pays for an organisation, what is left of each, and which credits wait for one."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from ledger.session import ReadTx
from ledger.values import BUDGET, Place
from timebank.budgets.rules import missing_of

# Upwards from each organisation, from the tops for what belongs to none, to the first that has an account of the kind.
_PAYERS = """
with recursive up (of, id, parent_id, owner, height) as (
  select o.id, o.id, o.parent_id, o.owner, 0 from organisations o
  where o.bank_id = $1 and o.id = any($2::bigint[])
  union all
  select up.of, o.id, o.parent_id, o.owner, up.height + 1
  from up join organisations o on o.bank_id = $1 and o.id = up.parent_id
), line (of, id, owner, height) as (
  select of, id, owner, height from up
  union all
  select null::bigint, o.id, o.owner, 0 from organisations o
  where o.bank_id = $1 and o.parent_id is null and (select $4::bool)
)
select distinct on (l.of, u.code) l.of, u.code, l.id, l.owner
from line l
cross join (select x.id, x.code from units x where x.bank_id = $1 and x.code = any($3::text[])) u,
lateral (select a.id from accounts a where a.bank_id = $1 and a.owner = l.owner and a.unit_id = u.id
  and a.kind = 'budget' offset 0) a
order by l.of, u.code, l.height, l.id
"""

_LEFT = """coalesce((select a.balance from accounts a where a.bank_id = $1 and a.kind = 'budget' and a.owner = o.owner
    and a.unit_id = (select u.id from units u where u.bank_id = $1 and u.code = {unit})), 0)::bigint"""
_STILL_DUE = "r.state in ('approved', 'noticed')"
_BUDGETS = f"""
select o.id, o.name, c.unit, c.ceiling, {_LEFT.format(unit="c.unit")} as left_over, w.records, w.amount
from (
  select c.organisation_id, c.unit, sum(c.change)::bigint as ceiling from ceilings c
  where c.bank_id = $1 and ($2::bigint[] is null or c.organisation_id = any($2))
    and (c.organisation_id, c.unit) > ($3, $4)
  group by c.organisation_id, c.unit order by c.organisation_id, c.unit limit $5
) c
join organisations o on o.bank_id = $1 and o.id = c.organisation_id
cross join lateral (
  select count(*) as records, coalesce(sum(w.amount), 0)::bigint as amount
  from waiting_credits w join service_records r on r.bank_id = $1 and r.id = w.record_id
  where w.bank_id = $1 and w.organisation_id = c.organisation_id and w.unit = c.unit and {_STILL_DUE}
) w
order by o.id, c.unit
"""  # noqa: S608 -- the module's own words
_WAITING = f"""
select w.record_id, r.activity_id, w.organisation_id, w.unit, w.amount, {_LEFT.format(unit="w.unit")} as left_over,
  w.since_at
from waiting_credits w
join service_records r on r.bank_id = $1 and r.id = w.record_id
join activities a on a.bank_id = $1 and a.id = r.activity_id
join organisations o on o.bank_id = $1 and o.id = w.organisation_id
where w.bank_id = $1 and w.record_id > $3 and {_STILL_DUE} and ($2::bigint[] is null
  or w.organisation_id = any($2) or a.organisation_id = any($2) or a.team_id = any($2))
order by w.record_id limit $4
"""  # noqa: S608 -- the module's own words
_CEILINGS = """
select c.id, c.organisation_id, c.unit, c.change, c.reason, c.transaction_id, c.made_at, c.made_by from ceilings c
where c.bank_id = $1 and c.id < $3 and ($2::bigint[] is null or c.organisation_id = any($2))
  and ($4::bigint is null or c.organisation_id = $4)
order by c.id desc limit $5
"""


@dataclass(frozen=True, slots=True)
class Payer:
    """A budget that something is issued from: whose it is, and its place in the books."""

    organisation_id: int
    place: Place


Payers = Mapping[tuple[int | None, str], Payer]
"""By organisation (None: what belongs to none) and unit; what is not in it is issued without a ceiling."""


@dataclass(frozen=True, slots=True)
class Budget:
    """What an organisation may issue of a unit in all, what is left of that, and what waits for more of it."""

    organisation_id: int
    organisation: str
    unit: str
    ceiling: int
    left: int
    waiting_records: int
    waiting_amount: int

    @property
    def issued(self) -> int:
        """What was issued from it and not taken back."""
        return self.ceiling - self.left

    @property
    def missing(self) -> int:
        """By how much it has to be raised for all that waits."""
        return missing_of(self.waiting_amount, self.left)


@dataclass(frozen=True, slots=True)
class WaitingCredit:
    """A record whose credit its budget did not cover when it was last tried; `left` is what it has now."""

    record_id: int
    activity_id: int
    organisation_id: int
    unit: str
    amount: int
    left: int
    since_at: datetime

    @property
    def missing(self) -> int:
        """What it alone lacks now; nothing, if the next run will credit it."""
        return missing_of(self.amount, self.left)


@dataclass(frozen=True, slots=True)
class Ceiling:
    """One change of a ceiling: raised by so much, or lowered if it is below nothing."""

    id: int
    organisation_id: int
    unit: str
    change: int
    reason: str
    transaction_id: int
    made_at: datetime
    made_by: str


async def payers(tx: ReadTx, units: Collection[str], organisation_ids: Collection[int | None]) -> Payers:
    """Return which budget pays for each organisation: its own, or the nearest above it.

    What belongs to no organisation is paid for by the first top of the tree that has a budget.
    """
    rows = await tx.connection.fetch(
        _PAYERS,
        tx.bank_id,
        sorted({id_ for id_ in organisation_ids if id_ is not None}),
        sorted(units),
        None in organisation_ids,
    )
    return {(of, unit): Payer(id_, Place(BUDGET, owner)) for of, unit, id_, owner in rows}


async def budgets(
    tx: ReadTx, *, organisations: Sequence[int] | None, after: tuple[int, str] = (0, ""), limit: int
) -> list[Budget]:
    """Return a page of the budgets of some organisations (None: of all), by organisation and unit."""
    rows = await tx.connection.fetch(_BUDGETS, tx.bank_id, organisations, *after, limit)
    return [Budget(*row) for row in rows]


async def waiting_credits(
    tx: ReadTx, *, organisations: Sequence[int] | None, after: int, limit: int
) -> list[WaitingCredit]:
    """Return a page of the records that wait for a budget, by id: the budget's or the activity's in `organisations`."""
    rows = await tx.connection.fetch(_WAITING, tx.bank_id, organisations, after, limit)
    return [WaitingCredit(*row) for row in rows]


async def ceilings(
    tx: ReadTx,
    *,
    organisations: Sequence[int] | None,
    before: int,
    limit: int,
    organisation_id: int | None = None,
) -> list[Ceiling]:
    """Return a page of how ceilings were changed, the latest first."""
    rows = await tx.connection.fetch(_CEILINGS, tx.bank_id, organisations, before, organisation_id, limit)
    return [Ceiling(*row) for row in rows]
