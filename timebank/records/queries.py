"""Reading activities and service records. A record is in reach by its volunteer or by its activity."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from ledger.session import ReadTx
from timebank.access import Actor, check, check_person, reach
from timebank.errors import RefusalError

_ACTIVITY = """a.id, a.code, a.name, a.category, a.is_volunteer_service, a.organisation_id, a.team_id, a.place,
  a.starts_at, a.ends_at, a.rest_minutes, a.difficulty_permille, a.capacity"""
_ACTIVITIES = f"""
with recursive down (id) as (
  select o.id from organisations o where o.bank_id = $1 and o.id = $3
  union
  select o.id from organisations o join down on o.parent_id = down.id where o.bank_id = $1
)
select {_ACTIVITY} from activities a
where a.bank_id = $1 and a.id > $2
  and ($3::bigint is null or a.organisation_id in (select id from down) or a.team_id in (select id from down))
  and ($4::timestamptz is null or a.starts_at >= $4) and ($5::timestamptz is null or a.starts_at < $5)
order by a.id limit $6
"""  # noqa: S608 -- ours
_ONE_ACTIVITY = f"select {_ACTIVITY} from activities a where a.bank_id = $1 and a.id = $2"  # noqa: S608 -- ours

_RECORD = """r.id, v.owner, r.activity_id, a.code, a.name, a.starts_at, r.check_in_at, r.check_out_at, r.served_from,
  r.served_until, r.minutes, r.points, r.policy_version, r.outcome, r.recorded_at"""
_RECORDS = f"""
select {_RECORD} from service_records r
join activities a on a.bank_id = $1 and a.id = r.activity_id
join volunteers v on v.bank_id = $1 and v.id = r.volunteer_id
where r.bank_id = $1 and r.id > $2
  and ($3::bigint[] is null or a.organisation_id = any($3::bigint[]) or a.team_id = any($3::bigint[])
    or v.organisation_id = any($3::bigint[]) or v.team_id = any($3::bigint[])
    or exists (select from memberships m where m.bank_id = $1 and m.person_id = v.owner and m.until_on is null
      and m.organisation_id = any($3::bigint[])))
  and ($4::bigint is null or r.activity_id = $4)
  and ($5::text is null or r.outcome = $5)
  and ($6::timestamptz is null or a.starts_at >= $6) and ($7::timestamptz is null or a.starts_at < $7)
order by r.id limit $8
"""  # noqa: S608 -- ours
# By the person first: their records are few, and the bank's many.
_RECORDS_OF = f"""
select {_RECORD} from volunteers v
join service_records r on r.bank_id = $1 and r.volunteer_id = v.id
join activities a on a.bank_id = $1 and a.id = r.activity_id
where v.bank_id = $1 and v.owner = $3 and r.id > $2
  and ($4::text is null or r.outcome = $4)
  and ($5::timestamptz is null or a.starts_at >= $5) and ($6::timestamptz is null or a.starts_at < $6)
order by r.id limit $7
"""  # noqa: S608 -- ours
_ONE_RECORD = f"""
select {_RECORD} from service_records r
join activities a on a.bank_id = $1 and a.id = r.activity_id
join volunteers v on v.bank_id = $1 and v.id = r.volunteer_id
where r.bank_id = $1 and r.id = $2
"""  # noqa: S608 -- ours
_BY_ACTIVITY = """
select exists (select from service_records r
  join activities a on a.bank_id = $1 and a.id = r.activity_id
  where r.bank_id = $1 and r.id = $2
    and (a.organisation_id = any($3::bigint[]) or a.team_id = any($3::bigint[])))
"""


@dataclass(frozen=True, slots=True)
class Activity:
    """What is done, where and when; the difficulty is in thousandths."""

    id: int
    code: str
    name: str
    category: str
    is_volunteer_service: bool
    organisation_id: int | None
    team_id: int | None
    place: str
    starts_at: datetime
    ends_at: datetime
    rest_minutes: int
    difficulty_permille: int
    capacity: int | None


@dataclass(frozen=True, slots=True)
class Record:
    """A service record: who served where, from when to when, and what it earned or, in review, would earn."""

    id: int
    person_id: UUID
    activity_id: int
    activity_code: str
    activity_name: str
    starts_at: datetime
    check_in_at: datetime
    check_out_at: datetime
    served_from: datetime | None
    served_until: datetime | None
    minutes: int
    points: int
    policy_version: int
    outcome: str
    recorded_at: datetime


async def activities(
    tx: ReadTx,
    *,
    after_id: int,
    limit: int,
    organisation_id: int | None = None,
    from_at: datetime | None = None,
    until_at: datetime | None = None,
) -> list[Activity]:
    """Return activities by id, of an organisation and all below it, that begin between two moments."""
    rows = await tx.connection.fetch(
        _ACTIVITIES, tx.bank_id, after_id, organisation_id, from_at, until_at, limit
    )
    return [Activity(*row) for row in rows]


async def activity(tx: ReadTx, activity_id: int) -> Activity:
    """Return one activity.

    Raises:
        RefusalError: `unknown_activity`.
    """
    row = await tx.connection.fetchrow(_ONE_ACTIVITY, tx.bank_id, activity_id)
    if row is None:
        raise RefusalError("unknown_activity")
    return Activity(*row)


async def records(  # noqa: PLR0913 -- each is a filter
    tx: ReadTx,
    *,
    after_id: int,
    limit: int,
    reach: Sequence[int] | None = None,
    activity_id: int | None = None,
    outcome: str | None = None,
    from_at: datetime | None = None,
    until_at: datetime | None = None,
) -> list[Record]:
    """Return records in `reach` (None: all) by id, of activities that begin between two moments."""
    rows = await tx.connection.fetch(
        _RECORDS, tx.bank_id, after_id, reach, activity_id, outcome, from_at, until_at, limit
    )
    return [Record(*row) for row in rows]


async def records_of_person(
    tx: ReadTx,
    person_id: UUID,
    *,
    after_id: int,
    limit: int,
    outcome: str | None = None,
    from_at: datetime | None = None,
    until_at: datetime | None = None,
) -> list[Record]:
    """Return a person's records by id."""
    rows = await tx.connection.fetch(
        _RECORDS_OF, tx.bank_id, after_id, person_id, outcome, from_at, until_at, limit
    )
    return [Record(*row) for row in rows]


async def record_in_reach(
    tx: ReadTx, actor: Actor, permission: str, record_id: int, *, now: datetime
) -> Record:
    """Return one record to its volunteer, to who acts for them, and to who has them or the activity in reach.

    Raises:
        RefusalError: `forbidden`, `unknown_record`.
    """
    row = await tx.connection.fetchrow(_ONE_RECORD, tx.bank_id, record_id)
    if row is None:
        check(actor, permission)
        raise RefusalError("unknown_record", record=record_id)
    found = Record(*row)
    try:
        await check_person(tx, actor, permission, found.person_id, now=now)
    except RefusalError as refusal:
        nodes = await reach(tx, actor, permission)
        if not await tx.connection.fetchval(_BY_ACTIVITY, tx.bank_id, record_id, nodes):
            raise RefusalError("unknown_record", record=record_id) from refusal
    return found
