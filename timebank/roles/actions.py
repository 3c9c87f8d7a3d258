"""Granting and revoking roles. Who may is decided by reach, in `timebank.access`, and by the rules here."""

from datetime import datetime
from uuid import UUID

from ledger.session import WriteTx
from timebank.access import Actor, check, check_organisation, check_row
from timebank.errors import RefusalError
from timebank.notifications.actions import tell
from timebank.organisations.queries import check_open
from timebank.permissions import Role
from timebank.roles.queries import COLUMNS, RoleGrant, role_grant
from timebank.roles.rules import check_grant

PERMISSION = "roles.write"

# The person's row is locked, so that two who grant the same at once meet here.
_PERSON = """
select true from people where bank_id = $1 and id = $2 and erased_at is null for no key update
"""
_GRANTED = """
select exists (select from role_grants g where g.bank_id = $1 and g.person_id = $2 and g.role = $3
  and g.organisation_id = $4 and g.revoked_at is null and (g.until_at is null or g.until_at > $5)
  and ($6::timestamptz is null or g.from_at < $6))
"""
_GRANT = f"""
insert into role_grants as g (bank_id, person_id, role, organisation_id, from_at, until_at, granted_by)
values ($1, $2, $3, $4, $5, $6, $7) returning {COLUMNS}
"""  # noqa: S608 -- ours
_REVOKE = f"""
update role_grants g set revoked_at = $3, revoked_by = $4
where g.bank_id = $1 and g.id = $2 and g.revoked_at is null returning {COLUMNS}
"""  # noqa: S608 -- ours
# In one order, so that two administrators who revoke each other meet here and the second finds nobody else.
_ADMINISTRATORS = """
select g.id, g.person_id from role_grants g
where g.bank_id = $1 and g.role = 'administrator' and g.revoked_at is null and g.from_at <= $2
  and (g.until_at is null or g.until_at > $2)
  and exists (select from organisations o
    where o.bank_id = $1 and o.id = g.organisation_id and o.parent_id is null)
  and exists (select from people p where p.bank_id = $1 and p.id = g.person_id and p.erased_at is null)
order by g.id for no key update of g
"""


async def grant_role(  # noqa: PLR0913 -- each is a part of the grant
    tx: WriteTx,
    actor: Actor,
    *,
    person_id: UUID,
    role: Role,
    organisation_id: int,
    from_at: datetime | None,
    until_at: datetime | None,
    now: datetime,
) -> RoleGrant:
    """Grant a role at an organisation in the granter's reach, from now or a later moment on, and tell the person.

    What is in reach of an administrator lies at or below their own node: none grants above it, and only one at the
    root grants there.

    Raises:
        RefusalError: `forbidden`, `unknown_organisation`, `organisation_closed`, `grant_to_oneself`, `period_invalid`,
            `unknown_person`, `already_granted`.
    """
    await check_organisation(tx, actor, PERMISSION, organisation_id)
    await check_open(tx, organisation_id, tx.day(now))
    begins = from_at or now
    check_grant(granter_id=actor.person_id, person_id=person_id, from_at=begins, until_at=until_at, now=now)
    if not await tx.connection.fetchval(_PERSON, tx.bank_id, person_id):
        raise RefusalError("unknown_person")
    if await tx.connection.fetchval(_GRANTED, tx.bank_id, person_id, role, organisation_id, begins, until_at):
        raise RefusalError("already_granted")
    row = await tx.connection.fetchrow(
        _GRANT, tx.bank_id, person_id, role, organisation_id, begins, until_at, actor.text
    )
    assert row is not None  # noqa: S101 -- an INSERT returns its row
    granted = RoleGrant(*row)
    await tell(tx, [person_id], "role_granted", grant=granted.id, role=role, organisation=organisation_id)
    return granted


async def revoke_role(tx: WriteTx, actor: Actor, *, grant_id: int, now: datetime) -> RoleGrant:
    """Revoke a grant in reach and tell the person; it has no effect on any request from then on.

    Raises:
        RefusalError: `forbidden`, `unknown_grant`, `already_revoked`, `last_administrator`.
    """
    check(actor, PERMISSION)
    found = await role_grant(tx, grant_id)
    await check_row(tx, actor, PERMISSION, found.organisation_id, unknown="unknown_grant")
    if found.revoked_at is not None:
        raise RefusalError("already_revoked")
    if found.role == Role.ADMINISTRATOR:
        remaining = await tx.connection.fetch(_ADMINISTRATORS, tx.bank_id, now)
        if [row["id"] for row in remaining] == [grant_id]:
            raise RefusalError("last_administrator")
    row = await tx.connection.fetchrow(_REVOKE, tx.bank_id, grant_id, now, actor.text)
    if row is None:
        raise RefusalError("already_revoked")
    await tell(
        tx,
        [found.person_id],
        "role_revoked",
        grant=grant_id,
        role=found.role,
        organisation=found.organisation_id,
    )
    return RoleGrant(*row)


async def check_not_last(tx: WriteTx, person_id: UUID, *, now: datetime) -> None:
    """Refuse to do without a person whom nobody else could follow, and let no other administrator go until the end.

    Raises:
        RefusalError: `last_administrator`.
    """
    remaining = {row["person_id"] for row in await tx.connection.fetch(_ADMINISTRATORS, tx.bank_id, now)}
    if remaining == {person_id}:
        raise RefusalError("last_administrator")
