"""Reading activities and their sessions. A draft is seen only by who may write it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING
from uuid import UUID

from ledger.session import ReadTx
from timebank.access import Actor, has, reach
from timebank.activities.rules import MAX_SESSION, Plan, free_places
from timebank.errors import RefusalError
from timebank.policy.queries import version_on
from timebank.policy.rules import Words

if TYPE_CHECKING:
    import asyncpg

WRITE = "activities.write"

_ACTIVITY = """a.id, a.code, a.name, a.category, a.is_volunteer_service, a.organisation_id, a.team_id, a.place,
  a.starts_at, a.ends_at, a.rest_minutes, a.difficulty_permille, a.capacity, a.state, a.kind, a.content, a.leader_id,
  a.skills, a.min_age, a.is_dangerous, a.insurance, a.created_by, a.approved_by, a.version"""

# What was cancelled before it was ever published is a draft still to everybody else.
_IS_SEEN = """(a.state <> 'draft' and (a.state <> 'cancelled' or a.published_at is not null)
  or ${n}::bigint[] is null or a.organisation_id = any(${n}::bigint[]))"""
_DOWN = """
with recursive down (id) as (
  select o.id from organisations o where o.bank_id = $1 and o.id = $3
  union
  select o.id from organisations o join down on o.parent_id = down.id where o.bank_id = $1
)
"""
_ACTIVITIES = f"""
{_DOWN}
select {_ACTIVITY} from activities a
where a.bank_id = $1 and a.id > $2
  and ($3::bigint is null or a.organisation_id in (select id from down) or a.team_id in (select id from down))
  and ($4::timestamptz is null or a.starts_at >= $4) and ($5::timestamptz is null or a.starts_at < $5)
  and {_IS_SEEN.format(n=7)}
  and ($8::text is null or a.state = $8) and ($9::text is null or a.kind = $9)
  and ($10::text is null or a.category = $10)
  and ($11::timestamptz is null or a.state in ('published', 'running') and exists (
    select from activity_sessions s
    where s.bank_id = $1 and s.activity_id = a.id and s.state = 'planned' and s.ends_at > $11))
order by a.id limit $6
"""  # noqa: S608 -- ours
_ONE_ACTIVITY = f"select {_ACTIVITY} from activities a where a.bank_id = $1 and a.id = $2"  # noqa: S608 -- ours
_SEEN_ACTIVITY = f"{_ONE_ACTIVITY} and {_IS_SEEN.format(n=3)}"

_SESSION = """s.id, s.activity_id, a.code as activity_code, a.name as activity_name, a.state as activity_state,
  a.kind, a.category, a.is_volunteer_service, a.organisation_id, a.team_id, a.difficulty_permille, a.leader_id,
  a.skills, a.min_age, a.is_dangerous, a.created_by, a.approved_by, s.starts_at, s.ends_at, s.place, s.rest_minutes,
  s.capacity, s.state, s.closed_at, s.version, array(select x.station_id from session_stations x
    where x.bank_id = $1 and x.session_id = s.id order by x.station_id) as stations"""
_BY_ID = f"""
select {_SESSION} from unnest($2::bigint[]) as named (id),
  lateral (select * from activity_sessions s where s.bank_id = $1 and s.id = named.id offset 0) s,
  lateral (select * from activities a where a.bank_id = $1 and a.id = s.activity_id offset 0) a
"""  # noqa: S608 -- ours
_COUNTED = f"""
select {_SESSION}, counted.signed_up, counted.waiting
from activity_sessions s
join activities a on a.bank_id = $1 and a.id = s.activity_id,
lateral (select count(*) filter (where u.state = 'signed_up') as signed_up,
    count(*) filter (where u.state = 'waiting') as waiting
  from sign_ups u where u.bank_id = $1 and u.session_id = s.id and u.state in ('signed_up', 'waiting')) counted
