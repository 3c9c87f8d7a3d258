"""Confirming a quote: points and goods move together, once. What many tills confirm at once is committed as one."""

from uuid import UUID

from pydantic import BaseModel, ConfigDict
from starlette.responses import Response

from api.edge import CallerOf, IdempotencyKey, rendered
from api.problems import problems
from api.routers import resource
from api.v1.redemptions import ReceiptOut, receipt_out
from api.v1.tills import Cents
from timebank.errors import RefusalError
from timebank.redemptions.requests import ConfirmRequest
from timebank.tills.queries import SELL

router = resource(tag="quotes")


class Confirmation(BaseModel):
    """`cash_cents` is what was paid besides, outside of this system."""

    model_config = ConfigDict(extra="forbid")

    cash_cents: Cents = 0


class RedemptionOut(BaseModel):
    """The receipt, and what is left to the member."""

    receipt: ReceiptOut
    balance_points: int


@router.post(
    "/quotes/{quote_id}/confirm",
    operation_id="confirm_quote",
    status_code=201,
    response_model=RedemptionOut,
    responses=problems(401, 403, 404),
)
async def confirm_quote(
    caller: CallerOf,
    quote_id: UUID,
    key: IdempotencyKey,  # noqa: ARG001 -- every POST that moves value has one; here the quote itself is the intent
    body: Confirmation | None = None,
) -> Response:
    """Redeem a quote, once, whatever the key: points and goods move together; a repetition gets the same receipt."""
    bank = await caller.bank()
    answer = await caller.service.redemption_queue(bank).submit(
        ConfirmRequest(
            quote_id=quote_id,
            login_id=caller.claims.session_id,
            cash_cents=0 if body is None else body.cash_cents,
            received_at=caller.now,
            request_id=caller.request_id,
        )
    )
    if answer.receipt is None:
        raise RefusalError(answer.refusal, permission=SELL, **answer.params)
    out = RedemptionOut(receipt=receipt_out(answer.receipt), balance_points=answer.balance_points)
    return rendered(out, status=201)
