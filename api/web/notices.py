"""The public notice board: masked lines for everybody, and an objection by who is logged in."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Query
from fastapi.exceptions import RequestValidationError
from pydantic import StringConstraints
from starlette.responses import Response

from api.fields import MAX_ID, Id, PathId, Printable, Sentence
from api.problems import status_of
from api.routers import bare
from api.web.arriving import VisitOf
from api.web.forms import FormBody, checked
from api.web.visit import Visit
from ledger.session import ReadTx, WriteTx
from timebank.access import Actor
from timebank.errors import RefusalError
from timebank.notices.objections import Objection, raise_objection
from timebank.notices.queries import Line, Notice, lines, notice, notices, open_notice_on

router = bare()

PAGE_LINES = 100
LIST_LIMIT = 50
NEWEST = 2**63 - 1

AfterLine = Annotated[int, Query(alias="after", ge=0, le=MAX_ID)]
LineNumber = Annotated[int | None, Query(alias="line", ge=1, le=MAX_ID)]


class TypedForm(FormBody):
    """What somebody typed, be it what it may: it is shown again if it does not fit."""

    line: Id
    ground: str = ""
    contact: str = ""


class ObjectionForm(FormBody):
    """What somebody says against a line, and how to reach them if they wish."""

    line: Id
    ground: Sentence
    contact: Annotated[str, StringConstraints(max_length=100, strip_whitespace=True), Printable] = ""


@dataclass(frozen=True, slots=True)
class Board:
    """A page of a notice."""

    notice: Notice
    lines: list[Line]
    is_open: bool
    following: int | None


@router.get("/notices")
async def list_notices(visit: VisitOf) -> Response:
    """Show the notices that are open."""

    async def work(tx: ReadTx, actor: Actor) -> list[Notice]:
        del actor
        return await notices(tx, before_id=NEWEST, limit=LIST_LIMIT, open_on=tx.day(visit.now))

    return visit.page("notices.html", notices=await visit.read_as_anybody(work))


@router.get("/notices/{notice_id}")
async def show_notice(
    visit: VisitOf, notice_id: PathId, after: AfterLine = 0, line: LineNumber = None
) -> Response:
    """Show a notice's lines, and the form of an objection to one of them."""
    return await _board(visit, notice_id, after, chosen=line)


@router.post("/notices/{notice_id}")
async def object_to_line(visit: VisitOf, notice_id: PathId, after: AfterLine = 0) -> Response:
    """Object to a line, which is then frozen until the office has decided."""
    typed = await visit.form(TypedForm)
    try:
        form = checked(ObjectionForm, typed.model_dump())
    except RequestValidationError:
        return await _board(visit, notice_id, after, typed=typed, refused=RefusalError("page.notice.wrong"))

    async def work(tx: WriteTx, actor: Actor) -> int:
        return await raise_objection(
            tx,
            actor,
            visit.service.cipher,
            notice_id=notice_id,
            line=form.line,
            objection=Objection(form.ground, form.contact or None),
            now=visit.now,
        )

    try:
        await visit.write(work, action="objections.raise", subject=str)
    except RefusalError as refusal:
        if refusal.code not in {"already_objected", "line_settled", "notice_over", "too_many_objections"}:
            raise
        return await _board(visit, notice_id, after, typed=typed, refused=refusal)
    return await _board(visit, notice_id, after, objected=form.line)


async def _board(
    visit: Visit,
    notice_id: int,
    after: int,
    *,
    chosen: int | None = None,
    objected: int | None = None,
    typed: TypedForm | None = None,
    refused: RefusalError | None = None,
) -> Response:
    async def work(tx: ReadTx, actor: Actor) -> Board:
        today = tx.day(visit.now)
        # What is over is no longer public: it is shown to who is logged in only.
        is_known = actor.session_id is not None
        found = await (notice(tx, notice_id) if is_known else open_notice_on(tx, notice_id, day=today))
        rows = await lines(tx, notice_id, after_line=after, limit=PAGE_LINES + 1)
        shown = rows[:PAGE_LINES]
        following = shown[-1].line if len(rows) > PAGE_LINES else None
        return Board(found, shown, found.closed_at is None and found.closes_on >= today, following)

    board = await visit.read_as_anybody(work)
    chosen = typed.line if typed else chosen
    return visit.page(
        "notice.html",
        board=board,
        after=after,
        chosen=next((line for line in board.lines if line.line == chosen), None),
        objected=objected,
        typed=typed,
        sentence=visit.say(refused.code, **refused.params) if refused else "",
        status=status_of(refused.code) if refused else 200,
    )
