"""Signing up for sessions: places, the waiting list, teams, and giving a place back.

Who signs up holds first the people by id, so that one person signs up for one session after the other and nobody is
erased meanwhile, then the session: of many who want the last place the first to hold it has it. While anybody waits
no place is free: whatever frees one moves the first up.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from ledger.session import WriteTx
from timebank.access import Actor, check, check_organisation, check_person
from timebank.activities.candidates import candidate_of, load_known, warnings_of
from timebank.activities.registers import SignUp, sign_up_by_id, sign_ups_by_person
from timebank.activities.rules import (
    DRAFT,
    EMERGENCY,
    OPEN,
    PLANNED,
    SIGNED_UP,
    WAITING,
    WITHDRAWN,
    free_places,
    seat,
)
from timebank.activities.session_queries import ActivitySession, activity_session
from timebank.errors import RefusalError
from timebank.notifications.actions import tell
from timebank.vault.cipher import Cipher

PERMISSION = "sign_ups.own"

_HOLD_PEOPLE = """
select p.id from people p where p.bank_id = $1 and p.id = any($2::uuid[]) and p.erased_at is null
order by p.id for no key update
"""
_HOLD_SESSION = "select id from activity_sessions where bank_id = $1 and id = $2 for no key update"
_HOLD_SESSIONS = """
select id, capacity from activity_sessions where bank_id = $1 and id = any($2::bigint[]) and state = 'planned'
order by id for no key update
"""
_TAKEN = """
select count(*) from sign_ups where bank_id = $1 and session_id = $2 and state = 'signed_up'
"""
# Each a microsecond after the last: the queue is in the order in which the session was held, whatever the clocks say.
_SIGN_UP = """
insert into sign_ups as u (bank_id, session_id, volunteer_id, team_id, state, queued_at, changed_at, changed_by)
select $1, $2, x.volunteer_id, $5, x.state,
  greatest($6, (select max(q.queued_at) + interval '1 microsecond' from sign_ups q
    where q.bank_id = $1 and q.session_id = $2)) + x.place * interval '1 microsecond', $6, $7
from unnest($3::bigint[], $4::text[]) with ordinality as x (volunteer_id, state, place)
on conflict on constraint sign_ups_volunteer_key do update set team_id = excluded.team_id, state = excluded.state,
  queued_at = excluded.queued_at, changed_at = excluded.changed_at, changed_by = excluded.changed_by
"""
_SET_STATE = """
update sign_ups set state = $3, changed_at = $4, changed_by = $5 where bank_id = $1 and id = $2
"""
_MOVE_UP = """
update sign_ups u set state = 'signed_up', changed_at = $4, changed_by = 'system'
from (select q.id from sign_ups q where q.bank_id = $1 and q.session_id = $2 and q.state = 'waiting'
  order by q.queued_at, q.id limit $3) first
where u.bank_id = $1 and u.id = first.id
returning (select v.owner from volunteers v where v.bank_id = $1 and v.id = u.volunteer_id)
"""
_COMING = """
select u.session_id from volunteers v
join sign_ups u on u.bank_id = $1 and u.volunteer_id = v.id and u.state <> 'withdrawn'
join activity_sessions s on s.bank_id = $1 and s.id = u.session_id and s.state = 'planned' and s.starts_at > $3
where v.bank_id = $1 and v.owner = $2
"""
_WITHDRAW_ALL = """
update sign_ups u set state = 'withdrawn', changed_at = $4, changed_by = $5 from volunteers v
where u.bank_id = $1 and v.bank_id = $1 and v.owner = $2 and u.volunteer_id = v.id
  and u.session_id = any($3::bigint[]) and u.state <> 'withdrawn'
"""


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of one person: the state of the sign-up or the code of the refusal, and what to be aware of."""

    person_id: UUID
    outcome: str
    sign_up: SignUp | None
    warnings: tuple[str, ...] = ()


async def sign_up(
    tx: WriteTx, actor: Actor, cipher: Cipher, *, session_id: int, person_id: UUID, now: datetime
) -> Answer:
    """Sign a person up: themselves, who acts for them, or a steward or worker who has them in reach.

    Without a free place they wait. Who has a sign-up already keeps it as it is. In an emergency nobody waits, and
    an overlap is only a warning.

    Raises:
        RefusalError: `forbidden`, `unknown_person`, `unknown_activity_session`, `sign_up_closed`, `not_a_volunteer`,
            `age_unknown`, `age_too_low`, `minor_in_danger`, `guardian_consent_missing`, `sign_up_overlap`;
            `vault_key_wrong`.
    """
    await check_person(tx, actor, PERMISSION, person_id, now=now)
    (answer,) = await _sign_up(tx, actor, cipher, session_id, [person_id], now=now)
    if answer.sign_up is None:
        raise RefusalError(answer.outcome)
    return answer


async def sign_up_team(  # noqa: PLR0913 -- who, of which team, for what, and how
    tx: WriteTx,
    actor: Actor,
    cipher: Cipher,
    *,
    session_id: int,
    team_id: int,
    person_ids: Sequence[UUID],
    mode: str,
    now: datetime,
) -> list[Answer]:
    """Sign members of a team up: in the mode `all` everybody or nobody, in the mode `fit` as many as fit.

    Each has an answer, in the order in which they were named; nobody waits.

    Raises:
        RefusalError: `forbidden`, `unknown_organisation`, `unknown_activity_session`, `sign_up_closed`;
            `vault_key_wrong`. What concerns one person is that person's answer: `not_a_team_member`,
            `activity_session_full`, `held_back` (the mode is `all`, and another has no place), and as `sign_up`.
    """
    await check_organisation(tx, actor, PERMISSION, team_id)
    named = list(dict.fromkeys(person_ids))
    return await _sign_up(tx, actor, cipher, session_id, named, now=now, team_id=team_id, mode=mode)


