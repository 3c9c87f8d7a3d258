"""Who is at the door, and whether it opens for them: the checks that every door goes through.

A role granted at an organisation reaches its subtree. What is a person's own needs no role; an agent (代办) has of the
principal's own what the proxy names, and a guardian all of a minor's. The table is `timebank.permissions`.
Nothing here knows HTTP.
"""

import functools
import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from ledger.session import ReadTx
from timebank.errors import RefusalError
from timebank.permissions import EVERYBODY, OFFICE_ROLES, PERMISSIONS, SELF, STRONG_METHODS, Role, Rule


@dataclass(frozen=True, slots=True)
class Grant:
    """A role at an organisation; `at_root` if that is the top of the tree, so that it reaches the whole bank."""

    role: Role
    organisation_id: int
    at_root: bool


@dataclass(slots=True)
class Actor:
    """Who is at the door: a person or a device, in a session, with the grants in force now.

    `principal_id` is set by `check_person` when the door opens only because the actor acts for that person;
    `lacks_factor` if there are an office's roles that this session does not carry.
    """

    session_id: UUID | None
    person_id: UUID | None
    device_id: UUID | None = None
    device_kind: str | None = None
    device_organisation_id: int | None = None
    grants: tuple[Grant, ...] = ()
    method: str = ""
    principal_id: UUID | None = None
    lacks_factor: bool = False

    @property
    def text(self) -> str:
        """The actor as books and registers name it: no personal data."""
        return f"person:{self.person_id}" if self.person_id else f"device:{self.device_id}"


# The session is found by its id before it is asked whether it has ended: a plan made on no statistics would walk the
# index of those that have not.
_SESSION = """(
  select s.person_id, s.device_id, s.method, s.ended_at, s.expires_at from sessions s
  where s.bank_id = $1 and s.id = $2 offset 0
)"""

# One statement: the session if it is alive, and the grants in force.
_ACTOR_IN = """
select s.person_id, s.device_id, s.method, d.kind, d.organisation_id,
  array(select row(g.role, g.organisation_id, o.parent_id is null)
    from role_grants g join organisations o on o.bank_id = $1 and o.id = g.organisation_id
    where g.bank_id = $1 and g.person_id = s.person_id and g.revoked_at is null
      and g.from_at <= $3 and (g.until_at is null or g.until_at > $3)) as grants
from {session} s
left join devices d on d.bank_id = $1 and d.id = s.device_id
left join people p on p.bank_id = $1 and p.id = s.person_id
where s.ended_at is null and s.expires_at > $3 and d.revoked_at is null and p.erased_at is null
"""
_ACTOR = _ACTOR_IN.format(session=_SESSION)

# The same without grants, which nobody needs for what is their own.
_OWN = """
select array(select asked from ({query}) asked) as rows
from {session} own
join people p on p.bank_id = $1 and p.id = own.person_id
where own.person_id = $4 and own.ended_at is null and own.expires_at > $3 and p.erased_at is null
"""

_IN_REACH = """
with recursive up (id, parent_id) as (
  select o.id, o.parent_id from organisations o where o.bank_id = $1 and o.id = any($2::bigint[])
  union
  select o.id, o.parent_id from organisations o join up on o.id = up.parent_id where o.bank_id = $1
)
select exists (select from up where id = any($3::bigint[]))
"""

_SUBTREE = """
with recursive down (id) as (
  select o.id from organisations o where o.bank_id = $1 and o.id = any($2::bigint[])
  union
  select o.id from organisations o join down on o.parent_id = down.id where o.bank_id = $1
)
select array(select id from down order by id)
"""

_IS_ORGANISATION = "select exists (select from organisations o where o.bank_id = $1 and o.id = $2)"

_IS_PERSON = "select exists (select from people p where p.bank_id = $1 and p.id = $2)"

_PLACES = """
select v.organisation_id from volunteers v
where v.bank_id = $1 and v.owner = $2 and v.organisation_id is not null
union select v.team_id from volunteers v where v.bank_id = $1 and v.owner = $2 and v.team_id is not null
union select m.organisation_id from memberships m where m.bank_id = $1 and m.person_id = $2 and m.until_on is null
"""

