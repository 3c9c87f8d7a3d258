"""Invented people for every role of the demo bank, each with a login link that is good once."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from ledger.session import WriteTx
from timebank.banks.inviting import grant_unasked
from timebank.login.links import make_login_link
from timebank.permissions import Role
from timebank.vault.actions import put_fields
from timebank.vault.blind import PHONE, BlindIndex, put_index
from timebank.vault.cipher import Cipher

ACTOR = "demo"
LIFETIME = timedelta(hours=12)
VOLUNTEER = "volunteer"


@dataclass(frozen=True, slots=True)
class Post:
    """A role, the organisation of the demo workbook it is held at, and an invented holder."""

    role: Role
    at: str
    name: str
    phone: str
    number: int = 1
    """Of those who hold the role."""

    @property
    def title(self) -> str:
        """What the post's login is listed under."""
        return self.role.value if self.number == 1 else f"{self.role.value}_{self.number}"


STAFF = (
    Post(Role.STEWARD, "S01", "站点示例", "19900009001"),
    Post(Role.CASHIER, "S01", "收银示例", "19900009002"),
    Post(Role.SHOP_MANAGER, "S01", "店长示例", "19900009003"),
    Post(Role.MERCHANT, "S01", "商户示例", "19900009004"),
    Post(Role.COMMUNITY_WORKER, "S01", "社工示例", "19900009005"),
    Post(Role.OFFICE, "Q01", "党建示例", "19900009006"),
    # A list of recognition is approved by somebody else than who draws it up.
    Post(Role.OFFICE, "Q01", "复核示例", "19900009009", number=2),
    Post(Role.AUDITOR, "Q01", "审计示例", "19900009007"),
    Post(Role.ADMINISTRATOR, "Q01", "管理示例", "19900009008"),
)
COLLEAGUE = Post(Role.CASHIER, "S01", "帮手示例", "19900009010", number=2)
"""Who is at the till beside the cashier; nobody is logged in as them."""

_THERE = """
select g.person_id from role_grants g join people p on p.bank_id = $1 and p.id = g.person_id and p.erased_at is null
where g.bank_id = $1 and g.role = $2 and g.granted_by = $3 and g.revoked_at is null order by g.id
offset $4 limit 1
"""
_ORGANISATION = "select id from organisations where bank_id = $1 and code = $2 order by id limit 1"
_PERSON = "insert into people (bank_id) values ($1) returning id"
_VOLUNTEER = "select owner from volunteers where bank_id = $1 and code = $2"


@dataclass(frozen=True, slots=True)
class DemoLogin:
    """A role of the demo, and the token that logs its holder in."""

    role: str
    person_id: UUID
    token: str


async def make_logins(
    tx: WriteTx, cipher: Cipher, *, volunteer: str, since: datetime, now: datetime
) -> list[DemoLogin]:
    """Return a new login of each role and of one volunteer; the people are made once, with their roles `since` then."""
    holders = [(VOLUNTEER, await tx.connection.fetchval(_VOLUNTEER, tx.bank_id, volunteer))]
    holders += [(post.title, await holder_of(tx, cipher, post, since=since)) for post in STAFF]
    return [
        DemoLogin(role, person_id, await make_login_link(tx, person_id, now=now, lifetime=LIFETIME))
        for role, person_id in holders
    ]


async def holder_of(tx: WriteTx, cipher: Cipher, post: Post, *, since: datetime) -> UUID:
    """Return who holds a post; who is not there yet is made, with the role `since` then."""
    found: UUID | None = await tx.connection.fetchval(
        _THERE, tx.bank_id, post.role.value, ACTOR, post.number - 1
    )
    if found is not None:
        return found
    person_id: UUID = await tx.connection.fetchval(_PERSON, tx.bank_id)
    organisation_id = await tx.connection.fetchval(_ORGANISATION, tx.bank_id, post.at)
    await put_fields(tx, cipher, [(person_id, "name", post.name), (person_id, "phone", post.phone)])
    await put_index(tx, BlindIndex(cipher.ring), person_id, PHONE, post.phone)  # so that a code is sent to it
    await grant_unasked(tx, person_id, post.role, organisation_id, now=since, actor=ACTOR)
    return person_id
