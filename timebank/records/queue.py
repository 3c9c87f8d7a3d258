"""The review queue: what waits for approval, why some of it needs two, and what looks staged about its session."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING
from uuid import UUID

from ledger.session import ReadTx
from timebank.policy.actions import PolicyHistory, load_history
from timebank.records.deciding import is_service
from timebank.records.grades import Why, second_approval
from timebank.records.queries import COLUMNS, FROM, IN_REACH, Record
from timebank.records.staged import BURST_DAYS, SessionFigures, Sign, is_before_quarter_end, signs_of

if TYPE_CHECKING:
    import asyncpg

_WAITING = f"""
select {COLUMNS},
  exists (select from disputes d where d.bank_id = $1 and d.record_id = r.id and d.decided_at is null) as is_disputed,
  (select e.person_id from record_entries e where e.bank_id = $1 and e.record_id = r.id and e.kind = 'approved'
    order by e.id desc limit 1) as approver_id
{FROM}
where r.bank_id = $1 and r.id > $2 and r.state in ('pending', 'second_review') and {IN_REACH.format(n=3)}
  and ($4::bigint is null or r.session_id = $4) and ($5::bigint is null or r.activity_id = $5)
order by r.id limit $6
"""  # noqa: S608 -- ours
_FIGURES = """
select asked.activity_id, asked.session_id, a.category, a.organisation_id, a.created_at, a.created_by, a.leader_id,
  coalesce(s.starts_at, a.starts_at) as starts_at, s.closed_at, s.closed_by,
  coalesce(s.capacity, a.capacity) as capacity, made.*
from unnest($2::bigint[], $3::bigint[]) as asked (activity_id, session_id)
join activities a on a.bank_id = $1 and a.id = asked.activity_id
left join activity_sessions s on s.bank_id = $1 and s.id = asked.session_id,
lateral (select count(*) as people, count(*) filter (where r.grade in ('D', 'E')) as low_grades,
    count(*) filter (where date_trunc('hour', r.check_in_at at time zone $4) = r.check_in_at at time zone $4
      and date_trunc('hour', r.check_out_at at time zone $4) = r.check_out_at at time zone $4) as round_hours,
    coalesce(sum(r.minutes), 0)::bigint as minutes,
    array(select distinct e.person_id from record_entries e where e.bank_id = $1 and e.record_id = any(array_agg(r.id))
      and e.kind in ('approved', 'approved_second') and e.person_id is not null) as approver_ids
  from service_records r
  where r.bank_id = $1 and r.state <> 'voided'
    and (r.session_id = asked.session_id
      or asked.session_id is null and r.session_id is null and r.activity_id = asked.activity_id)) made
"""
_BURSTS = """
select asked.organisation_id, asked.until_at,
  coalesce(sum(r.minutes) filter (where s.starts_at >= asked.since_at), 0)::bigint as minutes_of_days,
  coalesce(sum(r.minutes) filter (where s.starts_at < asked.since_at), 0)::bigint as minutes_before
from unnest($2::bigint[], $3::timestamptz[], $4::timestamptz[], $5::timestamptz[])
  as asked (organisation_id, before_at, since_at, until_at)
join activities a on a.bank_id = $1 and a.organisation_id = asked.organisation_id
join activity_sessions s on s.bank_id = $1 and s.activity_id = a.id
  and s.starts_at >= asked.before_at and s.starts_at < asked.until_at
