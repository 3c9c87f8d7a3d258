"""The public lists of recognition: masked, without a login; while the notice runs, who is logged in may object."""

from dataclasses import dataclass

from starlette.responses import Response

from api.fields import MAX_ID, PathId
from api.routers import bare
from api.web.arriving import VisitOf
from api.web.office.recognition import label_of
from api.web.public.objecting import AfterLine, Heard, LineNumber, heard_of
from api.web.visit import Visit
from ledger.session import ReadTx, WriteTx
from timebank.access import Actor
from timebank.notices.objections import Objection
from timebank.recognition import lists
from timebank.recognition.lists import Line
from timebank.recognition.noticing import is_notice_over
from timebank.recognition.objections import raise_objection
from timebank.recognition.queries import Round

router = bare()

PAGE_LINES = 100
LIST_LIMIT = 50


@dataclass(frozen=True, slots=True)
class Board:
    """A page of a list; `is_open` while its notice runs."""

    round: Round
    lines: list[Line]
    is_open: bool
    following: int | None


@router.get("/recognition")
async def show_lists(visit: VisitOf) -> Response:
    """Show the lists that are public."""

    async def work(tx: ReadTx, actor: Actor) -> list[Round]:
        del actor
        return await lists.lists(tx, before_id=MAX_ID, limit=LIST_LIMIT)

    return visit.page(
        "public/honours.html",
        rounds=await visit.read_as_anybody(work),
        label=lambda words: label_of(visit, words),
    )


@router.get("/recognition/{round_id}")
async def show_list(
    visit: VisitOf, round_id: PathId, after: AfterLine = 0, line: LineNumber = None
) -> Response:
    """Show a list, and the form of an objection to a line of it."""
    return await _board(visit, round_id, after, Heard(line))


@router.post("/recognition/{round_id}")
async def object_to_candidate(visit: VisitOf, round_id: PathId, after: AfterLine = 0) -> Response:
    """Object to a line, which is then frozen until the office has decided."""

    async def raise_(tx: WriteTx, actor: Actor, line: int, objection: Objection) -> int:
        return await raise_objection(
            tx,
            actor,
            visit.service.cipher,
            round_id=round_id,
            number=line,
            objection=objection,
            now=visit.now,
        )

    return await _board(visit, round_id, after, await heard_of(visit, raise_))


async def _board(visit: Visit, round_id: int, after: int, heard: Heard) -> Response:
    async def work(tx: ReadTx, actor: Actor) -> Board:
        del actor
        found = await lists.list_of(tx, round_id)
        rows = await lists.lines(tx, found, after=after, limit=PAGE_LINES + 1)
        shown = rows[:PAGE_LINES]
        following = shown[-1].number if len(rows) > PAGE_LINES else None
        is_open = found.state == "notice" and not is_notice_over(found, tx.day(visit.now))
        return Board(found, shown, is_open, following)

    board = await visit.read_as_anybody(work)
    return heard.page(
        visit,
        "public/honour.html",
        board=board,
        after=after,
        chosen=next((line for line in board.lines if line.number == heard.chosen), None),
        label=lambda words: label_of(visit, words),
    )
