"""Planning activities: drafts, and what is changed of them later.

Whoever changes an activity or its sessions holds its row first, then those of its sessions by id; who signs up holds
only the session.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

import asyncpg

from ledger.session import WriteTx
from timebank.access import Actor, check, check_organisation, check_row
from timebank.activities.queries import Activity, activity
from timebank.activities.rules import (
    DRAFT,
    EMERGENCY,
    RELIED_ON,
    Plan,
    check_editable,
    check_plan,
    check_publishable,
    service_of,
)
from timebank.activities.seen import WRITE
from timebank.errors import RefusalError
from timebank.notifications.actions import tell
from timebank.organisations.rules import TEAM, is_open
from timebank.people.queries import person
from timebank.policy.queries import version_on

_INSERT = """
insert into activities (bank_id, code, organisation_id, leader_code, state, created_by, created_at, name, category,
  is_volunteer_service, team_id, place, starts_at, ends_at, rest_minutes, difficulty_permille, capacity, kind, content,
  leader_id, skills, min_age, is_dangerous, insurance)
values ($1, $2, $3, '', 'draft', $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21,
  $22) returning id
"""
_EDIT = """
update activities set name = $3, category = $4, is_volunteer_service = $5, team_id = $6, place = $7, starts_at = $8,
  ends_at = $9, rest_minutes = $10, difficulty_permille = $11, capacity = $12, kind = $13, content = $14,
  leader_id = $15, skills = $16, min_age = $17, is_dangerous = $18, insurance = $19, approved_by = null,
  version = version + 1
where bank_id = $1 and id = $2
"""
_HOLD = "select id from activities where bank_id = $1 and id = $2 for no key update"
HOLD_SESSIONS = """
select id, starts_at, ends_at from activity_sessions
where bank_id = $1 and activity_id = $2 and state = 'planned' order by id for no key update
"""
# The key too: a scan that is being stored refers to it, and is waited for.
_HOLD_WHOLE = """
select id from activity_sessions where bank_id = $1 and id = any($2::bigint[]) order by id for update
"""
_CANCEL_SESSIONS = """
update activity_sessions set state = 'cancelled', version = version + 1
where bank_id = $1 and id = any($2::bigint[])
"""
_MOVE_SESSIONS = """
update activity_sessions set place = $4, version = version + 1
where bank_id = $1 and id = any($2::bigint[]) and place = $3
"""
_WAS_ATTENDED = """
select exists (select from unnest($2::bigint[]) as named (id),
  lateral (select from scans c where c.bank_id = $1 and c.session_id = named.id and c.outcome = 'accepted' limit 1) c)
"""
_SIGNED_UP = """
select v.owner from unnest($2::bigint[]) as named (id),
  lateral (select u.volunteer_id from sign_ups u
    where u.bank_id = $1 and u.session_id = named.id and u.state in ('signed_up', 'waiting') offset 0) u,
  lateral (select v.owner from volunteers v where v.bank_id = $1 and v.id = u.volunteer_id offset 0) v
