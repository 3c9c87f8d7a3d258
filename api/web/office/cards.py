"""The printed cards of a person at the desk: issuing and printing one, replacing or revoking it, its PIN.

What is printed on a card is shown once, in the answer to the form that issued it: only a digest of it is kept.
"""

import asyncio
from dataclasses import dataclass
from typing import Annotated, Literal, TypeAlias, get_args
from uuid import UUID

from fastapi import Query
from fastapi.exceptions import RequestValidationError
from pydantic import StringConstraints
from starlette.responses import Response

from api.fields import Id, Printable
from api.routers import bare
from api.v1 import card_pins as pin_doors
from api.v1 import cards as doors
from api.v1.card_pins import PIN, PinIn
from api.v1.cards import ISSUE, READ, Reason, Revocation, Scanned
from api.web.arriving import VisitOf
from api.web.asking import problem_of
from api.web.forms import FormBody
from api.web.office.person_head import Head, change, head_of
from api.web.visit import Visit
from ledger.session import ReadTx, WriteTx
from timebank.access import Actor
from timebank.codes.images import qr_svg
from timebank.errors import RefusalError
from timebank.people.cards import Card, IssuedCard, cards_of, issue_card, revoke_card
from timebank.people.pins import check_pin

router = bare()

REASONS: tuple[Reason, ...] = get_args(Reason)
Done: TypeAlias = Literal["revoked", "pin"]
Digits: TypeAlias = Annotated[str, StringConstraints(max_length=40, strip_whitespace=True), Printable]


class IssueForm(FormBody):
    """A card for who has none, or in place of the one that is named."""

    card: Id | Literal[""] = ""
    reason: Reason = "replaced"


class RevokeForm(FormBody):
    """The card that is good no longer, and why."""

    card: Id
    reason: Reason


class PinForm(FormBody):
    """The new PIN, typed twice: nobody sees it."""

    pin: Digits
    again: Digits


class PrintForm(FormBody):
    """What the card says, which nobody else knows."""

    code: Annotated[str, StringConstraints(min_length=1, max_length=60), Printable]


@dataclass(frozen=True, slots=True)
class Cards:
    """Whose cards, the one that is good, and those that were."""

    head: Head
    good: Card | None
    past: list[Card]


@router.get("/office/people/{person_id}/cards")
async def show_cards(
    visit: VisitOf, person_id: UUID, done: Annotated[Done | None, Query()] = None
) -> Response:
    """Show the card that a person has, and those they had."""
    return await _page(visit, person_id, done=done)


@router.post("/office/people/{person_id}/cards")
async def issue(visit: VisitOf, person_id: UUID) -> Response:
    """Issue a card, in place of the one at hand if there is one, and show what is printed on it."""
    try:
        form = await visit.form(IssueForm)
    except RequestValidationError:
        return await _page(visit, person_id, RefusalError("page.form_invalid"))

    async def work(tx: WriteTx, actor: Actor) -> tuple[IssuedCard, Head]:
        head = await head_of(visit, tx, actor, person_id, ISSUE)
        # The card that the form was shown with, so that a form sent twice does not revoke the card it issued.
        if form.card:
            await revoke_card(tx, person_id, form.card, reason=form.reason, now=visit.now)
        return await issue_card(tx, person_id, now=visit.now, actor=actor.text), head

    action = "cards.reissue" if form.card else "cards.issue"
    try:
        issued, head = await visit.write(work, action=action, subject=lambda made: str(made[0].id))
    except RefusalError as refusal:
        if refusal.code == "forbidden":
            raise
        return await _page(visit, person_id, refusal)
    return visit.page(
        "office/card_issued.html",
        one=head,
        token=issued.token,
        symbol=await asyncio.to_thread(qr_svg, issued.token),
        has_replaced=bool(form.card),
        problem=None,
        done="",
    )


@router.post("/office/people/{person_id}/cards/revoke")
async def revoke(visit: VisitOf, person_id: UUID) -> Response:
    """Revoke a card for good."""

    async def door(form: RevokeForm) -> object:
        return await doors.revoke_card(visit.caller, person_id, form.card, Revocation(reason=form.reason))

    return await change(visit, person_id, ISSUE, RevokeForm, door, _page, leads_to="cards?done=revoked")


@router.post("/office/people/{person_id}/cards/pin")
async def choose_pin(visit: VisitOf, person_id: UUID) -> Response:
    """Set the PIN of the card that a person has; they are told."""

    async def door(form: PinForm) -> object:
        check_pin(form.pin)
        if form.pin != form.again:
            raise RefusalError("page.cards.pin_differs")
        return await pin_doors.set_card_pin(visit.caller, person_id, PinIn(pin=form.pin))

    return await change(visit, person_id, PIN, PinForm, door, _page, leads_to="cards?done=pin")


@router.post("/office/people/{person_id}/cards/print")
async def print_card(visit: VisitOf, person_id: UUID) -> Response:
    """Return a person's good card as a PDF, to who has what is printed on it; that it was made is on record."""
    try:
        form = await visit.form(PrintForm)
        sheet = await doors.print_card(visit.caller, person_id, Scanned(token=form.code))
    except RequestValidationError:
        return await _page(visit, person_id, RefusalError("page.form_invalid"))
    except RefusalError as refusal:
        if refusal.code != "unknown_card":
            raise
        return await _page(visit, person_id, refusal)
    sheet.headers["Content-Disposition"] = 'inline; filename="card.pdf"'
    return visit.finish(sheet)


async def _page(
    visit: Visit, person_id: UUID, refused: RefusalError | None = None, *, done: Done | None = None
) -> Response:
    async def work(tx: ReadTx, actor: Actor) -> Cards:
        head = await head_of(visit, tx, actor, person_id, READ, ISSUE, PIN)
        found = await cards_of(tx, person_id)
        good = next((each for each in found if each.revoked_at is None), None)
        return Cards(head, good, [each for each in reversed(found) if each is not good])

    problem = problem_of(visit, refused) if refused else None
    shown = await visit.read(work)
    return visit.page(
        "office/cards.html",
        status=problem.status if problem else 200,
        one=shown.head,
        good=shown.good,
        past=shown.past,
        reasons=REASONS,
        problem=problem,
        done=f"page.cards.done.{done}" if done else "",
    )
