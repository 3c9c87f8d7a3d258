"""Planning the sessions of an activity: one, a series, another time or place, none after all."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time

import asyncpg

from ledger.session import WriteTx
from timebank.access import Actor, check
from timebank.activities.actions import cancel_sessions, hold_activity, tell_signed_up
from timebank.activities.queries import Activity
from timebank.activities.rules import DRAFT, OPEN, PLANNED, check_session, series
from timebank.activities.seen import WRITE
from timebank.activities.session_queries import ActivitySession, activity_session, sessions_by_id
from timebank.activities.sign_ups import move_up
from timebank.errors import RefusalError

_INSERT = """
insert into activity_sessions (bank_id, activity_id, starts_at, ends_at, place, rest_minutes, capacity)
select $1, $2, x.starts_at, x.ends_at, $5, $6, $7
from unnest($3::timestamptz[], $4::timestamptz[]) as x (starts_at, ends_at) returning id
"""
# The key too: a scan that is being stored refers to it, and is waited for.
_HOLD = "select id from activity_sessions where bank_id = $1 and id = $2 for update"
_EDIT = """
update activity_sessions set starts_at = $3, ends_at = $4, place = $5, rest_minutes = $6, capacity = $7,
  version = version + 1
where bank_id = $1 and id = $2
"""
_LEAVE_STATIONS = """
delete from session_stations where bank_id = $1 and session_id = any($2::bigint[])
  and station_id <> all ($3::bigint[])
"""
_USE_STATIONS = """
insert into session_stations (bank_id, session_id, station_id)
select $1, x.session_id, st.id from unnest($2::bigint[]) as x (session_id), unnest($3::bigint[]) as named (id),
  lateral (select st.id from stations st where st.bank_id = $1 and st.id = named.id offset 0) st
on conflict on constraint session_stations_pkey do nothing
"""
_OPEN_STATIONS = """
select count(*) from unnest($2::bigint[]) as named (id),
  lateral (select from stations st where st.bank_id = $1 and st.id = named.id
    and (st.closed_on is null or st.closed_on > $3) offset 0) st
"""
_IS_ATTENDED = """
select exists (select from scans c where c.bank_id = $1 and c.session_id = $2 and c.outcome = 'accepted')
"""


@dataclass(frozen=True, slots=True)
class Terms:
    """What sessions have besides their time; None is as the activity has it."""

    place: str | None = None
    rest_minutes: int | None = None
    capacity: int | None = None
    station_ids: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Recurrence:
    """Sessions on weekdays (1 is Monday) between two days, at times of day of the bank's zone."""

    weekdays: tuple[int, ...]
    first: date
    last: date
    begins: time
    ends: time


async def add_session(
    tx: WriteTx,
    actor: Actor,
    activity_id: int,
    *,
    starts_at: datetime,
    ends_at: datetime,
    terms: Terms,
    now: datetime,
) -> ActivitySession:
    """Plan one session of an activity.

    Raises:
        RefusalError: as `add_series`.
    """
    found = await hold_activity(tx, actor, activity_id)
    (planned,) = await _add(tx, found, [(starts_at, ends_at)], terms, now)
    return planned


async def add_series(
    tx: WriteTx, actor: Actor, activity_id: int, *, recurrence: Recurrence, terms: Terms, now: datetime
) -> list[ActivitySession]:
    """Plan a session for each of the days of a recurrence: all of them or none.

    Raises:
        RefusalError: `forbidden`, `unknown_activity`, `activity_state_refused`, `series_empty`, `series_too_long`,
            `activity_session_span_invalid`, `activity_session_over`, `activity_session_outside`, `already_planned` (one
            of this activity begins then), `unknown_station`.
    """
    found = await hold_activity(tx, actor, activity_id)
    spans = series(
        weekdays=recurrence.weekdays,
        first=recurrence.first,
        last=recurrence.last,
        begins=recurrence.begins,
        ends=recurrence.ends,
        zone=tx.zone,
    )
    return await _add(tx, found, spans, terms, now)


