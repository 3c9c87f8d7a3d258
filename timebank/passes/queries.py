"""Reading passes: a person's own, and whose pass made a code that was scanned."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from ledger.session import ReadTx
from timebank.codes.rules import CodeKeys, MemberCode, check_member_code, pass_seed
from timebank.errors import RefusalError

_OF_PERSON = """
select p.id, p.issued_at, p.revoked_at, p.key_id = any($3::text[]) as has_key
from passes p where p.bank_id = $1 and p.person_id = $2 order by p.id desc limit $4
"""
LATEST = 50
"""So many passes of a person are listed: the good ones are among the last five."""

_HOLDERS = """
select p.id, p.person_id, p.key_id, p.revoked_at
from (select distinct w.id from unnest($2::bigint[]) as w (id)) as x, lateral (
  select p.id, p.person_id, p.key_id, p.revoked_at from passes p where p.bank_id = $1 and p.id = x.id offset 0
) p
"""


@dataclass(frozen=True, slots=True)
class Pass:
    """A phone that makes a person's codes; `is_good` if a scan of one is taken now."""

    id: int
    issued_at: datetime
    revoked_at: datetime | None
    is_good: bool


async def passes_of(tx: ReadTx, keys: CodeKeys, person_id: UUID) -> list[Pass]:
    """Return the latest passes a person has and had, the first one first."""
    rows = await tx.connection.fetch(_OF_PERSON, tx.bank_id, person_id, list(keys.key_ids), LATEST)
    return [
        Pass(row["id"], row["issued_at"], row["revoked_at"], row["has_key"] and row["revoked_at"] is None)
        for row in reversed(rows)
    ]


async def resolve_member_code(tx: ReadTx, keys: CodeKeys, code: MemberCode, *, now: datetime) -> UUID:
    """Return the person whose phone made a code.

    Raises:
        RefusalError: `code_of_other_bank`, `code_forged` (a pass that is not there too), `code_expired`, `code_early`,
            `pass_revoked` (by its holder, or because the key it came from was removed).
    """
    found = (await resolve_member_codes(tx, keys, [(code, now)]))[0]
    if isinstance(found, str):
        raise RefusalError(found)
    return found


async def resolve_member_codes(
    tx: ReadTx, keys: CodeKeys, scanned: Sequence[tuple[MemberCode, datetime]]
) -> list[UUID | str]:
    """Return, for each code and the moment it was scanned, the person or the refusal's code; in one statement.

    A pass revoked after that moment was good then: a station may have been without network.
    """
    wanted = sorted({code.pass_id for code, _ in scanned if code.bank_id == tx.bank_id})
    rows = await tx.connection.fetch(_HOLDERS, tx.bank_id, wanted) if wanted else []
    holders = {row["id"]: row for row in rows}
    answers: list[UUID | str] = []
    for code, at in scanned:
        row = holders.get(code.pass_id)
        if code.bank_id != tx.bank_id:
            answers.append("code_of_other_bank")
        elif row is None:
            answers.append("code_forged")
        else:
            seed = pass_seed(keys, bank_id=tx.bank_id, pass_id=code.pass_id, key_id=row["key_id"])
            is_revoked = row["revoked_at"] is not None and row["revoked_at"] <= at
            answers.append(_refusal(seed, code, at, is_revoked=is_revoked) or row["person_id"])
    return answers


def _refusal(seed: bytes | None, code: MemberCode, at: datetime, *, is_revoked: bool) -> str | None:
    if seed is None:
        return "pass_revoked"
    try:
        check_member_code(seed, code, bank_id=code.bank_id, now=at)
    except RefusalError as refused:
        return refused.code
    return "pass_revoked" if is_revoked else None
