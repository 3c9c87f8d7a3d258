"""The till's one page: who stands there, what is in the basket, what it costs, and what came of it.

One box takes all that a scanner gun or a hand can type: a member's code, a card, a pick-up code, a barcode, a name,
`3*` and a barcode, a number or `+` and `-` for the chosen line. Each entry is a form of its own, so the page works
without script; each names the version of the basket that it saw, so that a form sent twice puts nothing in twice. What
was done is asked for by the basket's own address: whoever lost the answer sees there what came of it.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Annotated, Literal, TypeAlias
from urllib.parse import quote as quoted
from uuid import UUID

from fastapi import Query
from pydantic import Field, StringConstraints, TypeAdapter, ValidationError
from starlette.responses import Response

from api.fields import Id
from api.routers import bare
from api.web.arriving import VisitOf
from api.web.forms import FormBody
from api.web.money import Yuan, cents_of, yuan_of
from api.web.till import baskets
from api.web.till.advice import advice, words_of
from api.web.till.counters import carry_device, counter_of
from api.web.till.entries import Count, Receipt, Step, Wanted, plain, read_entry
from api.web.visit import Visit
from timebank.errors import RefusalError
from timebank.people.pins import MAX_DIGITS, MIN_DIGITS
from timebank.redemptions.requests import ConfirmRequest
from timebank.shops.queries import Goods
from timebank.tills.rules import MAX_QUANTITY

router = bare()

QuoteId: TypeAlias = Annotated[UUID | None, Query()]
LineId: TypeAlias = Annotated[int, Query(ge=0, le=2**63 - 1)]

MAX_FIELD = 4_000
"""A scanner gun may read anything; what is too long is told, and the basket stays."""
MAX_ENTRY, MAX_ECHO = 400, 40
OVER = frozenset({"quote_expired", "unknown_quote"})

_PIN = re.compile(r"[0-9]{4,8}")
_YUAN = TypeAdapter[str](Yuan)


class EntryForm(FormBody):
    """What was scanned or typed, the basket and the line it was typed at, and a card's PIN once it is asked for."""

    entry: Annotated[str, StringConstraints(max_length=MAX_FIELD)]
    quote: UUID | Literal[""] = ""
    version: Annotated[int, Field(ge=0)] = 0
    line: Id | Literal["", "0"] = ""
    pin: Annotated[str, StringConstraints(max_length=MAX_FIELD)] = ""


class LineForm(FormBody):
    """How many of an item are to be in the basket; none takes it out."""

    quote: UUID
    version: Annotated[int, Field(ge=0)]
    goods: Id
    quantity: Annotated[int, Field(ge=0, le=MAX_QUANTITY)]


class ConfirmForm(FormBody):
    """What is redeemed, and what was paid besides in cash."""

    quote: UUID
    cash: Annotated[str, StringConstraints(max_length=MAX_FIELD)] = ""


@dataclass(frozen=True, slots=True)
class Said:
    """What the page says besides the sale: a problem and what to do, a card that wants its PIN, items to choose.

    `typed` is what an opening was asked with that was refused; `brought_back` that the basket is the one of before.
    """

    problem: str = ""
    brought_back: bool = False
    advice: str = ""
    card: str = ""
    choices: Sequence[Goods] = ()
    quantity: int = 1
    typed: Mapping[str, object] = field(default_factory=dict)


@router.get("/till")
async def show_till(
    visit: VisitOf, quote: QuoteId = None, line: LineId = 0, *, back: bool = False
) -> Response:
    """Show the till: to enrol, to open, or to sell at."""
    await carry_device(visit)
    return await till_page(visit, quote, Said(brought_back=back), line=line)


@router.get("/till/entry")
@router.get("/till/line")
@router.get("/till/confirm")
@router.get("/till/refund")
async def come_back(visit: VisitOf) -> Response:
    """Lead who comes back from a login to where the form was."""
    return visit.go("/till")


@router.post("/till/entry")
async def enter(visit: VisitOf) -> Response:
    """Take what was scanned: a member, whose basket begins, an item for the basket, or a number for its line."""
    form = await visit.form(EntryForm)
    seen, line = form.quote or None, int(form.line or 0)
    text = plain(form.entry)
    if not text:
        return await till_page(visit, seen, Said(), line=line)
    if baskets.is_card(text) and not _PIN.fullmatch(form.pin):
        problem = visit.say("pin_invalid", least=MIN_DIGITS, most=MAX_DIGITS) if form.pin else ""
        return await till_page(visit, seen, Said(problem, card=text), line=line)
    try:
        return await _take(visit, form, seen, text, line)
    except RefusalError as refusal:
        said = Said()
        if refusal.code != "version_differs":  # which says that the same form came twice
            again = text if refusal.code == "pin_wrong" else ""
            said = replace(_problem(visit, refusal, text), card=again)
        return await till_page(visit, seen, said, line=line)


