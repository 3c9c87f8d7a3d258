"""All that a member ever set aside, took as a voucher, redeemed or gave a merchant: a page at a time, newest first."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Final, Literal, TypeAlias
from uuid import UUID

from fastapi import Query
from starlette.responses import Response

from api.fields import MAX_ID
from api.routers import bare
from api.web.arriving import VisitOf
from api.web.money import yuan_of
from api.web.volunteer.member import member_of
from api.web.volunteer.spending import SPEND
from ledger.session import ReadTx
from timebank.access import Actor
from timebank.offers.acceptances import OwnAcceptance, acceptances_of
from timebank.redemptions.queries import of_person
from timebank.redemptions.requests import Receipt
from timebank.reservations.queries import Reservation, reservations_of
from timebank.vouchers.queries import Voucher, vouchers_of

router = bare()

SHOWN: Final = 20

Which: TypeAlias = Literal["reservations", "vouchers", "redeemed", "accepted"]
Before = Annotated[int, Query(ge=1, le=MAX_ID)]
Line: TypeAlias = Reservation | Voucher | Receipt | OwnAcceptance


@dataclass(frozen=True, slots=True)
class Spent:
    """A page of lines, and before which the next page begins; 0 if this is the last."""

    lines: Sequence[Line]
    following: int


@router.get("/me/spent/{which}")
async def show_spent(visit: VisitOf, which: Which, before: Before = MAX_ID) -> Response:
    """Show a page of what there was of one kind."""

    async def work(tx: ReadTx, actor: Actor) -> Spent:
        person_id = await member_of(visit, tx, actor, SPEND)
        found = await _lines(tx, person_id, which, before=before, limit=SHOWN + 1)
        return Spent(found[:SHOWN], _id_of(found[SHOWN - 1]) if len(found) > SHOWN else 0)

    return visit.page(
        "volunteer/spent.html",
        spent=await visit.read(work),
        which=which,
        is_first=before == MAX_ID,
        yuan=yuan_of,
    )


async def _lines(tx: ReadTx, person_id: UUID, which: Which, *, before: int, limit: int) -> Sequence[Line]:
    match which:
        case "reservations":
            return await reservations_of(tx, person_id, before_id=before, limit=limit)
        case "vouchers":
            return await vouchers_of(tx, person_id, state=None, before_id=before, limit=limit)
        case "redeemed":
            return await of_person(tx, person_id, before_id=before, limit=limit)
        case "accepted":
            return await acceptances_of(tx, person_id, before_id=before, limit=limit)


def _id_of(line: Line) -> int:
    return line.redemption_id if isinstance(line, Receipt) else line.id
