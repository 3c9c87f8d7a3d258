"""Whose round it is, under which lock and in which state it is changed, and who is no judge in it.

Every change of a round or a candidate locks the round's row first, so that two of them come one after the other. Nobody
decides about oneself, one's confirmed kin, whom one acts for as an agent or guardian, or a team or unit of one's own.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from ledger.session import ReadTx, WriteTx
from timebank.access import Actor, check, check_row, represented
from timebank.errors import RefusalError
from timebank.recognition.queries import Candidate, Round, RoundState, round_of

READ: Final = "recognitions.read"
WRITE: Final = "recognitions.write"
APPROVE: Final = "recognitions.approve"

_LOCK = "select r.id from recognition_rounds r where r.bank_id = $1 and r.id = $2 for update"
# Those whose hours count, and who is there now: a list of party members only has not all of a team.
_MEMBERS = """
select m.person_id from recognition_members m
where m.bank_id = $1 and m.round_id = $2 and m.organisation_id = $3
union
select m.person_id from memberships m
where m.bank_id = $1 and m.organisation_id = $3 and (m.until_on is null or m.until_on > $4)
union
select v.owner from volunteers v where v.bank_id = $1 and v.team_id = $3
"""
_IS_KIN = """
select exists (select from kinships k
  where k.bank_id = $1 and k.person_id = $2 and k.kin_id = $3 and k.confirmed_at is not null and k.ended_at is null)
or exists (select from kinships k
  where k.bank_id = $1 and k.person_id = $3 and k.kin_id = $2 and k.confirmed_at is not null and k.ended_at is null)
"""


async def check_round(tx: ReadTx, actor: Actor, permission: str, round_id: int) -> Round:
    """Return a round of an organisation in which the actor has a permission.

    Raises:
        RefusalError: `forbidden`; `unknown_round`, out of reach too.
    """
    check(actor, permission)
    found = await round_of(tx, round_id)
    await check_row(tx, actor, permission, found.organisation_id, unknown="unknown_round")
    return found


async def locked_round(
    tx: WriteTx,
    actor: Actor,
    permission: str,
    round_id: int,
    *,
    expected_version: int | None,
    states: Sequence[RoundState],
) -> Round:
    """Return a round in reach, locked, in one of some states and of the version that the caller saw (None: any).

    Raises:
        RefusalError: `forbidden`, `unknown_round`, `version_differs`, `round_at_other_step`.
    """
    check(actor, permission)
    await lock_round(tx, round_id)
    found = await check_round(tx, actor, permission, round_id)
    if expected_version is not None and found.version != expected_version:
        raise RefusalError("version_differs")
    if found.state not in states:
        raise RefusalError("round_at_other_step", state=found.state)
    return found


async def lock_round(tx: WriteTx, round_id: int) -> None:
    """Hold a round until the transaction ends, if it is there."""
    await tx.connection.execute(_LOCK, tx.bank_id, round_id)


async def check_judge(tx: ReadTx, actor: Actor, candidate: Candidate, *, now: datetime) -> None:
    """Refuse who would decide about themselves, kin, somebody they act for, or a team or unit of theirs.

    Raises:
        RefusalError: `recognition_of_own`.
    """
    concerned: set[UUID] = set()
    if candidate.person_id is not None:
        concerned = {candidate.person_id}
    elif candidate.organisation_id is not None:
        rows = await tx.connection.fetch(
            _MEMBERS, tx.bank_id, candidate.round_id, candidate.organisation_id, tx.day(now)
        )
        concerned = {row["person_id"] for row in rows}
    if actor.person_id in concerned or await represented(tx, actor.person_id, concerned, now=now):
        raise RefusalError("recognition_of_own")
    if candidate.person_id is not None and await tx.connection.fetchval(
        _IS_KIN, tx.bank_id, actor.person_id, candidate.person_id
    ):
        raise RefusalError("recognition_of_own")
