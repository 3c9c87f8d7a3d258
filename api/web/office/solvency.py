"""The solvency board: what is out, what stands behind it, what is to come; of the bank or of one organisation."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Query
from starlette.responses import Response

from api.fields import MAX_ID
from api.routers import bare
from api.web.arriving import VisitOf
from api.web.money import shown_yuan
from api.web.office.policy_words import unit_name
from ledger.session import ReadTx
from timebank.access import Actor, check, check_organisation, reach
from timebank.errors import RefusalError
from timebank.solvency.board import Board, PlaceLine, bank_board, organisation_board, place_lines

router = bare()

READ = "budgets.read"
MONTHS = 6

OrganisationId = Annotated[int | None, Query(ge=1, le=MAX_ID)]


@dataclass(frozen=True, slots=True)
class Shown:
    """A board, the line of each organisation in reach, and the one that the board is of."""

    board: Board
    lines: list[PlaceLine]
    name: str | None


@router.get("/office/solvency")
async def show_board(visit: VisitOf, organisation: OrganisationId = None) -> Response:
    """Show the board of an organisation in reach, or of all that is in reach of who reaches the whole bank."""

    async def work(tx: ReadTx, actor: Actor) -> Shown:
        check(actor, READ)
        nodes = await reach(tx, actor, READ)
        lines = await place_lines(tx, nodes)
        wanted = organisation
        if wanted is None and nodes is not None:
            if not nodes:
                raise RefusalError("unknown_organisation")
            wanted = nodes[0]
        if wanted is None:
            return Shown(await bank_board(tx, months=MONTHS, now=visit.now), lines, None)
        await check_organisation(tx, actor, READ, wanted)
        board = await organisation_board(tx, wanted, months=MONTHS, now=visit.now)
        name = next((line.node.name for line in lines if line.node.id == wanted), "")
        return Shown(board, lines, name)

    shown = await visit.read(work)
    return visit.page(
        "office/solvency.html",
        shown=shown,
        yuan=shown_yuan,
        percent=_percent,
        unit_name=lambda code: unit_name(visit, code),
    )


def _percent(permille: int | None) -> str:
    return "-" if permille is None else f"{permille / 10:.1f}%"
