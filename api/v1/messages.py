"""The outbox as an administrator sees it: what was sent by which channel, and what was not. Nobody is named."""

from datetime import datetime
from typing import Annotated, Literal, TypeAlias
from uuid import UUID

from fastapi import Query
from pydantic import BaseModel, ConfigDict, Field

from api.cursors import DEFAULT_LIMIT, Cursor, Limit, Page, before, page
from api.edge import CallerOf
from api.fields import MAX_ID
from api.problems import problems
from api.routers import resource
from ledger.session import ReadTx
from timebank.access import Actor, check_whole_bank
from timebank.messages.queries import Message, MessageFilter, messages

router = resource("/messages", tag="messages")

PERMISSION = "messages.read"
State: TypeAlias = Literal["waiting", "sending", "sent", "dropped", "failed"]
Channel: TypeAlias = Literal["email", "sms", "wechat", "webhook"]


class MessageOut(BaseModel):
    """A message: `reference` is what its receiver has it by, `problem` a word for what was wrong last."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    reference: UUID
    channel: Channel
    endpoint_id: int | None
    kind: str
    state: State
    attempts: int
    made_at: datetime
    again_at: datetime | None = Field(description="When it is tried again, or may be taken over.")
    ended_at: datetime | None
    problem: str | None


@router.get("", operation_id="list_messages", responses=problems(401, 403))
async def list_messages(
    caller: CallerOf,
    *,
    state: State | None = None,
    channel: Channel | None = None,
    endpoint_id: Annotated[int | None, Query(ge=1, le=MAX_ID)] = None,
    cursor: Cursor = None,
    limit: Limit = DEFAULT_LIMIT,
) -> Page[MessageOut]:
    """Return messages, the newest first."""
    before_id = before(cursor)

    async def work(tx: ReadTx, actor: Actor) -> list[Message]:
        check_whole_bank(actor, PERMISSION)
        wanted = MessageFilter(state, channel, endpoint_id)
        return await messages(tx, wanted, before_id=before_id, limit=limit + 1)

    items, following = page(await caller.read(work), limit, lambda found: (found.id,))
    return Page(items=[MessageOut.model_validate(item) for item in items], next_cursor=following)