"""
# Who closes the organisation waits until this is done.
_PLACE = "select level, opened_on, closed_on from organisations where bank_id = $1 and id = $2 for share"


async def create_activity(
    tx: WriteTx, actor: Actor, *, code: str, organisation_id: int, plan: Plan, now: datetime
) -> Activity:
    """Plan an activity as a draft, which only who may write it sees.

    Raises:
        RefusalError: `forbidden`, `unknown_organisation`, `organisation_closed`, `already_taken_code`, and as
            `edit_activity`.
    """
    await check_organisation(tx, actor, WRITE, organisation_id)
    place = await tx.connection.fetchrow(_PLACE, tx.bank_id, organisation_id)
    if place is None:
        raise RefusalError("unknown_organisation")
    if place["closed_on"] is not None or not is_open(place["opened_on"], None, tx.day(now)):
        raise RefusalError("organisation_closed")
    planned = await _checked(tx, plan)
    try:
        new: int = await tx.connection.fetchval(
            _INSERT, tx.bank_id, code, organisation_id, actor.person_id, now, *_columns(planned)
        )
    except asyncpg.UniqueViolationError as error:
        if error.constraint_name != "activities_code_key":
            raise
        raise RefusalError("already_taken_code") from None
    return await activity(tx, new)


async def edit_activity(
    tx: WriteTx,
    actor: Actor,
    activity_id: int,
    *,
    changes: Mapping[str, object],
    expected_version: int | None,
) -> Activity:
    """Plan an activity otherwise; who signed up is told if time, place or age change.

    Planned sessions at the place of before move with it. What was approved as an emergency is to be approved anew.
    `expected_version` None is any.

    Raises:
        RefusalError: `forbidden`, `unknown_activity`, `version_differs`, `activity_state_refused` (see
            `check_editable`), `activity_span_invalid`, `activity_session_outside`, `category_unknown`,
            `unknown_person` (the leader), `unknown_organisation`, `not_a_team`, `sign_ups_exist` (it becomes
            dangerous, or of another kind), and what a published one may not lack, as `publish_activity`.
    """
    found = await hold_activity(tx, actor, activity_id)
    if expected_version is not None and found.version != expected_version:
        raise RefusalError("version_differs")
    is_open_emergency = found.kind == EMERGENCY and found.approved_by is None
    check_editable(found.state, changes, is_open_emergency=is_open_emergency)
    before = found.plan
    plan = await _checked(tx, replace(before, **changes), before)  # type: ignore[arg-type]  # its fields, by the edge's model
    held = await tx.connection.fetch(HOLD_SESSIONS, tx.bank_id, activity_id)
    if any(row["starts_at"] < plan.starts_at or row["ends_at"] > plan.ends_at for row in held):
        raise RefusalError("activity_session_outside")
    ids = [row["id"] for row in held]
    if found.state != DRAFT:
        await _check_shown(tx, before, plan, ids)
    await tx.connection.execute(_EDIT, tx.bank_id, activity_id, *_columns(plan))
    if plan.place != before.place:
        await tx.connection.execute(_MOVE_SESSIONS, tx.bank_id, ids, before.place, plan.place)
    if any(getattr(plan, field) != getattr(before, field) for field in RELIED_ON):
        await tell_signed_up(tx, ids, "activity_changed", activity=activity_id)
    return await activity(tx, activity_id)


async def hold_activity(tx: WriteTx, actor: Actor, activity_id: int, permission: str = WRITE) -> Activity:
    """Return an activity in reach and hold it against other changes until the transaction ends.

    Raises:
        RefusalError: `forbidden`, `unknown_activity`.
    """
    check(actor, permission)
    await tx.connection.execute(_HOLD, tx.bank_id, activity_id)
    found = await activity(tx, activity_id)
    # What was imported may have a team only; there is no organisation 0.
    place = found.organisation_id or found.team_id or 0
    await check_row(tx, actor, permission, place, unknown="unknown_activity")
    return found


async def cancel_sessions(tx: WriteTx, held: list[int], kind: str, **params: object) -> None:
    """Cancel sessions that are held and planned, and tell who signed up.

    Raises:
        RefusalError: `activity_session_attended`.
    """
    await tx.connection.execute(_HOLD_WHOLE, tx.bank_id, held)
    if await tx.connection.fetchval(_WAS_ATTENDED, tx.bank_id, held):
        raise RefusalError("activity_session_attended")
    await tx.connection.execute(_CANCEL_SESSIONS, tx.bank_id, held)
    await tell_signed_up(tx, held, kind, **params)


async def tell_signed_up(tx: WriteTx, session_ids: list[int], kind: str, **params: object) -> None:
    """Tell who has a place in one of the sessions or waits for one, each once."""
    rows = await tx.connection.fetch(_SIGNED_UP, tx.bank_id, session_ids)
    await tell(tx, [row["owner"] for row in rows], kind, **params)


async def _checked(tx: WriteTx, plan: Plan, before: Plan | None = None) -> Plan:
    """Return a plan whose category the bank's policy of its first day knows, and whose leader and team are there."""
    check_plan(plan)
    version = await version_on(tx, tx.day(plan.starts_at))
    pack = None if version is None else version.pack
    is_service = service_of(pack, plan.category, given=plan.is_volunteer_service)
    if plan.leader_id is not None and (before is None or plan.leader_id != before.leader_id):
        await person(tx, plan.leader_id)
    if plan.team_id is not None and (before is None or plan.team_id != before.team_id):
        team = await tx.connection.fetchrow(_PLACE, tx.bank_id, plan.team_id)
        if team is None:
            raise RefusalError("unknown_organisation")
        if team["level"] != TEAM:
            raise RefusalError("not_a_team")
    return replace(plan, is_volunteer_service=is_service)


async def _check_shown(tx: WriteTx, before: Plan, plan: Plan, session_ids: list[int]) -> None:
    """Refuse changes that a published activity does not take."""
    check_publishable(plan, has_sessions=True)
    turns = (plan.is_dangerous and not before.is_dangerous) or plan.kind != before.kind
    if turns and await tx.connection.fetch(_SIGNED_UP, tx.bank_id, session_ids):
        raise RefusalError("sign_ups_exist")


def _columns(plan: Plan) -> tuple[object, ...]:
    return tuple(getattr(plan, field) for field in Plan.__dataclass_fields__)
