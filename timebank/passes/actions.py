"""Issuing and revoking passes. A pass's seed is derived, told once and kept on the phone only."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from ledger.session import WriteTx
from timebank.codes.rules import CodeKeys, pass_seed
from timebank.errors import RefusalError
from timebank.people.memberships import lock_person

MAX_CURRENT: Final = 5
"""Phones of one person that make codes at a time."""

_INSERT = """
insert into passes (bank_id, person_id, key_id, issued_at) values ($1, $2, $3, $4) returning id
"""
_CURRENT = (
    "select id from passes where bank_id = $1 and person_id = $2 and revoked_at is null order by id desc"
)
_REVOKE = """
update passes set revoked_at = $4
where bank_id = $1 and person_id = $2 and id = any($3::bigint[]) and revoked_at is null
"""
_ONE = "select revoked_at from passes where bank_id = $1 and person_id = $2 and id = $3"


@dataclass(frozen=True, slots=True)
class IssuedPass:
    """A new pass, its seed this once, and the passes that had to make room for it."""

    id: int
    seed: bytes
    issued_at: datetime
    revoked: tuple[int, ...]


async def issue_pass(tx: WriteTx, keys: CodeKeys, person_id: UUID, *, now: datetime) -> IssuedPass:
    """Issue a pass; who has five already loses the oldest, for a browser that forgot its seed cannot name it.

    Raises:
        RefusalError: `unknown_person`.
    """
    await lock_person(tx, person_id)
    current = [row["id"] for row in await tx.connection.fetch(_CURRENT, tx.bank_id, person_id)]
    over = current[MAX_CURRENT - 1 :]
    if over:
        await tx.connection.execute(_REVOKE, tx.bank_id, person_id, over, now)
    key_id = keys.key_id
    pass_id: int = await tx.connection.fetchval(_INSERT, tx.bank_id, person_id, key_id, now)
    seed = pass_seed(keys, bank_id=tx.bank_id, pass_id=pass_id, key_id=key_id)
    if seed is None:  # a rotation removed the key between two lines: as good as never
        raise RefusalError("pass_revoked")
    return IssuedPass(pass_id, seed, now, tuple(sorted(over)))


async def revoke_pass(tx: WriteTx, person_id: UUID, pass_id: int, *, now: datetime) -> datetime:
    """Revoke one of a person's passes for good and return when that was.

    Raises:
        RefusalError: `unknown_person`, `unknown_pass`, `already_revoked_pass`.
    """
    await lock_person(tx, person_id)
    row = await tx.connection.fetchrow(_ONE, tx.bank_id, person_id, pass_id)
    if row is None:
        raise RefusalError("unknown_pass")
    if row["revoked_at"] is not None:
        raise RefusalError("already_revoked_pass")
    await tx.connection.execute(_REVOKE, tx.bank_id, person_id, [pass_id], now)
    return now
