"""The public notice board: masked lines for everybody, and an objection by who is logged in."""

from dataclasses import dataclass

from starlette.responses import Response

from api.fields import PathId
from api.routers import bare
from api.web.arriving import VisitOf
from api.web.public.objecting import AfterLine, Heard, LineNumber, heard_of
from api.web.visit import Visit
from ledger.session import ReadTx, WriteTx
from timebank.access import Actor
from timebank.notices.objections import Objection, raise_objection
from timebank.notices.queries import Line, Notice, lines, notice, notices, open_notice_on

router = bare()

PAGE_LINES = 100
LIST_LIMIT = 50
NEWEST = 2**63 - 1


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

    return visit.page("public/notices.html", notices=await visit.read_as_anybody(work))


@router.get("/notices/{notice_id}")
async def show_notice(
    visit: VisitOf, notice_id: PathId, after: AfterLine = 0, line: LineNumber = None
) -> Response:
    """Show a notice's lines, and the form of an objection to one of them."""
    return await _board(visit, notice_id, after, Heard(line))


@router.post("/notices/{notice_id}")
async def object_to_line(visit: VisitOf, notice_id: PathId, after: AfterLine = 0) -> Response:
    """Object to a line, which is then frozen until the office has decided."""

    async def raise_(tx: WriteTx, actor: Actor, line: int, objection: Objection) -> int:
        return await raise_objection(
            tx,
            actor,
            visit.service.cipher,
            notice_id=notice_id,
            line=line,
            objection=objection,
            now=visit.now,
        )

    return await _board(visit, notice_id, after, await heard_of(visit, raise_))


async def _board(visit: Visit, notice_id: int, after: int, heard: Heard) -> Response:
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
    chosen = next((line for line in board.lines if line.line == heard.chosen), None)
    return heard.page(visit, "public/notice.html", board=board, after=after, chosen=chosen)
