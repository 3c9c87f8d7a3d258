"""One settlement: what it counts, approved by one and paid out of a fund by another."""

import secrets
from collections.abc import Awaitable
from dataclasses import dataclass
from typing import Annotated

from fastapi import Query
from fastapi.exceptions import RequestValidationError
from starlette.responses import Response

from api.fields import MAX_ID, Id, PathId
from api.routers import bare
from api.v1 import settlements as settlement_doors
from api.v1.settlements import APPROVE, PAY, PaymentIn, SettlementOut
from api.web.arriving import VisitOf
from api.web.asking import Once, Problem, ask, problem_of
from api.web.forms import FormBody
from api.web.money import shown_yuan
from api.web.office.policy_words import unit_name
from api.web.visit import LOGIN_OVER, Visit
from ledger.session import ReadTx
from timebank.access import Actor, has, reach
from timebank.errors import RefusalError
from timebank.funds.queries import Fund, fund, funds
from timebank.settlements.access import READ, check_settlement
from timebank.settlements.queries import Item, Settlement, items

router = bare()

PAGE_ITEMS = 20
MOST_FUNDS = 200
_ELSEWHERE = LOGIN_OVER | {"forbidden", "unknown_settlement"}

After = Annotated[int, Query(ge=0, le=MAX_ID)]


class ApproveForm(FormBody):
    """Nothing is asked: pressing the button is enough."""


class PayForm(FormBody):
    """The fund that pays."""

    fund: Id
    once: Once


@dataclass(frozen=True, slots=True)
class Statement:
    """A statement with a page of what it counts, and the funds that may pay it."""

    settlement: Settlement
    items: list[Item]
    following: int | None
    funds: list[Fund]
    fund: Fund | None
    can_approve: bool
    can_pay: bool
    drafted_oneself: bool
    approved_oneself: bool


@router.get("/office/settlements/{settlement_id}")
async def show_settlement(visit: VisitOf, settlement_id: PathId, after: After = 0) -> Response:
    """Show a statement in reach, and what is to be done with it."""
    return await _page(visit, settlement_id, after)


@router.get("/office/settlements/{settlement_id}/file")
async def fetch_statement(visit: VisitOf, settlement_id: PathId) -> Response:
    """Return the statement as a workbook for the accountant."""
    return visit.finish(await settlement_doors.export_settlement(visit.caller, settlement_id))


@router.post("/office/settlements/{settlement_id}/approve")
async def approve(visit: VisitOf, settlement_id: PathId) -> Response:
    """Approve what somebody else drafted."""
    await visit.form(ApproveForm)
    door: Awaitable[object] = settlement_doors.approve_settlement(visit.caller, settlement_id)
    try:
        await door
    except RefusalError as refusal:
        if refusal.code in _ELSEWHERE:
            raise
        return await _page(visit, settlement_id, 0, problem_of(visit, refusal))
    return visit.go(f"/office/settlements/{settlement_id}")


@router.post("/office/settlements/{settlement_id}/pay")
async def pay(visit: VisitOf, settlement_id: PathId) -> Response:
    """Pay what was approved, once for the form."""
    try:
        form = await visit.form(PayForm)
    except RequestValidationError:
        return await _page(visit, settlement_id, 0, problem_of(visit, RefusalError("page.form_invalid")))
    asked = PaymentIn(fund_id=form.fund)
    door = settlement_doors.pay_settlement(visit.caller, settlement_id, asked, form.once)
    paid = await ask(visit, door, SettlementOut)
    if isinstance(paid, Problem):
        if paid.code in _ELSEWHERE:
            raise RefusalError(paid.code, permission=PAY)
        return await _page(visit, settlement_id, 0, paid)
    return visit.go(f"/office/settlements/{settlement_id}")


async def _page(visit: Visit, settlement_id: int, after: int, problem: Problem | None = None) -> Response:
    async def work(tx: ReadTx, actor: Actor) -> Statement:
        found = await check_settlement(tx, actor, READ, settlement_id)
        lines = await items(tx, settlement_id, after_id=after, limit=PAGE_ITEMS + 1)
        shown = lines[:PAGE_ITEMS]
        can_pay = has(actor, PAY) and found.state == "approved"
        nodes = await reach(tx, actor, PAY) if can_pay else []
        return Statement(
            found,
            shown,
            shown[-1].transaction_id if len(lines) > PAGE_ITEMS else None,
            [
                each
                for each in await funds(tx, organisations=nodes, kind="money", after_id=0, limit=MOST_FUNDS)
                if each.closed_on is None
            ],
            await fund(tx, found.fund_id) if found.fund_id else None,
            can_approve=has(actor, APPROVE) and found.state == "drafted",
            can_pay=can_pay,
            drafted_oneself=actor.person_id == found.drafted_person_id,
            approved_oneself=actor.person_id == found.approved_by,
        )

    return visit.page(
        "office/settlement.html",
        status=problem.status if problem else 200,
        statement=await visit.read(work),
        problem=problem,
        once=secrets.token_hex(16),
        yuan=shown_yuan,
        unit=lambda code: unit_name(visit, code),
    )
