"""Receipts at the counter: those of this shift, one of them, taking it back on the same day, and its paper."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Literal, TypeAlias, get_args
from urllib.parse import quote as quoted
from uuid import UUID

from fastapi import Query
from fastapi.exceptions import RequestValidationError
from pydantic import StringConstraints
from starlette.responses import Response

from api.cursors import Cursor, before, page
from api.fields import PathId, Printable
from api.routers import bare
from api.web.arriving import VisitOf
from api.web.forms import FormBody
from api.web.money import yuan_of
from api.web.till.advice import advice
from api.web.till.counters import LAST, open_till_id, open_till_of
from api.web.till.entries import plain
from api.web.visit import Visit
from ledger.session import ReadTx, WriteTx
from timebank.access import Actor
from timebank.errors import RefusalError
from timebank.people.queries import masked_names
from timebank.redemptions.queries import Redeemed, of_till, receipt_numbered
from timebank.redemptions.receipts import Paper, receipt_in_reach
from timebank.redemptions.refunding import Reason, Refund, refund_at_till
from timebank.redemptions.requests import Receipt
from timebank.tills.queries import selling_till

router = bare()

REASONS: tuple[Reason, ...] = get_args(Reason)
PAGE = 20

Number: TypeAlias = Annotated[
    str, StringConstraints(min_length=1, max_length=80, strip_whitespace=True), Printable
]
Wanted: TypeAlias = Annotated[str, Query(max_length=80)]


class RefundForm(FormBody):
    """The number on the receipt, and why."""

    receipt: Number
    reason: Reason | Literal[""] = ""


@router.get("/till/today")
async def show_today(visit: VisitOf, receipt: Wanted = "", cursor: Cursor = None) -> Response:
    """Show what was redeemed in this shift, and the receipt that is asked for, to take it back."""
    if not receipt.strip():
        return await _today(visit, before_id=before(cursor))
    try:
        return await _today(visit, found=await _receipt_of_today(visit, plain(receipt)))
    except RefusalError as refusal:
        return await _today(visit, problem=refusal, number=receipt)


@router.post("/till/refund")
async def refund(visit: VisitOf) -> Response:
    """Take back what was redeemed today, by the receipt's number, once however often it is sent."""
    try:
        form = await visit.form(RefundForm)
    except RequestValidationError:
        return await _today(visit, problem=RefusalError("page.form_invalid"))
    number, reason = plain(form.receipt), form.reason
    if not reason:
        return visit.go(f"/till/today?receipt={quoted(number, safe='')}")
    till_id = await open_till_id(visit)

    async def work(tx: WriteTx, actor: Actor) -> Refund:
        return await refund_at_till(tx, actor, till_id=till_id, receipt=number, reason=reason, now=visit.now)

    try:
        await visit.write(work, action="refunds.make", subject=number)
    except RefusalError as refusal:
        # Sent again after the answer was lost: the receipt's own page says when it was taken back, and the cash.
        if refusal.code != "already_refunded":
            return await _today(visit, problem=refusal, number=number)
    return visit.go(f"/till/today?receipt={quoted(number, safe='')}")


@router.get("/till/receipts/{redemption_id}")
async def show_receipt(visit: VisitOf, redemption_id: PathId, paper: Paper = "80") -> Response:
    """Show a receipt as the roll prints it."""

    async def work(tx: ReadTx, actor: Actor) -> tuple[Receipt, str | None]:
        found = await receipt_in_reach(tx, actor, redemption_id, now=visit.now)
        names = await masked_names(tx, visit.service.cipher, [found.person_id])
        return found.receipt, names.get(found.person_id)

    receipt, name = await visit.read(work)
    return visit.page(
        "till/receipt.html", has_camera=True, receipt=receipt, name=name, paper=paper, yuan=yuan_of
    )


async def _receipt_of_today(visit: Visit, number: str) -> Receipt:
    till_id = await open_till_id(visit)

    async def work(tx: ReadTx, actor: Actor) -> Receipt:
        till = await selling_till(tx, actor, till_id, now=visit.now)
        found = await receipt_numbered(tx, number)
        if found is None or found.receipt.shop_id != till.shop.id:
            raise RefusalError("unknown_receipt")
        if tx.day(found.receipt.made_at) != tx.day(visit.now):
            raise RefusalError("refund_not_today")
        return found.receipt

    return await visit.read(work)


async def _today(
    visit: Visit,
    *,
    found: Receipt | None = None,
    problem: RefusalError | None = None,
    number: str = "",
    before_id: int = LAST,
) -> Response:
    till = await open_till_of(visit)
    if till is None:
        return visit.go("/till")
    till_id = till.id

    async def work(tx: ReadTx, _actor: Actor) -> tuple[Sequence[Redeemed], Mapping[UUID, str]]:
        redeemed = await of_till(tx, till_id, before_id=before_id, limit=PAGE + 1)
        names = await masked_names(tx, visit.service.cipher, sorted({each.person_id for each in redeemed}))
        return redeemed, names

    redeemed, names = await visit.read(work)
    shown, following = page(redeemed, PAGE, lambda each: (each.receipt.redemption_id,))
    return visit.page(
        "till/today.html",
        has_camera=True,
        till=till,
        found=found,
        number=number,
        problem=visit.say(problem.code, **problem.params) if problem else "",
        advice=advice(visit, problem.code) if problem else "",
        receipts=[(each.receipt, names.get(each.person_id)) for each in shown],
        following=following,
        reasons=REASONS,
        yuan=yuan_of,
    )
