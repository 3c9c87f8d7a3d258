"""Reading who signed up: the register of a session, and what a person signed up for."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from ledger.session import ReadTx

_COLUMNS = """u.id, u.session_id, v.owner as person_id, u.team_id, u.state,
  case when u.state = 'waiting' then (select count(*) from sign_ups q
    where q.bank_id = $1 and q.session_id = u.session_id and q.state = 'waiting'
      and (q.queued_at, q.id) <= (u.queued_at, u.id)) end as position, u.queued_at, u.changed_at"""
_ONE = f"""
select {_COLUMNS} from sign_ups u join volunteers v on v.bank_id = $1 and v.id = u.volunteer_id
where u.bank_id = $1 and u.id = $2
"""  # noqa: S608 -- ours
_NAMED = f"""
select {_COLUMNS} from unnest($3::uuid[]) as named (id),
  lateral (select v.owner, v.id from volunteers v where v.bank_id = $1 and v.owner = named.id offset 0) v,
  lateral (select * from sign_ups u where u.bank_id = $1 and u.session_id = $2 and u.volunteer_id = v.id offset 0) u
"""  # noqa: S608 -- ours
_OF_SESSION = f"""
select {_COLUMNS} from sign_ups u join volunteers v on v.bank_id = $1 and v.id = u.volunteer_id
where u.bank_id = $1 and u.session_id = $2 and (u.queued_at, u.id) > ($3, $4)
  and ($5::text is null or u.state = $5)
order by u.queued_at, u.id limit $6
"""  # noqa: S608 -- ours
_OF_PERSON = f"""
select {_COLUMNS} from volunteers v
join sign_ups u on u.bank_id = $1 and u.volunteer_id = v.id
join activity_sessions s on s.bank_id = $1 and s.id = u.session_id
where v.bank_id = $1 and v.owner = $2 and u.id > $3
  and ($4::timestamptz is null or s.ends_at > $4 and s.state = 'planned' and u.state <> 'withdrawn')
order by u.id limit $5
"""  # noqa: S608 -- ours


@dataclass(frozen=True, slots=True)
class SignUp:
    """That somebody has a place in a session, waits for one (`position` 1 is next), or gave it back."""

    id: int
    activity_session_id: int
    person_id: UUID
    team_id: int | None
    state: str
    position: int | None
    queued_at: datetime
    changed_at: datetime


async def sign_up_by_id(tx: ReadTx, sign_up_id: int) -> SignUp | None:
    """Return one sign-up, if it is there."""
    row = await tx.connection.fetchrow(_ONE, tx.bank_id, sign_up_id)
    return None if row is None else SignUp(*row)


async def sign_ups_by_person(tx: ReadTx, session_id: int, person_ids: Sequence[UUID]) -> dict[UUID, SignUp]:
    """Return the sign-ups that people have for a session; who has none is missing."""
    rows = await tx.connection.fetch(_NAMED, tx.bank_id, session_id, list(person_ids))
    return {row["person_id"]: SignUp(*row) for row in rows}


async def sign_ups_of_session(
    tx: ReadTx, session_id: int, *, state: str | None, after: tuple[datetime, int], limit: int
) -> list[SignUp]:
    """Return the sign-ups of a session in the order in which people came, from after one."""
    rows = await tx.connection.fetch(_OF_SESSION, tx.bank_id, session_id, *after, state, limit)
    return [SignUp(*row) for row in rows]


async def sign_ups_of_person(
    tx: ReadTx, person_id: UUID, *, coming_at: datetime | None, after_id: int, limit: int
) -> list[SignUp]:
    """Return a person's sign-ups by id; with a moment only those that hold for what is not over by then."""
    rows = await tx.connection.fetch(_OF_PERSON, tx.bank_id, person_id, after_id, coming_at, limit)
    return [SignUp(*row) for row in rows]
