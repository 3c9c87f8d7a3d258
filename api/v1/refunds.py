"""Refunds: by the cashier on the same day, by the receipt's number; later by who keeps the shop."""

from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints
from starlette.responses import Response

from api.edge import CallerOf, IdempotencyKey
from api.fields import PathId, Printable
from api.problems import problems
from api.routers import resource
from ledger.session import WriteTx
from timebank.access import Actor
from timebank.redemptions.refunding import Reason, refund_at_till, refund_later

router = resource(tag="refunds")


class RefundIn(BaseModel):
    """Why what was redeemed is taken back."""

    model_config = ConfigDict(extra="forbid")

    reason: Reason


class TillRefundIn(RefundIn):
    """The number on the receipt, and why."""

    receipt: Annotated[
        str, StringConstraints(min_length=1, max_length=80, strip_whitespace=True), Printable
    ] = Field(examples=["S1-20260509-0042"])


class RefundOut(BaseModel):
    """What went back. The points are with the member and the goods on the shelf; the cash is given by hand."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    redemption_id: int
    receipt: str
    points: int
    cash_cents: int
    reason: Reason
    by_manager: bool
    made_at: datetime


@router.post(
    "/tills/{till_id}/refunds",
    operation_id="refund_at_till",
    status_code=201,
    response_model=RefundOut,
    responses=problems(401, 403, 404, 409),
)
async def create_till_refund(
    caller: CallerOf, till_id: PathId, body: TillRefundIn, key: IdempotencyKey
) -> Response:
    """Take back what was redeemed today in this shop, at one's own open till; the member is told."""

    async def work(tx: WriteTx, actor: Actor) -> RefundOut:
        done = await refund_at_till(
            tx, actor, till_id=till_id, receipt=body.receipt, reason=body.reason, now=caller.now
        )
        return RefundOut.model_validate(done)

    request = {"till_id": till_id, **body.model_dump(mode="json")}
    return await caller.write_once(key, request, work, action="refunds.make", subject=body.receipt)


@router.post(
    "/redemptions/{redemption_id}/refund",
    operation_id="refund_later",
    status_code=201,
    response_model=RefundOut,
    responses=problems(401, 403, 404, 409),
)
async def create_later_refund(
    caller: CallerOf, redemption_id: PathId, body: RefundIn, key: IdempotencyKey
) -> Response:
    """Take back what was redeemed in a shop in reach, today or within the policy's days; the member is told."""

    async def work(tx: WriteTx, actor: Actor) -> RefundOut:
        done = await refund_later(tx, actor, redemption_id=redemption_id, reason=body.reason, now=caller.now)
        return RefundOut.model_validate(done)

    request = {"redemption_id": redemption_id, **body.model_dump(mode="json")}
    return await caller.write_once(key, request, work, action="refunds.later", subject=str(redemption_id))
