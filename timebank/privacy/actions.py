"""Writing down what people agree to, and who looked at whom. Neither is ever changed."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID

from ledger.session import WriteTx
from timebank.access import Actor
from timebank.errors import RefusalError
from timebank.privacy.queries import Declaration
from timebank.privacy.rules import Purpose, check_declarer
from timebank.vault.actions import check_living

if TYPE_CHECKING:
    import asyncpg

_LOOK_UP = """
insert into look_ups (bank_id, viewer_id, device_id, subject_id, purpose, fields) values ($1, $2, $3, $4, $5, $6)
"""
_LOOK_UPS = """
insert into look_ups (bank_id, viewer_id, subject_id, purpose, fields)
select $1, $2, s.id, $3, string_to_array(s.fields, ',') from unnest($4::uuid[], $5::text[]) as s (id, fields)
"""
_DECLARE = """
insert into consents (bank_id, person_id, purpose, is_given, text_version, declared_by, actor)
values ($1, $2, $3, $4, $5, $6, $7) returning id, recorded_at
"""
_GUARDIANS = """
select guardian_id from guardianships
where bank_id = $1 and minor_id = $2 and from_on <= $3 and (until_on is null or until_on > $3)
"""
_AGENTS = """
select agent_id from proxies
where bank_id = $1 and principal_id = $2 and ended_at is null and from_at <= $3 and until_at > $3
  and 'consents' = any(scopes)
"""


async def record_look_up(
    tx: WriteTx, actor: Actor, subject_id: UUID, *, purpose: str, fields: Iterable[str]
) -> None:
    """Record that the actor saw personal fields of somebody; what is one's own is not recorded.

    `purpose` is a word such as `find` or `people.read`, `fields` are names of fields: neither says anything about
    anybody.
    """
    if actor.person_id != subject_id:
        await _record(tx, actor, subject_id, purpose, fields)


async def record_look_ups(
    tx: WriteTx, viewer_id: UUID, seen: Mapping[UUID, Iterable[str]], *, purpose: str
) -> None:
    """Record that somebody saw fields of many, a look for each; what is one's own is not recorded."""
    others = {who: ",".join(sorted(set(fields))) for who, fields in sorted(seen.items()) if who != viewer_id}
    if others:
        await tx.connection.execute(
            _LOOK_UPS, tx.bank_id, viewer_id, purpose, list(others), list(others.values())
        )


async def record_export(tx: WriteTx, actor: Actor, subject_id: UUID) -> None:
    """Record that everything about a person was handed out, to themselves too."""
    await _record(tx, actor, subject_id, "privacy.export", ["all"])


async def _record(tx: WriteTx, actor: Actor, subject_id: UUID, purpose: str, fields: Iterable[str]) -> None:
    await tx.connection.execute(
        _LOOK_UP, tx.bank_id, actor.person_id, actor.device_id, subject_id, purpose, sorted(set(fields))
    )


async def declare_consent(  # noqa: PLR0913 -- a declaration has that many parts
    tx: WriteTx,
    actor: Actor,
    person_id: UUID,
    *,
    purpose: Purpose,
    is_given: bool,
    text_version: str,
    declared_by: UUID | None,
    now: datetime,
) -> Declaration:
    """Append a declaration. `declared_by` is whose word it is, for a worker who has it on paper; else the actor's own.

    Raises:
        RefusalError: `unknown_person`, `person_erased`, `declarer_not_entitled`, `guardian_needed`.
    """
    await check_living(tx, person_id)
    guardians = {row[0] for row in await tx.connection.fetch(_GUARDIANS, tx.bank_id, person_id, tx.day(now))}
    agents = {row[0] for row in await tx.connection.fetch(_AGENTS, tx.bank_id, person_id, now)}
    speaks = person_id in {actor.person_id, actor.principal_id}
    if speaks and declared_by not in (None, actor.person_id):
        raise RefusalError("declarer_not_entitled")
    declarer = declared_by or (actor.person_id if speaks and actor.person_id else person_id)
    check_declarer(
        purpose,
        is_given=is_given,
        person_id=person_id,
        declared_by=declarer,
        guardians=guardians,
        agents=agents,
    )
    row: asyncpg.Record | None = await tx.connection.fetchrow(
        _DECLARE, tx.bank_id, person_id, purpose, is_given, text_version, declarer, actor.text
    )
    assert row is not None  # noqa: S101 -- an insert without a condition returns its row
    return Declaration(row["id"], purpose, is_given, text_version, declarer, row["recorded_at"])
