"""Sessions: begun by a login, carried on by refresh tokens that are each good once, ended by whoever may.

A refresh token that comes back after it was used was copied, and nobody can tell by whom: the session ends. There is
no grace for an answer that was lost: its successor is not kept and cannot be derived, so that client logs in again.

Locks: the refresh token's row, then the session's.
"""

import hashlib
import secrets
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID, uuid4

from ledger.session import WriteTx
from timebank.errors import RefusalError
from timebank.login.rules import session_end
from timebank.permissions import OFFICE_ROLES

TOKEN_BYTES = 32
MAX_SESSIONS = 50
"""Of one person or device; who begins one more loses the one not seen for longest."""

_HAS_OFFICE = """
select exists (select from role_grants g where g.bank_id = $1 and g.person_id = $2 and g.role = any($4::text[])
  and g.revoked_at is null and g.from_at <= $3 and (g.until_at is null or g.until_at > $3))
"""
_BEGIN = """
insert into sessions (bank_id, id, person_id, device_id, method, client, began_at, seen_at, expires_at)
values ($1, $2, $3, $4, $5, $6, $7, $7, $8)
"""
_CROWD_OUT = """
update sessions set ended_at = $4, ended_for = 'superseded' where bank_id = $1 and id in (
  select s.id from sessions s where s.bank_id = $1 and (s.person_id = $2 or s.device_id = $3) and s.ended_at is null
  order by s.seen_at desc, s.id offset $5)
"""
_ISSUE = """
insert into refresh_tokens (bank_id, digest, session_id, issued_at, expires_at) values ($1, $2, $3, $4, $5)
"""
_USE = """
update refresh_tokens set used_at = $3 where bank_id = $1 and digest = $2 and used_at is null
returning session_id, expires_at > $3 as is_good
"""
_USED = "select session_id from refresh_tokens where bank_id = $1 and digest = $2"
_ALIVE = """
select s.person_id, s.device_id, s.method, s.began_at from sessions s
left join devices d on d.bank_id = $1 and d.id = s.device_id
left join people p on p.bank_id = $1 and p.id = s.person_id
where s.bank_id = $1 and s.id = $2 and s.ended_at is null and s.expires_at > $3
  and d.revoked_at is null and p.erased_at is null
for update of s
"""
_SEE = "update sessions set seen_at = $3, expires_at = $4 where bank_id = $1 and id = $2"
_END = """
update sessions set ended_at = $3, ended_for = $4 where bank_id = $1 and id = $2 and ended_at is null returning true
"""
_END_OWN = """
update sessions set ended_at = $4, ended_for = $5
where bank_id = $1 and id = $2 and (person_id = $3 or device_id = $3) and ended_at is null and expires_at > $4
returning true
"""
_END_ALL = """
update sessions set ended_at = $4, ended_for = $5
where bank_id = $1 and (person_id = $2 or device_id = $2) and ended_at is null and expires_at > $4
  and id is distinct from $3
returning id
"""
_FORGET_TOKENS = """
delete from refresh_tokens t using sessions s
where t.bank_id = $1 and s.bank_id = $1 and s.id = t.session_id
  and (t.expires_at < $2 or t.used_at < $2 or s.ended_at < $2)
"""
_FORGET_SESSIONS = """
delete from sessions s where s.bank_id = $1 and (s.ended_at < $2 or s.expires_at < $2)
  and not exists (select from refresh_tokens t where t.bank_id = $1 and t.session_id = s.id)
"""


@dataclass(frozen=True, slots=True)
class Begun:
    """A session and the refresh token to carry it on with, shown this once.

    `needs_totp`: the person has an office's roles, which this session does not carry for want of a second factor.
    """

    session_id: UUID
    refresh_token: str = field(repr=False)
    expires_at: datetime
    needs_totp: bool


async def begin_session(
    tx: WriteTx, *, person_id: UUID, method: str, client: str, strong: frozenset[str], now: datetime
) -> Begun:
    """Begin a session of a person, who has been proven to be there; `strong` are the methods that carry all roles."""
    has_office = await _has_office_role(tx, person_id, now)
    carries = has_office and method in strong
    ends_at = session_end(now, now, is_device=False, carries_roles=carries)
    session_id = await _begin(
        tx, person_id=person_id, device_id=None, method=method, client=client, now=now, ends_at=ends_at
    )
    token = await _issue(tx, session_id, now=now, ends_at=ends_at)
    return Begun(session_id, token, ends_at, needs_totp=has_office and not carries)


async def begin_device_session(tx: WriteTx, *, device_id: UUID, client: str, now: datetime) -> Begun:
    """Begin the session of an enrolled device."""
    ends_at = session_end(now, now, is_device=True, carries_roles=False)
    session_id = await _begin(
        tx, person_id=None, device_id=device_id, method="device", client=client, now=now, ends_at=ends_at
    )
    token = await _issue(tx, session_id, now=now, ends_at=ends_at)
    return Begun(session_id, token, ends_at, needs_totp=False)


