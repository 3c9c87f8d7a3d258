"""What happened, decided and stored: attendances with their records, awards and slips.

Everything here runs in the transaction that stores the registers, so a workbook is in the registers whole or
not at all. What an earlier import stored keeps its outcome, unless what it named was unknown and is registered
by now; new rows are decided against it.

The volunteers of the attendances are locked first, as whoever closes a session or corrects a record locks them: one
decides on what the other stored.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from ledger.session import WriteTx
from timebank.policy.actions import PolicyHistory
from timebank.records.deciding import is_service, policy_of
from timebank.records.entries import LIVE
from timebank.records.plans import lock_volunteers
from timebank.records.review import IN_REVIEW
from timebank.records.rules import (
    CreditingPolicy,
    Decision,
    PlannedActivity,
    RecordOutcome,
    ServiceRecord,
    Taken,
    decide,
)
from timebank.workbook.district import District
from timebank.workbook.fates import KEPT, SheetFates, attendance_fates, fate, noted
from timebank.workbook.lines import ACCEPTED, RECONSIDERED, known_outcomes, marks, write_rows
from timebank.workbook.replay import Event
from timebank.workbook.sheets import AttendanceRow
from timebank.workbook.spending import store_spending
from timebank.workbook.storing import Registers

_STORED_RECORDS = """
select a.code as activity, a.starts_at, a.ends_at, v.code as volunteer, r.outcome, r.check_in_at, r.check_out_at,
  r.served_from, r.served_until, r.minutes, r.points, r.policy_version, r.id, r.state, r.origin = 'workbook' as is_ours
from service_records r
join activities a on a.bank_id = $1 and a.id = r.activity_id
join volunteers v on v.bank_id = $1 and v.id = r.volunteer_id
where r.bank_id = $1
"""

_RECORDS = """
insert into service_records (bank_id, activity_id, volunteer_id, check_in_at, check_out_at, served_from,
  served_until, minutes, points, policy_version, outcome, state)
select $1, r.*, case r.outcome when 'accepted' then 'credited' when 'needs_review' then 'pending' else 'rejected' end
from unnest($2::bigint[], $3::bigint[], $4::timestamptz[], $5::timestamptz[], $6::timestamptz[],
  $7::timestamptz[], $8::bigint[], $9::bigint[], $10::bigint[], $11::text[])
  as r (activity_id, volunteer_id, check_in_at, check_out_at, served_from, served_until, minutes, points,
    policy_version, outcome)
returning id, activity_id, volunteer_id
"""

_ATTENDANCES = """
insert into attendances (bank_id, digest, activity_code, volunteer_code, check_in_at, check_out_at, method,
  outcome, record_id)
select $1, a.* from unnest($2::bytea[], $3::text[], $4::text[], $5::timestamptz[], $6::timestamptz[], $7::text[],
  $8::text[], $9::bigint[]) as a
