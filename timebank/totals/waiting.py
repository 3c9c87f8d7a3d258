"""What waits for the office, counted for one reader: each figure by the permission of who would deal with it."""

from dataclasses import dataclass
from datetime import UTC, datetime

from ledger.session import ReadTx
from timebank.access import Actor, has, reach
from timebank.records.overdue import LateSession, late_sessions
from timebank.records.queries import FROM, IN_REACH

BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)
LATE_SHOWN = 5
"""Late sessions that are named; the rest is found one by one in the queue."""

_REVIEWS = f"""
select count(*), min(r.recorded_at) {FROM}
where r.bank_id = $1 and r.state in ('pending', 'second_review') and {IN_REACH.format(n=2)}
"""
_DISPUTES = f"""
select count(*), min(d.raised_at) from disputes d
join service_records r on r.bank_id = $1 and r.id = d.record_id
join activities a on a.bank_id = $1 and a.id = r.activity_id
join volunteers v on v.bank_id = $1 and v.id = r.volunteer_id
where d.bank_id = $1 and d.decided_at is null and {IN_REACH.format(n=2)}
"""  # noqa: S608 -- ours
_OBJECTIONS = """
select count(*), min(o.raised_at) from objections o
join notices n on n.bank_id = $1 and n.id = o.notice_id
join service_records r on r.bank_id = $1 and r.id = o.record_id
join activities a on a.bank_id = $1 and a.id = r.activity_id
where o.bank_id = $1 and o.decided_at is null and ($2::bigint[] is null or a.organisation_id = any($2)
  or a.team_id = any($2) or n.organisation_id = any($2))
"""
_APPROVED = """
select count(*), min(r.recorded_at) from service_records r
join activities a on a.bank_id = $1 and a.id = r.activity_id
where r.bank_id = $1 and r.state = 'approved' and (r.minutes > 0 or r.points > 0)
  and ($2::bigint[] is null or a.organisation_id = any($2) or a.team_id = any($2))
  and not exists (select from disputes d where d.bank_id = $1 and d.record_id = r.id and d.decided_at is null)
"""
_QUEUES = {
    "reviews": ("reviews.write", _REVIEWS),
    "disputes": ("disputes.decide", _DISPUTES),
    "objections": ("objections.decide", _OBJECTIONS),
    "approved": ("notices.write", _APPROVED),
}


@dataclass(frozen=True, slots=True)
class Queue:
    """How many wait, and since when the first of them."""

    name: str
    count: int
    since: datetime | None


@dataclass(frozen=True, slots=True)
class Duties:
    """What waits for one reader, and sessions whose records were due; empty for who has nothing to do with them."""

    queues: tuple[Queue, ...]
    late: tuple[LateSession, ...]
    has_more_late: bool


async def duties(tx: ReadTx, actor: Actor, *, now: datetime) -> Duties:
    """Return what waits for the actor."""
    queues = []
    for name, (permission, query) in _QUEUES.items():
        if has(actor, permission):
            row = await tx.connection.fetchrow(query, tx.bank_id, await reach(tx, actor, permission))
            assert row is not None  # noqa: S101 -- an aggregate has a row
            queues.append(Queue(name, row[0], row[1]))
    late: list[LateSession] = []
    if has(actor, "reviews.write"):
        late = await late_sessions(
            tx,
            today=tx.day(now),
            after=(BEGINNING, 0),
            limit=LATE_SHOWN + 1,
            reach=await reach(tx, actor, "reviews.write"),
        )
    return Duties(tuple(queues), tuple(late[:LATE_SHOWN]), len(late) > LATE_SHOWN)
