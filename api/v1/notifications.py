"""What a person was told, and that they have read it."""

from dataclasses import asdict
from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import Query
from pydantic import BaseModel, ConfigDict, Field, JsonValue

from api.cursors import DEFAULT_LIMIT, Cursor, Limit, Page, before, page
from api.edge import CallerOf
from api.fields import Id, PathId
from api.problems import problems
from api.routers import resource
from ledger.session import ReadTx, WriteTx
from timebank.access import Actor, check_person
from timebank.messages.rendering import in_all_languages
from timebank.notifications.actions import mark_read, mark_read_up_to
from timebank.notifications.queries import Notification, notifications_of

router = resource(tag="notifications")
PERMISSION = "notifications.read"


class NotificationOut(BaseModel):
    """What happened (`kind`), to what (`params`: ids, codes and amounts), and its words by language."""

    id: int
    kind: str
    params: dict[str, JsonValue]
    title: dict[str, str] = Field(examples=[{"zh": "即将到期", "en": "About to expire"}])
    text: dict[str, str]
    made_at: datetime
    read_at: datetime | None


class ReadUpTo(BaseModel):
    """The last notification that was seen."""

    model_config = ConfigDict(extra="forbid")

    last_id: Id


class Marked(BaseModel):
    """How many were unread until now."""

    marked: int


@router.get(
    "/people/{person_id}/notifications",
    operation_id="list_notifications",
    responses=problems(401, 403, 404),
)
async def list_notifications(
    caller: CallerOf,
    *,
    person_id: UUID,
    unread: Annotated[bool, Query(description="Only what was not read.")] = False,
    cursor: Cursor = None,
    limit: Limit = DEFAULT_LIMIT,
) -> Page[NotificationOut]:
    """Return what a person was told, newest first."""
    before_id = before(cursor)

    async def work(tx: ReadTx, actor: Actor) -> list[Notification]:
        await check_person(tx, actor, PERMISSION, person_id, now=caller.now)
        return await notifications_of(tx, person_id, before_id=before_id, limit=limit + 1, unread_only=unread)

    items, following = page(await caller.read(work), limit, lambda told: (told.id,))
    return Page(items=[_out(told) for told in items], next_cursor=following)


@router.post(
    "/people/{person_id}/notifications/{notification_id}/read",
    operation_id="mark_notification_read",
    responses=problems(401, 403, 404),
)
async def create_read(caller: CallerOf, person_id: UUID, notification_id: PathId) -> NotificationOut:
    """Mark one notification as read."""

    async def work(tx: WriteTx, actor: Actor) -> Notification:
        await check_person(tx, actor, PERMISSION, person_id, now=caller.now)
        return await mark_read(tx, person_id=person_id, notification_id=notification_id, now=caller.now)

    told = await caller.write(work, action="notification.read", subject=str(notification_id))
    return _out(told)


@router.post(
    "/people/{person_id}/notifications/read",
    operation_id="mark_notifications_read",
    responses=problems(401, 403, 404),
)
async def create_read_up_to(caller: CallerOf, person_id: UUID, body: ReadUpTo) -> Marked:
    """Mark everything up to a notification as read."""

    async def work(tx: WriteTx, actor: Actor) -> Marked:
        await check_person(tx, actor, PERMISSION, person_id, now=caller.now)
        return Marked(
            marked=await mark_read_up_to(tx, person_id=person_id, last_id=body.last_id, now=caller.now)
        )

    return await caller.write(work, action="notification.read_up_to", subject=str(body.last_id))


def _out(told: Notification) -> NotificationOut:
    titles, texts = in_all_languages(told.kind, told.params)
    return NotificationOut.model_validate({**asdict(told), "title": titles, "text": texts})
