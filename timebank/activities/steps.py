"""Leading an activity from draft to closed, and approving an emergency afterwards."""

from collections.abc import Iterable
from datetime import datetime

from ledger.session import WriteTx
from timebank.access import Actor
from timebank.activities.actions import HOLD_SESSIONS, cancel_sessions, hold_activity
from timebank.activities.queries import Activity, activity
from timebank.activities.rules import (
    CANCELLED,
    CLOSED,
    DRAFT,
    EMERGENCY,
    MAX_SESSION,
    OPEN,
    PUBLISHED,
    RUNNING,
    check_law_fields,
    check_publishable,
    check_transition,
)
from timebank.errors import RefusalError
from timebank.notifications.actions import tell

APPROVE = "activities.approve"

_SET_STATE = """
update activities set state = $3, published_at = coalesce(published_at, $4), version = version + 1
where bank_id = $1 and id = $2
"""
_START = """
update activities a set state = 'running', version = a.version + 1
from (select distinct s.activity_id from unnest($2::bigint[]) as named (id),
  lateral (select s.activity_id from activity_sessions s where s.bank_id = $1 and s.id = named.id offset 0) s) begun
where a.bank_id = $1 and a.id = begun.activity_id and a.state = 'published'
"""
_APPROVE = "update activities set approved_by = $3, version = version + 1 where bank_id = $1 and id = $2"
_PLAN_SESSION = """
insert into activity_sessions (bank_id, activity_id, starts_at, ends_at, place, rest_minutes, capacity)
values ($1, $2, $3, $4, $5, $6, $7)
"""


async def publish_activity(tx: WriteTx, actor: Actor, activity_id: int, *, now: datetime) -> Activity:
    """Show a draft to everybody and open it for sign-up. An emergency without a session gets one for its whole time.

    Raises:
        RefusalError: `forbidden`, `unknown_activity`, `activity_state_refused`, `insurance_missing`,
            `law_fields_missing`, `activity_without_sessions`.
    """
    found = await hold_activity(tx, actor, activity_id)
    check_transition(found.state, PUBLISHED)
    planned = await tx.connection.fetch(HOLD_SESSIONS, tx.bank_id, activity_id)
    plan = found.plan
    check_publishable(plan, has_sessions=any(row["ends_at"] > now for row in planned))
    if plan.kind == EMERGENCY and not planned:
        ends_at = min(plan.ends_at, plan.starts_at + MAX_SESSION)
        await tx.connection.execute(
            _PLAN_SESSION,
            tx.bank_id,
            activity_id,
            plan.starts_at,
            ends_at,
            plan.place,
            plan.rest_minutes,
            plan.capacity,
        )
    return await _set_state(tx, found, PUBLISHED, now)


async def start_activity(tx: WriteTx, actor: Actor, activity_id: int, *, now: datetime) -> Activity:
    """Let a published activity run, by hand; the first scan does so too.

    Raises:
        RefusalError: `forbidden`, `unknown_activity`, `activity_state_refused`.
    """
    found = await hold_activity(tx, actor, activity_id)
    check_transition(found.state, RUNNING)
    return await _set_state(tx, found, RUNNING, now)


async def start_attended(tx: WriteTx, session_ids: Iterable[int]) -> None:
    """Let the published activities of those sessions run: somebody was checked in."""
    await tx.connection.execute(_START, tx.bank_id, sorted(set(session_ids)))


async def close_activity(tx: WriteTx, actor: Actor, activity_id: int, *, now: datetime) -> Activity:
    """Close a running activity whose sessions are all closed or cancelled.

    Raises:
        RefusalError: `forbidden`, `unknown_activity`, `activity_state_refused`, `activity_sessions_open`.
    """
    found = await hold_activity(tx, actor, activity_id)
    check_transition(found.state, CLOSED)
    if await tx.connection.fetch(HOLD_SESSIONS, tx.bank_id, activity_id):
        raise RefusalError("activity_sessions_open")
    return await _set_state(tx, found, CLOSED, now)


async def cancel_activity(tx: WriteTx, actor: Actor, activity_id: int, *, now: datetime) -> Activity:
    """Cancel an activity with its planned sessions, and tell who signed up.

    Raises:
        RefusalError: `forbidden`, `unknown_activity`, `activity_state_refused`, `activity_session_attended` (somebody
            was checked in to a session that is still to be closed).
    """
    found = await hold_activity(tx, actor, activity_id)
    check_transition(found.state, CANCELLED)
    held = await tx.connection.fetch(HOLD_SESSIONS, tx.bank_id, activity_id)
    await cancel_sessions(tx, [row["id"] for row in held], "activity_cancelled", activity=activity_id)
    return await _set_state(tx, found, CANCELLED, now)


async def approve_emergency(tx: WriteTx, actor: Actor, activity_id: int) -> Activity:
    """Approve an emergency afterwards, by another than made it; before that none of its records is approved.

    Raises:
        RefusalError: `forbidden`, `unknown_activity`, `not_an_emergency`, `activity_state_refused` (of a draft or a
            cancelled one), `approval_of_own`, `already_approved`, `law_fields_missing`.
    """
    found = await hold_activity(tx, actor, activity_id, APPROVE)
    if found.kind != EMERGENCY:
        raise RefusalError("not_an_emergency")
    if found.state not in {*OPEN, CLOSED}:
        raise RefusalError("activity_state_refused", state=found.state)
    if actor.person_id == found.created_by:
        raise RefusalError("approval_of_own")
    if found.approved_by is not None:
        raise RefusalError("already_approved")
    check_law_fields(found.plan)
    await tx.connection.execute(_APPROVE, tx.bank_id, activity_id, actor.person_id)
    if found.created_by is not None:
        await tell(tx, [found.created_by], "activity_approved", activity=activity_id)
    return await activity(tx, activity_id)


async def _set_state(tx: WriteTx, found: Activity, state: str, now: datetime) -> Activity:
    shown_at = None if state == CANCELLED and found.state == DRAFT else now
    await tx.connection.execute(_SET_STATE, tx.bank_id, found.id, state, shown_at)
    return await activity(tx, found.id)
