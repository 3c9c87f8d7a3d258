"""What a member spends: balances and what of them ends next, goods picked up and set aside, vouchers, conversions."""

import asyncio
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from fastapi.exceptions import RequestValidationError
from starlette.responses import Response

from api.fields import Amount, PathId
from api.routers import bare
from api.v1 import conversions as conversion_doors
from api.v1 import vouchers as voucher_doors
from api.v1.conversions import ConversionIn, ConvertedOut, Unit
from api.v1.vouchers import VoucherOut
from api.web.arriving import VisitOf
from api.web.asking import Once, Problem, ask, problem_of
from api.web.forms import FormBody
from api.web.money import yuan_of
from api.web.visit import Visit
from api.web.volunteer.member import member_of, own_person
from ledger.session import ReadTx, WriteTx
from timebank.access import Actor
from timebank.balances.queries import UnitBalance, balances_of
from timebank.codes.images import qr_svg
from timebank.codes.rules import pick_up_code
from timebank.conversions.queries import Possible, possible_conversions
from timebank.errors import RefusalError
from timebank.offers.acceptances import OwnAcceptance, acceptances_of
from timebank.policy.queries import version_on
from timebank.redemptions.queries import of_person
from timebank.redemptions.requests import Receipt
from timebank.reservations.actions import cancel_reservation
from timebank.reservations.queries import Reservation, reservation_of, reservations_of
from timebank.reservations.rules import RESERVED
from timebank.vouchers.keys import VoucherKeys
from timebank.vouchers.queries import Voucher, voucher_of, vouchers_of

router = bare()

SPEND, VOUCHERS, RESERVE, CONVERT = "spending.own", "vouchers.own", "reservations.own", "conversions.own"
ALWAYS = ("point", "fufen")
SHOWN_UNITS = (*ALWAYS, "timecoin")
LAST, LAST_ID = 10, 2**62
MOST_OPEN = 100
"""Vouchers that can still be shown: of those the first stays in sight, however many were used since."""


class ConvertForm(FormBody):
    """So much of one unit into another."""

    once: Once
    from_unit: Unit
    to_unit: Unit
    amount: Amount


class CancelForm(FormBody):
    """That a voucher or a reservation is to be given back."""

    once: Once


@dataclass(frozen=True, slots=True)
class Purse:
    """What there is of a unit: to spend, set aside, and how much of it ends next, and when."""

    unit: str
    spendable: int
    held: int
    ending: int
    ends_on: date | None


@dataclass(frozen=True, slots=True)
class Spending:
    """What the page shows: the last of each kind; `longer` are the kinds of which there is more."""

    purses: list[Purse]
    reservations: list[Reservation]
    vouchers: list[Voucher]
    possible: list[Possible]
    redeemed: Sequence[Receipt]
    accepted: list[OwnAcceptance]
    longer: set[str]
    has_timecoins: bool


@router.get("/me/spending")
async def show_spending(visit: VisitOf) -> Response:
    """Show a member what they can spend and what they spent."""
    return await _spending(visit)


@router.post("/me/spending/conversions")
async def convert(visit: VisitOf) -> Response:
    """Turn so much of a unit into another, once for the form."""
    try:
        form = await visit.form(ConvertForm)
    except RequestValidationError:
        return await _spending(visit, problem=Problem("invalid", visit.say("page.form_invalid"), 422))
    person_id = await own_person(visit, CONVERT)
    body = ConversionIn(from_unit=form.from_unit, to_unit=form.to_unit, amount=form.amount)
    done = await ask(
        visit,
        conversion_doors.create_conversion(visit.caller, person_id, body, form.once),
        ConvertedOut,
    )
    if isinstance(done, Problem):
        return await _spending(visit, problem=done, typed=form)
    return await _spending(visit, converted=done)


@router.get("/me/vouchers/{voucher_id}")
async def show_voucher(visit: VisitOf, voucher_id: PathId) -> Response:
    """Show a voucher, and its symbol while it is open."""
    return await _voucher(visit, voucher_id)


@router.post("/me/vouchers/{voucher_id}/cancel")
async def cancel_own_voucher(visit: VisitOf, voucher_id: PathId) -> Response:
    """Take a voucher back: what it held is there again."""
    form = await visit.form(CancelForm)
    person_id = await own_person(visit, VOUCHERS)
    done = await ask(visit, voucher_doors.cancel(visit.caller, person_id, voucher_id, form.once), VoucherOut)
    if isinstance(done, Problem):
        return await _voucher(visit, voucher_id, problem=done)
    return visit.go(f"/me/vouchers/{voucher_id}")


@router.get("/me/reservations/{reservation_id}")
async def show_reservation(visit: VisitOf, reservation_id: PathId) -> Response:
    """Show a reservation, and the code that picks it up while it waits."""
    return await _reservation(visit, reservation_id)