_ACTS_FOR = """
select exists (select from proxies x where x.bank_id = $1 and x.agent_id = $2 and x.principal_id = $3
    and x.ended_at is null and x.from_at <= $4 and x.until_at > $4 and $5 = any(x.scopes))
  or exists (select from guardianships g where g.bank_id = $1 and g.guardian_id = $2 and g.minor_id = $3
    and g.from_on <= $6 and (g.until_on is null or g.until_on > $6))
"""

_REPRESENTED = """
select x.principal_id from proxies x where x.bank_id = $1 and x.agent_id = $2 and x.principal_id = any($3::uuid[])
  and x.ended_at is null and x.from_at <= $4 and x.until_at > $4
union
select g.minor_id from guardianships g where g.bank_id = $1 and g.guardian_id = $2 and g.minor_id = any($3::uuid[])
  and g.from_on <= $5 and (g.until_on is null or g.until_on > $5)
"""

_OFFICES = """
select distinct g.organisation_id from role_grants g
where g.bank_id = $1 and g.person_id = $2 and g.role = any($3::text[]) and g.revoked_at is null
  and (g.until_at is null or g.until_at > $4)
"""


async def load_actor(
    tx: ReadTx, session_id: UUID, *, now: datetime, strong: frozenset[str] = STRONG_METHODS
) -> Actor:
    """Return who a session belongs to, with the grants in force at that moment.

    Grants of an office's roles count only in a session begun by one of the `strong` methods.

    Raises:
        RefusalError: `session_over` if it has ended, has expired, or its person or device is gone.
    """
    row = await tx.connection.fetchrow(_ACTOR, tx.bank_id, session_id, now)
    if row is None:
        raise RefusalError("session_over")
    is_strong = row["method"] in strong
    return Actor(
        session_id=session_id,
        person_id=row["person_id"],
        device_id=row["device_id"],
        device_kind=row["kind"],
        device_organisation_id=row["organisation_id"],
        grants=tuple(
            Grant(Role(role), node, at_root)
            for role, node, at_root in row["grants"]
            if is_strong or role not in OFFICE_ROLES
        ),
        method=row["method"],
        lacks_factor=not is_strong and any(role in OFFICE_ROLES for role, _, _ in row["grants"]),
    )


@functools.cache
def own_query(query: str) -> str:
    """Return a question's query as a living session asks it of its own person: its rows in one, or no row at all.

    `$1` is the bank, `$2` the session, `$3` the moment, `$4` the person, and then come the question's arguments.
    """
    places = {"$1": "$1", "$2": "own.person_id"}

    def moved(found: re.Match[str]) -> str:
        return places.get(found[0], f"${int(found[1]) + 2}")

    return _OWN.format(session=_SESSION, query=re.sub(r"\$(\d+)", moved, query))


def has(actor: Actor, permission: str) -> bool:
    """Tell whether the actor has a permission anywhere at all, apart from what is their own."""
    rule = PERMISSIONS[permission]
    if actor.device_id is not None:
        return actor.device_kind in rule.devices
    return rule.whom == EVERYBODY or any(grant.role in rule.roles for grant in actor.grants)


def check(actor: Actor, permission: str) -> None:
    """Refuse who has a permission nowhere.

    Raises:
        RefusalError: `forbidden`.
    """
    if not has(actor, permission):
        raise RefusalError("forbidden", permission=permission)


async def check_organisation(tx: ReadTx, actor: Actor, permission: str, organisation_id: int) -> None:
    """Refuse what is not in reach; what is out of reach is as unknown as what is not there.

    Raises:
        RefusalError: `forbidden`, `unknown_organisation`.
    """
    check(actor, permission)
    rule = PERMISSIONS[permission]
    if actor.device_id is None and rule.whom == EVERYBODY:
        return
    if _at_root(actor, rule):
        found = await tx.connection.fetchval(_IS_ORGANISATION, tx.bank_id, organisation_id)
    else:
        found = await tx.connection.fetchval(_IN_REACH, tx.bank_id, [organisation_id], _nodes(actor, rule))
    if not found:
        raise RefusalError("unknown_organisation")


async def check_row(
    tx: ReadTx, actor: Actor, permission: str, organisation_id: int | None, *, unknown: str
) -> None:
    """Refuse a row of an organisation out of reach as one that is not there; one of none is the whole bank's.

    Raises:
        RefusalError: `forbidden` to who has the permission nowhere; else the code `unknown`.
    """
    check(actor, permission)
    try:
        if organisation_id is None:
            check_whole_bank(actor, permission)
        else:
            await check_organisation(tx, actor, permission, organisation_id)
    except RefusalError:
        raise RefusalError(unknown) from None


