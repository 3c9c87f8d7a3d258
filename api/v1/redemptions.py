"""Redemptions: receipts of a till, of a shop, and one's own. Confirming a quote is `confirmations`."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from api.cursors import DEFAULT_LIMIT, Cursor, Limit, Page, before, page
from api.edge import Caller, CallerOf
from api.fields import PathId
from api.problems import problems
from api.routers import resource
from ledger.session import ReadTx
from timebank.access import Actor, check_person
from timebank.people.queries import masked_names
from timebank.redemptions import queries
from timebank.redemptions.queries import Redeemed
from timebank.redemptions.requests import Receipt
from timebank.shops.access import check_shop
from timebank.tills.queries import SELL, own_till

router = resource(tag="redemptions")

READ, OWN = "redemptions.read", "spending.own"


class ReceiptLineOut(BaseModel):
    """So many of an item, and what they cost together."""

    model_config = ConfigDict(from_attributes=True)

    goods_id: int
    sku: str
    name: str
    quantity: int
    points: int


class ReceiptOut(BaseModel):
    """A receipt; its number is the shop's code, the day, and how many it is on that day."""

    redemption_id: int
    number: str = Field(examples=["S1-20260509-0042"])
    shop_id: int
    shop: str
    till_id: int
    points: int
    cash_cents: int
    made_at: datetime
    refunded_at: datetime | None
    lines: list[ReceiptLineOut]


class RedeemedOut(ReceiptOut):
    """A receipt and the masked name of whose it is."""

    masked_name: str | None


@router.get(
    "/tills/{till_id}/redemptions", operation_id="list_till_redemptions", responses=problems(401, 403, 404)
)
async def list_till_redemptions(
    caller: CallerOf, till_id: PathId, cursor: Cursor = None, limit: Limit = DEFAULT_LIMIT
) -> Page[RedeemedOut]:
    """Return what was redeemed at one of the caller's own tills, newest first."""
    before_id = before(cursor)

    async def work(tx: ReadTx, actor: Actor) -> tuple[Sequence[Redeemed], dict[UUID, str]]:
        await own_till(tx, actor, SELL, till_id)
        return await _named(
            tx, caller, await queries.of_till(tx, till_id, before_id=before_id, limit=limit + 1)
        )

    return _page(*await caller.read(work), limit)


@router.get(
    "/shops/{shop_id}/redemptions", operation_id="list_shop_redemptions", responses=problems(401, 403, 404)
)
async def list_shop_redemptions(
    caller: CallerOf, shop_id: PathId, cursor: Cursor = None, limit: Limit = DEFAULT_LIMIT
) -> Page[RedeemedOut]:
    """Return what was redeemed in a shop in reach, newest first."""
    before_id = before(cursor)

    async def work(tx: ReadTx, actor: Actor) -> tuple[Sequence[Redeemed], dict[UUID, str]]:
        await check_shop(tx, actor, READ, shop_id)
        return await _named(
            tx, caller, await queries.of_shop(tx, shop_id, before_id=before_id, limit=limit + 1)
        )

    return _page(*await caller.read(work), limit)


@router.get(
    "/people/{person_id}/redemptions", operation_id="list_own_redemptions", responses=problems(401, 403, 404)
)
async def list_own_redemptions(
    caller: CallerOf, person_id: UUID, cursor: Cursor = None, limit: Limit = DEFAULT_LIMIT
) -> Page[ReceiptOut]:
    """Return what one redeemed, or for whom one acts, newest first."""
    before_id = before(cursor)

    async def work(tx: ReadTx, actor: Actor) -> Sequence[Receipt]:
        await check_person(tx, actor, OWN, person_id, now=caller.now)
        return await queries.of_person(tx, person_id, before_id=before_id, limit=limit + 1)

    found = await caller.read_of(person_id, "redemptions", OWN, work)
    items, following = page(found, limit, lambda receipt: (receipt.redemption_id,))
    return Page(items=[receipt_out(item) for item in items], next_cursor=following)


def receipt_out(found: Receipt) -> ReceiptOut:
    """Return a receipt as it is answered."""
    return ReceiptOut.model_validate(_receipt(found))


async def _named(
    tx: ReadTx, caller: Caller, found: Sequence[Redeemed]
) -> tuple[Sequence[Redeemed], dict[UUID, str]]:
    people = sorted({redeemed.person_id for redeemed in found})
    return found, await masked_names(tx, caller.service.cipher, people)


def _page(found: Sequence[Redeemed], names: dict[UUID, str], limit: int) -> Page[RedeemedOut]:
    items, following = page(found, limit, lambda redeemed: (redeemed.receipt.redemption_id,))
    out = [
        RedeemedOut.model_validate({**_receipt(item.receipt), "masked_name": names.get(item.person_id)})
        for item in items
    ]
    return Page(items=out, next_cursor=following)


def _receipt(found: Receipt) -> dict[str, object]:
    return {
        "redemption_id": found.redemption_id,
        "number": found.number,
        "shop_id": found.shop_id,
        "shop": found.shop,
        "till_id": found.till_id,
        "points": found.points,
        "cash_cents": found.cash_cents,
        "made_at": found.made_at,
        "refunded_at": found.refunded_at,
        "lines": [ReceiptLineOut.model_validate(line) for line in found.lines],
    }
