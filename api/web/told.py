"""What a member was told: the newest first, in words, and read once they say so."""

from typing import Annotated

from fastapi import Query
from starlette.responses import Response

from api.fields import MAX_ID, Id
from api.routers import bare
from api.web.arriving import VisitOf
from api.web.asking import person_of
from api.web.forms import FormBody
from ledger.session import ReadTx, WriteTx
from timebank.access import Actor, check_person
from timebank.messages.rendering import rendered
from timebank.notifications.actions import mark_read_up_to
from timebank.notifications.queries import Notification, notifications_of

router = bare()

PERMISSION = "notifications.read"
PAGE_LINES = 30

Before = Annotated[int, Query(alias="before", ge=1, le=MAX_ID)]


class ReadForm(FormBody):
    """Everything up to this one was read."""

    last: Id


@router.get("/me/notices")
async def show_told(visit: VisitOf, before: Before = MAX_ID) -> Response:
    """Show who is logged in what they were told."""

    async def work(tx: ReadTx, actor: Actor) -> list[Notification]:
        person_id = person_of(actor, PERMISSION)
        await check_person(tx, actor, PERMISSION, person_id, now=visit.now)
        return await notifications_of(tx, person_id, before_id=before, limit=PAGE_LINES + 1)

    found = await visit.read(work)
    shown = found[:PAGE_LINES]
    return visit.page(
        "told.html",
        told=[(each, *rendered(each.kind, each.params, visit.language)) for each in shown],
        unread=any(each.read_at is None for each in shown),
        following=shown[-1].id if len(found) > PAGE_LINES else None,
    )


@router.post("/me/notices")
async def mark_told(visit: VisitOf) -> Response:
    """Mark what was shown, and all before it, as read."""
    form = await visit.form(ReadForm)

    async def work(tx: WriteTx, actor: Actor) -> int:
        person_id = person_of(actor, PERMISSION)
        await check_person(tx, actor, PERMISSION, person_id, now=visit.now)
        return await mark_read_up_to(tx, person_id=person_id, last_id=form.last, now=visit.now)

    await visit.write(work, action="notification.read_up_to", subject=str(form.last))
    return visit.go("/me/notices")
