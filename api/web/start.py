"""The start page: what this is, and the ways on from here."""

from starlette.responses import Response

from api.routers import bare
from api.web.arriving import VisitOf
from ledger.session import ReadTx
from timebank.access import Actor

router = bare()


@router.get("/")
async def show_start(visit: VisitOf) -> Response:
    """Show what this is; to who is logged in, the ways to what is theirs."""
    if visit.bank is not None:
        await visit.read_as_anybody(_nothing)
    return visit.page("start.html")


async def _nothing(tx: ReadTx, actor: Actor) -> None:
    """Let the visit know who it is of."""
    del tx, actor