"""  # noqa: S608 -- ours
# No session is longer than a day, so one that is not over at a moment began at most a day before.
_SESSIONS = f"""
{_DOWN}
{_COUNTED}
where s.bank_id = $1 and (s.starts_at, s.id) > ($2, $4)
  and ($3::bigint is null or a.organisation_id in (select id from down) or a.team_id in (select id from down))
  and ($5::timestamptz is null or s.ends_at > $5 and s.starts_at > $6)
  and ($7::timestamptz is null or s.starts_at < $7)
  and {_IS_SEEN.format(n=8)}
  and ($9::bigint is null or s.activity_id = $9)
  and ($10::text is null or s.state = $10)
  and (not $11 or s.state = 'planned' and (s.capacity is null or counted.signed_up < s.capacity))
order by s.starts_at, s.id limit $12
"""  # noqa: S608 -- ours
_SEEN_SESSION = f"{_COUNTED} where s.bank_id = $1 and s.id = $2 and {_IS_SEEN.format(n=3)}"


@dataclass(frozen=True, slots=True)
class Activity:
    """What is done, where and when; the difficulty is in thousandths."""

    id: int
    code: str
    name: str
    category: str
    is_volunteer_service: bool
    organisation_id: int | None
    team_id: int | None
    place: str
    starts_at: datetime
    ends_at: datetime
    rest_minutes: int
    difficulty_permille: int
    capacity: int | None
    state: str
    kind: str
    content: str
    leader_id: UUID | None
    skills: tuple[str, ...]
    min_age: int | None
    is_dangerous: bool
    insurance: str | None
    created_by: UUID | None
    approved_by: UUID | None
    version: int

    @property
    def plan(self) -> Plan:
        """What of it can be planned otherwise."""
        return Plan(**{field: getattr(self, field) for field in Plan.__dataclass_fields__})


@dataclass(frozen=True, slots=True)
class ActivitySession:
    """One planned start-to-end of an activity at a place (场次), with what others need to know of its activity."""

    id: int
    activity_id: int
    activity_code: str
    activity_name: str
    activity_state: str
    kind: str
    category: str
    is_volunteer_service: bool
    organisation_id: int | None
    team_id: int | None
    difficulty_permille: int
    leader_id: UUID | None
    skills: tuple[str, ...]
    min_age: int | None
    is_dangerous: bool
    created_by: UUID | None
    approved_by: UUID | None
    starts_at: datetime
    ends_at: datetime
    place: str
    rest_minutes: int
    capacity: int | None
    state: str
    closed_at: datetime | None
    version: int
    stations: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Counted:
    """A session, and how many have a place in it and wait for one."""

    session: ActivitySession
    signed_up: int
    waiting: int

    @property
    def free(self) -> int | None:
        """How many places are left; None if there is no end of them."""
        return free_places(self.session.capacity, self.signed_up)


@dataclass(frozen=True, slots=True)
class Filter:
    """Which activities are asked for; None asks for any. `open_at`: those that take sign-ups at that moment."""

    organisation_id: int | None = None
    from_at: datetime | None = None
    until_at: datetime | None = None
    state: str | None = None
    kind: str | None = None
    category: str | None = None
    open_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class SessionFilter:
    """Which sessions are asked for: not over by one moment, begun before another; `free_only` those with a place."""

    organisation_id: int | None = None
    activity_id: int | None = None
    from_at: datetime | None = None
    until_at: datetime | None = None
    state: str | None = None
    free_only: bool = False


@dataclass(frozen=True, slots=True)
class Labels:
    """What the bank's policy pack calls categories and states."""

    categories: Mapping[str, Words]
    states: Mapping[str, Words]


async def drafts_seen(tx: ReadTx, actor: Actor) -> list[int] | None:
    """Return the organisations whose drafts an actor sees; None for all."""
    return await reach(tx, actor, WRITE) if has(actor, WRITE) else []


