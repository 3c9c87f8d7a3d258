"""Printed login links: a token that is good once, made by who runs the server and handed to one person."""

import hashlib
import secrets
from datetime import datetime, timedelta
from uuid import UUID

from ledger.session import WriteTx
from timebank.errors import RefusalError

TOKEN_BYTES = 24

_INSERT = """
insert into login_links (bank_id, digest, person_id, made_at, expires_at)
select $1, $2, p.id, $4, $5 from people p where p.bank_id = $1 and p.id = $3 and p.erased_at is null
returning true
"""
_USE = """
update login_links l set used_at = $3
where l.bank_id = $1 and l.digest = $2 and l.used_at is null and l.expires_at > $3
  and exists (select from people p where p.bank_id = $1 and p.id = l.person_id and p.erased_at is null)
returning l.person_id
"""
_FORGET = "delete from login_links where bank_id = $1 and expires_at < $2"


async def make_login_link(tx: WriteTx, person_id: UUID, *, now: datetime, lifetime: timedelta) -> str:
    """Return a token that logs a person in once within its lifetime; only its digest is kept.

    Raises:
        RefusalError: `unknown_person`.
    """
    token = secrets.token_urlsafe(TOKEN_BYTES)
    if not await tx.connection.fetchval(_INSERT, tx.bank_id, _digest(token), person_id, now, now + lifetime):
        raise RefusalError("unknown_person")
    return token


async def use_login_link(tx: WriteTx, *, token: str, now: datetime) -> UUID | None:
    """Use a token up and return whom it logs in; None if it is unknown, used or late."""
    found: UUID | None = await tx.connection.fetchval(_USE, tx.bank_id, _digest(token), now)
    return found


async def forget_links(tx: WriteTx, *, before: datetime) -> None:
    """Delete what was over by then."""
    await tx.connection.execute(_FORGET, tx.bank_id, before)


def _digest(token: str) -> bytes:
    # Long and random, so a plain digest tells nobody anything.
    return hashlib.sha256(token.encode()).digest()
