"""Objections (异议): to a line of a notice, by anybody; decided by the office."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Annotated, Literal, Protocol, TypeVar
from uuid import UUID

from fastapi import Path, Query
from pydantic import BaseModel, ConfigDict, StringConstraints
from starlette.responses import Response

from api.cursors import DEFAULT_LIMIT, Cursor, Limit, Page, after, page
from api.edge import Caller, CallerOf, IdempotencyKey
from api.fields import MAX_ID, PathId, Printable, Sentence
from api.problems import problems
from api.routers import resource
from ledger.session import ReadTx, WriteTx
from timebank.access import Actor
from timebank.notices import objections, queries
from timebank.notices.objections import Objection
from timebank.privacy.actions import record_look_up
from timebank.vault.cipher import Cipher

router = resource(tag="notices")

LineNumber = Annotated[int, Path(ge=1, le=MAX_ID, description="The line as the notice numbers it.")]
Contact = Annotated[str, StringConstraints(min_length=1, max_length=100, strip_whitespace=True), Printable]


class ObjectionIn(BaseModel):
    """What is wrong with the line, and how to reach the objector, if they wish; only the office reads either."""

    model_config = ConfigDict(extra="forbid")

    ground: Sentence
    contact: Contact | None = None


class ObjectionRaised(BaseModel):
    """An objection that waits to be decided."""

    objection_id: int
    notice_id: int
    line: int


class ObjectionOut(BaseModel):
    """An objection as the office reads it."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    notice_id: int
    line: int
    record_id: int
    ground: str
    raised_at: datetime
    has_contact: bool
    decided_at: datetime | None
    decision: Literal["upheld", "dismissed"] | None
    reason: str | None


class ObjectionWithContact(ObjectionOut):
    """An objection and how to reach who raised it; that it was read is recorded."""

    contact: str | None


class DecisionIn(BaseModel):
    """Upheld: the line is struck and the record rejected. Dismissed: the line is shown again."""

    model_config = ConfigDict(extra="forbid")

    decision: Literal["upheld", "dismissed"]
    reason: Sentence


class DecisionOut(BaseModel):
    """What was decided; dismissed after the notice was over, the record is credited with it."""

    objection_id: int
    decision: Literal["upheld", "dismissed"]
    is_credited: bool


@router.post(
    "/notices/{notice_id}/lines/{line}/objections",
    operation_id="object_to_line",
    status_code=201,
    response_model=ObjectionRaised,
    responses=problems(401, 403, 404, 409),
)
async def post_objection(
    caller: CallerOf, notice_id: PathId, line: LineNumber, body: ObjectionIn, key: IdempotencyKey
) -> Response:
    """Object to a line of an open notice: it is not credited before the office has decided."""

    async def work(tx: WriteTx, actor: Actor) -> ObjectionRaised:
        objection_id = await objections.raise_objection(
            tx,
            actor,
            caller.service.cipher,
            notice_id=notice_id,
            line=line,
            objection=Objection(body.ground, body.contact),
            now=caller.now,
        )
        return ObjectionRaised(objection_id=objection_id, notice_id=notice_id, line=line)

    return await caller.write_once(
        key,
        {"notice": notice_id, "line": line, **body.model_dump(mode="json")},
        work,
        action="objections.raise",
        subject=f"{notice_id}/{line}",
    )


@router.get("/objections", operation_id="list_objections", responses=problems(401, 403))
async def list_objections(
    caller: CallerOf,
    *,
    is_open: Annotated[
        bool | None, Query(alias="open", description="Only those not decided, or decided.")
    ] = None,
    cursor: Cursor = None,
    limit: Limit = DEFAULT_LIMIT,
) -> Page[ObjectionOut]:
    """Return objections in reach, the first one first."""
    after_id = after(cursor)

    async def work(tx: ReadTx, actor: Actor) -> list[queries.RaisedObjection]:
        return await queries.objections(tx, actor, after_id=after_id, limit=limit + 1, is_open=is_open)

    items, following = page(await caller.read(work), limit, lambda found: (found.id,))
    return Page(items=[ObjectionOut.model_validate(item) for item in items], next_cursor=following)


@router.get("/objections/{objection_id}", operation_id="read_objection", responses=problems(401, 403, 404))
async def read_objection(caller: CallerOf, objection_id: PathId) -> ObjectionWithContact:
    """Return an objection in reach and how to reach who raised it; that this was read is recorded."""
    found, contact = await with_contact(caller, queries.objection, queries.contact_of, objection_id)
    return ObjectionWithContact.model_validate(
        {**ObjectionOut.model_validate(found).model_dump(), "contact": contact}
    )


@router.post(
    "/objections/{objection_id}/decision",
    operation_id="decide_objection",
    response_model=DecisionOut,
    responses=problems(401, 403, 404, 409),
)
async def post_decision(
    caller: CallerOf, objection_id: PathId, body: DecisionIn, key: IdempotencyKey
) -> Response:
    """Decide an objection in reach, by somebody who neither raised it nor approved the record."""

    async def work(tx: WriteTx, actor: Actor) -> DecisionOut:
        done = await objections.decide_objection(
            tx,
            actor,
            objection_id=objection_id,
            decision=body.decision,
            reason=body.reason,
            now=caller.now,
        )
        return DecisionOut(
            objection_id=done.objection_id, decision=done.decision, is_credited=done.is_credited
        )

    return await caller.write_once(
        key,
        {"objection": objection_id, **body.model_dump(mode="json")},
        work,
        action="objections.decide",
        subject=str(objection_id),
        status=200,
    )


class Raised(Protocol):
    """An objection that somebody raised."""

    @property
    def raised_by(self) -> UUID | None:
        """Who raised it; None once they are erased."""


R = TypeVar("R", bound=Raised)


async def with_contact(
    caller: Caller,
    objection: Callable[[ReadTx, Actor, int], Awaitable[R]],
    contact_of: Callable[[ReadTx, Cipher, int], Awaitable[str | None]],
    objection_id: int,
) -> tuple[R, str | None]:
    """Return an objection in reach and how to reach who raised it, and record that this was read."""

    async def work(tx: WriteTx, actor: Actor) -> tuple[R, str | None]:
        found = await objection(tx, actor, objection_id)
        contact = await contact_of(tx, caller.service.cipher, objection_id)
        if contact is not None and found.raised_by is not None:
            await record_look_up(tx, actor, found.raised_by, purpose="objections.decide", fields=["contact"])
        return found, contact

    return await caller.look(work)
