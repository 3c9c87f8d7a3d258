"""Confirming quotes: one transaction for one or for a few hundred.

Statements, in order: quotes, members, shops and tills are locked; what the quotes are and what came of them; who the
sellers are; the reservations picked up (locked, only if there are any); what the members had before; the ledger's
posting; redemptions with their lines, acts and notifications, and what is left to each member. There were twice as
many: each waits for its turn in a busy process, and every till with it.

Whatever could differ between two processes at once is decided under the members' rows (limits, the quote itself), the
shop's (the receipt's number) or the ledger's locks (points and stock). So the same quote confirmed twice, at whatever
till's connection, is one redemption, and whoever comes second to the last bag of rice is told so. A refusal of the
ledger is final: it stands under the quote's key, and that quote is over.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from ledger.posting import post
from ledger.session import WriteTx
from ledger.values import Draft, Posted
from timebank.policy.spending import RedemptionRule
from timebank.redemptions.drafting import answer_to, draft_of, receipt_number, shortage
from timebank.redemptions.limits import limits_for
from timebank.redemptions.loading import (
    Basket,
    QuoteFacts,
    Seller,
    last_number,
    load_quotes,
    load_sellers,
    lock_quotes,
)
from timebank.redemptions.queries import receipts
from timebank.redemptions.requests import ConfirmAnswer, ConfirmRequest, Receipt, ReceiptLine
from timebank.redemptions.rules import Wish, closed_day
from timebank.redemptions.storing import NewRedemption, store
from timebank.reservations.actions import lock_waiting, mark_picked_up
from timebank.tills.items import points_of


@dataclass(slots=True)
class _Case:
    """A request on its way to an answer."""

    request: ConfirmRequest
    quote: QuoteFacts
    answer: ConfirmAnswer | None = None
    number: str = ""


async def confirm_redemptions(
    tx: WriteTx, requests: Sequence[ConfirmRequest], *, strong: frozenset[str]
) -> list[ConfirmAnswer | None]:
    """Redeem quotes, each on its own, and return an answer to each.

    None: another quote of the same member is redeemed in this transaction, so ask again in the next. Codes, first that
    applies: `session_over`, `forbidden`, `unknown_quote`; `till_closed`, `shop_closed`, `quote_expired`,
    `basket_empty`, `goods_not_sold`, `reservation_over`, `not_a_redemption_day`, `limit_reached`; the ledger's
    `insufficient_points`, `out_of_stock` and others.
    """
    if not requests:
        return []
    now = max(request.received_at for request in requests)
    await lock_quotes(tx, {request.quote_id for request in requests})
    quotes, rule = await load_quotes(tx, {request.quote_id for request in requests}, day=tx.day(now))
    sellers = await load_sellers(
        tx,
        {request.login_id for request in requests},
        {q.shop.organisation_id for q in quotes.values() if q.shop.organisation_id is not None},
        strong=strong,
        now=now,
    )
    answers: list[ConfirmAnswer | None] = [None] * len(requests)
    cases: dict[int, _Case] = {}
    busy: set[UUID] = set()
    for n, request in enumerate(requests):
        found = quotes.get(request.quote_id)
        fault = _fault_at_door(sellers.get(request.login_id), found)
        if fault is not None or found is None:
            answers[n] = ConfirmAnswer(refusal=fault or "unknown_quote")
        elif found.redemption_id is not None:
            cases[n] = _Case(request, found)
        elif (answer := _judged_alone(request, found, tx.day(now))) is not None:
            answers[n] = answer
        elif found.basket is not None and found.basket.person_id not in busy:
            busy.add(found.basket.person_id)
            cases[n] = _Case(request, found)
    fresh = [case for case in cases.values() if case.quote.redemption_id is None]
    if fresh:
        await _redeem(tx, fresh, rule, now=now)
    await _tell_again(tx, [case for case in cases.values() if case.answer is None], day=tx.day(now))
    for n, case in cases.items():
        answers[n] = case.answer
    return answers


def _fault_at_door(seller: Seller | None, quote: QuoteFacts | None) -> str | None:
    """Return why this login has nothing to do with the quote, as `access` would say it."""
    if seller is None:
        return "session_over"
    if not seller.is_seller:
        return "forbidden"
    if quote is None or quote.cashier_id != seller.person_id:
        return "unknown_quote"
    return None if quote.shop.organisation_id in seller.reached else "unknown_quote"


def _judged_alone(request: ConfirmRequest, quote: QuoteFacts, day: date) -> ConfirmAnswer | None:
    """Return the refusal of what is over or empty by itself; what the ledger refused before it refuses again."""
    if quote.refusal is not None:
        return shortage(quote.refusal, quote.refusal_detail, day=day)
    fault = None
    basket = quote.basket
    if not quote.is_till_open or quote.session_id != request.login_id:
        fault = "till_closed"
    elif quote.shop.closed_on is not None and quote.shop.closed_on <= day:
        fault = "shop_closed"
    elif basket is None or basket.is_erased or basket.expires_at <= request.received_at:
        fault = "quote_expired"
    elif not basket.lines:
        fault = "basket_empty"
    return None if fault is None else ConfirmAnswer(refusal=fault)


async def _redeem(tx: WriteTx, cases: Sequence[_Case], rule: RedemptionRule, *, now: datetime) -> None:
    """Judge, post and keep what is still to be redeemed, and leave its answer with each case."""
    day = tx.day(now)
    pairs = [(case, case.quote.basket) for case in cases if case.quote.basket is not None]
    await _judge(tx, pairs, rule, now=now)
    shops = {case.quote.shop.id: case.quote.shop for case in cases}
    numbers = {id_: await last_number(tx, shop, day=day) for id_, shop in shops.items()}
    drafted: list[tuple[_Case, Basket, Draft]] = []
    for case, basket in pairs:
        if case.answer is None:
            shop = case.quote.shop
            numbers[shop.id] += 1
            case.number = receipt_number(shop.code, day, numbers[shop.id])
            draft = draft_of(case.quote, basket, number=case.number, now=now)
            drafted.append((case, basket, draft))
    outcomes = await post(tx, [draft for _, _, draft in drafted])
    posted: list[tuple[_Case, NewRedemption]] = []
    for (case, basket, _), outcome in zip(drafted, outcomes, strict=True):
        if isinstance(outcome, Posted):
            posted.append((case, _new(case, basket, outcome, now=now, day=day)))
        else:
            case.answer = answer_to(outcome, day=day)
    if posted:
        await _keep(tx, posted, now=now)


async def _judge(
    tx: WriteTx, pairs: Sequence[tuple[_Case, Basket]], rule: RedemptionRule, *, now: datetime
) -> None:
    """Refuse by the rules of the day. The limits of what is picked up were judged when it was reserved."""
    picked = {basket.reservation_id for _, basket in pairs if basket.reservation_id is not None}
    waiting = await lock_waiting(tx, picked, now=now) if picked else set()
    bought: list[tuple[_Case, Wish]] = []
    for case, basket in pairs:
        if basket.reservation_id is not None:
            if basket.reservation_id not in waiting:
                case.answer = ConfirmAnswer(refusal="reservation_over")
            elif (closed := closed_day(rule, tx.day(now))) is not None:
                case.answer = ConfirmAnswer(refusal=closed.code, params=closed.params)
        elif not all(line.is_listed for line in basket.lines):
            case.answer = ConfirmAnswer(refusal="goods_not_sold")
        else:
            quantities = {line.goods_id: line.quantity for line in basket.lines}
            bought.append((case, Wish(basket.person_id, basket.points, quantities)))
    for (case, _), found in zip(
        bought, await limits_for(tx, rule, [wish for _, wish in bought], now=now), strict=True
    ):
        if found.refusals:
            case.answer = ConfirmAnswer(refusal=found.refusals[0].code, params=found.refusals[0].params)


def _new(case: _Case, basket: Basket, outcome: Posted, *, now: datetime, day: date) -> NewRedemption:
    quote, request = case.quote, case.request
    return NewRedemption(
        receipt=case.number,
        shop_id=quote.shop.id,
        till_id=quote.till_id,
        quote_id=quote.id,
        reservation_id=basket.reservation_id,
        person_id=basket.person_id,
        points=basket.points,
        cash_cents=request.cash_cents,
        transaction_id=outcome.transaction_id,
        policy_version=basket.policy_version,
        made_at=now,
        made_on=day,
        made_by=f"person:{quote.cashier_id}",
        lines=basket.lines,
        cashier_id=quote.cashier_id,
        login_id=request.login_id,
        request_id=request.request_id,
    )


async def _keep(tx: WriteTx, posted: Sequence[tuple[_Case, NewRedemption]], *, now: datetime) -> None:
    """Write down what was posted, tell the members, and answer."""
    stored = await store(tx, [new for _, new in posted])
    picked = [new.reservation_id for _, new in posted if new.reservation_id is not None]
    if picked:
        await mark_picked_up(tx, picked, now=now)
    for case, new in posted:
        kept = stored[new.quote_id]
        receipt = Receipt(
            redemption_id=kept.id,
            number=new.receipt,
            shop_id=new.shop_id,
            shop=case.quote.shop.name,
            till_id=new.till_id,
            points=new.points,
            cash_cents=new.cash_cents,
            made_at=now,
            refunded_at=None,
            lines=[
                ReceiptLine(line.goods_id, line.sku, line.name, line.quantity, line.points)
                for line in new.lines
            ],
        )
        case.answer = ConfirmAnswer(receipt, kept.points_left)


async def _tell_again(tx: WriteTx, cases: Sequence[_Case], *, day: date) -> None:
    """Answer with the receipt that a quote got before, and what is left to the member now."""
    if not cases:
        return
    found = await receipts(tx, {case.quote.redemption_id or 0 for case in cases})
    left = await points_of(tx, list({redeemed.person_id for redeemed in found.values()}), day=day)
    for case in cases:
        redeemed = found[case.quote.redemption_id or 0]
        case.answer = ConfirmAnswer(redeemed.receipt, left[redeemed.person_id])
