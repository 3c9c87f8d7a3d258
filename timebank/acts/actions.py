"""Recording acts, and keeping the answer of a keyed request in the transaction that earned it."""

import json
from dataclasses import dataclass
from datetime import datetime, timedelta

from ledger.session import ReadTx, WriteTx
from timebank.access import Actor

_RECORD = """
insert into acts (bank_id, person_id, device_id, session_id, principal_id, request_id, action, subject)
values ($1, $2, $3, $4, $5, $6, $7, $8)
"""
_TELL = """
insert into notifications (bank_id, person_id, kind, params) values ($1, $2, 'acted_for_you', $3::text::jsonb)
"""
_FIND = "select fingerprint, status, body from replies where bank_id = $1 and actor = $2 and key = $3"
_KEEP = """
insert into replies (bank_id, actor, key, fingerprint, status, body) values ($1, $2, $3, $4, $5, $6)
"""
_FORGET = "delete from replies where bank_id = $1 and replied_at < $2"

REPLIES_KEPT = timedelta(days=90)
"""So long a repeated key gets its first answer; what it posted has the key for ever."""


@dataclass(frozen=True, slots=True)
class Act:
    """What was done, to which subject (an id or a code, never a name), by which request."""

    action: str
    subject: str
    request_id: str


@dataclass(frozen=True, slots=True)
class Reply:
    """The answer that a request got, and the fingerprint of the request."""

    fingerprint: bytes
    status: int
    body: str


async def record_act(tx: WriteTx, actor: Actor, act: Act) -> None:
    """Record who did what, and tell the person it was done for."""
    await tx.connection.execute(
        _RECORD,
        tx.bank_id,
        actor.person_id,
        actor.device_id,
        actor.session_id,
        actor.principal_id,
        act.request_id,
        act.action,
        act.subject,
    )
    if actor.principal_id is not None:
        params = json.dumps({"action": act.action, "agent": str(actor.person_id)})
        await tx.connection.execute(_TELL, tx.bank_id, actor.principal_id, params)


async def find_reply(tx: ReadTx, actor: str, key: str) -> Reply | None:
    """Return the answer that the actor's request of that key got, if there was one."""
    row = await tx.connection.fetchrow(_FIND, tx.bank_id, actor, key)
    return None if row is None else Reply(bytes(row["fingerprint"]), row["status"], row["body"])


async def forget_replies(tx: WriteTx, *, before: datetime) -> None:
    """Delete the answers given before that moment."""
    await tx.connection.execute(_FORGET, tx.bank_id, before)


async def keep_reply(tx: WriteTx, actor: str, key: str, fingerprint: bytes, status: int, body: str) -> None:
    """Keep an answer; the loser of two at once runs again (`replies_pkey`) and finds it."""
    await tx.connection.execute(_KEEP, tx.bank_id, actor, key, fingerprint, status, body)
