"""The till's one page: who stands there, what is in the basket, what it costs; and the receipt.

One box takes all that a scanner gun or a hand can type: a member's code, a card, a pick-up code, a barcode, `3*` and a
barcode. Each entry is a form of its own, so the page works without script; each names the version of the basket that
it saw, so that a form sent twice puts nothing in twice.
"""

from dataclasses import dataclass, replace
from typing import Annotated, Literal, TypeAlias, get_args
from uuid import UUID

from fastapi import Query
from fastapi.exceptions import RequestValidationError
from pydantic import Field, StringConstraints
from starlette.responses import Response

from api.fields import Id, PathId, Printable
from api.routers import bare
from api.web.arriving import VisitOf
from api.web.baskets import add_item, begin_basket, change_quantity, is_card, sale_of, shown_by
from api.web.forms import FormBody
from api.web.money import Yuan, cents_of, yuan_of
from api.web.tills import carry_device, counter_of, open_till_id
from api.web.visit import Visit
from ledger.session import ReadTx, WriteTx
from timebank.access import Actor
from timebank.errors import RefusalError
from timebank.people.queries import masked_names
from timebank.redemptions.receipts import Paper, receipt_in_reach
from timebank.redemptions.refunding import Reason, Refund, refund_at_till
from timebank.redemptions.requests import ConfirmRequest, Receipt
from timebank.redemptions.rules import Finding
from timebank.tills.rules import MAX_QUANTITY

router = bare()

REASONS: tuple[Reason, ...] = get_args(Reason)
QuoteId: TypeAlias = Annotated[UUID | None, Query()]

_PIN = r"^[0-9]{4,8}$"


class EntryForm(FormBody):
    """What was scanned or typed, the basket it was typed at, and a card's PIN once it is asked for."""

    entry: Annotated[str, StringConstraints(min_length=1, max_length=400, strip_whitespace=True), Printable]
    quote: UUID | Literal[""] = ""
    version: Annotated[int, Field(ge=0)] = 0
    pin: Annotated[str, StringConstraints(pattern=_PIN)] | Literal[""] = ""


class LineForm(FormBody):
    """How many of an item are to be in the basket; none takes it out."""

    quote: UUID
    version: Annotated[int, Field(ge=0)]
    goods: Id
    quantity: Annotated[int, Field(ge=0, le=MAX_QUANTITY)]


class ConfirmForm(FormBody):
    """What is redeemed, and what was paid besides in cash."""

    quote: UUID
    cash: Yuan = ""


class RefundForm(FormBody):
    """The number on the receipt, and why."""

    receipt: Annotated[str, StringConstraints(min_length=1, max_length=80, strip_whitespace=True), Printable]
    reason: Reason


@dataclass(frozen=True, slots=True)
class Said:
    """What the page says besides the sale: a problem, a card that wants its PIN, a receipt, a refund."""

    problem: str = ""
    card: str = ""
    receipt: Receipt | None = None
    balance: int = 0
    refund: Refund | None = None


@router.get("/till")
async def show_till(visit: VisitOf, quote: QuoteId = None) -> Response:
    """Show the till: to enrol, to open, or to sell at."""
    await carry_device(visit)
    return await _till(visit, quote, Said())


@router.post("/till/entry")
async def enter(visit: VisitOf) -> Response:
    """Take what was scanned: a member, whose basket begins, or an item for the basket."""
    try:
        form = await visit.form(EntryForm)
    except RequestValidationError:
        return await _till(visit, None, Said(problem=visit.say("code_unreadable")))
    seen = form.quote or None
    if is_card(form.entry) and not form.pin:
        return await _till(visit, seen, Said(card=form.entry))
    try:
        shown = await shown_by(visit, form.entry, pin=form.pin)
        if shown is None:
            quote_id = await add_item(visit, seen, form.entry, version=form.version)
        else:
            quote_id = await begin_basket(visit, shown)
    except RefusalError as refusal:
        if refusal.code == "version_differs":  # the same form came twice
            return await _till(visit, seen, Said())
        again = form.entry if refusal.code == "pin_wrong" else ""
        return await _till(visit, seen, Said(problem=visit.say(refusal.code, **refusal.params), card=again))
    return visit.go(f"/till?quote={quote_id}")