async def edit_session(
    tx: WriteTx,
    actor: Actor,
    session_id: int,
    *,
    changes: Mapping[str, object],
    station_ids: Sequence[int] | None,
    expected_version: int | None,
    now: datetime,
) -> ActivitySession:
    """Plan a session otherwise; who signed up is told of another time or place, and moves up into new places.

    `station_ids` None leaves the stations as they are; `expected_version` None is any.

    Raises:
        RefusalError: `forbidden`, `unknown_activity_session`, `version_differs`, `activity_session_state_refused`,
            `activity_session_attended` (time, place and rest stay as they were when somebody checked in), and as
            `add_series`.
    """
    plan, found = await _held(tx, actor, session_id)
    if expected_version is not None and found.version != expected_version:
        raise RefusalError("version_differs")
    after = replace(found, **changes)  # type: ignore[arg-type]  # its fields, by the edge's model
    is_moved = (found.starts_at, found.ends_at, found.place) != (after.starts_at, after.ends_at, after.place)
    if is_moved or after.rest_minutes != found.rest_minutes:
        if await tx.connection.fetchval(_IS_ATTENDED, tx.bank_id, session_id):
            raise RefusalError("activity_session_attended")
        check_session(plan.plan, after.starts_at, after.ends_at, now=now)
    try:
        await tx.connection.execute(
            _EDIT,
            tx.bank_id,
            session_id,
            after.starts_at,
            after.ends_at,
            after.place,
            after.rest_minutes,
            after.capacity,
        )
    except asyncpg.UniqueViolationError as error:
        raise _translated(error) from None
    if station_ids is not None:
        await _use_stations(tx, [session_id], station_ids, tx.day(now))
    if is_moved:
        await tell_signed_up(tx, [session_id], "activity_session_changed", activity_session=session_id)
    if after.capacity != found.capacity:
        await move_up(tx, [session_id], now=now)
    return await activity_session(tx, session_id)


async def cancel_session(tx: WriteTx, actor: Actor, session_id: int) -> ActivitySession:
    """Cancel a planned session to which nobody was checked in, and tell who signed up.

    Raises:
        RefusalError: `forbidden`, `unknown_activity_session`, `activity_session_state_refused`,
            `activity_session_attended`.
    """
    await _held(tx, actor, session_id)
    await cancel_sessions(tx, [session_id], "activity_session_cancelled", activity_session=session_id)
    return await activity_session(tx, session_id)


async def _add(
    tx: WriteTx, found: Activity, spans: Sequence[tuple[datetime, datetime]], terms: Terms, now: datetime
) -> list[ActivitySession]:
    if found.state not in {DRAFT, *OPEN}:
        raise RefusalError("activity_state_refused", state=found.state)
    for starts_at, ends_at in spans:
        check_session(found.plan, starts_at, ends_at, now=now)
    starts, ends = zip(*spans, strict=True)
    try:
        rows = await tx.connection.fetch(
            _INSERT,
            tx.bank_id,
            found.id,
            starts,
            ends,
            terms.place or found.place,
            found.rest_minutes if terms.rest_minutes is None else terms.rest_minutes,
            found.capacity if terms.capacity is None else terms.capacity,
        )
    except asyncpg.UniqueViolationError as error:
        raise _translated(error) from None
    ids = sorted(row["id"] for row in rows)
    await _use_stations(tx, ids, terms.station_ids, tx.day(now))
    planned = await sessions_by_id(tx, ids)
    return [planned[id_] for id_ in ids]


async def _held(tx: WriteTx, actor: Actor, session_id: int) -> tuple[Activity, ActivitySession]:
    """Return a planned session with its activity, both held."""
    check(actor, WRITE)
    seen = await activity_session(tx, session_id)
    try:
        plan = await hold_activity(tx, actor, seen.activity_id)
    except RefusalError as refusal:
        raise RefusalError("unknown_activity_session") from refusal
    await tx.connection.execute(_HOLD, tx.bank_id, session_id)
    found = await activity_session(tx, session_id)
    if found.state != PLANNED:
        raise RefusalError("activity_session_state_refused", state=found.state)
    return plan, found


async def _use_stations(
    tx: WriteTx, session_ids: Sequence[int], station_ids: Sequence[int], today: date
) -> None:
    wanted = sorted(set(station_ids))
    if await tx.connection.fetchval(_OPEN_STATIONS, tx.bank_id, wanted, today) != len(wanted):
        raise RefusalError("unknown_station")
    await tx.connection.execute(_LEAVE_STATIONS, tx.bank_id, session_ids, wanted)
    await tx.connection.execute(_USE_STATIONS, tx.bank_id, session_ids, wanted)


def _translated(error: asyncpg.UniqueViolationError) -> Exception:
    if error.constraint_name == "activity_sessions_starts_key":
        return RefusalError("already_planned")
    return error
