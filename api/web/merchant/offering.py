"""A merchant's staff and their offers: drafting one, publishing it, withdrawing it."""

import secrets
from collections.abc import Mapping
from typing import Annotated, Literal, TypeAlias

from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, Field, StringConstraints, ValidationError
from starlette.responses import Response

from api.fields import Amount, Day, Id, Name, PathId
from api.routers import bare
from api.v1.offers import OfferIn, Terms
from api.web.arriving import VisitOf
from api.web.asking import Once, Problem, ask, problem_of
from api.web.forms import FormBody, OfEitherWidth, typed_of
from api.web.merchant.merchant import listed
from api.web.money import Yuan, cents_of
from api.web.visit import Visit
from ledger.session import ReadTx, WriteTx
from timebank.access import Actor
from timebank.errors import RefusalError
from timebank.merchants.access import check_staff
from timebank.merchants.queries import Merchant, merchant
from timebank.offers.publishing import draft_offer, publish_offer, withdraw_offer
from timebank.offers.queries import Offer
from timebank.offers.rules import Kind, OfferPlan, check_plan

router = bare()

Limit: TypeAlias = Annotated[
    str, OfEitherWidth, StringConstraints(pattern=r"^[0-9]{0,7}$", strip_whitespace=True)
]
VALUES = {"percent_off": "percent", "amount_off": "amount_cents", "housekeeping": "minutes"}
"""What an offer is worth, by its kind."""


class OfferForm(FormBody):
    """An offer as it is typed: `value` is a share, yuan or minutes, as the kind says; no limit is none."""

    once: Once
    title: Name
    value: Yuan
    price: Amount
    starts_on: Day
    ends_on: Day
    member_limit: Limit = ""
    total_limit: Limit = ""
    terms: Terms = ""

    def plan(self, kind: Kind) -> OfferPlan:
        """Return the offer of a kind as it is planned.

        Raises:
            ValidationError: what was typed makes none.
            RefusalError: `offer_value_mismatch`, `offer_ends_early`.
        """
        value = cents_of(self.value) if kind == "amount_off" else self.value
        body = OfferIn.model_validate(
            {
                "kind": kind,
                "title": self.title,
                "terms": self.terms,
                "price_fufen": self.price,
                VALUES[kind]: value,
                "starts_on": self.starts_on,
                "ends_on": self.ends_on,
                "member_limit": self.member_limit or None,
                "total_limit": self.total_limit or None,
            }
        )
        plan = OfferPlan(**body.model_dump())
        check_plan(plan)
        return plan


class DraftForm(OfferForm):
    """A new offer, of a kind that it keeps."""

    kind: Kind


class StepForm(FormBody):
    """The offer as it was seen: who changed it meanwhile is not overruled."""

    version: Annotated[Id, Field()]


class Drafted(BaseModel):
    """The offer that was drafted."""

    id: int


@router.get("/merchant/{merchant_id}/new")
async def show_draft(visit: VisitOf, merchant_id: PathId) -> Response:
    """Show the form of a new offer."""
    return await _form(visit, merchant_id, {})


@router.post("/merchant/{merchant_id}/new")
async def draft(visit: VisitOf, merchant_id: PathId) -> Response:
    """Draft an offer, once for the form; members see it when it is published."""
    typed = await typed_of(visit.request)
    try:
        form = await visit.form(DraftForm)
        plan = form.plan(form.kind)
    except (RequestValidationError, ValidationError, RefusalError) as wrong:
        return await _form(visit, merchant_id, typed, wrongly_typed(visit, wrong))

    async def work(tx: WriteTx, actor: Actor) -> Drafted:
        made = await draft_offer(tx, actor, merchant_id=merchant_id, plan=plan, now=visit.now)
        return Drafted(id=made.id)

    request = {"merchant_id": merchant_id, **typed}
    door = visit.caller.write_once(form.once, request, work, action="offers.draft", subject=str(merchant_id))
    done = await ask(visit, door, Drafted)
    if isinstance(done, Problem):
        return await _form(visit, merchant_id, typed, done)
    return visit.go("/merchant")


@router.post("/merchant/offers/{offer_id}/publish")
async def publish(visit: VisitOf, offer_id: PathId) -> Response:
    """Publish a draft: from then on it stays as it is."""
    return await _step(visit, offer_id, "publish")


@router.post("/merchant/offers/{offer_id}/withdraw")
async def withdraw(visit: VisitOf, offer_id: PathId) -> Response:
    """Withdraw an offer for good; vouchers of it stay good."""
    return await _step(visit, offer_id, "withdraw")


def wrongly_typed(visit: Visit, wrong: Exception) -> Problem:
    """Return why what was typed makes no offer."""
    if isinstance(wrong, RefusalError):
        return problem_of(visit, wrong)
    return Problem("invalid", visit.say("page.merchant.draft.wrong"), 422)


async def _step(visit: Visit, offer_id: int, step: Literal["publish", "withdraw"]) -> Response:
    form = await visit.form(StepForm)
    action = publish_offer if step == "publish" else withdraw_offer

    async def work(tx: WriteTx, actor: Actor) -> Offer:
        return await action(tx, actor, offer_id, expected_version=form.version, now=visit.now)

    try:
        await visit.write(work, action=f"offers.{step}", subject=str(offer_id))
    except RefusalError as refusal:
        return await listed(visit, problem_of(visit, refusal))
    return visit.go("/merchant")


async def _form(
    visit: Visit, merchant_id: int, typed: Mapping[str, object], problem: Problem | None = None
) -> Response:
    async def work(tx: ReadTx, actor: Actor) -> Merchant:
        await check_staff(tx, actor, merchant_id, now=visit.now)
        return await merchant(tx, merchant_id)

    return visit.page(
        "merchant/draft.html",
        merchant=await visit.read(work),
        typed=typed,
        problem=problem.sentence if problem else "",
        once=secrets.token_hex(16),
        status=problem.status if problem else 200,
    )
