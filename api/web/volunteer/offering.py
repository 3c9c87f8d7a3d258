"""Offers of merchants, to a member: vouchers of them, and giving fufen where a merchant's code was scanned."""

import secrets
from dataclasses import dataclass
from typing import Annotated

from fastapi import Query
from starlette.responses import Response

from api.fields import MAX_ID, Id, PathId
from api.routers import bare
from api.v1 import acceptances as acceptance_doors
from api.v1 import vouchers as voucher_doors
from api.v1.acceptances import AcceptedOut
from api.v1.offer_codes import CodeIn
from api.v1.vouchers import VoucherIn, VoucherOut
from api.web.arriving import VisitOf
from api.web.asking import Once, Problem, ask, problem_of
from api.web.forms import FormBody
from api.web.money import yuan_of
from api.web.visit import Visit
from api.web.volunteer.member import member_of, own_person
from api.web.volunteer.spending import SPEND, VOUCHERS, Purse, purses_of
from ledger.session import ReadTx
from timebank.access import Actor, check
from timebank.codes.rules import MerchantCode, check_merchant_code
from timebank.errors import RefusalError
from timebank.merchants.access import READ
from timebank.offers.acceptances import OwnAcceptance, acceptances_of
from timebank.offers.access import shown_offer
from timebank.offers.queries import Offer, shown_offers

router = bare()

SHOWN = 30
FUFEN = "fufen"
After = Annotated[int, Query(ge=0, le=MAX_ID)]


class VoucherForm(FormBody):
    """The offer that a voucher is wanted of."""

    once: Once
    offer: Id


class GiveForm(FormBody):
    """The button."""

    once: Once


@dataclass(frozen=True, slots=True)
class Offers:
    """A page of today's offers, where the next begins, and the member's fufen."""

    offers: list[Offer]
    following: int
    fufen: Purse | None


@router.get("/offers")
async def list_offers(visit: VisitOf, after: After = 0) -> Response:
    """Show what active merchants offer today."""
    return await _offers(visit, after)


@router.post("/offers")
async def make_voucher(visit: VisitOf, after: After = 0) -> Response:
    """Make a voucher of an offer, once for the form, and show it."""
    form = await visit.form(VoucherForm)
    person_id = await own_person(visit, VOUCHERS)
    door = voucher_doors.issue(visit.caller, person_id, VoucherIn(offer_id=form.offer), form.once)
    made = await ask(visit, door, VoucherOut)
    if isinstance(made, Problem):
        return await _offers(visit, after, problem=made)
    return visit.go(f"/me/vouchers/{made.id}")


@router.get("/offers/given/{acceptance_id}")
async def show_given(visit: VisitOf, acceptance_id: PathId) -> Response:
    """Show that fufen were given, to hold out to the merchant."""

    async def work(tx: ReadTx, actor: Actor) -> OwnAcceptance:
        person_id = await member_of(visit, tx, actor, SPEND)
        found = await acceptances_of(tx, person_id, before_id=acceptance_id + 1, limit=1)
        if not found or found[0].id != acceptance_id:
            raise RefusalError("unknown_acceptance")
        return found[0]

    return visit.page("volunteer/given.html", given=await visit.read(work))


async def show_code(visit: Visit, code: MerchantCode) -> Response:
    """Show the offer whose code was scanned, what it costs, and the button; nothing is taken yet."""
    bank = await visit.service.bank_of_id(code.bank_id)
    if visit.claims is None:
        visit.come_to(bank)
    elif visit.banks_own.id != bank.id:
        return refused(visit, problem_of(visit, RefusalError("code_of_other_bank")))
    try:
        check_merchant_code(visit.service.codes, code, bank_id=bank.id, now=visit.now)
    except RefusalError as refusal:
        return refused(visit, problem_of(visit, refusal))
    if visit.claims is None:
        return visit.to_login()

    async def work(tx: ReadTx, actor: Actor) -> tuple[Offer, Purse]:
        person_id = await member_of(visit, tx, actor, SPEND)
        purses = await purses_of(tx, person_id, now=visit.now)
        fufen = next(each for each in purses if each.unit == FUFEN)
        return await shown_offer(tx, actor, code.offer_id, now=visit.now), fufen

    offer, fufen = await visit.read(work)
    return visit.page(
        "volunteer/give.html", offer=offer, fufen=fufen, once=secrets.token_hex(16), yuan=yuan_of
    )


async def give(visit: Visit, text: str) -> Response:
    """Give fufen for the offer whose code was scanned; pressed twice is given once."""
    form = await visit.form(GiveForm)
    if visit.claims is None:
        return visit.to_login()
    person_id = await own_person(visit, SPEND)
    door = acceptance_doors.confirm_merchant_code(visit.caller, person_id, CodeIn(code=text), form.once)
    done = await ask(visit, door, AcceptedOut)
    if isinstance(done, Problem):
        return refused(visit, done)
    return visit.go(f"/offers/given/{done.id}")


def refused(visit: Visit, problem: Problem) -> Response:
    """Return the page of a refusal, with what to do about it."""
    is_late = problem.code in {"code_expired", "code_early", "code_used"}
    return visit.page(
        "refused.html",
        status=problem.status,
        code=problem.code,
        sentence=problem.sentence,
        advice=visit.say("page.give.again" if is_late else "page.give.nothing_taken"),
    )


async def _offers(visit: Visit, after: int, *, problem: Problem | None = None) -> Response:
    async def work(tx: ReadTx, actor: Actor) -> Offers:
        check(actor, READ)
        found = await shown_offers(tx, day=tx.day(visit.now), after=after, limit=SHOWN + 1)
        fufen = None
        if actor.person_id is not None:
            purses = await purses_of(tx, actor.person_id, now=visit.now)
            fufen = next(each for each in purses if each.unit == FUFEN)
        return Offers(found[:SHOWN], found[SHOWN - 1].id if len(found) > SHOWN else 0, fufen)

    return visit.page(
        "volunteer/offers.html",
        shown=await visit.read(work),
        after=after,
        problem=problem,
        once=secrets.token_hex(16),
        yuan=yuan_of,
        status=problem.status if problem else 200,
    )
