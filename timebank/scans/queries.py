"""Reading scans: what a session's attendances come to, its scans one by one, and what was refused there."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from ledger.session import ReadTx

# A clock that was put ahead gives itself away when it is put right: what it said before is then doubted, whichever
# entry arrived first. `later` is the earliest moment that the device told of afterwards, within a thousand entries.
_ATTENDANCES = """
with spans as (
  select s.device_id, min(s.device_seq) as first_seq, least(max(s.device_seq), 1::bigint << 60) + 1000 as last_seq,
    min(s.happened_at) - interval '1 day' as since
  from scans s
  where s.bank_id = $1 and s.session_id = $2 and s.device_seq is not null and s.outcome in ('accepted', 'repeat')
  group by s.device_id
), chains as (
  select l.session_id, l.volunteer_id, l.outcome, l.happened_at,
    min(l.happened_at) over (partition by l.device_id order by l.device_seq desc) as later
  from spans x, lateral (
    select l.* from scans l
    where l.bank_id = $1 and l.device_id = x.device_id and l.device_seq between x.first_seq and x.last_seq
      and l.outcome <> 'sequence_conflict' and l.happened_at > x.since offset 0) l
)
select s.volunteer_id, v.owner,
  min(s.happened_at) filter (where s.kind = 'in') as check_in_at,
  max(s.happened_at) filter (where s.kind = 'out') as check_out_at,
  array_agg(distinct s.mode) filter (where s.kind = 'in') as in_modes,
  array_agg(distinct s.mode) filter (where s.kind = 'out') as out_modes,
  bool_or(s.is_doubtful) or s.volunteer_id = any(array(
    select c.volunteer_id from chains c
    where c.session_id = $2 and c.outcome in ('accepted', 'repeat')
      and c.later < c.happened_at - interval '1 minute')) as is_doubtful,
  array_agg(distinct s.station_id) filter (where s.station_id is not null) as station_ids
from scans s join volunteers v on v.bank_id = $1 and v.id = s.volunteer_id
where s.bank_id = $1 and s.session_id = $2 and s.outcome in ('accepted', 'repeat')
group by s.volunteer_id, v.owner order by s.volunteer_id
"""
_TIMES = """
select min(s.happened_at) filter (where s.kind = 'in') as check_in_at,
  max(s.happened_at) filter (where s.kind = 'out') as check_out_at
from volunteers v join scans s on s.bank_id = $1 and s.volunteer_id = v.id
where v.bank_id = $1 and v.owner = $3 and s.session_id = $2 and s.outcome in ('accepted', 'repeat')
"""
_SCANS = """
select s.id, v.owner as person_id, s.kind, s.mode, s.outcome, s.happened_at, s.received_at, s.station_id, s.device_id,
  s.is_doubtful, s.nearness, s.evidence
from scans s left join volunteers v on v.bank_id = $1 and v.id = s.volunteer_id
where s.bank_id = $1 and s.session_id = $2 and s.id > $3 and ($4::text is null or s.outcome = $4)
order by s.id limit $5
"""
_REFUSALS = """
select s.outcome, count(*) as times from scans s
where s.bank_id = $1 and s.session_id = $2 and s.outcome not in ('accepted', 'repeat')
group by s.outcome order by s.outcome
"""
_PLACES = """
select array(select a.organisation_id from activities a where a.bank_id = $1 and a.id = s.activity_id
    and a.organisation_id is not null
  union all
  select t.organisation_id from session_stations l join stations t on t.bank_id = $1 and t.id = l.station_id
  where l.bank_id = $1 and l.session_id = s.id)
from activity_sessions s where s.bank_id = $1 and s.id = $2
"""


@dataclass(frozen=True, slots=True)
class SessionAttendance:
    """What the scans of one volunteer in one session come to: the earliest check-in and the latest check-out."""

    volunteer_id: int
    owner: UUID
    check_in_at: datetime | None
    check_out_at: datetime | None
    in_modes: frozenset[str]
    out_modes: frozenset[str]
    is_doubtful: bool
    station_ids: frozenset[int]


@dataclass(frozen=True, slots=True)
class Times:
    """When one member checked in and out of a session, whatever of it there is."""

    check_in_at: datetime | None
    check_out_at: datetime | None


@dataclass(frozen=True, slots=True)
class SessionScan:
    """One scan of a session; `person_id` is None where nobody could be made out."""

    id: int
    person_id: UUID | None
    kind: str
    mode: str
    outcome: str
    happened_at: datetime
    received_at: datetime
    station_id: int | None
    device_id: UUID | None
    is_doubtful: bool
    nearness: str | None
    evidence: str | None


async def attendances_of(tx: ReadTx, session_id: int) -> list[SessionAttendance]:
    """Return who was at a session from when to when, by volunteer; every good scan counts, in whatever order."""
    return [
        SessionAttendance(
            row["volunteer_id"],
            row["owner"],
            row["check_in_at"],
            row["check_out_at"],
            frozenset(row["in_modes"] or ()),
            frozenset(row["out_modes"] or ()),
            row["is_doubtful"],
            frozenset(row["station_ids"] or ()),
        )
        for row in await tx.connection.fetch(_ATTENDANCES, tx.bank_id, session_id)
    ]


async def times_of(tx: ReadTx, session_id: int, person_id: UUID) -> Times:
    """Return when a person checked in to a session and out of it."""
    row = await tx.connection.fetchrow(_TIMES, tx.bank_id, session_id, person_id)
    return Times(None, None) if row is None else Times(*row)


async def scans_of_session(
    tx: ReadTx, session_id: int, *, after: int, limit: int, outcome: str | None = None
) -> list[SessionScan]:
    """Return up to `limit` scans of a session after an id, refused ones too, in the order in which they arrived."""
    rows = await tx.connection.fetch(_SCANS, tx.bank_id, session_id, after, outcome, limit)
    return [SessionScan(**row) for row in rows]


async def refusals_of(tx: ReadTx, session_id: int) -> Mapping[str, int]:
    """Return how often scans of a session were refused, by code."""
    rows = await tx.connection.fetch(_REFUSALS, tx.bank_id, session_id)
    return {row["outcome"]: row["times"] for row in rows}


async def organisations_of(tx: ReadTx, session_id: int) -> frozenset[int] | None:
    """Return whose a session is and whose its stations are; None if there is no such session."""
    found: list[int] | None = await tx.connection.fetchval(_PLACES, tx.bank_id, session_id)
    return None if found is None else frozenset(found)
