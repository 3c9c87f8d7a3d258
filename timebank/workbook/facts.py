"""What happened, decided and stored: attendances with their records, awards and slips.

Everything here runs in the transaction that stores the registers, so a workbook is in the registers whole or
not at all. What an earlier import stored keeps its outcome; new rows are decided against it.
"""

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import TYPE_CHECKING, TypeVar

from ledger.session import WriteTx
from timebank.policy.actions import PolicyHistory
from timebank.records.rules import (
    CreditingPolicy,
    Decision,
    RecordOutcome,
    ServiceRecord,
    Taken,
    decide,
)
from timebank.workbook.district import District
from timebank.workbook.fates import SheetFates, attendance_fates, fate
from timebank.workbook.replay import Award, Event, Redemption, Slips, replay
from timebank.workbook.sheets import AttendanceRow, AwardRow, GoodsRow, RedemptionRow
from timebank.workbook.storing import Registers, digests

_STORED_RECORDS = """
select a.code as activity, a.starts_at, a.ends_at, v.code as volunteer, r.outcome, r.check_in_at, r.check_out_at,
  r.served_from, r.served_until, r.minutes, r.points, r.policy_version, r.id
from service_records r
join activities a on a.bank_id = $1 and a.id = r.activity_id
join volunteers v on v.bank_id = $1 and v.id = r.volunteer_id
where r.bank_id = $1
"""

_RECORDS = """
insert into service_records (bank_id, activity_id, volunteer_id, check_in_at, check_out_at, served_from,
  served_until, minutes, points, policy_version, outcome)
select $1, r.* from unnest($2::bigint[], $3::bigint[], $4::timestamptz[], $5::timestamptz[], $6::timestamptz[],
  $7::timestamptz[], $8::bigint[], $9::bigint[], $10::bigint[], $11::text[]) as r
returning id, activity_id, volunteer_id
"""

_ATTENDANCES = """
insert into attendances (bank_id, digest, activity_code, volunteer_code, check_in_at, check_out_at, method,
  outcome, record_id)
select $1, a.* from unnest($2::bytea[], $3::text[], $4::text[], $5::timestamptz[], $6::timestamptz[], $7::text[],
  $8::text[], $9::bigint[]) as a
returning 1
"""

_AWARDS = """
insert into awards (bank_id, digest, volunteer_id, title, points, awarded_on, outcome)
select $1, a.* from unnest($2::bytea[], $3::bigint[], $4::text[], $5::bigint[], $6::date[], $7::text[]) as a
returning 1
"""

_REDEMPTIONS = """
insert into redemptions (bank_id, digest, receipt, volunteer_id, shop_code, sku, quantity, points, redeemed_at,
  cashier, outcome)
select $1, r.* from unnest($2::bytea[], $3::text[], $4::bigint[], $5::text[], $6::text[], $7::bigint[],
  $8::bigint[], $9::timestamptz[], $10::text[], $11::text[]) as r
returning 1
"""

_STORED_OUTCOMES = "select digest, outcome from {table} where bank_id = $1"
_STORED_RECEIPTS = "select distinct receipt from redemptions where bank_id = $1"
_STORED_GOODS = """
select s.code as shop, g.sku, g.name, g.price_points, g.opening_stock
from goods g join shops s on s.bank_id = $1 and s.id = g.shop_id where g.bank_id = $1
"""

if TYPE_CHECKING:
    import asyncpg

ACCEPTED = "accepted"

Numbered = TypeVar("Numbered", AttendanceRow, AwardRow, RedemptionRow)


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
    stored = await _load_records(tx)
    decision = decide(
        district.attendance,
        activities=district.plans,
        volunteers=registers.volunteers.keys(),
        policy_on=lambda day: crediting_policy(policies, day),
        taken=stored.taken,
    )
    booked, fates = await _store_attendance(tx, district, decision, registers, policies, stored)
    events, award_marks, shop_fates = await _store_spending(
        tx, district, registers, [entry.record for entry in booked.values()]
    )
    return Facts(events, booked, award_marks, {"签到": fates, **shop_fates})


def crediting_policy(policies: PolicyHistory, day: date) -> CreditingPolicy:
    """Return the crediting figures in force on a day."""
    rule = policies.on(day).pack.crediting
    return CreditingPolicy(rule.rounding_minutes, rule.daily_cap_minutes, rule.points_per_hour)


