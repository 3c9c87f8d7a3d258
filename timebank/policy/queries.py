"""Reading policy packs: the versions there are, one of them, and the one in force on a day."""

from dataclasses import dataclass
from datetime import date, datetime

from ledger.session import ReadTx
from timebank.errors import RefusalError
from timebank.policy.actions import PolicyVersion
from timebank.policy.diff import Change, changes
from timebank.policy.rules import PolicyPack, parse_pack

_ON = """
select version, effective_from, body::text as body from policy_packs
where bank_id = $1 and effective_from <= $2 order by effective_from desc limit 1
"""
_VERSIONS = """
select version, effective_from, body ->> 'name' as name, adopted_by, adopted_at, note from policy_packs
where bank_id = $1 and version > $2 order by version limit $3
"""
_ONE = """
select version, effective_from, body ->> 'name' as name, adopted_by, adopted_at, note, body::text as body
from policy_packs where bank_id = $1 and version = $2
"""
_LATEST = """
select version, body::text as body from policy_packs where bank_id = $1 order by version desc limit 1
"""


@dataclass(frozen=True, slots=True)
class Adoption:
    """A version without its rules: from which day it prices, and who adopted it when and why."""

    version: int
    effective_from: date
    name: str
    adopted_by: str
    adopted_at: datetime
    note: str


async def version_on(tx: ReadTx, day: date) -> PolicyVersion | None:
    """Return the version in force on a day, if there is one."""
    row = await tx.connection.fetchrow(_ON, tx.bank_id, day)
    if row is None:
        return None
    return PolicyVersion(row["version"], row["effective_from"], parse_pack(row["body"]))


async def version_in_force(tx: ReadTx, now: datetime) -> PolicyVersion:
    """Return the version that prices what is done now.

    Raises:
        RefusalError: `policy_missing`.
    """
    today = tx.day(now)
    version = await version_on(tx, today)
    if version is None:
        raise RefusalError("policy_missing", day=today.isoformat())
    return version


async def adoptions(tx: ReadTx, *, after_version: int, limit: int) -> list[Adoption]:
    """Return the versions by number, from after one."""
    return [Adoption(*row) for row in await tx.connection.fetch(_VERSIONS, tx.bank_id, after_version, limit)]


async def adopted_pack(tx: ReadTx, version: int) -> tuple[Adoption, PolicyPack]:
    """Return one version with its rules.

    Raises:
        RefusalError: `unknown_policy_version`.
    """
    row = await tx.connection.fetchrow(_ONE, tx.bank_id, version)
    if row is None:
        raise RefusalError("unknown_policy_version", version=version)
    *adoption, body = row
    return Adoption(*adoption), parse_pack(body)


async def latest_pack(tx: ReadTx) -> tuple[int | None, PolicyPack | None]:
    """Return the last version adopted, in force or not yet, with its number; None before the first."""
    row = await tx.connection.fetchrow(_LATEST, tx.bank_id)
    return (None, None) if row is None else (row["version"], parse_pack(row["body"]))


async def version_changes(tx: ReadTx, version: int) -> list[Change]:
    """Return what a version says otherwise than the one before it; of the first, all of it.

    Raises:
        RefusalError: `unknown_policy_version`.
    """
    _, pack = await adopted_pack(tx, version)
    if version == 1:
        return changes(None, pack)
    _, before = await adopted_pack(tx, version - 1)
    return changes(before, pack)