@router.post("/till/line")
async def change_line(visit: VisitOf) -> Response:
    """Have so many of an item in the basket."""
    form = await visit.form(LineForm)

    try:
        await change_quantity(visit, form.quote, form.goods, form.quantity, version=form.version)
    except RefusalError as refusal:
        if refusal.code != "version_differs":
            return await _till(visit, form.quote, Said(problem=visit.say(refusal.code, **refusal.params)))
    return visit.go(f"/till?quote={form.quote}")


@router.post("/till/confirm")
async def confirm(visit: VisitOf) -> Response:
    """Redeem the basket, once however often it is sent, and show the receipt."""
    try:
        form = await visit.form(ConfirmForm)
    except RequestValidationError:
        return await _till(visit, None, Said(problem=visit.say("page.form_invalid")))
    caller = visit.caller
    answer = await visit.service.redemption_queue(visit.banks_own).submit(
        ConfirmRequest(
            quote_id=form.quote,
            login_id=caller.claims.session_id,
            cash_cents=cents_of(form.cash),
            received_at=visit.now,
            request_id=caller.request_id,
        )
    )
    if answer.receipt is None:
        problem = visit.say(answer.refusal, **{"permission": "redemptions.make", **answer.params})
        return await _till(visit, form.quote, Said(problem=problem))
    return await _till(visit, None, Said(receipt=answer.receipt, balance=answer.balance_points))


@router.post("/till/refund")
async def refund(visit: VisitOf) -> Response:
    """Take back what was redeemed today, by the receipt's number."""
    try:
        form = await visit.form(RefundForm)
    except RequestValidationError:
        return await _till(visit, None, Said(problem=visit.say("page.form_invalid")))
    till_id = await open_till_id(visit)

    async def work(tx: WriteTx, actor: Actor) -> Refund:
        return await refund_at_till(
            tx, actor, till_id=till_id, receipt=form.receipt, reason=form.reason, now=visit.now
        )

    try:
        done = await visit.write(work, action="refunds.make", subject=form.receipt)
    except RefusalError as refusal:
        return await _till(visit, None, Said(problem=visit.say(refusal.code, **refusal.params)))
    return await _till(visit, None, Said(refund=done))


@router.get("/till/receipts/{redemption_id}")
async def show_receipt(visit: VisitOf, redemption_id: PathId, paper: Paper = "80") -> Response:
    """Show a receipt as the roll prints it."""

    async def work(tx: ReadTx, actor: Actor) -> tuple[Receipt, str | None]:
        found = await receipt_in_reach(tx, actor, redemption_id, now=visit.now)
        names = await masked_names(tx, visit.service.cipher, [found.person_id])
        return found.receipt, names.get(found.person_id)

    receipt, name = await visit.read(work)
    return visit.page("receipt.html", receipt=receipt, name=name, paper=paper, yuan=yuan_of)


async def _till(visit: Visit, quote_id: UUID | None, said: Said) -> Response:
    counter = await counter_of(visit)
    sale = None
    if counter.is_selling and quote_id is not None:
        try:
            sale = await sale_of(visit, quote_id)
        except RefusalError as refusal:
            if refusal.code not in {"quote_expired", "unknown_quote"}:
                raise
            said = replace(said, problem=said.problem or visit.say(refusal.code, **refusal.params))
    return visit.page(
        "till.html",
        counter=counter,
        sale=sale,
        said=said,
        reasons=REASONS,
        words=lambda finding: _words(visit, finding),
        yuan=yuan_of,
    )


def _words(visit: Visit, finding: Finding) -> str:
    code = finding.code if finding.limit is None else f"{finding.code}_{finding.limit}"
    return visit.say(code, **finding.params)
