"""Reading one's own sessions, and which credentials one has."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from ledger.session import ReadTx
from timebank.login.sessions import MAX_SESSIONS
from timebank.permissions import OFFICE_ROLES

_SESSIONS = """
select id, method, client, began_at, seen_at, expires_at from sessions
where bank_id = $1 and (person_id = $2 or device_id = $2) and ended_at is null and expires_at > $3
order by seen_at desc, id limit $4
"""
_PROOF = "select method, began_at from sessions where bank_id = $1 and id = $2"
_CREDENTIALS = """
select c.password_hash is not null as has_password, c.totp_confirmed_at is not null as has_totp, c.changed_at,
  exists (select from role_grants g where g.bank_id = $1 and g.person_id = $2 and g.role = any($4::text[])
    and g.revoked_at is null and g.from_at <= $3 and (g.until_at is null or g.until_at > $3)) as needs_totp
from (select) one left join credentials c on c.bank_id = $1 and c.person_id = $2
"""


@dataclass(frozen=True, slots=True)
class SessionLine:
    """A session as its owner sees it; `seen_at` is when it was begun or last refreshed."""

    id: UUID
    method: str
    client: str
    began_at: datetime
    seen_at: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class CredentialsStanding:
    """Which credentials a person has, and whether a role of theirs needs the second factor."""

    has_password: bool
    has_totp: bool
    needs_totp: bool
    changed_at: datetime | None


async def living_sessions(tx: ReadTx, owner_id: UUID, *, now: datetime) -> list[SessionLine]:
    """Return the sessions of a person or a device that are alive, last seen first; there are never many."""
    rows = await tx.connection.fetch(_SESSIONS, tx.bank_id, owner_id, now, MAX_SESSIONS)
    return [SessionLine(**row) for row in rows]


async def beginning_of(tx: ReadTx, session_id: UUID) -> tuple[str, datetime]:
    """Return how and when a session was begun."""
    (row,) = await tx.connection.fetch(_PROOF, tx.bank_id, session_id)
    return row["method"], row["began_at"]


async def credentials_of(tx: ReadTx, person_id: UUID, *, now: datetime) -> CredentialsStanding:
    """Return which credentials a person has."""
    roles = [str(role) for role in OFFICE_ROLES]
    (row,) = await tx.connection.fetch(_CREDENTIALS, tx.bank_id, person_id, now, roles)
    return CredentialsStanding(row["has_password"], row["has_totp"], row["needs_totp"], row["changed_at"])
