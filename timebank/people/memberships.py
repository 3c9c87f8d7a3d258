"""Where people belong, dated: homes, teams, work units, and the two reports of a party member (双报到).

A membership holds from its first day up to, but not on, `until_on`. The place that the register of volunteers
names follows: the home last joined and the team last joined.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from ledger.session import ReadTx, WriteTx
from timebank.errors import RefusalError
from timebank.organisations.rules import TEAM, is_open
from timebank.people.rules import ONE_AT_A_TIME, PARTY_KINDS, RESIDENCE, check_place

_LIST = """
select id, organisation_id, kind, from_on, until_on from memberships
where bank_id = $1 and person_id = $2 order by id
"""
# Who closes the organisation waits until this is done, and then finds its member.
_PLACE = "select level, opened_on, closed_on from organisations where bank_id = $1 and id = $2 for share"
_LOCK_PERSON = "select id from people where bank_id = $1 and id = $2 and erased_at is null for update"
_IS_PARTY_MEMBER = "select is_party_member from volunteers where bank_id = $1 and owner = $2"
_INSERT = """
insert into memberships (bank_id, person_id, organisation_id, kind, from_on, recorded_by)
values ($1, $2, $3, $4, $5, $6) returning id
"""
_END = "update memberships set until_on = $3 where bank_id = $1 and id = $2"
_SET_HOME = "update volunteers set organisation_id = $3 where bank_id = $1 and owner = $2"
_SET_TEAM = "update volunteers set team_id = $3 where bank_id = $1 and owner = $2"


@dataclass(frozen=True, slots=True)
class Membership:
    """That a person belongs to an organisation; `until_on` is the first day on which not any more."""

    id: int
    organisation_id: int
    kind: str
    from_on: date
    until_on: date | None

    @property
    def end(self) -> date:
        """The day before which no other of its kind may begin."""
        return self.until_on or self.from_on


async def memberships_of(tx: ReadTx, person_id: UUID) -> list[Membership]:
    """Return all memberships a person has and had, in the order in which they were recorded."""
    return [Membership(*row) for row in await tx.connection.fetch(_LIST, tx.bank_id, person_id)]


async def join(
    tx: WriteTx,
    person_id: UUID,
    *,
    organisation_id: int,
    kind: str,
    from_on: date,
    today: date,
    actor: str,
) -> Membership:
    """Record that a person belongs to an organisation from a day on; of most kinds that ends the one before.

    Raises:
        RefusalError: `unknown_person`, `unknown_organisation`, `day_in_future`, `organisation_closed`, `level_differs`,
            `not_a_party_member`, `already_a_member`, `memberships_in_order` (another holds on that day or began later).
    """
    await lock_person(tx, person_id)
    if from_on > today:
        raise RefusalError("day_in_future", day=from_on.isoformat())
    await check_joinable(tx, organisation_id, kind, from_on)
    if kind in PARTY_KINDS and not await tx.connection.fetchval(_IS_PARTY_MEMBER, tx.bank_id, person_id):
        raise RefusalError("not_a_party_member")
    known = [known for known in await memberships_of(tx, person_id) if known.kind == kind]
    if any(known.organisation_id == organisation_id and known.until_on is None for known in known):
        raise RefusalError("already_a_member")
    rivals = known if kind in ONE_AT_A_TIME else _at(known, organisation_id)
    if any(from_on < rival.end for rival in rivals):
        raise RefusalError("memberships_in_order", day=max(rival.end for rival in rivals).isoformat())
    for rival in rivals:
        if rival.until_on is None:
            await tx.connection.execute(_END, tx.bank_id, rival.id, from_on)
    id_ = await tx.connection.fetchval(_INSERT, tx.bank_id, person_id, organisation_id, kind, from_on, actor)
    await set_place(tx, person_id, kind, organisation_id)
    return Membership(id_, organisation_id, kind, from_on, None)


async def leave(
    tx: WriteTx, person_id: UUID, membership_id: int, *, until_on: date, today: date
) -> Membership:
    """End a person's membership: `until_on` is the first day on which it does not hold.

    Raises:
        RefusalError: `unknown_person`, `unknown_membership`, `already_left`, `day_in_future`, `left_before_joined`.
    """
    await lock_person(tx, person_id)
    known = await memberships_of(tx, person_id)
    found = next((one for one in known if one.id == membership_id), None)
    if found is None:
        raise RefusalError("unknown_membership")
    if found.until_on is not None:
        raise RefusalError("already_left")
    if until_on > today:
        raise RefusalError("day_in_future", day=until_on.isoformat())
    if until_on < found.from_on:
        raise RefusalError("left_before_joined")
    await tx.connection.execute(_END, tx.bank_id, membership_id, until_on)
    others = [one for one in known if one.kind == found.kind and one.until_on is None and one is not found]
    await set_place(tx, person_id, found.kind, others[-1].organisation_id if others else None)
    return Membership(found.id, found.organisation_id, found.kind, found.from_on, until_on)


async def lock_person(tx: WriteTx, person_id: UUID) -> None:
    """Hold a person against other changes until the transaction ends.

    Raises:
        RefusalError: `unknown_person`.
    """
    if await tx.connection.fetchval(_LOCK_PERSON, tx.bank_id, person_id) is None:
        raise RefusalError("unknown_person")


async def check_joinable(tx: WriteTx, organisation_id: int, kind: str, day: date) -> None:
    """Hold an organisation open and refuse it as the place of such a membership from that day on.

    Raises:
        RefusalError: `unknown_organisation`, `organisation_closed`, `level_differs`.
    """
    place = await tx.connection.fetchrow(_PLACE, tx.bank_id, organisation_id)
    if place is None:
        raise RefusalError("unknown_organisation")
    if place["closed_on"] is not None or not is_open(place["opened_on"], None, day):
        raise RefusalError("organisation_closed")
    check_place(kind, place["level"])


async def set_place(tx: WriteTx, person_id: UUID, kind: str, organisation_id: int | None) -> None:
    """Let the register of volunteers name an organisation as a person's home or team; of other kinds it knows none."""
    if kind == RESIDENCE:
        await tx.connection.execute(_SET_HOME, tx.bank_id, person_id, organisation_id)
    elif kind == TEAM:
        await tx.connection.execute(_SET_TEAM, tx.bank_id, person_id, organisation_id)


def _at(known: Sequence[Membership], organisation_id: int) -> list[Membership]:
    return [one for one in known if one.organisation_id == organisation_id]
