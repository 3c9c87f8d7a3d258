"""A merchant's staff: choosing an offer, its rotating code on the screen, the box for a scanner gun, today's takings.

The screen works as a station's does: with script the next code is fetched ahead, without it the page loads itself anew.
"""

import asyncio
import secrets
from dataclasses import dataclass
from typing import Annotated

from fastapi.exceptions import RequestValidationError
from pydantic import StringConstraints
from starlette.responses import Response

from api.addresses import public_url
from api.fields import PathId, Printable
from api.routers import bare
from api.v1 import acceptances as acceptance_doors
from api.v1.acceptances import AcceptedOut, MemberCodeIn
from api.v1.voucher_uses import UseOut, UsesOut
from api.web.arriving import VisitOf
from api.web.asking import Once, Problem, ask, person_of
from api.web.forms import FormBody
from api.web.money import yuan_of
from api.web.screen_codes import codes_answer, refused_answer
from api.web.visit import Visit
from ledger.session import ReadTx, WriteTx
from timebank.access import Actor, check
from timebank.codes.images import qr_svg
from timebank.codes.rules import link
from timebank.errors import RefusalError
from timebank.merchants.access import OWN
from timebank.merchants.queries import Merchant, merchants_of_staff
from timebank.offers.acceptances import DaysTaking, MerchantsAcceptance, acceptances_at, taking_on
from timebank.offers.access import offer_of_staff
from timebank.offers.codes import ShownCode, shown_codes
from timebank.offers.queries import Offer, newest_offers_of
from timebank.vouchers.keys import VoucherKeys
from timebank.vouchers.loading import prepared
from timebank.vouchers.offline import PREFIX
from timebank.vouchers.rules import HONOURED, REPEAT
from timebank.vouchers.using import take_uses

router = bare()

LIST_LIMIT = 100
LAST_TAKEN, LAST_ID = 50, 2**62


class ShownForm(FormBody):
    """What the scanner gun typed: a member's code, or the text of a voucher."""

    shown: Annotated[str, StringConstraints(min_length=1, max_length=400, strip_whitespace=True), Printable]
    once: Once


@dataclass(frozen=True, slots=True)
class Screen:
    """An offer with the codes of now and next (none if nobody may take it), and what its merchant took today."""

    offer: Offer
    codes: list[ShownCode]
    closed: str
    taking: DaysTaking
    taken: list[MerchantsAcceptance]


@dataclass(frozen=True, slots=True)
class Taken:
    """What came of what was shown: so many fufen taken, or a problem."""

    fufen: int = 0
    voucher: str = ""
    problem: str = ""


@router.get("/merchant")
async def list_offers(visit: VisitOf) -> Response:
    """Show the merchants that the visitor accepts for, their offers, and what each took today."""
    return await listed(visit)


async def listed(visit: Visit, problem: Problem | None = None) -> Response:
    """Return the list of offers, with what was refused."""

    async def work(tx: ReadTx, actor: Actor) -> list[tuple[Merchant, list[Offer], DaysTaking]]:
        check(actor, OWN)
        person_id = person_of(actor, OWN)
        found = await merchants_of_staff(tx, person_id, now=visit.now, after=0, limit=LIST_LIMIT)
        today = tx.day(visit.now)
        return [
            (
                each,
                await newest_offers_of(tx, each.id, limit=LIST_LIMIT),
                await taking_on(tx, each.id, today),
            )
            for each in found
        ]

    merchants = await visit.read(work)
    today = visit.today
    return visit.page(
        "merchant/merchant.html",
        merchants=merchants,
        today=today,
        yuan=yuan_of,
        problem=problem.sentence if problem else "",
        status=problem.status if problem else 200,
    )


@router.get("/merchant/offers/{offer_id}")
async def show_screen(visit: VisitOf, offer_id: PathId) -> Response:
    """Show an offer's code, the box, and what was taken today."""
    return await _screen(visit, offer_id, Taken())