async def _load_records(tx: WriteTx) -> _Stored:
    records: dict[tuple[str, str], ServiceRecord] = {}
    booked: dict[tuple[str, str], BookedRecord] = {}
    spans: dict[str, list[tuple[datetime, datetime]]] = {}
    minutes: dict[tuple[str, date], int] = {}
    for row in await tx.connection.fetch(_STORED_RECORDS, tx.bank_id):
        pair = (row["activity"], row["volunteer"])
        outcome: RecordOutcome = "credited" if row["outcome"] == ACCEPTED else row["outcome"]
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
        records[pair] = record
        if outcome == "credited":
            booked[pair] = BookedRecord(record, row["id"], row["policy_version"])
            day = tx.day(row["starts_at"])
            minutes[row["volunteer"], day] = minutes.get((row["volunteer"], day), 0) + row["minutes"]
        if outcome in ("credited", "needs_review") and served is not None:
            spans.setdefault(row["volunteer"], []).append(served)
    return _Stored(records, booked, Taken(spans, minutes, records.keys()))


async def _store_attendance(
    tx: WriteTx,
    district: District,
    decision: Decision,
    registers: Registers,
    policies: PolicyHistory,
    stored: _Stored,
) -> tuple[dict[tuple[str, str], BookedRecord], SheetFates]:
    """Store new records and rows; return what of this workbook is to be booked, and the rows' fates."""
    rows = district.attendance
    marks = _marks(rows, _attendance_content)
    known = await _known_outcomes(tx, "attendances")
    plans = district.plans
    booked: dict[tuple[str, str], BookedRecord] = {}
    record_ids: dict[int, int] = {}
    answered: list[ServiceRecord] = []
    fresh = [record for record in decision.records if record.outcome != "already_recorded"]
    versions = [policies.on(plans[record.activity].starts_at.date()).version for record in fresh]
    inserted = await _insert_records(tx, fresh, versions, registers)
    for record, version, id_ in zip(fresh, versions, inserted, strict=True):
        record_ids.update(dict.fromkeys(record.row_numbers, id_))
        answered.append(record)
        if record.outcome == "credited":
            booked[record.activity, record.volunteer] = BookedRecord(record, id_, version)
    for record in decision.records:
        if record.outcome != "already_recorded":
            continue
        pair = (record.activity, record.volunteer)
        earlier = replace(stored.records[pair], row_numbers=record.row_numbers)
        answered.append(earlier if marks[record.row_number] in known else record)
        if pair in stored.booked:
            booked[pair] = replace(stored.booked[pair], record=earlier)
    fates = attendance_fates(replace(decision, records=answered))
    await _insert(
        tx,
        _ATTENDANCES,
        [
            (
                marks[row.row_number],
                row.activity,
                row.volunteer,
                row.check_in,
                row.check_out,
                row.way,
                _stored_outcome(fates[row.row_number].code),
                record_ids.get(row.row_number),
            )
            for row in rows
            if marks[row.row_number] not in known
        ],
    )
    return booked, fates


def _attendance_content(row: AttendanceRow) -> tuple[object, ...]:
    return (row.activity, row.volunteer, row.check_in, row.check_out, row.time_fault, row.way)


def _stored_outcome(code: str) -> str:
    return ACCEPTED if code == "credited" else code


async def _insert_records(
    tx: WriteTx, records: Sequence[ServiceRecord], versions: Sequence[int], registers: Registers
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
            version,
            _stored_outcome(record.outcome),
        )
        for record, version in zip(records, versions, strict=True)
    ]
    inserted = await _insert(tx, _RECORDS, rows)
    ids = {(row["activity_id"], row["volunteer_id"]): int(row["id"]) for row in inserted}
    return [ids[row[0], row[1]] for row in rows]


