"""Service by month and by place, of some organisations or of the whole bank: hours, points, and who was active."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from ledger.session import ReadTx
from timebank.solvency.rules import first_of_month

# A record belongs to the month in which its session began; one without a session is of an imported activity.
_SERVED = """
with served as (
  select s.starts_at, r.volunteer_id, r.minutes, r.points, coalesce(a.organisation_id, a.team_id) as place
  from activity_sessions s
  join activities a on a.bank_id = $1 and a.id = s.activity_id
  join service_records r on r.bank_id = $1 and r.session_id = s.id and r.state = 'credited'
  where s.bank_id = $1 and s.starts_at >= $2 and s.starts_at < $3
    and ($4::bigint[] is null or a.organisation_id = any($4) or a.team_id = any($4))
  union all
  select a.starts_at, r.volunteer_id, r.minutes, r.points, coalesce(a.organisation_id, a.team_id)
  from activities a
  join service_records r on r.bank_id = $1 and r.activity_id = a.id and r.session_id is null and r.state = 'credited'
  where a.bank_id = $1 and a.starts_at >= $2 and a.starts_at < $3
    and ($4::bigint[] is null or a.organisation_id = any($4) or a.team_id = any($4))
)
"""
_MONTHS = f"""
{_SERVED}
select date_trunc('month', starts_at at time zone $5)::date, sum(minutes)::bigint, sum(points)::bigint,
  count(distinct volunteer_id)
from served group by 1
"""  # noqa: S608 -- ours
_PLACES = f"""
{_SERVED}
select o.id, o.name, sum(x.minutes)::bigint, sum(x.points)::bigint, count(distinct x.volunteer_id)
from served x join organisations o on o.bank_id = $1 and o.id = x.place
group by o.id, o.name order by 3 desc, o.id limit $5
"""  # noqa: S608 -- ours
_PEOPLE = f"{_SERVED} select count(distinct volunteer_id) from served"  # noqa: S608 -- ours


@dataclass(frozen=True, slots=True)
class Month:
    """What was credited for the service of a month, and how many people served."""

    month_on: date
    minutes: int
    points: int
    people: int


@dataclass(frozen=True, slots=True)
class Place:
    """What was credited for service at one organisation, and how many people served there."""

    organisation_id: int
    name: str
    minutes: int
    points: int
    people: int


@dataclass(frozen=True, slots=True)
class Service:
    """The months of a span, each of them, the places with most hours, and how many people served in all of it."""

    months: tuple[Month, ...]
    places: tuple[Place, ...]
    people: int


async def service_by_month(
    tx: ReadTx, *, first: date, months: int, reach: Sequence[int] | None, places: int
) -> Service:
    """Return so many months from the one that begins on `first`, at organisations in `reach` (None: all)."""
    until = first_of_month(first, months)
    span = (tx.bank_id, tx.start_of(first), tx.start_of(until), reach)
    rows = await tx.connection.fetch(_MONTHS, *span, tx.zone.key)
    found = {row[0]: Month(*row) for row in rows}
    days = [first_of_month(first, step) for step in range(months)]
    return Service(
        tuple(found.get(day, Month(day, 0, 0, 0)) for day in days),
        tuple(Place(*row) for row in await tx.connection.fetch(_PLACES, *span, places)),
        await tx.connection.fetchval(_PEOPLE, *span),
    )
