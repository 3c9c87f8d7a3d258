"""Lists of recognition as everybody reads them, names masked, and objecting to a line of one on the notice board."""

from datetime import date, datetime
from typing import Annotated, Literal

from fastapi import Path
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from api.cursors import DEFAULT_LIMIT, Cursor, Limit, Page, after, before, page
from api.edge import CallerOf, IdempotencyKey
from api.fields import MAX_ID, PathId
from api.problems import problems
from api.routers import resource
from api.v1.objections import ObjectionIn
from ledger.session import ReadTx, WriteTx
from timebank.access import Actor, check
from timebank.notices.objections import Objection
from timebank.recognition import lists
from timebank.recognition.lists import Line
from timebank.recognition.objections import raise_objection
from timebank.recognition.queries import Round

router = resource("/recognition-lists", tag="recognition")
SEEN = "recognitions.seen"

LineNumber = Annotated[int, Path(ge=1, le=MAX_ID, description="The line as the list numbers it.")]


class RecognitionListOut(BaseModel):
    """A list: what it is called, whose, of which days, and how far it is."""

    id: int
    title: str
    label: str = Field(description="What the office calls this recognition.")
    label_en: str
    organisation_id: int
    organisation: str
    from_on: date
    until_on: date
    state: Literal["notice", "approved", "published", "revoked"]
    notice_closes_on: date | None = Field(description="The last day on which one may object, included.")
    published_at: datetime | None
    ended_at: datetime | None


class RecognitionLineOut(BaseModel):
    """A line: a masked name, or a team's or unit's own, and what they reached."""

    model_config = ConfigDict(from_attributes=True)

    number: int
    name: str = Field(examples=["王*明"])
    community: str | None
    level: int
    label: str | None = Field(description="What the office calls the level.")
    place: int = Field(description="Shared by `tied` lines.")
    tied: int
    minutes: int
    state: Literal["proposed", "objected", "revoked"]


class RecognitionObjectionRaised(BaseModel):
    """An objection that waits to be decided."""

    objection_id: int
    round_id: int
    number: int


@router.get("", operation_id="list_recognition_lists", responses=problems(401, 403))
async def list_lists(
    caller: CallerOf, *, cursor: Cursor = None, limit: Limit = DEFAULT_LIMIT
) -> Page[RecognitionListOut]:
    """Return the lists on the notice board and those published, the newest first."""
    before_id = before(cursor)

    async def work(tx: ReadTx, actor: Actor) -> list[Round]:
        check(actor, SEEN)
        return await lists.lists(tx, before_id=before_id, limit=limit + 1)

    items, following = page(await caller.read(work), limit, lambda found: (found.id,))
    return Page(items=[_list_out(item) for item in items], next_cursor=following)


@router.get("/{round_id}", operation_id="read_recognition_list", responses=problems(401, 403, 404))
async def read_list(caller: CallerOf, round_id: PathId) -> RecognitionListOut:
    """Return one list."""

    async def work(tx: ReadTx, actor: Actor) -> Round:
        check(actor, SEEN)
        return await lists.list_of(tx, round_id)

    return _list_out(await caller.read(work))


@router.get("/{round_id}/lines", operation_id="list_recognition_lines", responses=problems(401, 403, 404))
async def list_lines(
    caller: CallerOf, *, round_id: PathId, cursor: Cursor = None, limit: Limit = DEFAULT_LIMIT
) -> Page[RecognitionLineOut]:
    """Return the lines of a list in order, names masked; who was revoked stays on it as such."""
    after_number = after(cursor)

    async def work(tx: ReadTx, actor: Actor) -> list[Line]:
        check(actor, SEEN)
        found = await lists.list_of(tx, round_id)
        return await lists.lines(tx, found, after=after_number, limit=limit + 1)

    items, following = page(await caller.read(work), limit, lambda found: (found.number,))
    return Page(items=[RecognitionLineOut.model_validate(item) for item in items], next_cursor=following)


@router.post(
    "/{round_id}/lines/{number}/objections",
    operation_id="object_to_recognition",
    status_code=201,
    response_model=RecognitionObjectionRaised,
    responses=problems(401, 403, 404, 409),
)
async def post_objection(
    caller: CallerOf, round_id: PathId, number: LineNumber, body: ObjectionIn, key: IdempotencyKey
) -> Response:
    """Object to a line while the notice is open: nothing is approved before the office has decided."""

    async def work(tx: WriteTx, actor: Actor) -> RecognitionObjectionRaised:
        objection_id = await raise_objection(
            tx,
            actor,
            caller.service.cipher,
            round_id=round_id,
            number=number,
            objection=Objection(body.ground, body.contact),
            now=caller.now,
        )
        return RecognitionObjectionRaised(objection_id=objection_id, round_id=round_id, number=number)

    return await caller.write_once(
        key,
        {"round": round_id, "number": number, **body.model_dump(mode="json")},
        work,
        action="recognitions.object",
        subject=f"{round_id}/{number}",
    )


def _list_out(found: Round) -> RecognitionListOut:
    facts = {name: getattr(found, name, None) for name in RecognitionListOut.model_fields}
    label = found.criteria.label
    return RecognitionListOut.model_validate(facts | {"label": label.zh, "label_en": label.en})
