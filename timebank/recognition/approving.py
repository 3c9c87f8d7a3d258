"""Approval by a second office, and publication.

Who approves is somebody else than all who had a hand in the list: who opened it, gave the notice, decided about a
candidate or an objection. Where anybody else holds the right to approve above the round's organisation, the approval
comes from above; and nobody approves a list that they, their kin, or somebody they act for, are on.
"""

from datetime import datetime
from typing import Final
from uuid import UUID

from ledger.session import ReadTx, WriteTx
from timebank.access import Actor
from timebank.errors import RefusalError
from timebank.notifications.actions import tell_each
from timebank.permissions import PERMISSIONS
from timebank.recognition.access import APPROVE, WRITE, locked_round
from timebank.recognition.noticing import is_notice_over
from timebank.recognition.queries import Round, candidates, counts, round_of

BATCH: Final = 1_000

_INVOLVED = """
select d.decided_by as person_id from recognition_decisions d where d.bank_id = $1 and d.round_id = $2
union
select o.decided_by from recognition_objections o
where o.bank_id = $1 and o.round_id = $2 and o.decided_by is not null
"""
_ABOVE = """
with recursive up (id, parent_id) as (
  select o.id, o.parent_id from organisations o where o.bank_id = $1 and o.id = (
    select x.parent_id from organisations x where x.bank_id = $1 and x.id = $2)
  union
  select o.id, o.parent_id from organisations o join up on o.id = up.parent_id where o.bank_id = $1
)
select g.person_id, g.organisation_id from role_grants g join up on up.id = g.organisation_id
where g.bank_id = $1 and g.role = any($3::text[]) and g.revoked_at is null and g.from_at <= $4
  and (g.until_at is null or g.until_at > $4)
"""
_IS_ON_LIST = """
select exists (
  select from recognition_candidates c join volunteers v on v.bank_id = $1 and v.id = c.volunteer_id
  where c.bank_id = $1 and c.round_id = $2 and c.state = 'proposed' and v.owner in (
    select $3::uuid
    union all
    select x.principal_id from proxies x where x.bank_id = $1 and x.agent_id = $3 and x.ended_at is null
      and x.from_at <= $4 and x.until_at > $4
    union all
    select g.minor_id from guardianships g where g.bank_id = $1 and g.guardian_id = $3 and g.from_on <= $5
      and (g.until_on is null or g.until_on > $5)
    union all
    select case when k.person_id = $3 then k.kin_id else k.person_id end from kinships k
    where k.bank_id = $1 and $3 in (k.person_id, k.kin_id) and k.confirmed_at is not null and k.ended_at is null))
"""
_APPROVE = """
update recognition_rounds r set state = 'approved', approved_at = $3, approved_by = $4, version = r.version + 1
where r.bank_id = $1 and r.id = $2
"""
_PUBLISH = """
update recognition_rounds r set state = 'published', published_at = $3, published_by = $4, version = r.version + 1
where r.bank_id = $1 and r.id = $2
"""


async def approve_round(
    tx: WriteTx, actor: Actor, *, round_id: int, expected_version: int | None = None, now: datetime
) -> Round:
    """Approve a list whose notice is over and to which nobody objects any more.

    Raises:
        RefusalError: `forbidden`, `unknown_round`, `version_differs`, `round_at_other_step`, `recognition_notice_open`,
            `objections_undecided`, `nobody_proposed`, and where somebody may not approve: `approval_by_involved`,
            `approval_from_above_needed`, `recognition_of_own`.
    """
    found = await locked_round(
        tx, actor, APPROVE, round_id, expected_version=expected_version, states=("notice",)
    )
    await check_approver(tx, actor, found, now=now)
    if not is_notice_over(found, tx.day(now)):
        raise RefusalError("recognition_notice_open", day=str(found.notice_closes_on))
    by_state = await counts(tx, round_id)
    if by_state.get("objected"):
        raise RefusalError("objections_undecided")
    if not by_state.get("proposed"):
        raise RefusalError("nobody_proposed")
    await tx.connection.execute(_APPROVE, tx.bank_id, round_id, now, actor.person_id)
    return await round_of(tx, round_id)


async def publish_round(
    tx: WriteTx, actor: Actor, *, round_id: int, expected_version: int | None = None, now: datetime
) -> Round:
    """Publish an approved list, and tell who is on it.

    Raises:
        RefusalError: `forbidden`, `unknown_round`, `version_differs`, `round_at_other_step`.
    """
    await locked_round(tx, actor, WRITE, round_id, expected_version=expected_version, states=("approved",))
    await tx.connection.execute(_PUBLISH, tx.bank_id, round_id, now, actor.person_id)
    await tell_listed(tx, round_id, "recognition_published")
    return await round_of(tx, round_id)


async def tell_listed(tx: WriteTx, round_id: int, kind: str) -> None:
    """Tell everybody who is on a list something of their line."""
    after = 0
    while some := await candidates(tx, round_id, after=after, limit=BATCH, states=("proposed",)):
        told = [
            (one.person_id, {"round": round_id, "number": one.number, "level": one.level})
            for one in some
            if one.person_id is not None
        ]
        await tell_each(tx, told, kind)
        after = some[-1].number


async def check_approver(tx: ReadTx, actor: Actor, found: Round, *, now: datetime) -> None:
    """Refuse who may not approve this list, though they may approve others.

    Raises:
        RefusalError: `approval_by_involved`, `approval_from_above_needed`, `recognition_of_own`.
    """
    rows = await tx.connection.fetch(_INVOLVED, tx.bank_id, found.id)
    involved: set[UUID | None] = {found.opened_by, found.notice_by} | {row["person_id"] for row in rows}
    if actor.person_id in involved:
        raise RefusalError("approval_by_involved")
    roles = PERMISSIONS[APPROVE].roles
    above = await tx.connection.fetch(
        _ABOVE, tx.bank_id, found.organisation_id, [str(role) for role in roles], now
    )
    places = {row["organisation_id"] for row in above if row["person_id"] not in involved}
    # Of the actor's own grants those count that this session carries.
    if places and not any(grant.organisation_id in places and grant.role in roles for grant in actor.grants):
        raise RefusalError("approval_from_above_needed")
    if await tx.connection.fetchval(_IS_ON_LIST, tx.bank_id, found.id, actor.person_id, now, tx.day(now)):
        raise RefusalError("recognition_of_own")
