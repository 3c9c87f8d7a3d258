"""What a member was told: the newest first, in words, and read once they say so."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Final

from fastapi import Query
from starlette.responses import Response

from api.fields import MAX_ID, Id
from api.routers import bare
from api.web.arriving import VisitOf
from api.web.forms import FormBody
from api.web.volunteer.member import member_of
from ledger.session import ReadTx, WriteTx
from timebank.access import Actor
from timebank.messages.rendering import rendered
from timebank.notifications.actions import mark_read_up_to
from timebank.notifications.queries import Notification, notifications_of

router = bare()

ADDRESSES: Final[Mapping[str, str]] = {
    "activity_": "/sessions",
    "sign_up_moved_up": "/sessions?where=mine",
    "records_made": "/me/records",
    "record_": "/me/records",
    "dispute_decided": "/me/records",
    "awarded": "/me/statement?unit=point",
    "converted": "/me/statement?unit=fufen",
    "redeemed": "/me/statement?unit=point",
    "refunded": "/me/statement?unit=point",
    "reversed": "/me/statement",
    "reservation_lapsed": "/me/spending",
    "fufen_taken": "/me/statement?unit=fufen",
    "voucher_": "/me/spending",
    "timecoins_": "/me/statement?unit=timecoin",
    "certificate_": "/me/certificates",
    "recognition_": "/recognition",
    "star_": "/me/stars",
    "acted_for_you": "/me/privacy",
}
"""Where there is more, by the kind of what was told or how it begins."""
OF_A_RECORD: Final = ("record_", "dispute_decided")
UNITS: Final = frozenset({"minute", "point", "fufen", "timecoin"})

PERMISSION = "notifications.read"
PAGE_LINES = 30

Before = Annotated[int, Query(alias="before", ge=1, le=MAX_ID)]


class ReadForm(FormBody):
    """Everything up to this one was read."""

    last: Id


@dataclass(frozen=True, slots=True)
class Told:
    """What a member was told, in words, and where there is more."""

    id: int
    title: str
    text: str
    made_at: datetime
    is_new: bool
    address: str | None


@router.get("/me/notices")
async def show_told(visit: VisitOf, before: Before = MAX_ID) -> Response:
    """Show who is logged in what they were told."""

    async def work(tx: ReadTx, actor: Actor) -> list[Notification]:
        person_id = await member_of(visit, tx, actor, PERMISSION)
        return await notifications_of(tx, person_id, before_id=before, limit=PAGE_LINES + 1)

    found = await visit.read(work)
    shown = found[:PAGE_LINES]
    return visit.page(
        "volunteer/told.html",
        told=[_told(each, visit.language) for each in shown],
        unread=any(each.read_at is None for each in shown),
        following=shown[-1].id if len(found) > PAGE_LINES else None,
    )


@router.post("/me/notices")
async def mark_told(visit: VisitOf) -> Response:
    """Mark what was shown, and all before it, as read."""
    form = await visit.form(ReadForm)

    async def work(tx: WriteTx, actor: Actor) -> int:
        person_id = await member_of(visit, tx, actor, PERMISSION)
        return await mark_read_up_to(tx, person_id=person_id, last_id=form.last, now=visit.now)

    await visit.write(work, action="notification.read_up_to", subject=str(form.last))
    return visit.go("/me/notices")


def address_of(kind: str, params: Mapping[str, object]) -> str | None:
    """Return where there is more about what was told, on the member's own pages."""
    record = params.get("record")
    if kind.startswith(OF_A_RECORD) and isinstance(record, int):
        return f"/me/records/{record}"
    unit = params.get("unit")
    if kind in {"awarded", "expiring"} and unit in UNITS:
        return f"/me/statement?unit={unit}"
    begins = next((begin for begin in ADDRESSES if kind.startswith(begin)), None)
    return None if begins is None else ADDRESSES[begins]


def _told(each: Notification, language: str) -> Told:
    title, text = rendered(each.kind, each.params, language)
    address = address_of(each.kind, each.params)
    return Told(each.id, title, text, each.made_at, each.read_at is None, address)
