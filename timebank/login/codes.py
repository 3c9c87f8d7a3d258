"""One-time codes sent to a phone, and the choice among those who share it.

A code for a number that nobody has is made, stored and counted like any other, is never sent and never right. What a
refused try changes (its count) must be committed: everything here returns its outcome and raises nothing.
"""

import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid4

from ledger.session import ReadTx, WriteTx
from timebank.login.rules import CODE_ATTEMPTS, CODE_DIGITS, CODE_LIFETIME
from timebank.vault.blind import PHONE, BlindIndex, find

REFERENCE_LENGTH = 8
TICKET_BYTES = 16

_INSERT = """
insert into login_codes (bank_id, id, phone_digest, code_digest, sent_at, expires_at) values ($1, $2, $3, $4, $5, $6)
"""
_LIVING = """
select phone_digest, code_digest, attempts from login_codes
where bank_id = $1 and id = $2 and used_at is null and expires_at > $3 and attempts < $4 for update
"""
_COUNT = "update login_codes set attempts = attempts + 1, used_at = $3 where bank_id = $1 and id = $2"
_HOLDERS = """
select b.person_id from blind_indexes b, lateral (
  select from people p where p.bank_id = $1 and p.id = b.person_id and p.erased_at is null offset 0) p
where b.bank_id = $1 and b.field = 'phone' and b.digest = $2 order by b.person_id
"""
_PHONE_OF = "select phone_digest from login_codes where bank_id = $1 and id = $2"
_FORGET = "delete from login_codes where bank_id = $1 and expires_at < $2"


@dataclass(frozen=True, slots=True)
class MadeCode:
    """A new code. `code` goes to the phone if somebody has it, the rest to whoever asked."""

    id: UUID
    code: str
    reference: str
    expires_at: datetime
    is_known: bool


@dataclass(frozen=True, slots=True)
class Proven:
    """Who has the phone that a right code was sent to: one person, or several who share it."""

    people: tuple[UUID, ...]
    phone_digest: bytes


async def make_code(tx: WriteTx, blind: BlindIndex, *, phone: str, now: datetime) -> MadeCode:
    """Make a code for a phone, known or not."""
    id_ = uuid4()
    code = f"{secrets.randbelow(10**CODE_DIGITS):0{CODE_DIGITS}d}"
    people = await find(tx, blind, PHONE, phone)
    expires_at = now + CODE_LIFETIME
    digest = blind.digest(tx.bank_id, PHONE, phone)
    await keep_secret(tx, blind, "login_code", id_, code, to_digest=digest, now=now)
    return MadeCode(id_, code, id_.hex[:REFERENCE_LENGTH].upper(), expires_at, bool(people))


async def phone_of_code(tx: ReadTx, code_id: UUID) -> bytes | None:
    """Return the digest of the phone that a code was asked for, so that guesses at it can be limited."""
    found: bytes | None = await tx.connection.fetchval(_PHONE_OF, tx.bank_id, code_id)
    return found


async def use_code(
    tx: WriteTx, blind: BlindIndex, *, code_id: UUID, code: str, now: datetime
) -> Proven | None:
    """Use a code up and return who has its phone; None if anything is wrong with it, and the try is counted."""
    phone_digest = await use_secret(tx, blind, "login_code", code_id, code, now=now)
    if phone_digest is None:
        return None
    people = await _holders(tx, phone_digest)
    return Proven(people, phone_digest) if people else None


async def make_ticket(tx: WriteTx, blind: BlindIndex, *, proven: Proven, now: datetime) -> str:
    """Return a ticket, good once and as long as a code, with which one of those who share the phone is chosen."""
    id_, secret = uuid4(), secrets.token_hex(TICKET_BYTES)
    await keep_secret(tx, blind, "login_ticket", id_, secret, to_digest=proven.phone_digest, now=now)
    return f"{id_.hex}{secret}"


async def use_ticket(
    tx: WriteTx, blind: BlindIndex, *, ticket: str, person_id: UUID, now: datetime
) -> UUID | None:
    """Use a ticket up and return who was chosen; None if it is not good, or not for that person."""
    try:
        id_ = UUID(ticket[:32])
    except ValueError:
        return None
    phone_digest = await use_secret(tx, blind, "login_ticket", id_, ticket[32:], now=now)
    if phone_digest is None or person_id not in await _holders(tx, phone_digest):
        return None
    return person_id


async def forget_codes(tx: WriteTx, *, before: datetime) -> None:
    """Delete what was over by then."""
    await tx.connection.execute(_FORGET, tx.bank_id, before)


async def keep_secret(
    tx: WriteTx, blind: BlindIndex, domain: str, id_: UUID, secret: str, *, to_digest: bytes, now: datetime
) -> None:
    """Keep the digest of a secret that is good once in its domain, for as long as a code is."""
    digest = blind.digest(tx.bank_id, domain, f"{id_.hex}{secret}")
    await tx.connection.execute(_INSERT, tx.bank_id, id_, to_digest, digest, now, now + CODE_LIFETIME)


async def use_secret(
    tx: WriteTx, blind: BlindIndex, domain: str, id_: UUID, secret: str, *, now: datetime
) -> bytes | None:
    """Return the digest of where it was sent to if the secret is right, which uses it up; else count the try."""
    row = await tx.connection.fetchrow(_LIVING, tx.bank_id, id_, now, CODE_ATTEMPTS)
    if row is None:
        return None
    digests = blind.digests(tx.bank_id, domain, f"{id_.hex}{secret}")
    is_right = any(hmac.compare_digest(row["code_digest"], digest) for digest in digests)
    await tx.connection.execute(_COUNT, tx.bank_id, id_, now if is_right else None)
    return row["phone_digest"] if is_right else None


async def _holders(tx: ReadTx, phone_digest: bytes) -> tuple[UUID, ...]:
    return tuple(row["person_id"] for row in await tx.connection.fetch(_HOLDERS, tx.bank_id, phone_digest))
