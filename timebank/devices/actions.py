"""Enrolling devices by a QR that is good for one of them, for minutes; revoking them, which ends their sessions."""

import base64
import hashlib
import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from ledger.session import ReadTx, WriteTx
from timebank.errors import RefusalError
from timebank.login.sessions import end_sessions
from timebank.organisations.queries import check_open

LIFETIME = timedelta(minutes=10)
TOKEN_BYTES = 20
QR_PREFIX = "TBD"
KEY_BYTES = 32

_INSERT = """
insert into device_enrolments (bank_id, digest, kind, name, organisation_id, made_at, made_by, expires_at)
values ($1, $2, $3, $4, $5, $6, $7, $8)
"""
_LOCK = """
select kind, name, organisation_id, made_by from device_enrolments
where bank_id = $1 and digest = $2 and device_id is null and expires_at > $3 for update
"""
_ENROL = """
insert into devices (bank_id, id, kind, name, organisation_id, public_key, enrolled_at, enrolled_by)
values ($1, $2, $3, $4, $5, $6, $7, $8)
"""
_USE = "update device_enrolments set device_id = $3 where bank_id = $1 and digest = $2"
_PLACE = "select organisation_id from devices where bank_id = $1 and id = $2"
_REVOKE = """
update devices set revoked_at = $3, revoked_by = $4 where bank_id = $1 and id = $2 and revoked_at is null
returning true
"""


@dataclass(frozen=True, slots=True)
class Enrolment:
    """What the QR of an enrolment says, shown this once: `TBD:<bank>:<token>`, all of it upper-case."""

    token: str = field(repr=False)
    qr: str = field(repr=False)
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Enrolled:
    """A device that has just been enrolled."""

    id: UUID
    kind: str
    name: str
    organisation_id: int


async def make_enrolment(
    tx: WriteTx, *, kind: str, name: str, organisation_id: int, actor: str, now: datetime
) -> Enrolment:
    """Prepare a place for one station or till, and return what its QR says.

    Raises:
        RefusalError: `unknown_organisation`, `organisation_closed`.
    """
    await check_open(tx, organisation_id, tx.day(now))
    token = base64.b32encode(secrets.token_bytes(TOKEN_BYTES)).decode()
    expires_at = now + LIFETIME
    await tx.connection.execute(
        _INSERT, tx.bank_id, _digest(token), kind, name, organisation_id, now, actor, expires_at
    )
    return Enrolment(token, f"{QR_PREFIX}:{tx.bank_code.upper()}:{token}", expires_at)


async def enrol(tx: WriteTx, *, token: str, public_key: bytes, now: datetime) -> Enrolled | None:
    """Enrol the device that brings the token, with its Ed25519 key; None if the token is unknown, used or late.

    Of two who bring it at once the second waits for the first and finds it used.

    Raises:
        RefusalError: `device_key_invalid`.
    """
    if len(public_key) != KEY_BYTES:
        raise RefusalError("device_key_invalid")
    digest = _digest(token.upper())
    row = await tx.connection.fetchrow(_LOCK, tx.bank_id, digest, now)
    if row is None:
        return None
    found = Enrolled(uuid4(), row["kind"], row["name"], row["organisation_id"])
    await tx.connection.execute(
        _ENROL,
        tx.bank_id,
        found.id,
        found.kind,
        found.name,
        found.organisation_id,
        public_key,
        now,
        row["made_by"],
    )
    await tx.connection.execute(_USE, tx.bank_id, digest, found.id)
    return found


async def place_of(tx: ReadTx, device_id: UUID) -> int:
    """Return the organisation that a device belongs to.

    Raises:
        RefusalError: `unknown_device`.
    """
    found: int | None = await tx.connection.fetchval(_PLACE, tx.bank_id, device_id)
    if found is None:
        raise RefusalError("unknown_device")
    return found


async def revoke_device(tx: WriteTx, *, device_id: UUID, actor: str, now: datetime) -> None:
    """Revoke a device and end its sessions.

    Raises:
        RefusalError: `already_revoked_device`.
    """
    if not await tx.connection.fetchval(_REVOKE, tx.bank_id, device_id, now, actor):
        raise RefusalError("already_revoked_device")
    await end_sessions(tx, owner_id=device_id, reason="revoked", now=now)


def _digest(token: str) -> bytes:
    # Long and random, so a plain digest tells nobody anything.
    return hashlib.sha256(token.encode()).digest()
