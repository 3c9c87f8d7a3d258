"""A merchant's staff and a draft of theirs: changing it until it is published; what it gives stays of the same kind."""

import secrets
from collections.abc import Mapping
from dataclasses import asdict
from typing import Annotated

from fastapi.exceptions import RequestValidationError
from pydantic import Field, ValidationError
from starlette.responses import Response

from api.fields import Id, PathId
from api.routers import bare
from api.web.arriving import VisitOf
from api.web.asking import Problem, ask, problem_of
from api.web.forms import typed_of
from api.web.merchant.merchant import listed
from api.web.merchant.offering import VALUES, Drafted, OfferForm, wrongly_typed
from api.web.money import yuan_of
from api.web.visit import Visit
from ledger.session import ReadTx, WriteTx
from timebank.access import Actor
from timebank.errors import RefusalError
from timebank.offers.access import offer_of_staff
from timebank.offers.publishing import edit_offer
from timebank.offers.queries import Offer

router = bare()

STAYS = frozenset({"kind", "voucher_days"})
"""What the form does not ask for."""


class EditForm(OfferForm):
    """The draft as it is to be, and the version that was seen: who changed it meanwhile is not overruled unseen."""

    version: Annotated[Id, Field()]


@router.get("/merchant/offers/{offer_id}/edit")
async def show_draft(visit: VisitOf, offer_id: PathId) -> Response:
    """Show a draft as it is, to be changed; what was published is not."""
    found = await _offer(visit, offer_id)
    return await _form(visit, found, _typed(found))


@router.post("/merchant/offers/{offer_id}/edit")
async def edit(visit: VisitOf, offer_id: PathId) -> Response:
    """Change a draft, once for the form."""
    found = await _offer(visit, offer_id)
    typed = await typed_of(visit.request)
    try:
        form = await visit.form(EditForm)
        plan = form.plan(found.plan.kind)
    except (RequestValidationError, ValidationError, RefusalError) as wrong:
        return await _form(visit, found, typed, wrongly_typed(visit, wrong))
    changes = {name: value for name, value in asdict(plan).items() if name not in STAYS}

    async def work(tx: WriteTx, actor: Actor) -> Drafted:
        made = await edit_offer(
            tx, actor, offer_id, changes=changes, expected_version=form.version, now=visit.now
        )
        return Drafted(id=made.id)

    request = {"offer_id": offer_id, **typed}
    door = visit.caller.write_once(form.once, request, work, action="offers.edit", subject=str(offer_id))
    done = await ask(visit, door, Drafted)
    if isinstance(done, Drafted):
        return visit.go("/merchant")
    return await _form(visit, await _offer(visit, offer_id), typed, done)


async def _offer(visit: Visit, offer_id: int) -> Offer:
    async def work(tx: ReadTx, actor: Actor) -> Offer:
        return await offer_of_staff(tx, actor, offer_id, now=visit.now)

    return await visit.read(work)


def _typed(found: Offer) -> dict[str, str]:
    """Return a draft as it would be typed."""
    plan = found.plan
    value = getattr(plan, VALUES[plan.kind])
    return {
        "title": plan.title,
        "value": yuan_of(value) if plan.kind == "amount_off" else str(value),
        "price": str(plan.price_fufen),
        "starts_on": f"{plan.starts_on}",
        "ends_on": f"{plan.ends_on}",
        "member_limit": str(plan.member_limit or ""),
        "total_limit": str(plan.total_limit or ""),
        "terms": plan.terms,
    }


async def _form(
    visit: Visit, found: Offer, typed: Mapping[str, object], problem: Problem | None = None
) -> Response:
    if found.state != "draft":
        return await listed(visit, problem_of(visit, RefusalError("offer_state_refused")))
    return visit.page(
        "merchant/draft.html",
        offer=found,
        merchant={"name": found.merchant},
        typed=typed,
        problem=problem.sentence if problem else "",
        once=secrets.token_hex(16),
        status=problem.status if problem else 200,
    )