@router.post("/till/line")
async def change_line(visit: VisitOf) -> Response:
    """Have so many of an item in the basket."""
    form = await visit.form(LineForm)
    change = Count(form.quantity)
    try:
        await baskets.change_line(visit, form.quote, form.goods, change, version=form.version)
    except RefusalError as refusal:
        if refusal.code != "version_differs":
            return await till_page(visit, form.quote, _problem(visit, refusal), line=form.goods)
    return visit.go(_address(form.quote, form.goods))


@router.post("/till/confirm")
async def confirm(visit: VisitOf) -> Response:
    """Redeem the basket, once however often it is sent, and lead to what came of it."""
    form = await visit.form(ConfirmForm)
    try:
        cash_cents = cents_of(_YUAN.validate_python(form.cash))
    except ValidationError:
        said = Said(problem=visit.say("page.till.cash_wrong"))
        return await till_page(visit, form.quote, said)
    caller = visit.caller
    answer = await visit.service.redemption_queue(visit.banks_own).submit(
        ConfirmRequest(
            quote_id=form.quote,
            login_id=caller.claims.session_id,
            cash_cents=cash_cents,
            received_at=visit.now,
            request_id=caller.request_id,
        )
    )
    if answer.receipt is None:
        params = {"permission": "redemptions.make", **answer.params}
        return await till_page(visit, form.quote, _problem(visit, RefusalError(answer.refusal, **params)))
    return visit.go(_address(form.quote))


async def _take(visit: Visit, form: EntryForm, seen: UUID | None, text: str, line: int) -> Response:
    if len(text) > MAX_ENTRY:
        raise RefusalError("code_unreadable")
    begun = await baskets.basket_begun_by(visit, text, pin=form.pin)
    if begun is not None:
        address = _address(begun.id)
        return visit.go(f"{address}&back=true" if begun.is_brought_back else address)
    return await _take_item(visit, form, seen, text, line)


async def _take_item(visit: Visit, form: EntryForm, seen: UUID | None, text: str, line: int) -> Response:
    entry = read_entry(text)
    if isinstance(entry, Receipt):
        return visit.go(f"/till/today?receipt={quoted(entry.number, safe='')}")
    if seen is None:
        raise RefusalError("member_first")
    if isinstance(entry, Step | Count):
        await baskets.change_line(visit, seen, line or None, entry, version=form.version)
        return visit.go(_address(seen, line))
    try:
        goods_id = await baskets.add_item(visit, seen, entry, version=form.version)
    except RefusalError as refusal:
        if refusal.code != "goods_not_sold" or isinstance(entry.name, int):
            raise
        found = await baskets.goods_named(visit, entry.name)
        if not found:
            raise
        if len(found) > 1:
            return await till_page(visit, seen, Said(choices=found, quantity=entry.quantity), line=line)
        wanted = Wanted(entry.quantity, found[0].id)
        goods_id = await baskets.add_item(visit, seen, wanted, version=form.version)
    return visit.go(_address(seen, goods_id))


async def till_page(
    visit: Visit, quote_id: UUID | None, said: Said, *, line: int = 0, status: int = 200
) -> Response:
    """Return the till as it is: to enrol, to open, or to sell at, with what is said besides."""
    counter = await counter_of(visit)
    sale = sold = None
    if counter.is_selling and quote_id is not None:
        try:
            sale = await baskets.sale_of(visit, quote_id)
        except RefusalError as refusal:
            if refusal.code not in OVER:
                raise
            sold = await baskets.sold_by(visit, quote_id)
            if sold is None:
                said = _over(visit, said, refusal)
    chosen = line
    if sale is not None and line not in {each.item.id for each in sale.quote.lines}:
        chosen = sale.quote.lines[-1].item.id if sale.quote.lines else 0
    return visit.page(
        "till/till.html",
        status=status,
        has_camera=True,
        counter=counter,
        sale=sale,
        sold=sold,
        said=said,
        chosen=chosen,
        words=lambda finding: words_of(visit, finding, sale.quote) if sale else "",
        advice=lambda code: advice(visit, code),
        yuan=yuan_of,
    )


def _over(visit: Visit, said: Said, refusal: RefusalError) -> Said:
    """Say that the basket is over: by time, or because the ledger refused it, which is final."""
    if not said.problem:
        return replace(_problem(visit, refusal), card=said.card)
    return replace(said, advice=visit.say("page.till.do.new_basket"))


def shorten(entry: str) -> str:
    """Return as much of an entry as a cashier needs to see what was scanned."""
    return entry if len(entry) <= MAX_ECHO else f"{entry[:MAX_ECHO]}…"


def _problem(visit: Visit, refusal: RefusalError, entry: str = "") -> Said:
    if refusal.code == "goods_not_sold" and entry:
        said = visit.say("page.till.no_item", entry=shorten(entry))
    elif refusal.code in OVER:
        said = visit.say("page.till.basket_over")
    else:
        said = visit.say(refusal.code, **refusal.params)
    return Said(problem=said, advice=advice(visit, refusal.code))


def _address(quote_id: UUID, line: int = 0) -> str:
    return f"/till?quote={quote_id}&line={line}" if line else f"/till?quote={quote_id}"