on conflict on constraint attendances_pkey do update set outcome = excluded.outcome, record_id = excluded.record_id
returning 1
"""

_STORED_PLANS = """
select code, category, is_volunteer_service, starts_at, ends_at, rest_minutes, difficulty_permille
from activities where bank_id = $1
"""


@dataclass(frozen=True, slots=True)
class BookedRecord:
    """An accepted record on its way to the ledger, with the version that priced it."""

    record: ServiceRecord
    record_id: int
    policy_version: int


@dataclass(slots=True)
class Facts:
    """What the ledger is to be told, and the fates that are certain before it is asked.

    `events` are in the order of the replay and hold only what moves value; `records` has the accepted records by
    (activity, volunteer), `award_marks` the digest of each award by row number.
    """

    events: list[Event]
    records: Mapping[tuple[str, str], BookedRecord]
    award_marks: Mapping[int, bytes]
    fates: Mapping[str, SheetFates]


@dataclass(frozen=True, slots=True)
class _Stored:
    """Records of earlier imports, by (activity, volunteer), and what they leave open."""

    records: Mapping[tuple[str, str], ServiceRecord]
    booked: Mapping[tuple[str, str], BookedRecord]
    taken: Taken


async def store_facts(
    tx: WriteTx, district: District, registers: Registers, policies: PolicyHistory
) -> Facts:
    """Decide every row, store what is new, and return what is to be booked."""
    named = {row.volunteer for row in district.attendance} & registers.volunteers.keys()
    await lock_volunteers(tx, {registers.volunteers[code].id for code in named})
    stored = await _load_records(tx)
    plans, categories = await _load_plans(tx)
    priced = {code: _priced(plan, categories[code], policies) for code, plan in plans.items()}
    decision = decide(
        district.attendance,
        activities={code: plan for code, (plan, _) in priced.items()},
        volunteers=registers.volunteers.keys(),
        policy_of=lambda plan: priced[plan.code][1],
        taken=stored.taken,
    )
    versions = {code: policies.on(plan.starts_at.date()).version for code, plan in plans.items()}
    booked, fates = await _store_attendance(tx, district.attendance, decision, registers, stored, versions)
    events, award_marks, shop_fates = await store_spending(
        tx, district, registers, [entry.record for entry in booked.values()]
    )
    # Whatever no pack prices is refused here, before anything is stored, and not halfway through the booking.
    for event in events:
        policies.on(event.at.date())
    kept = {
        row.row_number: noted(district.fates["活动"][row.row_number], KEPT)
        for row in district.activities
        if row.plan != plans[row.code]
    }
    return Facts(events, booked, award_marks, {"签到": fates, "活动": kept, **shop_fates})


def _priced(
    plan: PlannedActivity, category: str, policies: PolicyHistory
) -> tuple[PlannedActivity, CreditingPolicy]:
    """Return an activity as its category lets it be credited on its starting date, and by which figures."""
    pack = policies.on(plan.starts_at.date()).pack
    is_credited = plan.volunteer_service and is_service(pack, category)
    return replace(plan, volunteer_service=is_credited), policy_of(pack, category)


async def _load_plans(tx: WriteTx) -> tuple[dict[str, PlannedActivity], dict[str, str]]:
    """Return every activity in the registers, and its category; the workbook's row counts only where none stood."""
    rows = await tx.connection.fetch(_STORED_PLANS, tx.bank_id)
    plans = {
        row["code"]: PlannedActivity(
            code=row["code"],
            volunteer_service=row["is_volunteer_service"],
            starts_at=row["starts_at"].astimezone(tx.zone),
            ends_at=row["ends_at"].astimezone(tx.zone),
            rest_minutes=row["rest_minutes"],
            difficulty_thousandths=row["difficulty_permille"],
        )
        for row in rows
    }
    return plans, {row["code"]: row["category"] for row in rows}


async def _load_records(tx: WriteTx) -> _Stored:
    records: dict[tuple[str, str], ServiceRecord] = {}
    booked: dict[tuple[str, str], BookedRecord] = {}
    spans: dict[str, list[tuple[datetime, datetime]]] = {}
    minutes: dict[tuple[str, date], int] = {}
    for row in await tx.connection.fetch(_STORED_RECORDS, tx.bank_id):
        pair = (row["activity"], row["volunteer"])
        # What was made here, by scans or as a correction, no row of a workbook is ever answered with.
        outcome: RecordOutcome = "already_recorded"
        if row["is_ours"]:
            outcome = "credited" if row["outcome"] == ACCEPTED else row["outcome"]
        served = None
        if row["served_from"] is not None:
            served = (row["served_from"].astimezone(tx.zone), row["served_until"].astimezone(tx.zone))
        record = ServiceRecord(
            outcome=outcome,
            activity=row["activity"],
            volunteer=row["volunteer"],
            row_numbers=(0,),
            check_in=row["check_in_at"],
            check_out=row["check_out_at"],
            served=served,
            minutes=row["minutes"],
            points=row["points"],
            effective_at=row["ends_at"].astimezone(tx.zone),
        )
        if row["is_ours"] or pair not in records:
            records[pair] = record
        if row["state"] not in LIVE:
            continue
        if outcome == "credited":
            booked[pair] = BookedRecord(record, row["id"], row["policy_version"])
        if row["outcome"] == ACCEPTED or row["state"] not in IN_REVIEW:
            day = tx.day(row["starts_at"])
            minutes[row["volunteer"], day] = minutes.get((row["volunteer"], day), 0) + row["minutes"]
        if served is not None:
            spans.setdefault(row["volunteer"], []).append(served)
    return _Stored(records, booked, Taken(spans, minutes, records.keys()))


