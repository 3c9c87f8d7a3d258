"""Revoking certificates: for good, with a word why, and the holder is told. What was signed cannot be called back."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final
from uuid import UUID

from ledger.session import WriteTx
from timebank.access import Actor, check_person
from timebank.certificates.queries import Issued, certificate
from timebank.certificates.reasons import RevokeReason
from timebank.errors import RefusalError
from timebank.notifications.actions import tell, tell_each

PERMISSION: Final = "certificates.award"

_LOCK = "select c.revoked_at from certificates c where c.bank_id = $1 and c.id = $2 for update"
_REVOKE = """
update certificates c set revoked_at = $3, revoked_by = $4, revoke_reason = $5
where c.bank_id = $1 and c.id = $2 and c.revoked_at is null
"""
_REVOKE_OF_CANDIDATE = """
update certificates c set revoked_at = $4, revoked_by = $5, revoke_reason = 'recognition_revoked'
where c.bank_id = $1 and c.round_id = $2 and ($3::bigint is null or c.candidate_number = $3) and c.revoked_at is null
returning c.id, c.person_id
"""


async def revoke(
    tx: WriteTx, actor: Actor, *, person_id: UUID, certificate_id: int, reason: RevokeReason, now: datetime
) -> Issued:
    """Revoke one certificate of a person in reach, and tell them.

    Raises:
        RefusalError: `forbidden`, `unknown_person`, `unknown_certificate`, `already_revoked_certificate`.
    """
    await check_person(tx, actor, PERMISSION, person_id, now=now)
    return await revoke_found(
        tx, await certificate(tx, person_id, certificate_id), reason=reason, by=actor.text, now=now
    )


async def revoke_found(tx: WriteTx, found: Issued, *, reason: RevokeReason, by: str, now: datetime) -> Issued:
    """Revoke a certificate and tell its holder; who revokes was checked before, and is `by`.

    Raises:
        RefusalError: `already_revoked_certificate`.
    """
    if await tx.connection.fetchval(_LOCK, tx.bank_id, found.id) is not None:
        raise RefusalError("already_revoked_certificate")
    await tx.connection.execute(_REVOKE, tx.bank_id, found.id, now, by, reason)
    await tell(tx, [found.person_id], "certificate_revoked", certificate=found.id, reason=reason)
    return replace(found, revoked_at=now, revoke_reason=reason)


async def revoke_for_candidate(
    tx: WriteTx, *, round_id: int, number: int | None = None, by: str, now: datetime
) -> Sequence[int]:
    """Revoke what was issued to a candidate of a round (None: to all), and tell them; return which, if any.

    Who calls it has decided that before and recorded why.
    """
    rows = await tx.connection.fetch(_REVOKE_OF_CANDIDATE, tx.bank_id, round_id, number, now, by)
    told = [(row["person_id"], {"certificate": row["id"], "reason": "recognition_revoked"}) for row in rows]
    await tell_each(tx, told, "certificate_revoked")
    return [row["id"] for row in rows]
