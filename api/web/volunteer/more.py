"""All pages of a member's own in one list."""

from dataclasses import dataclass
from typing import Final

from starlette.responses import Response

from api.routers import bare
from api.web.arriving import VisitOf
from api.web.navigation import Group, Way
from api.web.volunteer.member import member_of
from ledger.session import ReadTx
from timebank.access import Actor
from timebank.notifications.queries import unread_of
from timebank.people.rules import NAME
from timebank.vault.actions import take_fields

router = bare()

PERMISSION: Final = "notifications.read"
MOST_UNREAD: Final = 99

GROUPS: Final = (
    Group(
        "page.more.standing",
        (
            Way("/me/statement", "page.statement.title", "list"),
            Way("/me/records", "page.records.title", "clipboard-check"),
            Way("/me/stars", "page.stars.title", "star"),
            Way("/me/certificates", "page.certificates.title", "award"),
            Way("/me/notices", "page.told.title", "bell"),
        ),
    ),
    Group(
        "page.more.doing",
        (
            Way("/sessions", "page.sessions.title", "calendar-days"),
            Way("/shops", "page.shops.title", "shopping-basket"),
            Way("/offers", "page.offers.title", "store"),
            Way("/me/spending", "page.spending.title", "wallet"),
            Way("/me/gifts", "page.more.gifts", "heart-handshake"),
        ),
    ),
    Group(
        "page.more.settings",
        (
            Way("/me/code", "page.code.title", "qr-code"),
            Way("/me/privacy", "page.more.privacy", "shield-check"),
        ),
    ),
    Group(
        "page.more.open",
        (
            Way("/notices", "page.notices.title", "megaphone"),
            Way("/recognition", "page.honours.title", "medal"),
            Way("/verify", "page.verify.title", "badge-check"),
        ),
    ),
)
"""The ways, by what they are for."""


@dataclass(frozen=True, slots=True)
class Shown:
    """Who it is, and how much they have not read."""

    name: str
    unread: int


@router.get("/me/more")
async def show_more(visit: VisitOf) -> Response:
    """Show a member every page that is theirs."""

    async def work(tx: ReadTx, actor: Actor) -> Shown:
        person_id = await member_of(visit, tx, actor, PERMISSION)
        fields = await take_fields(tx, visit.service.cipher, person_id)
        return Shown(fields.get(NAME, ""), await unread_of(tx, person_id, most=MOST_UNREAD))

    return visit.page("volunteer/more.html", shown=await visit.read(work), groups=GROUPS)
