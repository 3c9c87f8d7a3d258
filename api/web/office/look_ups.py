"""The register of who looked at whom, as it is audited: masked names, what they were, what for, and which fields."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated, Final, Literal
from uuid import UUID

from fastapi import Query
from starlette.responses import Response

from api.fields import MAX_ID, Day
from api.routers import bare
from api.v1.look_ups import Purpose
from api.web.arriving import VisitOf
from api.web.volunteer.privacy import SEEN
from ledger.session import ReadTx
from timebank.access import Actor, check_whole_bank
from timebank.people.queries import masked_names
from timebank.privacy.queries import LookUp, LookUpFilter, look_ups

router = bare()

READ = "look_ups.read"
PAGE_LOOKS = 50
NAMED: Final = (
    *("registration", "service", "contact", "dispute", "inspection"),
    *("standing.read", "records.read", "scan", "card", "quotes.make", "receipt", "certificate"),
    *("objections.decide", "privacy.export", "kinships.own"),
)
"""Purposes that have words of their own; whatever else is told as business."""

Before = Annotated[int, Query(ge=1, le=MAX_ID)]


@dataclass(frozen=True, slots=True)
class Register:
    """A page of looks with the masked names in it."""

    lines: list[LookUp]
    names: dict[UUID, str]
    following: int | None


@router.get("/office/look-ups")
async def show_look_ups(
    visit: VisitOf,
    purpose: Purpose | Literal[""] = "",
    since: Day | Literal[""] = "",
    until: Day | Literal[""] = "",
    before: Before = MAX_ID,
) -> Response:
    """Show the looks of the whole bank, newest first: for a purpose and between two days, if so wished."""

    async def work(tx: ReadTx, actor: Actor) -> Register:
        check_whole_bank(actor, READ)
        wanted = LookUpFilter(
            purpose=purpose or None,
            since=tx.start_of(since) if since else None,
            before=tx.start_of(until + timedelta(days=1)) if until else None,
        )
        found = await look_ups(tx, wanted, before=before, limit=PAGE_LOOKS + 1)
        shown = found[:PAGE_LOOKS]
        who = {line.subject_id for line in shown} | {line.viewer_id for line in shown if line.viewer_id}
        return Register(
            shown,
            await masked_names(tx, visit.service.cipher, list(who)),
            shown[-1].id if len(found) > PAGE_LOOKS else None,
        )

    return visit.page(
        "office/look_ups.html",
        register=await visit.read(work),
        purpose=purpose,
        since=since,
        until=until,
        before=before if before < MAX_ID else None,
        named=NAMED,
        known=SEEN,
    )
