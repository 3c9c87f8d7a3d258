"""Reading the sessions of activities. A draft's are seen only by who may write it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID

from ledger.session import ReadTx
from timebank.access import Actor
from timebank.activities.rules import MAX_SESSION, free_places
from timebank.activities.seen import DOWN, IS_SEEN, drafts_seen
from timebank.errors import RefusalError

if TYPE_CHECKING:
    import asyncpg

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
{DOWN}
{_COUNTED}
where s.bank_id = $1 and (s.starts_at, s.id) > ($2, $4)
  and ($3::bigint is null or a.organisation_id in (select id from down) or a.team_id in (select id from down))
  and ($5::timestamptz is null or s.ends_at > $5 and s.starts_at > $6)
  and ($7::timestamptz is null or s.starts_at < $7)
  and {IS_SEEN.format(n=8)}
  and ($9::bigint is null or s.activity_id = $9)
  and ($10::text is null or s.state = $10)
  and (not $11 or s.state = 'planned' and (s.capacity is null or counted.signed_up < s.capacity))
  and ($13::text is null or strpos(lower(a.name), $13) > 0 or strpos(lower(s.place), $13) > 0)
order by s.starts_at, s.id limit $12
"""  # noqa: S608 -- ours
_SEEN_SESSION = f"{_COUNTED} where s.bank_id = $1 and s.id = $2 and {IS_SEEN.format(n=3)}"


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
class SessionFilter:
    """Which sessions are asked for: not over by one moment, begun before another; `free_only` those with a place.

    `text` asks for letters in the activity's name or in the place, whatever their case.
    """

    organisation_id: int | None = None
    activity_id: int | None = None
    from_at: datetime | None = None
    until_at: datetime | None = None
    state: str | None = None
    free_only: bool = False
    text: str | None = None


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
        None if wanted.text is None else wanted.text.lower(),
    )
    return [_counted(row) for row in rows]


def _session(row: "asyncpg.Record") -> ActivitySession:
    values = {field: row[field] for field in ActivitySession.__dataclass_fields__}
    return ActivitySession(**{**values, "skills": tuple(row["skills"]), "stations": tuple(row["stations"])})


def _counted(row: "asyncpg.Record") -> Counted:
    return Counted(_session(row), row["signed_up"], row["waiting"])
