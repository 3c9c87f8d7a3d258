"""The first administrator of a bank, invited by who runs the server with a link good once; no password is set."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from ledger.session import ReadTx, WriteTx
from timebank.login.links import make_login_link
from timebank.permissions import Role

LIFETIME = timedelta(days=3)
ROOT_CODE = "ROOT"

_HAS_ADMINISTRATOR = """
select exists (select from role_grants g
  join organisations o on o.bank_id = $1 and o.id = g.organisation_id and o.parent_id is null
  where g.bank_id = $1 and g.role = 'administrator' and g.revoked_at is null
    and (g.until_at is null or g.until_at > $2))
"""
# The district of the tree with most below it, should there be several tops.
_ROOT = """
select o.id from organisations o where o.bank_id = $1 and o.parent_id is null and o.level <> 'team'
order by (o.level = 'district') desc, (select count(*) from organisations c
  where c.bank_id = $1 and c.parent_id = o.id) desc, o.id limit 1
"""
_MAKE_ROOT = """
insert into organisations (bank_id, code, name, level) values ($1, $2, $3, 'district') returning id
"""
_MAKE_PERSON = "insert into people (bank_id) values ($1) returning id"
_GRANT = """
insert into role_grants (bank_id, person_id, role, organisation_id, from_at, granted_by)
values ($1, $2, $3, $4, $5, $6)
"""


@dataclass(frozen=True, slots=True)
class Invitation:
    """A new administrator, and the token of the link that logs them in once."""

    person_id: UUID
    token: str
    expires_at: datetime


async def has_administrator(tx: ReadTx, *, now: datetime) -> bool:
    """Tell whether anybody administers the whole bank, now or later on."""
    found: bool = await tx.connection.fetchval(_HAS_ADMINISTRATOR, tx.bank_id, now)
    return found


async def invite_administrator(tx: WriteTx, *, bank_name: str, now: datetime, actor: str) -> Invitation:
    """Make a person who administers the whole bank, and a link for them; an empty bank gets its root organisation."""
    root = await root_organisation(tx)
    if root is None:
        root = await tx.connection.fetchval(_MAKE_ROOT, tx.bank_id, ROOT_CODE, bank_name)
    person_id: UUID = await tx.connection.fetchval(_MAKE_PERSON, tx.bank_id)
    await grant_unasked(tx, person_id, Role.ADMINISTRATOR, root, now=now, actor=actor)
    token = await make_login_link(tx, person_id, now=now, lifetime=LIFETIME)
    return Invitation(person_id, token, now + LIFETIME)


async def root_organisation(tx: ReadTx) -> int | None:
    """Return the top of the bank's tree, if it has one."""
    found: int | None = await tx.connection.fetchval(_ROOT, tx.bank_id)
    return found


async def grant_unasked(
    tx: WriteTx, person_id: UUID, role: Role, organisation_id: int, *, now: datetime, actor: str
) -> None:
    """Grant a role with nobody's leave but that of who runs the server."""
    await tx.connection.execute(_GRANT, tx.bank_id, person_id, role.value, organisation_id, now, actor)
