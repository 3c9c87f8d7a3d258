"""Public notices (公示): opening and reading them, with and without login, and the credit when they are over."""

from datetime import date, datetime
from typing import Annotated, Literal

from fastapi import Path, Query
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from api.cursors import DEFAULT_LIMIT, Cursor, Limit, Page, after, before, page
from api.edge import CallerOf, IdempotencyKey, ServiceOf
from api.fields import MAX_ID, Id, PathId
from api.problems import problems
from api.routers import resource
from ledger.session import ReadTx, WriteTx
from timebank.access import Actor, check, check_row
from timebank.notices import queries
from timebank.notices.actions import open_notice
from timebank.notices.closing import credit_notice
from timebank.notices.crediting import By

router = resource(tag="notices")

READ, WRITE = "notices.read", "notices.write"

BankCode = Annotated[str, Path(pattern=r"^[a-z][a-z0-9-]{0,39}$")]
LineState = Literal["shown", "objected", "struck", "credited"]


class NoticeIn(BaseModel):
    """Whose approved records are shown: an organisation's and all below it."""

    model_config = ConfigDict(extra="forbid")

    organisation_id: Id


class NoticeOpened(BaseModel):
    """The notice; none where the policy wants none: then so many were credited at once, or wait for a budget."""

    notice_id: int | None
    closes_on: date | None = Field(description="Its last day, included.")
    lines: int
    credited: int
    waiting: int


