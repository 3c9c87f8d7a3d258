"""The tills of a shop and what they took, for who keeps the shop and who audits it."""

from api.cursors import DEFAULT_LIMIT, Cursor, Limit, Page, before, page
from api.edge import CallerOf
from api.fields import PathId
from api.problems import problems
from api.routers import resource
from api.v1.tills import TillOut, TillReport, report_out, till_out
from ledger.session import ReadTx
from timebank.access import Actor
from timebank.errors import RefusalError
from timebank.shops.access import check_shop
from timebank.tills.queries import Till, till_in_reach, tills_of
from timebank.tills.report import Report, report_of

router = resource(tag="tills")

READ = "tills.read"


@router.get("/shops/{shop_id}/tills", operation_id="list_tills", responses=problems(401, 403, 404))
async def list_tills(
    caller: CallerOf, shop_id: PathId, cursor: Cursor = None, limit: Limit = DEFAULT_LIMIT
) -> Page[TillOut]:
    """Return the tills of a shop in reach, newest first."""
    before_id = before(cursor)

    async def work(tx: ReadTx, actor: Actor) -> list[Till]:
        await check_shop(tx, actor, READ, shop_id)
        return list(await tills_of(tx, shop_id, before_id=before_id, limit=limit + 1))

    items, following = page(await caller.read(work), limit, lambda till: (till.id,))
    return Page(items=[till_out(item, caller) for item in items], next_cursor=following)


@router.get("/shops/{shop_id}/tills/{till_id}", operation_id="read_till", responses=problems(401, 403, 404))
async def read_till(caller: CallerOf, shop_id: PathId, till_id: PathId) -> TillReport:
    """Return a till of a shop in reach, what it took, and what was counted at its close."""

    async def work(tx: ReadTx, actor: Actor) -> tuple[Till, Report]:
        found = await till_in_reach(tx, actor, READ, till_id)
        if found.shop.id != shop_id:
            raise RefusalError("unknown_till")
        return found, await report_of(tx, till_id)

    return report_out(*await caller.read(work), caller)
