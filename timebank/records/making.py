"""Closing a session: every attendance becomes a service record, decided and waiting for review.

A record is made once. What arrives after the closing makes a new one in place of one that nobody has looked at yet;
where somebody has, it is only noted.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from ledger.session import WriteTx
from timebank.access import Actor, reach
from timebank.errors import RefusalError
from timebank.notifications.actions import tell
from timebank.records.deciding import REJECTED, decide_attendance
from timebank.records.entries import enter, move
from timebank.records.grades import Attended, attended
from timebank.records.plans import SessionPlan, lock_session, lock_volunteers, session_plan, standings
from timebank.records.storing import By, NewRow, insert_records
from timebank.scans.queries import attendances_of

PERMISSION: Final = "sessions.close"

# Locked by id, as everybody locks records, and read after that: a dispute only locks what it is about.
_LOCK_MADE = """
select r.id from service_records r where r.bank_id = $1 and r.session_id = $2 order by r.id for update
"""
_MADE = """
select r.id, r.volunteer_id, r.state, r.outcome, r.origin, r.grade, r.check_in_at, r.check_out_at,
  exists (select from disputes d where d.bank_id = $1 and d.record_id = r.id and d.decided_at is null) as is_disputed
from service_records r where r.bank_id = $1 and r.session_id = $2
order by r.id
"""
_CLOSE = """
update activity_sessions s set state = 'closed', closed_at = $3, closed_by = $4, version = s.version + 1
where s.bank_id = $1 and s.id = $2
"""
_NOTED = """
select e.record_id, e.detail ->> 'check_in_at' as check_in_at, e.detail ->> 'check_out_at' as check_out_at
from record_entries e where e.bank_id = $1 and e.record_id = any($2::bigint[]) and e.kind = 'noted'
"""


@dataclass(frozen=True, slots=True)
class NewRecord:
    """A record that was made now: whose, by what evidence, and what came of it."""

    id: int
    person_id: UUID
    grade: str
    outcome: str
    state: str
    minutes: int
    is_cut: bool
    """Nobody saw the person go."""


@dataclass(frozen=True, slots=True)
class Closed:
    """What closing a session, or looking at it again, came to.

    `missing_time` are those who were only seen going: the steward is asked when they came. `noted` are records that
    somebody has approved or rejected already, on which later scans say otherwise.
    """

    session_id: int
    records: Sequence[NewRecord]
    missing_time: Sequence[UUID]
    noted: Sequence[int]


async def close_session(tx: WriteTx, actor: Actor, *, session_id: int, now: datetime) -> Closed:
    """Close a session in reach and make its records; those who have one are told.

    Raises:
        RefusalError: `forbidden`, `unknown_activity_session`, `already_closed_session`, `session_cancelled`,
            `session_not_over`, `policy_missing`.
    """
    nodes = await reach(tx, actor, PERMISSION)
    plan = await _locked(tx, session_id)
    _check_reach(plan, nodes)
    return await close_locked(tx, plan, by=By(actor.text, actor.person_id), now=now)


async def close_due(tx: WriteTx, *, session_id: int, actor: str, now: datetime) -> Closed | None:
    """Close a session for a job; None if somebody else did, or cancelled it, meanwhile."""
    plan = await _locked(tx, session_id)
    return await close_locked(tx, plan, by=By(actor), now=now) if plan.state == "planned" else None


async def close_locked(tx: WriteTx, plan: SessionPlan, *, by: By, now: datetime) -> Closed:
    """Close a session whose row is locked.

    Raises:
        RefusalError: `already_closed_session`, `session_cancelled`, `session_not_over`.
    """
    if plan.state == "closed":
        raise RefusalError("already_closed_session")
    if plan.state == "cancelled":
        raise RefusalError("session_cancelled")
    if now < plan.plan.ends_at:
        raise RefusalError("session_not_over", ends_at=plan.plan.ends_at.isoformat())
    await tx.connection.execute(_CLOSE, tx.bank_id, plan.session_id, now, by.text)
    return await _make(tx, plan, by=by, now=now)


async def reconsider_session(tx: WriteTx, actor: Actor, *, session_id: int, now: datetime) -> Closed:
    """Make records of what arrived after a session in reach was closed; once it has, nothing more.

    Raises:
        RefusalError: `forbidden`, `unknown_activity_session`, `session_not_closed`.
    """
    nodes = await reach(tx, actor, PERMISSION)
    plan = await _locked(tx, session_id)
    _check_reach(plan, nodes)
    if plan.state != "closed":
        raise RefusalError("session_not_closed")
    return await _make(tx, plan, by=By(actor.text, actor.person_id), now=now)


async def reconsider_due(tx: WriteTx, *, session_id: int, actor: str, now: datetime) -> Closed | None:
    """Make records for a job of what arrived after a session was closed; None if it is not closed."""
    plan = await _locked(tx, session_id)
    return await _make(tx, plan, by=By(actor), now=now) if plan.state == "closed" else None


async def _locked(tx: WriteTx, session_id: int) -> SessionPlan:
    return await session_plan(tx, await lock_session(tx, session_id), session_id)


def _check_reach(plan: SessionPlan, nodes: Sequence[int] | None) -> None:
    """Refuse a session out of reach as one that is not there."""
    if nodes is not None and not {plan.organisation_id, plan.team_id} & set(nodes):
        raise RefusalError("unknown_activity_session")


async def _make(tx: WriteTx, plan: SessionPlan, *, by: By, now: datetime) -> Closed:
    """Make what records are missing, and those anew that nobody has looked at and that scans now say otherwise of."""
    assert plan.session_id is not None  # noqa: S101 -- only a session is closed
    haircut = timedelta(minutes=plan.policy.pack.attendance.haircut_minutes)
    found: dict[int, Attended] = {}
    missing: list[UUID] = []
    for one in await attendances_of(tx, plan.session_id):
        if one.check_in_at is None:
            missing.append(one.owner)
            continue
        found[one.volunteer_id] = attended(
            check_in_at=one.check_in_at,
            check_out_at=one.check_out_at,
            in_modes=one.in_modes,
            out_modes=one.out_modes,
            is_doubtful=one.is_doubtful,
            ends_at=plan.plan.ends_at,
            haircut=haircut,
        )
    owners = await lock_volunteers(tx, found)
    fresh, replaced, contested = await _sort_out(tx, plan.session_id, found)
    left = await standings(tx, fresh, plan, instead_of=replaced.values())
    rows: list[NewRow] = []
    for volunteer_id in fresh:
        one_found = found[volunteer_id]
        decided = decide_attendance(one_found, plan.plan, plan.policy.pack, plan.category, left[volunteer_id])
        rows.append(NewRow(volunteer_id, one_found, decided, one_found.origin, replaced.get(volunteer_id)))
    await move(tx, replaced.values(), since=("pending", "rejected"), to="voided")
    ids = await insert_records(tx, plan, rows, by=by, now=now)
    entered = {"actor": by.text, "person_id": by.person_id, "now": now}
    await enter(
        tx,
        "voided",
        {old: {"reason": "later_scans", "record": ids[whose]} for whose, old in replaced.items()},
        **entered,  # type: ignore[arg-type]  # the three by name
    )
    noted = await _note(tx, contested, by=by, now=now)
    made = [
        NewRecord(
            ids[row.volunteer_id],
            owners[row.volunteer_id],
            row.found.grade,
            row.decided.outcome,
            row.decided.state,
            row.decided.minutes,
            row.found.is_cut,
        )
        for row in rows
    ]
    await tell(tx, [record.person_id for record in made], "records_made", session=plan.session_id)
    return Closed(plan.session_id, made, missing, noted)


async def _sort_out(
    tx: WriteTx, session_id: int, found: Mapping[int, Attended]
) -> tuple[list[int], dict[int, int], dict[int, Attended]]:
    """Return whose record is to be made, which records that stands in for, and which are contested.

    A record that was voided and not replaced stays so: scans that come again are no reason to make it anew.
    """
    await tx.connection.execute(_LOCK_MADE, tx.bank_id, session_id)
    rows = await tx.connection.fetch(_MADE, tx.bank_id, session_id)
    # Of each volunteer the one that is not voided, else the last of those that are.
    made = {row["volunteer_id"]: row for row in sorted(rows, key=lambda row: row["state"] != "voided")}
    fresh: list[int] = []
    replaced: dict[int, int] = {}
    contested: dict[int, Attended] = {}
    for volunteer_id, one in sorted(found.items()):
        row = made.get(volunteer_id)
        if row is None:
            fresh.append(volunteer_id)
            continue
        said = (one.check_in_at, one.check_out_at, one.grade, one.origin)
        if row["origin"] == "correction" or row["state"] == "voided":
            continue
        if said == (row["check_in_at"], row["check_out_at"], row["grade"], row["origin"]):
            continue
        by_rules_only = row["state"] == "pending" or (
            row["state"] == "rejected" and row["outcome"] in REJECTED
        )
        if by_rules_only and not row["is_disputed"]:
            fresh.append(volunteer_id)
            replaced[volunteer_id] = row["id"]
        else:
            contested[row["id"]] = one
    return fresh, replaced, contested


async def _note(tx: WriteTx, contested: Mapping[int, Attended], *, by: By, now: datetime) -> list[int]:
    """Note on records that are settled what later scans say, each thing once."""
    details = {
        id_: {
            "reason": "later_scans",
            "check_in_at": one.check_in_at.isoformat(),
            "check_out_at": one.check_out_at.isoformat(),
            "grade": one.grade,
        }
        for id_, one in contested.items()
    }
    if details:
        for row in await tx.connection.fetch(_NOTED, tx.bank_id, list(details)):
            said = details.get(row["record_id"])
            if said and (said["check_in_at"], said["check_out_at"]) == (
                row["check_in_at"],
                row["check_out_at"],
            ):
                del details[row["record_id"]]
        await enter(tx, "noted", details, actor=by.text, person_id=by.person_id, now=now)
    return sorted(details)