async def _store_attendance(
    tx: WriteTx,
    rows: Sequence[AttendanceRow],
    decision: Decision,
    registers: Registers,
    stored: _Stored,
    versions: Mapping[str, int],
) -> tuple[dict[tuple[str, str], BookedRecord], SheetFates]:
    """Store new records and rows; return what of this workbook is to be booked, and the rows' fates.

    `versions` has the policy version that prices each activity, by code.
    """
    digests = marks(rows, _attendance_content)
    known = await known_outcomes(tx, "attendances")
    settled = {
        number: known[mark]
        for number, mark in digests.items()
        if mark in known and known[mark] not in RECONSIDERED
    }
    booked: dict[tuple[str, str], BookedRecord] = {}
    record_ids: dict[int, int] = {}
    fresh = [record for record in decision.records if record.outcome != "already_recorded"]
    fates = attendance_fates(decision)
    for record, id_ in zip(fresh, await _insert_records(tx, fresh, versions, registers), strict=True):
        record_ids.update(dict.fromkeys(record.row_numbers, id_))
        if record.outcome == "credited":
            booked[record.activity, record.volunteer] = BookedRecord(record, id_, versions[record.activity])
    for record in decision.records:
        if record.outcome == "already_recorded":
            pair = (record.activity, record.volunteer)
            earlier = _answer_again(record, stored.records[pair], settled, fates)
            if earlier is not None and pair in stored.booked:
                booked[pair] = replace(stored.booked[pair], record=earlier)
    lines = [
        (
            digests[row.row_number],
            row.activity,
            row.volunteer,
            row.check_in,
            row.check_out,
            row.way,
            _stored_outcome(fates[row.row_number].code),
            record_ids.get(row.row_number),
        )
        for row in rows
        if row.row_number not in settled
    ]
    await write_rows(tx, _ATTENDANCES, lines)
    return booked, fates


def _answer_again(
    record: ServiceRecord, earlier: ServiceRecord, settled: Mapping[int, str], fates: SheetFates
) -> ServiceRecord | None:
    """Give rows of an earlier import their fate again; others of the pair come too late.

    Returns the earlier record under the rows that brought it, None if none of them is in this workbook.
    """
    fates.update(dict.fromkeys(record.row_numbers, fate("already_recorded")))
    rows = tuple(
        number
        for number in record.row_numbers
        if settled.get(number, "already_recorded") != "already_recorded"
    )
    if not rows:
        return None
    again = replace(earlier, row_numbers=rows)
    fates.update(attendance_fates(Decision({}, dict.fromkeys(rows[1:], rows[0]), [again])))
    return again


def _attendance_content(row: AttendanceRow) -> tuple[object, ...]:
    return (row.activity, row.volunteer, row.check_in, row.check_out, row.time_fault, row.way)


def _stored_outcome(code: str) -> str:
    return ACCEPTED if code == "credited" else code


async def _insert_records(
    tx: WriteTx, records: Sequence[ServiceRecord], versions: Mapping[str, int], registers: Registers
) -> list[int]:
    """Store records and return their ids in the same order."""
    rows = [
        (
            registers.activity_ids[record.activity],
            registers.volunteers[record.volunteer].id,
            record.check_in,
            record.check_out,
            record.served and record.served[0],
            record.served and record.served[1],
            record.minutes,
            record.points,
            versions[record.activity],
            _stored_outcome(record.outcome),
        )
        for record in records
    ]
    inserted = await write_rows(tx, _RECORDS, rows)
    ids = {(row["activity_id"], row["volunteer_id"]): int(row["id"]) for row in inserted}
    return [ids[row[0], row[1]] for row in rows]