join service_records r on r.bank_id = $1 and r.session_id = s.id and r.state not in ('voided', 'rejected')
group by 1, 2
"""
SPANS_BEFORE = 8
"""So many spans of ten days before say what is usual."""

Key = tuple[int, int | None]


@dataclass(frozen=True, slots=True)
class Waiting:
    """A record in review: why it needs a second approver, who was the first, and what looks staged."""

    record: Record
    why_second: tuple[Why, ...]
    approver_id: UUID | None
    is_disputed: bool
    signs: tuple[Sign, ...]


async def waiting(
    tx: ReadTx,
    *,
    after_id: int,
    limit: int,
    reach: Sequence[int] | None = None,
    session_id: int | None = None,
    activity_id: int | None = None,
) -> list[Waiting]:
    """Return records in `reach` (None: all) that wait for approval, by id."""
    rows = await tx.connection.fetch(_WAITING, tx.bank_id, after_id, reach, session_id, activity_id, limit)
    history = await load_history(tx)
    packs = {version.version: version.pack for version in history.versions}
    found = [Record(*list(row)[: len(fields(Record))]) for row in rows]
    signs = await signs_by_session(tx, {(one.activity_id, one.session_id) for one in found}, history)
    return [
        Waiting(
            one,
            second_approval(one.grade, one.minutes, one.outcome, packs[one.policy_version]),
            row["approver_id"],
            row["is_disputed"],
            signs[one.activity_id, one.session_id],
        )
        for one, row in zip(found, rows, strict=True)
    ]


async def signs_by_session(
    tx: ReadTx, keys: Collection[Key], history: PolicyHistory
) -> Mapping[Key, tuple[Sign, ...]]:
    """Return what looks staged about sessions, each named by its activity and itself."""
    asked = sorted(keys, key=lambda key: (key[0], key[1] or 0))
    rows = await tx.connection.fetch(
        _FIGURES, tx.bank_id, [key[0] for key in asked], [key[1] for key in asked], tx.zone.key
    )
    bursts = await _bursts(tx, rows)
    return {
        (row["activity_id"], row["session_id"]): signs_of(_figures(tx, row, history, bursts)) for row in rows
    }


def _figures(
    tx: ReadTx,
    row: "asyncpg.Record",
    history: PolicyHistory,
    bursts: Mapping[tuple[int, date], tuple[int, int]],
) -> SessionFigures:
    day = tx.day(row["starts_at"])
    minutes_of_days, minutes_before = bursts.get((row["organisation_id"], day), (0, 0))
    approvers = set(row["approver_ids"])
    if row["closed_by"] is not None and row["closed_by"] == f"person:{row['created_by']}":
        approvers.add(row["created_by"])
    return SessionFigures(
        day=day,
        created_at=row["created_at"],
        closed_at=row["closed_at"],
        capacity=row["capacity"],
        people=row["people"],
        low_grades=row["low_grades"],
        round_hours=row["round_hours"],
        minutes=row["minutes"],
        is_service=is_service(history.on(day).pack, row["category"]),
        minutes_of_days=minutes_of_days,
        usual_minutes=minutes_before // SPANS_BEFORE,
        creator_id=row["created_by"],
        leader_id=row["leader_id"],
        approver_ids=approvers,
    )


async def _bursts(tx: ReadTx, rows: Iterable["asyncpg.Record"]) -> Mapping[tuple[int, date], tuple[int, int]]:
    """Return what organisations' records come to up to days near the end of a quarter, and in the time before."""
    asked: dict[tuple[int, date], tuple[datetime, datetime, datetime]] = {}
    for row in rows:
        day = tx.day(row["starts_at"])
        if (
            row["organisation_id"] is not None
            and row["session_id"] is not None
            and is_before_quarter_end(day)
        ):
            since = day - timedelta(days=BURST_DAYS - 1)
            before = since - timedelta(days=BURST_DAYS * SPANS_BEFORE)
            asked[row["organisation_id"], day] = (tx.start_of(before), tx.start_of(since), tx.end_of(day))
    if not asked:
        return {}
    found = await tx.connection.fetch(
        _BURSTS,
        tx.bank_id,
        [organisation_id for organisation_id, _ in asked],
        [span[0] for span in asked.values()],
        [span[1] for span in asked.values()],
        [span[2] for span in asked.values()],
    )
    return {
        (row["organisation_id"], tx.day(row["until_at"]) - timedelta(days=1)): (
            row["minutes_of_days"],
            row["minutes_before"],
        )
        for row in found
    }
