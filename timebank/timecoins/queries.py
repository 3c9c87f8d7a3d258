"""Reading time-coins: what people have and how much they may keep; where they belong; which care fund is nearest."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from ledger.session import ReadTx
from timebank.policy.queries import version_on
from timebank.timecoins.rules import TIMECOIN

# What is held counts as kept: it may come back any day. What has lapsed does not, though no job took it yet.
_STORED = """
select a.owner, a.kind, sum(a.balance)::bigint as balance
from unnest($2::uuid[]) as x (owner), lateral (
  select a.owner, a.kind, a.balance from accounts a
  where a.bank_id = $1 and a.owner = x.owner and a.kind in ('wallet', 'held')
    and a.unit_id = (select u.id from units u where u.bank_id = $1 and u.code = $3)
    and (a.kind = 'held' or a.expires_on is null or a.expires_on >= $4) offset 0
) a group by a.owner, a.kind
"""
_HOMES = """
select x.id, coalesce(
  (select v.organisation_id from volunteers v where v.bank_id = $1 and v.owner = x.id),
  (select m.organisation_id from memberships m where m.bank_id = $1 and m.person_id = x.id and m.until_on is null
   order by m.kind <> 'residence', m.id limit 1),
  (select v.team_id from volunteers v where v.bank_id = $1 and v.owner = x.id)) as organisation_id
from unnest($2::uuid[]) as x (id)
"""
_NEAREST = """
with recursive up (start_id, id, parent_id, depth) as (
  select o.id, o.id, o.parent_id, 0 from organisations o where o.bank_id = $1 and o.id = any($2::bigint[])
  union all
  select up.start_id, o.id, o.parent_id, up.depth + 1
  from up join organisations o on o.bank_id = $1 and o.id = up.parent_id
)
select distinct on (up.start_id) up.start_id, f.id, f.owner
from up join funds f on f.bank_id = $1 and f.organisation_id = up.id
where f.kind = 'care' and (f.closed_on is null or f.closed_on > $3)
order by up.start_id, up.depth, f.id
"""
_OF_THE_BANK = """
select f.id, f.owner from funds f join organisations o on o.bank_id = $1 and o.id = f.organisation_id
where f.bank_id = $1 and f.kind = 'care' and (f.closed_on is null or f.closed_on > $2) and o.parent_id is null
order by f.id limit 1
"""


@dataclass(frozen=True, slots=True)
class Stored:
    """What somebody has to spend, and what of theirs is set aside."""

    balance: int = 0
    held: int = 0

    @property
    def total(self) -> int:
        """What counts towards the cap."""
        return self.balance + self.held


@dataclass(frozen=True, slots=True)
class Overview:
    """What somebody has, and the most that the pack lets them keep; `cap` is None where there are no time-coins."""

    stored: Stored
    cap: int | None

    @property
    def room(self) -> int | None:
        """How many more they may keep."""
        return None if self.cap is None else max(0, self.cap - self.stored.total)


@dataclass(frozen=True, slots=True)
class CareFund:
    """A care fund and its owner in the ledger."""

    id: int
    owner: UUID


async def stored_of(tx: ReadTx, owners: Collection[UUID], *, on: date) -> dict[UUID, Stored]:
    """Return what each owner has on a day; lock those who are people before, and it only grows less."""
    found: dict[UUID, dict[str, int]] = {owner: {} for owner in owners}
    for row in await tx.connection.fetch(_STORED, tx.bank_id, sorted(found), TIMECOIN, on):
        found[row["owner"]][row["kind"]] = row["balance"]
    return {owner: Stored(kinds.get("wallet", 0), kinds.get("held", 0)) for owner, kinds in found.items()}


async def overview(tx: ReadTx, person_id: UUID, *, now: datetime) -> Overview:
    """Return what a person has and how much they may keep."""
    today = tx.day(now)
    version = await version_on(tx, today)
    rule = None if version is None else version.pack.timecoins
    stored = await stored_of(tx, [person_id], on=today)
    return Overview(stored[person_id], None if rule is None else rule.storage_cap)


async def homes(tx: ReadTx, people: Collection[UUID]) -> dict[UUID, int | None]:
    """Return the organisation that each person belongs to first of all: home, else another, else the team."""
    rows = await tx.connection.fetch(_HOMES, tx.bank_id, sorted(people))
    return {row["id"]: row["organisation_id"] for row in rows}


async def nearest_care_funds(tx: ReadTx, people: Collection[UUID], *, on: date) -> Mapping[UUID, CareFund]:
    """Return for each person the open care fund nearest up the tree from home, else the bank's.

    The bank's is the first at a top of its tree. Who has none is missing.
    """
    placed = await homes(tx, people)
    places = sorted({place for place in placed.values() if place is not None})
    rows = await tx.connection.fetch(_NEAREST, tx.bank_id, places, on)
    nearest = {row["start_id"]: CareFund(row["id"], row["owner"]) for row in rows}
    top = await tx.connection.fetchrow(_OF_THE_BANK, tx.bank_id, on)
    found: dict[UUID, CareFund] = {}
    for person, place in placed.items():
        if place in nearest:
            found[person] = nearest[place]
        elif top is not None:
            found[person] = CareFund(top["id"], top["owner"])
    return found
