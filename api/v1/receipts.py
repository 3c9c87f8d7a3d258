"""Receipts on paper: of a redemption, for its member, the cashier of its till, and who keeps the shop."""

import asyncio
from typing import Annotated

from fastapi import Query, Response

from api.edge import CallerOf
from api.fields import PathId
from api.problems import problems
from api.routers import resource
from ledger.session import WriteTx
from timebank.access import Actor
from timebank.people.queries import masked_names
from timebank.people.rules import NAME
from timebank.privacy.actions import record_look_up
from timebank.redemptions.receipts import Paper, receipt_in_reach, render_receipt
from timebank.redemptions.requests import Receipt

router = resource(tag="redemptions")

PDF = "application/pdf"

PaperOf = Annotated[Paper, Query(description="The roll's width in millimetres.")]


@router.get(
    "/redemptions/{redemption_id}/receipt.pdf",
    operation_id="print_receipt",
    response_class=Response,
    responses=problems(401, 403, 404)
    | {
        200: {
            "description": "The receipt.",
            "content": {PDF: {"schema": {"type": "string", "format": "binary"}}},
        }
    },
)
async def print_receipt(caller: CallerOf, redemption_id: PathId, paper: PaperOf = "58") -> Response:
    """Return a redemption's receipt as a PDF for a roll of paper; whose it is stands there masked."""

    async def work(tx: WriteTx, actor: Actor) -> tuple[Receipt, str | None]:
        found = await receipt_in_reach(tx, actor, redemption_id, now=caller.now)
        if actor.person_id != found.person_id:
            await record_look_up(tx, actor, found.person_id, purpose="receipt", fields=[NAME, "redemptions"])
        names = await masked_names(tx, caller.service.cipher, [found.person_id])
        return found.receipt, names.get(found.person_id)

    receipt, name = await caller.look(work)
    bank = await caller.bank()
    sheet = await asyncio.to_thread(
        render_receipt, receipt, bank=bank.name, zone=bank.zone, masked_name=name, paper=paper
    )
    return Response(sheet, media_type=PDF)
