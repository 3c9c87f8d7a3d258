"""What is known of people who would sign up for a session, and what follows for each before places are given out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from ledger.session import WriteTx
from timebank.access import Actor
from timebank.activities.rules import EMERGENCY, SIGNED_UP, WAITING, Candidate, refusal_of_age
from timebank.activities.session_queries import ActivitySession
from timebank.people.queries import birth_dates
from timebank.people.rules import is_of_age
from timebank.privacy.rules import Purpose
from timebank.vault.cipher import Cipher

OVERLAP = "sign_up_overlap"

_VOLUNTEERS = """
select v.owner, v.id from unnest($2::uuid[]) as named (id),
  lateral (select v.owner, v.id from volunteers v where v.bank_id = $1 and v.owner = named.id offset 0) v
"""
_KNOWN = """
select u.volunteer_id, u.state from unnest($3::bigint[]) as named (id),
  lateral (select u.volunteer_id, u.state from sign_ups u
    where u.bank_id = $1 and u.session_id = $2 and u.volunteer_id = named.id and u.state <> 'withdrawn' offset 0) u
"""
_BUSY = """
select distinct u.volunteer_id from unnest($3::bigint[]) as named (id),
  lateral (select u.volunteer_id, u.session_id from sign_ups u
    where u.bank_id = $1 and u.volunteer_id = named.id and u.state <> 'withdrawn' and u.session_id <> $2 offset 0) u,
  lateral (select from activity_sessions s where s.bank_id = $1 and s.id = u.session_id and s.state = 'planned'
    and s.starts_at < $5 and s.ends_at > $4 offset 0) s
"""
_AGREED = """
select named.id from unnest($2::uuid[]) as named (id) where
  exists (select from guardianships g where g.bank_id = $1 and g.minor_id = named.id and g.guardian_id = $3
    and g.from_on <= $4 and (g.until_on is null or g.until_on > $4))
  or (select c.is_given from consents c where c.bank_id = $1 and c.person_id = named.id and c.purpose = $5
    order by c.id desc limit 1)
"""
_MEMBERS = """
select named.id from unnest($2::uuid[]) as named (id) where
  exists (select from memberships m where m.bank_id = $1 and m.person_id = named.id and m.organisation_id = $3
    and m.kind = 'team' and m.from_on <= $4 and (m.until_on is null or m.until_on > $4))
  or exists (select from volunteers v where v.bank_id = $1 and v.owner = named.id and v.team_id = $3)
"""


@dataclass(frozen=True, slots=True)
class Known:
    """What a decision about some people needs, by person."""

    volunteers: Mapping[UUID, int]
    states: Mapping[int, str]
    busy: frozenset[int]
    born_on: Mapping[UUID, date]
    agreed: frozenset[UUID]
    members: frozenset[UUID] | None


async def load_known(
    tx: WriteTx,
    actor: Actor,
    cipher: Cipher,
    session: ActivitySession,
    people: Sequence[UUID],
    *,
    team_id: int | None,
    today: date,
) -> Known:
    """Read what a decision about these people needs, in as many statements for one as for a team."""
    run = tx.connection
    volunteers = {row["owner"]: row["id"] for row in await run.fetch(_VOLUNTEERS, tx.bank_id, people)}
    ids = sorted(volunteers.values())
    states = await run.fetch(_KNOWN, tx.bank_id, session.id, ids)
    busy = await run.fetch(_BUSY, tx.bank_id, session.id, ids, session.starts_at, session.ends_at)
    born_on = await birth_dates(tx, cipher, people)
    on = tx.day(session.starts_at)
    minors = [person for person, day in born_on.items() if not is_of_age(day, on)]
    agreed = (
        await run.fetch(_AGREED, tx.bank_id, minors, actor.person_id, today, Purpose.GUARDIAN)
        if minors
        else []
    )
    members = None
    if team_id is not None:
        rows = await run.fetch(_MEMBERS, tx.bank_id, people, team_id, today)
        members = frozenset(row["id"] for row in rows)
    return Known(
        volunteers,
        {row["volunteer_id"]: row["state"] for row in states},
        frozenset(row["volunteer_id"] for row in busy),
        born_on,
        frozenset(row["id"] for row in agreed),
        members,
    )


def candidate_of(person_id: UUID, session: ActivitySession, known: Known, on: date) -> Candidate:
    """Return what can be said of one person before places are given out."""
    volunteer_id = known.volunteers.get(person_id)
    if known.members is not None and person_id not in known.members:
        return Candidate(person_id, "not_a_team_member")
    if volunteer_id is None:
        return Candidate(person_id, "not_a_volunteer")
    state = known.states.get(volunteer_id)
    if state is not None:
        return Candidate(person_id, has_place=state == SIGNED_UP, waits=state == WAITING)
    refusal = refusal_of_age(
        known.born_on.get(person_id),
        on=on,
        min_age=session.min_age,
        is_dangerous=session.is_dangerous,
        guardian_agrees=person_id in known.agreed,
    )
    if refusal is None and volunteer_id in known.busy and session.kind != EMERGENCY:
        refusal = OVERLAP
    return Candidate(person_id, refusal)


def warnings_of(session: ActivitySession, known: Known, candidate: Candidate) -> tuple[str, ...]:
    """Return what somebody who signed up should be aware of."""
    found = []
    if session.skills:
        found.append("skills_wanted")
    if known.volunteers[candidate.person_id] in known.busy:
        found.append(OVERLAP)
    return tuple(found)