async def refresh_session(tx: WriteTx, *, token: str, strong: frozenset[str], now: datetime) -> Begun | None:
    """Use a refresh token up and return the next; None if it is not good, and then what it ended must be committed."""
    digest = _digest(token)
    used = await tx.connection.fetchrow(_USE, tx.bank_id, digest, now)
    if used is None:
        # Not there, or used before: then two have it.
        session_id = await tx.connection.fetchval(_USED, tx.bank_id, digest)
        if session_id is not None:
            await tx.connection.execute(_END, tx.bank_id, session_id, now, "reuse")
        return None
    seen = await _see(tx, used["session_id"], strong=strong, now=now) if used["is_good"] else None
    if seen is None:
        return None
    token = await _issue(tx, seen.session_id, now=now, ends_at=seen.expires_at)
    return Begun(seen.session_id, token, seen.expires_at, needs_totp=seen.needs_totp)


async def see_session(
    tx: WriteTx, *, session_id: UUID, strong: frozenset[str], now: datetime
) -> datetime | None:
    """Carry a browser's session on and return when it ends now; None if it is over, to be committed like the rest.

    A browser sends one cookie from several windows at once, so it has none that is good once.
    """
    seen = await _see(tx, session_id, strong=strong, now=now)
    return None if seen is None else seen.expires_at


async def end_session(tx: WriteTx, *, owner_id: UUID, session_id: UUID, now: datetime) -> None:
    """End one of a person's or a device's own sessions.

    Raises:
        RefusalError: `unknown_session` if it is not theirs, or is over already.
    """
    if not await tx.connection.fetchval(_END_OWN, tx.bank_id, session_id, owner_id, now, "logout"):
        raise RefusalError("unknown_session")


async def end_sessions(
    tx: WriteTx, *, owner_id: UUID, reason: str, now: datetime, keep: UUID | None = None
) -> int:
    """End all sessions of a person or a device but the one to keep, and return how many."""
    return len(await tx.connection.fetch(_END_ALL, tx.bank_id, owner_id, keep, now, reason))


async def forget_tokens(tx: WriteTx, *, before: datetime) -> None:
    """Delete refresh tokens that were over by then; one that comes back later is refused without more ado."""
    await tx.connection.execute(_FORGET_TOKENS, tx.bank_id, before)


async def forget_sessions(tx: WriteTx, *, before: datetime) -> None:
    """Delete sessions that were over by then."""
    await tx.connection.execute(_FORGET_SESSIONS, tx.bank_id, before)


@dataclass(frozen=True, slots=True)
class _Seen:
    session_id: UUID
    expires_at: datetime
    needs_totp: bool


async def _see(tx: WriteTx, session_id: UUID, *, strong: frozenset[str], now: datetime) -> _Seen | None:
    row = await tx.connection.fetchrow(_ALIVE, tx.bank_id, session_id, now)
    if row is None:
        return None
    is_device = row["device_id"] is not None
    has_office = not is_device and await _has_office_role(tx, row["person_id"], now)
    carries = has_office and row["method"] in strong
    ends_at = session_end(row["began_at"], now, is_device=is_device, carries_roles=carries)
    if ends_at <= now:  # a role was granted to a session older than such a session may be
        await tx.connection.execute(_END, tx.bank_id, session_id, now, "expired")
        return None
    await tx.connection.execute(_SEE, tx.bank_id, session_id, now, ends_at)
    return _Seen(session_id, ends_at, needs_totp=has_office and not carries)


async def _has_office_role(tx: WriteTx, person_id: UUID, now: datetime) -> bool:
    roles = [str(role) for role in OFFICE_ROLES]
    found: bool = await tx.connection.fetchval(_HAS_OFFICE, tx.bank_id, person_id, now, roles)
    return found


async def _begin(
    tx: WriteTx,
    *,
    person_id: UUID | None,
    device_id: UUID | None,
    method: str,
    client: str,
    now: datetime,
    ends_at: datetime,
) -> UUID:
    session_id = uuid4()
    await tx.connection.execute(
        _BEGIN, tx.bank_id, session_id, person_id, device_id, method, client, now, ends_at
    )
    await tx.connection.execute(_CROWD_OUT, tx.bank_id, person_id, device_id, now, MAX_SESSIONS)
    return session_id


async def _issue(tx: WriteTx, session_id: UUID, *, now: datetime, ends_at: datetime) -> str:
    token = secrets.token_urlsafe(TOKEN_BYTES)
    await tx.connection.execute(_ISSUE, tx.bank_id, _digest(token), session_id, now, ends_at)
    return token


def _digest(token: str) -> bytes:
    # Long and random, so a plain digest tells nobody anything.
    return hashlib.sha256(token.encode()).digest()