async def withdraw(tx: WriteTx, actor: Actor, *, sign_up_id: int, now: datetime) -> SignUp:
    """Give a place back, or leave the queue; the first who waits moves up and is told.

    Raises:
        RefusalError: `forbidden`, `unknown_sign_up`, `sign_up_closed`.
    """
    seen = await sign_up_by_id(tx, sign_up_id)
    if seen is None:
        check(actor, PERMISSION)
        raise RefusalError("unknown_sign_up")
    try:
        await check_person(tx, actor, PERMISSION, seen.person_id, now=now)
    except RefusalError as refusal:
        check(actor, PERMISSION)
        raise RefusalError("unknown_sign_up") from refusal
    await _hold_open(tx, seen.activity_session_id, now=now)
    found = await sign_up_by_id(tx, sign_up_id)
    assert found is not None  # noqa: S101 -- sign-ups are never deleted
    if found.state == WITHDRAWN:
        return found
    await tx.connection.execute(_SET_STATE, tx.bank_id, sign_up_id, WITHDRAWN, now, actor.text)
    await move_up(tx, [found.activity_session_id], now=now)
    withdrawn = await sign_up_by_id(tx, sign_up_id)
    assert withdrawn is not None  # noqa: S101 -- the same
    return withdrawn


async def withdraw_everywhere(tx: WriteTx, person_id: UUID, *, actor: str, now: datetime) -> None:
    """Give back every place a person has in what has not begun: they are being erased."""
    rows = await tx.connection.fetch(_COMING, tx.bank_id, person_id, now)
    ids = sorted(row["session_id"] for row in rows)
    if ids:
        await tx.connection.execute(_HOLD_SESSIONS, tx.bank_id, ids)
        await tx.connection.execute(_WITHDRAW_ALL, tx.bank_id, person_id, ids, now, actor)
        await move_up(tx, ids, now=now)


async def move_up(tx: WriteTx, session_ids: Sequence[int], *, now: datetime) -> None:
    """Give free places of sessions to the first who wait for one, and tell them."""
    for held in await tx.connection.fetch(_HOLD_SESSIONS, tx.bank_id, list(session_ids)):
        taken = await tx.connection.fetchval(_TAKEN, tx.bank_id, held["id"])
        free = free_places(held["capacity"], taken)
        moved = await tx.connection.fetch(_MOVE_UP, tx.bank_id, held["id"], free, now)
        await tell(tx, [row["owner"] for row in moved], "sign_up_moved_up", activity_session=held["id"])


async def _sign_up(  # noqa: PLR0913 -- who, of which team, for what, and how
    tx: WriteTx,
    actor: Actor,
    cipher: Cipher,
    session_id: int,
    person_ids: Sequence[UUID],
    *,
    now: datetime,
    team_id: int | None = None,
    mode: str | None = None,
) -> list[Answer]:
    living = {row["id"] for row in await tx.connection.fetch(_HOLD_PEOPLE, tx.bank_id, list(person_ids))}
    session = await _hold_open(tx, session_id, now=now)
    known = await load_known(tx, actor, cipher, session, sorted(living), team_id=team_id, today=tx.day(now))
    taken = await tx.connection.fetchval(_TAKEN, tx.bank_id, session_id)
    is_emergency = session.kind == EMERGENCY
    free = None if is_emergency else free_places(session.capacity, taken)
    candidates = [
        candidate_of(person_id, session, known, tx.day(session.starts_at)) for person_id in person_ids
    ]
    outcomes = seat(candidates, free=free, mode=mode)
    new = [
        (known.volunteers[candidate.person_id], outcome)
        for candidate, outcome in zip(candidates, outcomes, strict=True)
        if outcome in {SIGNED_UP, WAITING} and not candidate.has_place and not candidate.waits
    ]
    if new:
        ids, states = zip(*new, strict=True)
        await tx.connection.execute(_SIGN_UP, tx.bank_id, session_id, ids, states, team_id, now, actor.text)
    made = await sign_ups_by_person(tx, session_id, person_ids)
    return [
        Answer(
            candidate.person_id,
            outcome,
            made[candidate.person_id] if outcome in {SIGNED_UP, WAITING} else None,
            warnings_of(session, known, candidate) if outcome in {SIGNED_UP, WAITING} else (),
        )
        for candidate, outcome in zip(candidates, outcomes, strict=True)
    ]


async def _hold_open(tx: WriteTx, session_id: int, *, now: datetime) -> ActivitySession:
    """Return a session that takes sign-ups, held until the transaction ends."""
    await tx.connection.execute(_HOLD_SESSION, tx.bank_id, session_id)
    session = await activity_session(tx, session_id)
    if session.activity_state == DRAFT:
        raise RefusalError("unknown_activity_session")
    if session.activity_state not in OPEN or session.state != PLANNED or session.ends_at <= now:
        raise RefusalError("sign_up_closed")
    return session