class NoticeOut(BaseModel):
    """A notice: whose records, from which day to the end of which, and when it was credited."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    organisation_id: int
    organisation: str
    opened_on: date
    closes_on: date = Field(description="Its last day, included.")
    working_days: int
    closed_at: datetime | None


class NoticeWithCounts(NoticeOut):
    """A notice and how many of its lines are in each state."""

    lines: dict[LineState, int]


class LineOut(BaseModel):
    """A line: a masked name, and what is to be credited for what."""

    model_config = ConfigDict(from_attributes=True)

    line: int
    name: str = Field(examples=["王*明"])
    state: LineState
    minutes: int
    activity: str
    organisation: str | None
    served_on: date


class NoticeBoard(NoticeOut):
    """A notice as anybody may read it, with a page of its lines."""

    lines: Page[LineOut]


class CreditedOut(BaseModel):
    """How many records were credited, how many the books refused, and how many wait for a budget to be raised."""

    credited: int
    refused: int
    waiting: int


@router.post(
    "/notices",
    operation_id="open_notice",
    status_code=201,
    response_model=NoticeOpened,
    responses=problems(401, 403, 404, 409),
)
async def post_notice(caller: CallerOf, body: NoticeIn, key: IdempotencyKey) -> Response:
    """Show the approved records below an organisation in reach, 2,000 at most, for as long as the policy says."""

    async def work(tx: WriteTx, actor: Actor) -> NoticeOpened:
        opened = await open_notice(
            tx, actor, caller.service.cipher, organisation_id=body.organisation_id, now=caller.now
        )
        return NoticeOpened(
            notice_id=opened.notice_id,
            closes_on=opened.closes_on,
            lines=opened.lines,
            credited=opened.credited.credited,
            waiting=opened.credited.waiting,
        )

    return await caller.write_once(
        key, body.model_dump(mode="json"), work, action="notices.open", subject=str(body.organisation_id)
    )


@router.get("/notices", operation_id="list_notices", responses=problems(401, 403))
async def list_notices(
    caller: CallerOf,
    *,
    organisation_id: Annotated[int | None, Query(ge=1, le=MAX_ID)] = None,
    is_open: Annotated[bool, Query(alias="open", description="Only those not over.")] = False,
    cursor: Cursor = None,
    limit: Limit = DEFAULT_LIMIT,
) -> Page[NoticeOut]:
    """Return notices, the newest first."""
    before_id = before(cursor)

    async def work(tx: ReadTx, actor: Actor) -> list[queries.Notice]:
        check(actor, READ)
        return await queries.notices(
            tx,
            before_id=before_id,
            limit=limit + 1,
            organisation_id=organisation_id,
            open_on=tx.day(caller.now) if is_open else None,
        )

    items, following = page(await caller.read(work), limit, lambda found: (found.id,))
    return Page(items=[NoticeOut.model_validate(item) for item in items], next_cursor=following)


@router.get("/notices/{notice_id}", operation_id="read_notice", responses=problems(401, 403, 404))
async def read_notice(caller: CallerOf, notice_id: PathId) -> NoticeWithCounts:
    """Return a notice and how many of its lines are in each state."""

    async def work(tx: ReadTx, actor: Actor) -> tuple[queries.Notice, dict[str, int]]:
        check(actor, READ)
        return await queries.notice(tx, notice_id), await queries.line_counts(tx, notice_id)

    found, counts = await caller.read(work)
    return NoticeWithCounts.model_validate(
        {**NoticeOut.model_validate(found).model_dump(), "lines": counts},
    )


@router.get("/notices/{notice_id}/lines", operation_id="list_notice_lines", responses=problems(401, 403, 404))
async def list_lines(
    caller: CallerOf, *, notice_id: PathId, cursor: Cursor = None, limit: Limit = DEFAULT_LIMIT
) -> Page[LineOut]:
    """Return the lines of a notice in order, names masked."""
    after_line = after(cursor)

    async def work(tx: ReadTx, actor: Actor) -> list[queries.Line]:
        check(actor, READ)
        await queries.notice(tx, notice_id)
        return await queries.lines(tx, notice_id, after_line=after_line, limit=limit + 1)

    return _lines(await caller.read(work), limit)


@router.post(
    "/notices/{notice_id}/close",
    operation_id="close_notice",
    response_model=CreditedOut,
    responses=problems(401, 403, 404, 409),
)
async def close_notice(caller: CallerOf, notice_id: PathId, key: IdempotencyKey) -> Response:
    """Credit what nobody objected to, once the last day is over, and close the notice: what the job does by itself."""

    async def work(tx: WriteTx, actor: Actor) -> CreditedOut:
        check(actor, WRITE)
        await _check_reach(tx, actor, notice_id)
        by = By(actor.text, actor.person_id)
        done = await credit_notice(tx, notice_id=notice_id, by=by, now=caller.now)
        return CreditedOut(credited=done.credited, refused=done.refused, waiting=done.waiting)

    return await caller.write_once(
        key, {"notice": notice_id}, work, action="notices.close", subject=str(notice_id), status=200
    )


@router.get("/banks/{bank}/notices", operation_id="read_notice_board", responses=problems(404))
async def read_board(
    service: ServiceOf, *, bank: BankCode, cursor: Cursor = None, limit: Limit = DEFAULT_LIMIT
) -> Page[NoticeOut]:
    """Return the notices of a bank that are open today, the newest first; no login."""
    before_id, now = before(cursor), service.now()

    async def work(tx: ReadTx) -> list[queries.Notice]:
        return await queries.notices(tx, before_id=before_id, limit=limit + 1, open_on=tx.day(now))

    found = await service.database.read(await service.bank(bank), work)
    items, following = page(found, limit, lambda one: (one.id,))
    return Page(items=[NoticeOut.model_validate(item) for item in items], next_cursor=following)


@router.get("/banks/{bank}/notices/{notice_id}", operation_id="read_open_notice", responses=problems(404))
async def read_open_notice(
    service: ServiceOf,
    *,
    bank: BankCode,
    notice_id: PathId,
    cursor: Cursor = None,
    limit: Limit = DEFAULT_LIMIT,
) -> NoticeBoard:
    """Return an open notice with a page of its lines, names masked; no login. Once it is over it is not there."""
    after_line, now = after(cursor), service.now()

    async def work(tx: ReadTx) -> tuple[queries.Notice, list[queries.Line]]:
        found = await queries.open_notice_on(tx, notice_id, day=tx.day(now))
        return found, await queries.lines(tx, notice_id, after_line=after_line, limit=limit + 1)

    found, lines = await service.database.read(await service.bank(bank), work)
    return NoticeBoard(**NoticeOut.model_validate(found).model_dump(), lines=_lines(lines, limit))


def _lines(found: list[queries.Line], limit: int) -> Page[LineOut]:
    items, following = page(found, limit, lambda one: (one.line,))
    return Page(items=[LineOut.model_validate(item) for item in items], next_cursor=following)


async def _check_reach(tx: ReadTx, actor: Actor, notice_id: int) -> None:
    """Refuse a notice out of reach as one that is not there."""
    check(actor, WRITE)
    found = await queries.notice(tx, notice_id)
    await check_row(tx, actor, WRITE, found.organisation_id, unknown="unknown_notice")
