"""The code that a merchant shows for an offer, and what a member who scanned it reads before confirming."""

import asyncio
from datetime import datetime
from typing import Annotated

from fastapi import Response
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from api.addresses import PublicUrl
from api.edge import Caller, CallerOf
from api.fields import PathId, Printable
from api.problems import problems
from api.routers import resource
from api.v1.offers import OfferOut, offer_out
from ledger.session import ReadTx
from timebank.access import Actor, check
from timebank.codes.images import qr_svg
from timebank.codes.rules import link
from timebank.merchants.access import READ
from timebank.offers.access import offer_of_staff, shown_offer
from timebank.offers.actions import offer_in_code
from timebank.offers.codes import ShownCode, shown_code
from timebank.offers.queries import Offer

router = resource("/offers", tag="offers")

SVG = "image/svg+xml"


class OfferCodeOut(BaseModel):
    """The code of now and the link in its symbol; it is taken one window longer than it is shown."""

    model_config = ConfigDict(from_attributes=True)

    offer_id: int
    text: str = Field(examples=["AQAQCAIHBNEPBEOWWWDEHWNIUFNKY"])
    link: str = Field(examples=["HTTPS://TIME.EXAMPLE.CN/Q/AQAQCAIHBNEPBEOWWWDEHWNIUFNKY"])
    valid_from: datetime
    expires_at: datetime
    server_time: datetime


class CodeIn(BaseModel):
    """A merchant's code as it was scanned, bare or as a link."""

    model_config = ConfigDict(extra="forbid")

    code: Annotated[str, StringConstraints(min_length=1, max_length=400), Printable]


@router.post("/resolve", operation_id="resolve_offer_code", responses=problems(401, 403, 404))
async def resolve_code(caller: CallerOf, body: CodeIn) -> OfferOut:
    """Return the offer whose code a member scanned, for them to read before they confirm; nothing is taken yet."""

    async def work(tx: ReadTx, actor: Actor) -> Offer:
        check(actor, READ)
        shown = offer_in_code(caller.service.codes, body.code, bank_id=tx.bank_id, now=caller.now)
        return await shown_offer(tx, actor, shown.offer_id, now=caller.now)

    return offer_out(await caller.read(work))


@router.get("/{offer_id}/code", operation_id="get_offer_code", responses=problems(401, 403, 404))
async def get_code(caller: CallerOf, offer_id: PathId, public_url: PublicUrl) -> OfferCodeOut:
    """Return the code of now that a merchant's staff shows for members to scan; each takes fufen of a member once."""
    shown = await _shown(caller, offer_id)
    return OfferCodeOut(
        offer_id=offer_id,
        text=shown.text,
        link=link(public_url, shown.text),
        valid_from=shown.valid_from,
        expires_at=shown.expires_at,
        server_time=caller.now,
    )


@router.get(
    "/{offer_id}/code.svg",
    operation_id="get_offer_code_svg",
    response_class=Response,
    responses=problems(401, 403, 404)
    | {
        200: {
            "description": "The picture.",
            "content": {SVG: {"schema": {"type": "string", "format": "binary"}}},
        }
    },
)
async def get_code_svg(caller: CallerOf, offer_id: PathId, public_url: PublicUrl) -> Response:
    """Return the symbol of an offer's code of now as SVG."""
    shown = await _shown(caller, offer_id)
    return Response(await asyncio.to_thread(qr_svg, link(public_url, shown.text)), media_type=SVG)


async def _shown(caller: Caller, offer_id: int) -> ShownCode:
    async def work(tx: ReadTx, actor: Actor) -> ShownCode:
        found = await offer_of_staff(tx, actor, offer_id, now=caller.now)
        return shown_code(tx, caller.service.codes, found, now=caller.now)

    return await caller.read(work)
