"""Reading one's own records as a phone shows them: by the day of the service, how many are how far, hours by month."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from ledger.session import ReadTx
from timebank.records.queries import COLUMNS, Record

_NEWEST = f"""
select {COLUMNS} from volunteers v
join service_records r on r.bank_id = $1 and r.volunteer_id = v.id
join activities a on a.bank_id = $1 and a.id = r.activity_id
left join activity_sessions s on s.bank_id = $1 and s.id = r.session_id
where v.bank_id = $1 and v.owner = $2 and ($3::text[] is null or r.state = any($3::text[]))
  and (coalesce(s.starts_at, a.starts_at), r.id) < ($4, $5) and ($7::bigint is null or r.id = $7)
order by coalesce(s.starts_at, a.starts_at) desc, r.id desc limit $6
"""  # noqa: S608 -- ours
_TALLIES = """
select r.state, count(*), coalesce(sum(r.minutes), 0)::bigint from volunteers v
join service_records r on r.bank_id = $1 and r.volunteer_id = v.id
where v.bank_id = $1 and v.owner = $2 group by r.state
"""
_MONTHS = """
select m.month::date, coalesce((
    select sum(r.minutes) from volunteers v
    join service_records r on r.bank_id = $1 and r.volunteer_id = v.id and r.state = 'credited'
    join activities a on a.bank_id = $1 and a.id = r.activity_id
    left join activity_sessions s on s.bank_id = $1 and s.id = r.session_id
    where v.bank_id = $1 and v.owner = $2
      and date_trunc('month', coalesce(s.starts_at, a.starts_at) at time zone $5) = m.month
  ), 0)::bigint
from generate_series($3::timestamp, $4::timestamp, interval '1 month') as m (month) order by m.month
"""

_FIRST = """
select (min(coalesce(s.starts_at, a.starts_at)) at time zone $3)::date from volunteers v
join service_records r on r.bank_id = $1 and r.volunteer_id = v.id and r.state = 'credited'
join activities a on a.bank_id = $1 and a.id = r.activity_id
left join activity_sessions s on s.bank_id = $1 and s.id = r.session_id
where v.bank_id = $1 and v.owner = $2
"""


@dataclass(frozen=True, slots=True)
class Tally:
    """How many records are in a state, and their minutes."""

    records: int
    minutes: int


@dataclass(frozen=True, slots=True)
class Month:
    """What was credited of a month's service."""

    begins_on: date
    minutes: int


async def newest_records_of(
    tx: ReadTx,
    person_id: UUID,
    *,
    before: tuple[datetime, int],
    limit: int,
    states: Sequence[str] | None = None,
    record_id: int | None = None,
) -> list[Record]:
    """Return a person's records, the newest service first, from before a place: in some states, or only one of them."""
    wanted = None if states is None else list(states)
    rows = await tx.connection.fetch(_NEWEST, tx.bank_id, person_id, wanted, *before, limit, record_id)
    return [Record(*row) for row in rows]


async def tallies_of(tx: ReadTx, person_id: UUID) -> dict[str, Tally]:
    """Return how many records of a person are in which state; a state without any is left out."""
    rows = await tx.connection.fetch(_TALLIES, tx.bank_id, person_id)
    return {state: Tally(records, minutes) for state, records, minutes in rows}


async def months_of(tx: ReadTx, person_id: UUID, *, first: date, last: date) -> list[Month]:
    """Return the credited minutes of each month between two, by the day of the service; both are first days."""
    begin, end = (datetime(on.year, on.month, 1) for on in (first, last))  # noqa: DTZ001 -- a month of the bank's clock
    rows = await tx.connection.fetch(_MONTHS, tx.bank_id, person_id, begin, end, tx.zone.key)
    return [Month(*row) for row in rows]


async def first_service_on(tx: ReadTx, person_id: UUID) -> date | None:
    """Return the day of the first service of a person that was credited."""
    found: date | None = await tx.connection.fetchval(_FIRST, tx.bank_id, person_id, tx.zone.key)
    return found