@router.get("/merchant/offers/{offer_id}/codes")
async def read_codes(visit: VisitOf, offer_id: PathId) -> Response:
    """Return the code of now and the next, for the screen's script, and how often fufen were taken today."""

    async def work(tx: ReadTx, actor: Actor) -> tuple[list[ShownCode], DaysTaking]:
        found = await offer_of_staff(tx, actor, offer_id, now=visit.now)
        codes = shown_codes(tx, visit.service.codes, found, now=visit.now)
        return codes, await taking_on(tx, found.merchant_id, tx.day(visit.now))

    try:
        found, taking = await visit.read(work)
    except RefusalError as refusal:
        return refused_answer(visit, refusal)
    return await codes_answer(visit, found, {"times": taking.times, "fufen": taking.fufen})


@router.post("/merchant/offers/{offer_id}")
async def take(visit: VisitOf, offer_id: PathId) -> Response:
    """Take the fufen of an offer from whoever showed their code, or a voucher, and show what came of it."""
    try:
        form = await visit.form(ShownForm)
    except RequestValidationError:
        return await _screen(visit, offer_id, Taken(problem=visit.say("code_unreadable")))
    if form.shown.upper().startswith(PREFIX):
        return await _screen(visit, offer_id, await _take_voucher(visit, offer_id, form))
    door = acceptance_doors.accept_member_code(
        visit.caller, offer_id, MemberCodeIn(code=form.shown), form.once
    )
    done = await ask(visit, door, AcceptedOut)
    taken = Taken(problem=done.sentence) if isinstance(done, Problem) else Taken(fufen=done.fufen)
    return await _screen(visit, offer_id, taken)


async def _take_voucher(visit: Visit, offer_id: int, form: ShownForm) -> Taken:
    """Hand a voucher in, once for the form: sent again it must not look as if it was used twice."""
    caller = visit.caller
    keys = VoucherKeys(visit.service.codes.ring, visit.banks_own.id)
    uses = await asyncio.to_thread(prepared, keys, [(form.shown, visit.now)])

    async def work(tx: WriteTx, actor: Actor) -> UsesOut:
        offer = await offer_of_staff(tx, actor, offer_id, now=visit.now)
        answers = await take_uses(tx, uses, merchant_id=offer.merchant_id, by=actor.text, now=visit.now)
        return UsesOut(uses=[UseOut.model_validate(answer) for answer in answers])

    request = {"offer_id": offer_id, "shown": form.shown}
    door = caller.write_once(form.once, request, work, action="vouchers.hand_in", subject=str(offer_id))
    done = await ask(visit, door, UsesOut)
    if isinstance(done, Problem):
        return Taken(problem=done.sentence)
    (use,) = done.uses
    if use.outcome == HONOURED:
        return Taken(fufen=use.fufen or 0, voucher=visit.say("voucher_honoured"))
    return Taken(problem=visit.say("voucher_repeat" if use.outcome == REPEAT else use.outcome))


async def _screen(visit: Visit, offer_id: int, taken: Taken) -> Response:
    async def work(tx: ReadTx, actor: Actor) -> Screen:
        found = await offer_of_staff(tx, actor, offer_id, now=visit.now)
        today = tx.day(visit.now)
        last = await acceptances_at(
            tx, visit.service.cipher, found.merchant_id, before_id=LAST_ID, limit=LAST_TAKEN
        )
        codes: list[ShownCode] = []
        closed = ""
        try:
            codes = shown_codes(tx, visit.service.codes, found, now=visit.now)
        except RefusalError as refusal:
            closed = visit.say(refusal.code, **refusal.params)
        return Screen(
            found,
            codes,
            closed,
            await taking_on(tx, found.merchant_id, today),
            [each for each in last if tx.day(each.accepted_at) == today],
        )

    screen = await visit.read(work)
    symbol = ""
    if screen.codes:
        address = link(await public_url(visit.request), screen.codes[0].text)
        symbol = await asyncio.to_thread(qr_svg, address)
    return visit.page(
        "merchant/merchant_screen.html",
        has_camera=True,
        screen=screen,
        taken=taken,
        symbol=symbol,
        once=secrets.token_hex(16),
        yuan=yuan_of,
    )