async def _store_spending(
    tx: WriteTx, district: District, registers: Registers, credited: Iterable[ServiceRecord]
) -> tuple[list[Event], dict[int, bytes], dict[str, SheetFates]]:
    """Store new awards and slips; return all events that move value in order, and the fates of the others."""
    award_marks = _marks(district.awards, _award_content)
    slip_marks = _marks(district.redemptions, _slip_content)
    known_awards = await _known_outcomes(tx, "awards")
    known_slips = await _known_outcomes(tx, "redemptions")
    receipts = await tx.connection.fetch(_STORED_RECEIPTS, tx.bank_id)
    slips = Slips(await _load_goods(tx), registers.volunteers.keys(), [row["receipt"] for row in receipts])
    earlier = _EarlierSlips(slips, {number: known_slips.get(mark) for number, mark in slip_marks.items()})
    events: list[Event] = []
    refused: dict[str, SheetFates] = {"奖励": {}, "兑换": {}}
    new_awards: list[tuple[object, ...]] = []
    new_slips: list[tuple[object, ...]] = []
    for event in replay(
        records=credited,
        awards=district.awards,
        redemptions=district.redemptions,
        slips=earlier,
        volunteers=registers.volunteers.keys(),
        zone=tx.zone,
    ):
        if isinstance(event, Award):
            if award_marks[event.row.row_number] not in known_awards:
                new_awards.append(_award_row(event, award_marks[event.row.row_number], registers))
        elif isinstance(event, Redemption):
            if slip_marks[event.row.row_number] not in known_slips:
                new_slips.append(_slip_row(event, slip_marks[event.row.row_number], registers))
        if isinstance(event, Award | Redemption) and event.refusal is not None:
            sheet = "奖励" if isinstance(event, Award) else "兑换"
            refused[sheet][event.row.row_number] = fate(event.refusal)
        else:
            events.append(event)
    await _insert(tx, _AWARDS, new_awards)
    await _insert(tx, _REDEMPTIONS, new_slips)
    return events, award_marks, refused


class _EarlierSlips(Slips):
    """Slips of which some were answered by an earlier import: those keep their answer."""

    def __init__(self, slips: Slips, outcomes: Mapping[int, str | None]) -> None:
        self._slips = slips
        self._outcomes = outcomes

    def refusal(self, slip: RedemptionRow) -> str | None:
        outcome = self._outcomes.get(slip.row_number)
        if outcome is None:
            return self._slips.refusal(slip)
        return None if outcome == ACCEPTED else outcome


def _marks(rows: Sequence[Numbered], content: Callable[[Numbered], Hashable]) -> dict[int, bytes]:
    return {row.row_number: mark for row, mark in zip(rows, digests(rows, content), strict=True)}


def _award_content(row: AwardRow) -> tuple[object, ...]:
    return (row.volunteer, row.award, row.points, row.on)


def _slip_content(row: RedemptionRow) -> tuple[object, ...]:
    return (row.receipt, row.volunteer, row.shop, row.sku, row.quantity, row.points, row.at, row.cashier)


def _award_row(event: Award, mark: bytes, registers: Registers) -> tuple[object, ...]:
    row = event.row
    person = registers.volunteers.get(row.volunteer)
    return (mark, person and person.id, row.award, row.points, row.on, event.refusal or ACCEPTED)


def _slip_row(event: Redemption, mark: bytes, registers: Registers) -> tuple[object, ...]:
    row = event.row
    person = registers.volunteers.get(row.volunteer)
    return (
        mark,
        row.receipt,
        person and person.id,
        row.shop,
        row.sku,
        row.quantity,
        row.points,
        row.at,
        row.cashier,
        event.refusal or ACCEPTED,
    )


async def _load_goods(tx: WriteTx) -> dict[tuple[str, str], GoodsRow]:
    return {
        (row["shop"], row["sku"]): GoodsRow(
            0, row["shop"], row["sku"], row["name"], row["price_points"], row["opening_stock"]
        )
        for row in await tx.connection.fetch(_STORED_GOODS, tx.bank_id)
    }


async def _known_outcomes(tx: WriteTx, table: str) -> dict[bytes, str]:
    rows = await tx.connection.fetch(_STORED_OUTCOMES.format(table=table), tx.bank_id)
    return {row["digest"]: row["outcome"] for row in rows}


async def _insert(tx: WriteTx, sql: str, rows: Sequence[tuple[object, ...]]) -> list["asyncpg.Record"]:
    if not rows:
        return []
    return await tx.connection.fetch(sql, tx.bank_id, *map(list, zip(*rows, strict=True)))
