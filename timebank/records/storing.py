"""Entering new records, many in one statement, each with the entry that it was made."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from ledger.session import WriteTx
from timebank.records.deciding import Decided
from timebank.records.entries import enter
from timebank.records.grades import Attended
from timebank.records.plans import SessionPlan

_INSERT = """
insert into service_records (bank_id, activity_id, session_id, volunteer_id, check_in_at, check_out_at, served_from,
  served_until, minutes, points, policy_version, outcome, state, grade, origin, corrects_id, made_by, recorded_at)
select $1, $2, $3, r.volunteer_id, r.check_in_at, r.check_out_at, r.served_from, r.served_until, r.minutes, r.points,
  $4, r.outcome, r.state, r.grade, r.origin, r.corrects_id, $5, $6
from unnest($7::bigint[], $8::timestamptz[], $9::timestamptz[], $10::timestamptz[], $11::timestamptz[], $12::bigint[],
  $13::bigint[], $14::text[], $15::text[], $16::text[], $17::text[], $18::bigint[]) as r (volunteer_id, check_in_at,
  check_out_at, served_from, served_until, minutes, points, outcome, state, grade, origin, corrects_id)
returning id, volunteer_id
"""


@dataclass(frozen=True, slots=True)
class By:
    """Who makes a record: an actor, or a job, which is no person."""

    text: str
    person_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class NewRow:
    """What a new record holds, and the record it stands in for."""

    volunteer_id: int
    found: Attended
    decided: Decided
    origin: str
    corrects_id: int | None = None


async def insert_records(
    tx: WriteTx, plan: SessionPlan, rows: Sequence[NewRow], *, by: By, now: datetime
) -> dict[int, int]:
    """Enter new records with the entry that they were made; return their ids by volunteer."""
    if not rows:
        return {}
    inserted = await tx.connection.fetch(
        _INSERT,
        tx.bank_id,
        plan.activity_id,
        plan.session_id,
        plan.policy.version,
        by.text,
        now,
        [row.volunteer_id for row in rows],
        [row.found.check_in_at for row in rows],
        [row.found.check_out_at for row in rows],
        [row.decided.served and row.decided.served[0] for row in rows],
        [row.decided.served and row.decided.served[1] for row in rows],
        [row.decided.minutes for row in rows],
        [row.decided.points for row in rows],
        [row.decided.outcome for row in rows],
        [row.decided.state for row in rows],
        [row.found.grade for row in rows],
        [row.origin for row in rows],
        [row.corrects_id for row in rows],
    )
    ids = {row["volunteer_id"]: row["id"] for row in inserted}
    details = {
        ids[row.volunteer_id]: {
            "grade": row.found.grade,
            "outcome": row.decided.outcome,
            "minutes": row.decided.minutes,
            "is_cut": row.found.is_cut,
            "corrects": row.corrects_id,
        }
        for row in rows
    }
    await enter(tx, "made", details, actor=by.text, person_id=by.person_id, now=now)
    return ids