async def activities(
    tx: ReadTx, wanted: Filter, *, drafts: Sequence[int] | None, after_id: int, limit: int
) -> list[Activity]:
    """Return activities by id: drafts of some organisations only (None: of all)."""
    rows = await tx.connection.fetch(
        _ACTIVITIES,
        tx.bank_id,
        after_id,
        wanted.organisation_id,
        wanted.from_at,
        wanted.until_at,
        limit,
        drafts,
        wanted.state,
        wanted.kind,
        wanted.category,
        wanted.open_at,
    )
    return [_activity(row) for row in rows]


async def activity(tx: ReadTx, activity_id: int) -> Activity:
    """Return one activity, a draft too.

    Raises:
        RefusalError: `unknown_activity`.
    """
    row = await tx.connection.fetchrow(_ONE_ACTIVITY, tx.bank_id, activity_id)
    if row is None:
        raise RefusalError("unknown_activity")
    return _activity(row)


async def seen_activity(tx: ReadTx, actor: Actor, activity_id: int) -> Activity:
    """Return one activity that the actor may see.

    Raises:
        RefusalError: `unknown_activity`.
    """
    row = await tx.connection.fetchrow(_SEEN_ACTIVITY, tx.bank_id, activity_id, await drafts_seen(tx, actor))
    if row is None:
        raise RefusalError("unknown_activity")
    return _activity(row)


async def labels(tx: ReadTx, day: date) -> Labels:
    """Return the words of the policy pack in force on a day; without one there are none."""
    version = await version_on(tx, day)
    if version is None:
        return Labels({}, {})
    pack = version.pack
    return Labels({category.code: category.label for category in pack.categories}, pack.labels)


async def sessions_by_id(tx: ReadTx, ids: Sequence[int]) -> dict[int, ActivitySession]:
    """Return sessions by id, drafts' too; one that is not there is missing."""
    rows = await tx.connection.fetch(_BY_ID, tx.bank_id, list(ids))
    return {row["id"]: _session(row) for row in rows}


async def activity_session(tx: ReadTx, session_id: int) -> ActivitySession:
    """Return one session, a draft's too.

    Raises:
        RefusalError: `unknown_activity_session`.
    """
    found = (await sessions_by_id(tx, [session_id])).get(session_id)
    if found is None:
        raise RefusalError("unknown_activity_session")
    return found


async def seen_session(tx: ReadTx, actor: Actor, session_id: int) -> Counted:
    """Return one session that the actor may see.

    Raises:
        RefusalError: `unknown_activity_session`.
    """
    row = await tx.connection.fetchrow(_SEEN_SESSION, tx.bank_id, session_id, await drafts_seen(tx, actor))
    if row is None:
        raise RefusalError("unknown_activity_session")
    return _counted(row)


async def sessions(
    tx: ReadTx,
    wanted: SessionFilter,
    *,
    drafts: Sequence[int] | None,
    after: tuple[datetime, int],
    limit: int,
) -> list[Counted]:
    """Return sessions by their start, from after one: of drafts of some organisations only (None: of all)."""
    rows = await tx.connection.fetch(
        _SESSIONS,
        tx.bank_id,
        after[0],
        wanted.organisation_id,
        after[1],
        wanted.from_at,
        None if wanted.from_at is None else wanted.from_at - MAX_SESSION,
        wanted.until_at,
        drafts,
        wanted.activity_id,
        wanted.state,
        wanted.free_only,
        limit,
    )
    return [_counted(row) for row in rows]


def _activity(row: "asyncpg.Record") -> Activity:
    return Activity(**{**row, "skills": tuple(row["skills"])})


def _session(row: "asyncpg.Record") -> ActivitySession:
    values = {field: row[field] for field in ActivitySession.__dataclass_fields__}
    return ActivitySession(**{**values, "skills": tuple(row["skills"]), "stations": tuple(row["stations"])})


def _counted(row: "asyncpg.Record") -> Counted:
    return Counted(_session(row), row["signed_up"], row["waiting"])
