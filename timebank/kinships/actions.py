"""Declaring who is kin, confirming it by papers, and ending it. Both sides are told of each.

Locks: the two people, by id; then the kinship. Gifts and orders for kin hold both people too.
"""

from datetime import datetime
from uuid import UUID

from ledger.session import WriteTx
from timebank.access import Actor, check_person, represented
from timebank.errors import RefusalError
from timebank.kinships.queries import Kinship, kinship, kinship_between
from timebank.kinships.rules import INVERSE, SPOUSE, check_two
from timebank.notifications.actions import tell
from timebank.policy.spending import Relation
from timebank.timecoins.locking import hold_people, lock_people

OWN, CONFIRM = "kinships.own", "kinships.confirm"

MOST_DECLARED = 20
"""So many kinships of one person may stand at once: nobody has more, and each tells somebody."""

_DECLARED = """
select count(*) from kinships where bank_id = $1 and person_id = $2 and ended_at is null
"""
_DECLARE = """
insert into kinships (bank_id, person_id, kin_id, relation, declared_at, declared_by)
values ($1, $2, $3, $4, $5, $6) returning id
"""
_MARRIED = """
select exists (select from kinships k where k.bank_id = $1 and k.person_id = any($2::uuid[])
    and k.relation = 'spouse' and k.confirmed_at is not null and k.ended_at is null)
  or exists (select from kinships k where k.bank_id = $1 and k.kin_id = any($2::uuid[])
    and k.relation = 'spouse' and k.confirmed_at is not null and k.ended_at is null)
"""
_CONFIRM = "update kinships set confirmed_at = $3, confirmed_by = $4 where bank_id = $1 and id = $2"
_END = "update kinships set ended_at = $3, ended_by = $4 where bank_id = $1 and id = $2"


async def declare_kinship(
    tx: WriteTx, actor: Actor, *, person_id: UUID, kin_id: UUID, relation: Relation, now: datetime
) -> Kinship:
    """Say that `kin_id` is somebody's `relation`: by that person, or at the desk of a worker who has both in reach.

    Raises:
        RefusalError: `forbidden`, `unknown_person`, `kinship_with_oneself`, `already_kin` (by either side's word),
            `kinships_too_many`.
    """
    await check_person(tx, actor, OWN, person_id, now=now)
    check_two(person_id, kin_id)
    if actor.person_id != person_id:
        await check_person(tx, actor, OWN, kin_id, now=now)
    await lock_people(tx, [person_id, kin_id])
    if await kinship_between(tx, person_id, kin_id) is not None:
        raise RefusalError("already_kin")
    if await tx.connection.fetchval(_DECLARED, tx.bank_id, person_id) >= MOST_DECLARED:
        raise RefusalError("kinships_too_many", limit=MOST_DECLARED)
    id_ = await tx.connection.fetchval(_DECLARE, tx.bank_id, person_id, kin_id, relation, now, actor.text)
    await _tell_both(tx, "kinship_declared", Kinship(id_, person_id, kin_id, relation, now, None, None))
    return await kinship(tx, person_id, id_)


async def confirm_kinship(
    tx: WriteTx, actor: Actor, *, person_id: UUID, kinship_id: int, now: datetime
) -> Kinship:
    """Confirm, having seen the papers, what one of two declared; one of them is in reach.

    Raises:
        RefusalError: `forbidden`, `unknown_person`, `unknown_kinship`, `already_confirmed`, `already_ended`,
            `kinship_of_own` (who confirms is one of the two, or acts for one), `already_married`.
    """
    await check_person(tx, actor, CONFIRM, person_id, now=now)
    found = await _locked(tx, person_id, kinship_id)
    if found.confirmed_at is not None:
        raise RefusalError("already_confirmed")
    two = [found.person_id, found.kin_id]
    if actor.person_id in two or await represented(tx, actor.person_id, two, now=now):
        raise RefusalError("kinship_of_own")
    await lock_people(tx, two)  # nobody confirms the kinship of who was erased
    if found.relation == SPOUSE and await tx.connection.fetchval(_MARRIED, tx.bank_id, two):
        raise RefusalError("already_married")
    await tx.connection.execute(_CONFIRM, tx.bank_id, found.id, now, actor.person_id)
    await _tell_both(tx, "kinship_confirmed", found)
    return await kinship(tx, person_id, found.id)


async def end_kinship(
    tx: WriteTx, actor: Actor, *, person_id: UUID, kinship_id: int, now: datetime
) -> Kinship:
    """End a kinship, whether it was confirmed or not: by either side, or by a worker.

    Raises:
        RefusalError: `forbidden`, `unknown_person`, `unknown_kinship`, `already_ended`.
    """
    await check_person(tx, actor, OWN, person_id, now=now)
    found = await _locked(tx, person_id, kinship_id)
    await tx.connection.execute(_END, tx.bank_id, found.id, now, actor.text)
    await _tell_both(tx, "kinship_ended", found)
    return await kinship(tx, person_id, found.id)


async def _locked(tx: WriteTx, person_id: UUID, kinship_id: int) -> Kinship:
    """Return a kinship that has not ended, and hold both sides: whoever changes it does so."""
    found = await kinship(tx, person_id, kinship_id)
    await hold_people(tx, [found.person_id, found.kin_id])
    found = await kinship(tx, person_id, kinship_id)
    if found.ended_at is not None:
        raise RefusalError("already_ended")
    return found


async def _tell_both(tx: WriteTx, kind: str, found: Kinship) -> None:
    """Tell each side what the other is to them."""
    await tell(tx, [found.person_id], kind, kinship=found.id, relation=found.relation)
    await tell(tx, [found.kin_id], kind, kinship=found.id, relation=INVERSE[found.relation])
