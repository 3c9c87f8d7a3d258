"""Reading service records. A record is in reach by its volunteer or by its activity."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from ledger.session import ReadTx
from timebank.access import Actor, check, check_person, reach
from timebank.errors import RefusalError
from timebank.policy.parts import Grade

# A record without a session is of an imported activity, which is its own only one.
COLUMNS = """r.id, v.owner as person_id, r.activity_id, r.session_id, a.code as activity_code, a.name as activity_name,
  a.category, coalesce(s.starts_at, a.starts_at) as starts_at, coalesce(s.ends_at, a.ends_at) as ends_at,
  coalesce(s.place, a.place) as place, a.content, a.organisation_id,
  (select o.name from organisations o where o.bank_id = $1 and o.id = a.organisation_id) as organisation,
  (select o.name from organisations o where o.bank_id = $1 and o.id = a.team_id) as team, a.leader_id, a.leader_code,
  r.check_in_at, r.check_out_at, r.served_from, r.served_until, r.minutes, r.points, r.policy_version, r.outcome,
  r.state, r.grade, r.origin, r.evaluation, r.corrects_id, r.credited_transaction_id, r.recorded_at, r.version"""
FROM = """from service_records r
join activities a on a.bank_id = $1 and a.id = r.activity_id
left join activity_sessions s on s.bank_id = $1 and s.id = r.session_id
join volunteers v on v.bank_id = $1 and v.id = r.volunteer_id"""
IN_REACH = """(${n}::bigint[] is null or a.organisation_id = any(${n}::bigint[]) or a.team_id = any(${n}::bigint[])
    or v.organisation_id = any(${n}::bigint[]) or v.team_id = any(${n}::bigint[])
    or exists (select from memberships m where m.bank_id = $1 and m.person_id = v.owner and m.until_on is null
      and m.organisation_id = any(${n}::bigint[])))"""
"""A record's volunteer or activity is in reach, where `a` and `v` are these and parameter n the reach (null: all)."""
IS_BY_HAND = """(exists (select from scans c where c.bank_id = $1 and c.session_id = r.session_id
      and c.volunteer_id = r.volunteer_id and c.mode in ('card', 'roll_call', 'late_entry')
      and c.outcome in ('accepted', 'repeat') and c.actor = ${n})
    or r.origin = 'correction' and r.made_by = ${n})"""
"""The times of record `r` are the word of the actor that is parameter n: entered on the roll, or late, scanned off a
card, which anybody may hold, or made as a correction."""

_RECORDS = f"""
select {COLUMNS} {FROM}
where r.bank_id = $1 and r.id > $2 and {IN_REACH.format(n=3)}
  and ($4::bigint is null or r.activity_id = $4)
  and ($5::text is null or r.outcome = $5)
  and ($6::timestamptz is null or coalesce(s.starts_at, a.starts_at) >= $6)
  and ($7::timestamptz is null or coalesce(s.starts_at, a.starts_at) < $7)
  and ($9::text is null or r.state = $9) and ($10::bigint is null or r.session_id = $10)
order by r.id limit $8
"""
# By the person first: their records are few, and the bank's many.
_RECORDS_OF = f"""
select {COLUMNS} from volunteers v
join service_records r on r.bank_id = $1 and r.volunteer_id = v.id
join activities a on a.bank_id = $1 and a.id = r.activity_id
left join activity_sessions s on s.bank_id = $1 and s.id = r.session_id
where v.bank_id = $1 and v.owner = $3 and r.id > $2
  and ($4::text is null or r.outcome = $4)
  and ($5::timestamptz is null or coalesce(s.starts_at, a.starts_at) >= $5)
  and ($6::timestamptz is null or coalesce(s.starts_at, a.starts_at) < $6)
  and ($8::text is null or r.state = $8)
order by r.id limit $7
"""  # noqa: S608 -- ours
_LAST_OF = f"""
select {COLUMNS} from volunteers v
join service_records r on r.bank_id = $1 and r.volunteer_id = v.id
join activities a on a.bank_id = $1 and a.id = r.activity_id
left join activity_sessions s on s.bank_id = $1 and s.id = r.session_id
where v.bank_id = $1 and v.owner = $2 order by r.id desc limit $3
"""  # noqa: S608 -- ours
_ONE_RECORD = f"select {COLUMNS} {FROM} where r.bank_id = $1 and r.id = $2"
_SOME_RECORDS = f"select {COLUMNS} {FROM} where r.bank_id = $1 and r.id = any($2::bigint[])"
_BY_ACTIVITY = """
select exists (select from service_records r
  join activities a on a.bank_id = $1 and a.id = r.activity_id
  where r.bank_id = $1 and r.id = $2
    and (a.organisation_id = any($3::bigint[]) or a.team_id = any($3::bigint[])))
"""


@dataclass(frozen=True, slots=True)
class Record:
    """A service record: who served where, from when to when, and what it earned or, in review, would earn.

    With the fields of 民政部令第67号 Art 7: name, date, place and content of the activity, the time served, who
    organised it and who led it. The names of people are in the vault, and not here.
    """

    id: int
    person_id: UUID
    activity_id: int
    session_id: int | None
    activity_code: str
    activity_name: str
    category: str
    starts_at: datetime
    ends_at: datetime
    place: str
    content: str
    organisation_id: int | None
    organisation: str | None
    team: str | None
    leader_id: UUID | None
    leader_code: str
    check_in_at: datetime
    check_out_at: datetime
    served_from: datetime | None
    served_until: datetime | None
    minutes: int
    points: int
    policy_version: int
    outcome: str
    state: str
    grade: Grade | None
    origin: str
    evaluation: str | None
    corrects_id: int | None
    credited_transaction_id: int | None
    recorded_at: datetime
    version: int


async def records(  # noqa: PLR0913 -- each is a filter
    tx: ReadTx,
    *,
    after_id: int,
    limit: int,
    reach: Sequence[int] | None = None,
    activity_id: int | None = None,
    session_id: int | None = None,
    outcome: str | None = None,
    state: str | None = None,
    from_at: datetime | None = None,
    until_at: datetime | None = None,
) -> list[Record]:
    """Return records in `reach` (None: all) by id, of sessions that begin between two moments."""
    rows = await tx.connection.fetch(
        _RECORDS,
        tx.bank_id,
        after_id,
        reach,
        activity_id,
        outcome,
        from_at,
        until_at,
        limit,
        state,
        session_id,
    )
    return [Record(*row) for row in rows]


async def records_of_person(  # noqa: PLR0913 -- each is a filter
    tx: ReadTx,
    person_id: UUID,
    *,
    after_id: int,
    limit: int,
    outcome: str | None = None,
    state: str | None = None,
    from_at: datetime | None = None,
    until_at: datetime | None = None,
) -> list[Record]:
    """Return a person's records by id."""
    rows = await tx.connection.fetch(
        _RECORDS_OF, tx.bank_id, after_id, person_id, outcome, from_at, until_at, limit, state
    )
    return [Record(*row) for row in rows]


async def last_records_of(tx: ReadTx, person_id: UUID, *, limit: int) -> list[Record]:
    """Return a person's newest records, the newest first."""
    rows = await tx.connection.fetch(_LAST_OF, tx.bank_id, person_id, limit)
    return [Record(*row) for row in rows]


async def records_by_id(tx: ReadTx, ids: Sequence[int]) -> dict[int, Record]:
    """Return records by id; whoever asks knows that they are in reach."""
    rows = await tx.connection.fetch(_SOME_RECORDS, tx.bank_id, list(ids))
    return {row["id"]: Record(*row) for row in rows}


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
