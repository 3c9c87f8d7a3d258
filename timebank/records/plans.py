"""Reading what a record is decided by: the session as planned, and what its volunteers' other records leave.

Whoever decides locks the volunteers first, in order of their ids, and reads then: of two sessions that are closed at
once, the second sees what the first made.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from ledger.session import ReadTx, WriteTx
from timebank.errors import RefusalError
from timebank.policy.actions import PolicyVersion
from timebank.policy.queries import version_on
from timebank.records.deciding import Standing
from timebank.records.entries import LIVE
from timebank.records.rules import PlannedActivity, Span
from timebank.records.travel import Sighting, is_impossible

# A record without a session is of an imported activity, which is its own only one.
_PLAN = """
select a.code, a.category, a.is_volunteer_service, a.organisation_id, a.team_id, a.difficulty_permille, s.state,
  coalesce(s.starts_at, a.starts_at) as starts_at, coalesce(s.ends_at, a.ends_at) as ends_at,
  coalesce(s.rest_minutes, a.rest_minutes) as rest_minutes
from activities a left join activity_sessions s on s.bank_id = $1 and s.activity_id = a.id and s.id = $3
where a.bank_id = $1 and a.id = $2
"""
# The key is left alone: whoever enters a record, a sign-up or a scan of the session goes on.
_LOCK_SESSION = """
select s.activity_id from activity_sessions s where s.bank_id = $1 and s.id = $2 for no key update
"""
_LOCK_VOLUNTEERS = """
select v.id, v.owner from volunteers v where v.bank_id = $1 and v.id = any($2::bigint[])
order by v.id for no key update
"""
_OTHERS = """
select asked.id as volunteer_id, r.served_from, r.served_until, r.minutes,
  coalesce(s.starts_at, a.starts_at) between $4 and $5 as is_of_day
from unnest($2::bigint[]) as asked (id),
lateral (select * from service_records r
  where r.bank_id = $1 and r.volunteer_id = asked.id and r.state = any($3::text[]) and r.id <> all($8::bigint[])
  offset 0) r
join activities a on a.bank_id = $1 and a.id = r.activity_id
left join activity_sessions s on s.bank_id = $1 and s.id = r.session_id
where coalesce(s.starts_at, a.starts_at) between $4 and $5
  or (r.served_from < $7 and r.served_until > $6)
"""
_SIGHTINGS = """
select asked.id as volunteer_id, c.session_id, c.happened_at, c.latitude_e6, c.longitude_e6
from unnest($2::bigint[]) as asked (id),
lateral (select c.session_id, c.happened_at, t.latitude_e6, t.longitude_e6
  from scans c join stations t on t.bank_id = $1 and t.id = c.station_id
  where c.bank_id = $1 and c.volunteer_id = asked.id and c.happened_at between $3 and $4
    and c.outcome in ('accepted', 'repeat') and t.latitude_e6 is not null offset 0) c
"""

_INSTANT = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class SessionPlan:
    """A session as far as its records are concerned, with the policy version of its starting date."""

    session_id: int | None
    activity_id: int
    category: str
    organisation_id: int | None
    team_id: int | None
    state: str | None
    plan: PlannedActivity
    policy: PolicyVersion


async def lock_session(tx: WriteTx, session_id: int) -> int:
    """Lock a session until the end of the transaction and return its activity.

    Raises:
        RefusalError: `unknown_activity_session`.
    """
    activity_id: int | None = await tx.connection.fetchval(_LOCK_SESSION, tx.bank_id, session_id)
    if activity_id is None:
        raise RefusalError("unknown_activity_session")
    return activity_id


async def session_plan(tx: ReadTx, activity_id: int, session_id: int | None) -> SessionPlan:
    """Return the plan of a session, or of an activity that has none.

    Raises:
        RefusalError: `policy_missing` before the bank's first pack.
    """
    row = await tx.connection.fetchrow(_PLAN, tx.bank_id, activity_id, session_id)
    assert row is not None  # noqa: S101 -- a record or a session refers to it
    starts_at: datetime = row["starts_at"].astimezone(tx.zone)
    policy = await version_on(tx, starts_at.date())
    if policy is None:
        raise RefusalError("policy_missing", day=starts_at.date().isoformat())
    plan = PlannedActivity(
        code=row["code"],
        volunteer_service=row["is_volunteer_service"],
        starts_at=starts_at,
        ends_at=row["ends_at"].astimezone(tx.zone),
        rest_minutes=row["rest_minutes"],
        difficulty_thousandths=row["difficulty_permille"],
    )
    return SessionPlan(
        session_id,
        activity_id,
        row["category"],
        row["organisation_id"],
        row["team_id"],
        row["state"],
        plan,
        policy,
    )


async def lock_volunteers(tx: WriteTx, volunteer_ids: Collection[int]) -> Mapping[int, UUID]:
    """Lock volunteers until the end of the transaction and return the person of each."""
    rows = await tx.connection.fetch(_LOCK_VOLUNTEERS, tx.bank_id, sorted(volunteer_ids))
    return {row["id"]: row["owner"] for row in rows}


async def standings(
    tx: ReadTx, volunteer_ids: Collection[int], of: SessionPlan, *, instead_of: Collection[int] = ()
) -> Mapping[int, Standing]:
    """Return what the other records of each volunteer leave for a session, not counting records it replaces."""
    day = of.plan.starts_at.date()
    first, last = tx.start_of(day), tx.end_of(day) - _INSTANT
    spans: defaultdict[int, list[Span]] = defaultdict(list)
    minutes: defaultdict[int, int] = defaultdict(int)
    for row in await tx.connection.fetch(
        _OTHERS,
        tx.bank_id,
        sorted(volunteer_ids),
        list(LIVE),
        first,
        last,
        of.plan.starts_at,
        of.plan.ends_at,
        sorted(instead_of),
    ):
        if row["served_from"] is not None:
            spans[row["volunteer_id"]].append((row["served_from"], row["served_until"]))
        if row["is_of_day"]:
            minutes[row["volunteer_id"]] += row["minutes"]
    elsewhere = await _elsewhere(tx, volunteer_ids, of)
    return {id_: Standing(spans.get(id_, ()), minutes.get(id_, 0), id_ in elsewhere) for id_ in volunteer_ids}


async def _elsewhere(tx: ReadTx, volunteer_ids: Collection[int], of: SessionPlan) -> set[int]:
    """Return who was scanned in another session of the day too far away for the time between."""
    day = of.plan.starts_at.date()
    here: defaultdict[int, list[Sighting]] = defaultdict(list)
    there: defaultdict[int, list[Sighting]] = defaultdict(list)
    for volunteer_id, *sighting in await tx.connection.fetch(
        _SIGHTINGS, tx.bank_id, sorted(volunteer_ids), tx.start_of(day), tx.end_of(day) - _INSTANT
    ):
        found = Sighting(*sighting)
        (here if found.session_id == of.session_id else there)[volunteer_id].append(found)
    limit = of.policy.pack.attendance.travel_metres_per_minute
    return {id_ for id_ in here if is_impossible(here[id_], there[id_], metres_per_minute=limit)}
