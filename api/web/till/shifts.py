"""Shifts: what a till took and what was counted, one's own, and those of a shop for who keeps or audits it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, TypeAlias
from uuid import UUID

from fastapi import Query
from starlette.responses import Response

from api.cursors import Cursor, before, page
from api.fields import MAX_ID, PathId
from api.routers import bare
from api.web.arriving import VisitOf
from api.web.money import shown_yuan
from api.web.till.counters import shops_within
from ledger.session import ReadTx
from timebank.access import Actor, check, has, reach
from timebank.errors import RefusalError
from timebank.people.queries import masked_names
from timebank.shops.access import check_shop
from timebank.shops.queries import Shop
from timebank.tills.actions import CLOSE, CLOSE_OTHERS, OPEN
from timebank.tills.queries import Till, own_till, own_tills, till_in_reach, tills_of
from timebank.tills.report import Report, report_of

router = bare()

READ = "tills.read"
PAGE = 20

ShopId: TypeAlias = Annotated[int | None, Query(ge=1, le=MAX_ID)]


@dataclass(frozen=True, slots=True)
class Shifts:
    """A page of shifts, the shops to choose from, and the masked names of who stood there."""

    tills: Sequence[Till]
    shops: Sequence[Shop]
    shop: Shop | None
    names: Mapping[UUID, str]


@router.get("/till/shifts")
async def show_shifts(visit: VisitOf, shop: ShopId = None, cursor: Cursor = None) -> Response:
    """Show a cashier's own shifts, or to who reads a shop's tills all of that shop."""
    before_id = before(cursor)

    async def work(tx: ReadTx, actor: Actor) -> Shifts:
        if not has(actor, READ):
            check(actor, OPEN)
            assert actor.person_id is not None  # noqa: S101 -- no device may open one
            own = await own_tills(tx, actor.person_id, before_id=before_id, limit=PAGE + 1)
            return Shifts(own, (), None, {})
        nodes = await reach(tx, actor, READ)
        known = await shops_within(tx, visit, nodes, closed_too=True)
        chosen = await check_shop(tx, actor, READ, shop) if shop else next(iter(known), None)
        if chosen is None:
            return Shifts((), known, None, {})
        tills = await tills_of(tx, chosen.id, before_id=before_id, limit=PAGE + 1)
        cashiers = sorted({till.cashier_id for till in tills})
        return Shifts(tills, known, chosen, await masked_names(tx, visit.service.cipher, cashiers))

    shifts = await visit.read(work)
    shown, following = page(shifts.tills, PAGE, lambda till: (till.id,))
    return visit.page(
        "till/shifts.html",
        has_camera=True,
        shifts=shifts,
        tills=shown,
        following=following,
        yuan=shown_yuan,
    )


@router.get("/till/{till_id}")
async def show_report(visit: VisitOf, till_id: PathId) -> Response:
    """Show what a till took, and what was counted: one's own, or one of a shop that one keeps or audits."""

    async def work(tx: ReadTx, actor: Actor) -> tuple[Till, Report, str | None, bool]:
        is_reader = has(actor, READ)
        if not is_reader:
            till = await own_till(tx, actor, OPEN, till_id)
        else:
            till = await till_in_reach(tx, actor, READ, till_id)
        names = await masked_names(tx, visit.service.cipher, [till.cashier_id]) if is_reader else {}
        may_close = till.closing is None and await _may_close(tx, actor, till)
        return till, await report_of(tx, till_id), names.get(till.cashier_id), may_close

    till, report, cashier, may_close = await visit.read(work)
    return visit.page(
        "till/till_report.html",
        has_camera=True,
        till=till,
        report=report,
        cashier=cashier,
        may_close=may_close,
        yuan=shown_yuan,
    )


async def _may_close(tx: ReadTx, actor: Actor, till: Till) -> bool:
    if not has(actor, CLOSE):
        return False
    if till.cashier_id == actor.person_id:
        return True
    try:
        await till_in_reach(tx, actor, CLOSE_OTHERS, till.id)
    except RefusalError:
        return False
    return True
