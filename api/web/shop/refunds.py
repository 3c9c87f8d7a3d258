"""Refunds of a later day: the receipt found by its number, taken back by who keeps the shop, with a reason.

On the same day the counter does it.
"""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Annotated
from uuid import UUID

from fastapi import Query
from fastapi.exceptions import RequestValidationError
from starlette.responses import Response

from api.cursors import Cursor, before, page
from api.fields import PathId
from api.routers import bare
from api.v1 import refunds as doors
from api.v1.refunds import RefundIn, RefundOut
from api.web.arriving import VisitOf
from api.web.asking import Once, Problem, ask, problem_of
from api.web.forms import FormBody
from api.web.money import yuan_of
from api.web.shop.keeping import Kept, ShopId, kept_shops
from api.web.till.entries import plain
from api.web.till.refunds import REASONS, Wanted
from api.web.visit import Visit
from ledger.session import ReadTx
from timebank.access import Actor, check
from timebank.errors import RefusalError
from timebank.people.queries import masked_names
from timebank.redemptions.limits import rule_on
from timebank.redemptions.queries import Redeemed, of_shop, receipt_numbered, receipts
from timebank.redemptions.refunding import LATER, Reason
from timebank.redemptions.requests import Receipt
from timebank.shops.access import check_shop

router = bare()

READ = "redemptions.read"
PAGE = 20
UNKNOWN = "unknown_receipt"

Mark = Annotated[str, Query(pattern=r"^[0-9a-f]{0,32}$")]


class RefundForm(FormBody):
    """Why what was redeemed is taken back."""

    once: Once
    reason: Reason


@dataclass(frozen=True, slots=True)
class Found:
    """A receipt of a shop in reach, the last day on which it is refunded, and whether that is over."""

    receipt: Receipt
    until: date
    is_over: bool


@dataclass(frozen=True, slots=True)
class Sold:
    """A page of what a shop handed out, newest first, with the masked names of whom it went to."""

    kept: Kept
    redeemed: Sequence[Redeemed]
    names: Mapping[UUID, str]


@router.get("/shop/refunds")
async def show_refunds(
    visit: VisitOf, receipt: Wanted = "", shop: ShopId = None, cursor: Cursor = None
) -> Response:
    """Show the last receipts of a shop, or lead to the one whose number was typed or scanned."""
    number = plain(receipt)
    if not number:
        return await _list(visit, shop=shop, cursor=cursor)

    async def work(tx: ReadTx, actor: Actor) -> Redeemed:
        check(actor, LATER)
        return await _in_reach(tx, actor, await receipt_numbered(tx, number))

    try:
        found = await visit.read(work)
    except RefusalError as refusal:
        if refusal.code != UNKNOWN:
            raise
        return await _list(visit, shop=shop, number=number, problem=problem_of(visit, refusal))
    return visit.go(f"/shop/refunds/{found.receipt.redemption_id}")


@router.get("/shop/refunds/{redemption_id}")
async def show_receipt(visit: VisitOf, redemption_id: PathId, mark: Mark = "") -> Response:
    """Show what was redeemed, the form to take it back, or when that was done."""
    return await _receipt(visit, redemption_id, mark=mark)


@router.post("/shop/refunds/{redemption_id}")
async def refund(visit: VisitOf, redemption_id: PathId) -> Response:
    """Take back what was redeemed, once for the form; the member is told."""
    try:
        form = await visit.form(RefundForm)
    except RequestValidationError:
        problem = problem_of(visit, RefusalError("page.form_invalid"))
        return await _receipt(visit, redemption_id, problem=problem)
    door = doors.create_later_refund(visit.caller, redemption_id, RefundIn(reason=form.reason), form.once)
    done = await ask(visit, door, RefundOut)
    if isinstance(done, Problem):
        return await _receipt(visit, redemption_id, problem=done, reason=form.reason)
    return visit.go(f"/shop/refunds/{redemption_id}?mark={form.once}")


async def _in_reach(tx: ReadTx, actor: Actor, found: Redeemed | None) -> Redeemed:
    if found is None:
        raise RefusalError(UNKNOWN)
    try:
        await check_shop(tx, actor, LATER, found.receipt.shop_id)
    except RefusalError:
        raise RefusalError(UNKNOWN) from None
    return found


async def _receipt(
    visit: Visit,
    redemption_id: int,
    *,
    mark: str = "",
    problem: Problem | None = None,
    reason: str = "",
) -> Response:
    async def work(tx: ReadTx, actor: Actor) -> Found:
        check(actor, LATER)
        redeemed = await _in_reach(tx, actor, (await receipts(tx, [redemption_id])).get(redemption_id))
        today = tx.day(visit.now)
        rule = (await rule_on(tx, today)).rule
        until = tx.day(redeemed.receipt.made_at) + timedelta(days=rule.manager_refund_days)
        return Found(redeemed.receipt, until, until < today)

    found = await visit.read(work)
    return visit.page(
        "shop/refund.html",
        status=problem.status if problem else 200,
        found=found,
        receipt=found.receipt,
        mark=mark,
        problem=problem.sentence if problem else "",
        reason=reason,
        reasons=REASONS,
        once=secrets.token_hex(16),
        yuan=yuan_of,
    )


async def _list(
    visit: Visit,
    *,
    shop: int | None = None,
    cursor: str | None = None,
    number: str = "",
    problem: Problem | None = None,
) -> Response:
    before_id = before(cursor)

    async def work(tx: ReadTx, actor: Actor) -> Sold:
        check(actor, LATER)
        kept = await kept_shops(tx, visit, actor, READ, shop)
        if kept.shop is None:
            return Sold(kept, (), {})
        redeemed = await of_shop(tx, kept.shop.id, before_id=before_id, limit=PAGE + 1)
        people = sorted({each.person_id for each in redeemed})
        return Sold(kept, redeemed, await masked_names(tx, visit.service.cipher, people))

    sold = await visit.read(work)
    shown, following = page(sold.redeemed, PAGE, lambda each: (each.receipt.redemption_id,))
    return visit.page(
        "shop/refunds.html",
        status=problem.status if problem else 200,
        kept=sold.kept,
        receipts=[(each.receipt, sold.names.get(each.person_id)) for each in shown],
        following=following,
        number=number,
        problem=problem.sentence if problem else "",
    )