async def check_person(tx: ReadTx, actor: Actor, permission: str, person_id: UUID, *, now: datetime) -> None:
    """Refuse a person that the actor neither is, nor acts for, nor has in reach.

    Raises:
        RefusalError: `forbidden` to who could have nobody, `unknown_person` to who could have others.
    """
    rule = PERMISSIONS[permission]
    if actor.person_id is not None and rule.whom == SELF:
        if actor.person_id == person_id:
            return
        if rule.scope is not None and await acts_for(tx, actor.person_id, person_id, rule.scope, now=now):
            actor.principal_id = person_id
            return
    check(actor, permission)
    if rule.whom == EVERYBODY:
        return
    if _at_root(actor, rule):
        if not await tx.connection.fetchval(_IS_PERSON, tx.bank_id, person_id):
            raise RefusalError("unknown_person")
        return
    places = [row[0] for row in await tx.connection.fetch(_PLACES, tx.bank_id, person_id)]
    if not await tx.connection.fetchval(_IN_REACH, tx.bank_id, places, _nodes(actor, rule)):
        raise RefusalError("unknown_person")


async def acts_for(tx: ReadTx, agent_id: UUID, principal_id: UUID, scope: str, *, now: datetime) -> bool:
    """Tell whether a proxy of that scope, or guardianship, lets one person act for another at that moment."""
    found: bool = await tx.connection.fetchval(
        _ACTS_FOR, tx.bank_id, agent_id, principal_id, now, scope, tx.day(now)
    )
    return found


async def represented(
    tx: ReadTx, agent_id: UUID | None, person_ids: Collection[UUID], *, now: datetime
) -> set[UUID]:
    """Return those of some people whom a person acts for in anything at that moment, as agent or as guardian.

    Who speaks for somebody is no judge of what they did.
    """
    rows = await tx.connection.fetch(_REPRESENTED, tx.bank_id, agent_id, list(person_ids), now, tx.day(now))
    return {row[0] for row in rows}


async def check_offices(tx: ReadTx, actor: Actor, person_id: UUID, *, now: datetime) -> None:
    """Refuse what would take an office's roles away, or hand them over: to who could not revoke each of them.

    A phone is a way to log in, and whoever is erased has no roles: neither is a way around the reach of a grant.

    Raises:
        RefusalError: `forbidden`.
    """
    roles = [str(role) for role in OFFICE_ROLES]
    for row in await tx.connection.fetch(_OFFICES, tx.bank_id, person_id, roles, now):
        try:
            await check_organisation(tx, actor, "roles.write", row["organisation_id"])
        except RefusalError:
            raise RefusalError("forbidden", permission="roles.write") from None


async def reach(tx: ReadTx, actor: Actor, permission: str) -> list[int] | None:
    """Return the organisations in which the actor has a permission; None for all of the bank.

    Raises:
        RefusalError: `forbidden`.
    """
    check(actor, permission)
    rule = PERMISSIONS[permission]
    if rule.whom == EVERYBODY or _at_root(actor, rule):
        return None
    nodes = _nodes(actor, rule)
    found: list[int] = await tx.connection.fetchval(_SUBTREE, tx.bank_id, nodes)
    return found


def check_whole_bank(actor: Actor, permission: str) -> None:
    """Refuse what concerns the whole bank to who reaches only a part of it.

    Raises:
        RefusalError: `forbidden`.
    """
    check(actor, permission)
    rule = PERMISSIONS[permission]
    if rule.whom != EVERYBODY and not _at_root(actor, rule):
        raise RefusalError("forbidden", permission=permission)


def reaches_all(actor: Actor, permission: str) -> bool:
    """Tell whether the actor has a permission of the whole bank."""
    try:
        check_whole_bank(actor, permission)
    except RefusalError:
        return False
    return True


def _at_root(actor: Actor, rule: Rule) -> bool:
    """Tell whether the actor reaches the whole bank, all tops of its tree, if there are several."""
    return any(grant.at_root and grant.role in rule.roles for grant in actor.grants)


def _nodes(actor: Actor, rule: Rule) -> list[int]:
    if actor.device_organisation_id is not None:
        return [actor.device_organisation_id]
    return [grant.organisation_id for grant in actor.grants if grant.role in rule.roles]