@router.post("/me/reservations/{reservation_id}/cancel")
async def cancel_own_reservation(visit: VisitOf, reservation_id: PathId) -> Response:
    """Give back what was set aside."""
    await visit.form(CancelForm)

    async def work(tx: WriteTx, actor: Actor) -> Reservation:
        person_id = await member_of(visit, tx, actor, RESERVE)
        return await cancel_reservation(
            tx, person_id=person_id, reservation_id=reservation_id, by=actor.text, now=visit.now
        )

    try:
        await visit.write(work, action="reservations.cancel", subject=str(reservation_id))
    except RefusalError as refusal:
        if refusal.code != "reservation_over":
            raise
        return await _reservation(visit, reservation_id, problem=problem_of(visit, refusal))
    return visit.go(f"/me/reservations/{reservation_id}")


async def purses_of(tx: ReadTx, person_id: UUID, *, now: datetime) -> list[Purse]:
    """Return what a person has of what is spent; points and fufen even if there are none."""
    today = tx.day(now)
    found = {each.unit: each for each in await balances_of(tx.zone, now=now).ask(tx, person_id)}
    shown = [unit for unit in SHOWN_UNITS if unit in found or unit in ALWAYS]
    return [_purse(found[unit], today) if unit in found else Purse(unit, 0, 0, 0, None) for unit in shown]


async def _spending(
    visit: Visit,
    *,
    problem: Problem | None = None,
    converted: ConvertedOut | None = None,
    typed: ConvertForm | None = None,
) -> Response:
    async def work(tx: ReadTx, actor: Actor) -> Spending:
        person_id = await member_of(visit, tx, actor, SPEND)
        version = await version_on(tx, tx.day(visit.now))
        reservations = await reservations_of(tx, person_id, before_id=LAST_ID, limit=LAST + 1)
        last_vouchers = await vouchers_of(tx, person_id, state=None, before_id=LAST_ID, limit=LAST + 1)
        redeemed = await of_person(tx, person_id, before_id=LAST_ID, limit=LAST + 1)
        accepted = await acceptances_of(tx, person_id, before_id=LAST_ID, limit=LAST + 1)
        last: Mapping[str, Sequence[object]] = {
            "reservations": reservations,
            "vouchers": last_vouchers,
            "redeemed": redeemed,
            "accepted": accepted,
        }
        return Spending(
            purses=await purses_of(tx, person_id, now=visit.now),
            reservations=reservations[:LAST],
            vouchers=await _vouchers(tx, person_id, last_vouchers[:LAST]),
            possible=await possible_conversions(tx, person_id, now=visit.now) if version else [],
            redeemed=redeemed[:LAST],
            accepted=accepted[:LAST],
            longer={kind for kind, found in last.items() if len(found) > LAST},
            has_timecoins=version is not None and version.pack.timecoins is not None,
        )

    return visit.page(
        "volunteer/spending.html",
        own=await visit.read(work),
        problem=problem,
        converted=converted,
        typed=typed,
        once=secrets.token_hex(16),
        status=problem.status if problem else 200,
    )


async def _vouchers(tx: ReadTx, person_id: UUID, last: list[Voucher]) -> list[Voucher]:
    """Return the vouchers that can still be shown and the last of all, the newest first."""
    unused = await vouchers_of(tx, person_id, state="issued", before_id=LAST_ID, limit=MOST_OPEN)
    shown = {each.id: each for each in (*unused, *last)}
    return [shown[id_] for id_ in sorted(shown, reverse=True)]


async def _voucher(visit: Visit, voucher_id: int, *, problem: Problem | None = None) -> Response:
    async def work(tx: ReadTx, actor: Actor) -> Voucher:
        return await voucher_of(tx, await member_of(visit, tx, actor, VOUCHERS), voucher_id)

    found = await visit.read(work)
    bank_id = visit.banks_own.id
    text = found.text(VoucherKeys(visit.service.codes.ring, bank_id), bank_id)
    return visit.page(
        "volunteer/voucher.html",
        voucher=found,
        symbol=await asyncio.to_thread(qr_svg, text) if text else "",
        problem=problem,
        once=secrets.token_hex(16),
        yuan=yuan_of,
        status=problem.status if problem else 200,
    )


async def _reservation(visit: Visit, reservation_id: int, *, problem: Problem | None = None) -> Response:
    async def work(tx: ReadTx, actor: Actor) -> Reservation:
        return await reservation_of(tx, await member_of(visit, tx, actor, RESERVE), reservation_id)

    found = await visit.read(work)
    waits = found.state == RESERVED and found.until_at > visit.now
    code = pick_up_code(visit.service.codes, bank_id=visit.banks_own.id, reservation_id=reservation_id)
    return visit.page(
        "volunteer/reservation.html",
        reservation=found,
        code=code if waits else "",
        symbol=await asyncio.to_thread(qr_svg, code) if waits else "",
        problem=problem,
        once=secrets.token_hex(16),
        status=problem.status if problem else 200,
    )


def _purse(balance: UnitBalance, today: date) -> Purse:
    ends = [lot for lot in balance.lots if lot.expires_on is not None and lot.expires_on >= today]
    first = min((lot.expires_on for lot in ends if lot.expires_on is not None), default=None)
    ending = sum(lot.balance for lot in ends if lot.expires_on == first)
    return Purse(balance.unit, balance.spendable, balance.held, ending, first)
