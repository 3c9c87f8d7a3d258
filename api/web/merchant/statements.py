"""A merchant's staff and what it was settled with: the statements of its months, each as a file."""

from starlette.responses import Response

from api.fields import PathId
from api.routers import bare
from api.v1 import settlements as settlement_doors
from api.web.arriving import VisitOf
from api.web.money import shown_yuan
from ledger.session import ReadTx
from timebank.access import Actor
from timebank.merchants.access import check_staff
from timebank.merchants.queries import Merchant, merchant
from timebank.settlements.queries import Filter, Settlement, settlements

router = bare()

MOST_MONTHS = 240
"""Of one merchant on one page."""


@router.get("/merchant/{merchant_id}/statements")
async def list_statements(visit: VisitOf, merchant_id: PathId) -> Response:
    """Show a merchant's monthly statements, the newest first."""

    async def work(tx: ReadTx, actor: Actor) -> tuple[Merchant, list[Settlement]]:
        await check_staff(tx, actor, merchant_id, now=visit.now)
        wanted = Filter(merchant_id=merchant_id)
        found = await settlements(tx, wanted, organisations=None, after_id=0, limit=MOST_MONTHS)
        return await merchant(tx, merchant_id), found

    own, found = await visit.read(work)
    newest_first = sorted(found, key=lambda each: (each.month_on, each.id), reverse=True)
    return visit.page("merchant/statements.html", merchant=own, statements=newest_first, yuan=shown_yuan)


@router.get("/merchant/statements/{settlement_id}/file")
async def fetch_statement(visit: VisitOf, settlement_id: PathId) -> Response:
    """Return a statement as a workbook, with each acceptance that it counts."""
    return visit.finish(await settlement_doors.export_settlement(visit.caller, settlement_id))
