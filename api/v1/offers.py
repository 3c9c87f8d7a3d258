"""Offers: finding, drafting, publishing and withdrawing them; what a merchant shows is `offer_codes`."""

from datetime import date
from typing import Annotated, Any

from fastapi import Query, Response
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from api.cursors import DEFAULT_LIMIT, Cursor, Limit, Page, after, page
from api.edge import CallerOf
from api.etags import IfMatch, etag, expected_version
from api.fields import MAX_ID, Amount, Day, Name, PathId, Printable
from api.problems import problems
from api.routers import resource
from ledger.session import ReadTx, WriteTx
from timebank.access import Actor, check
from timebank.merchants.access import READ, shown_merchant
from timebank.offers import publishing, queries
from timebank.offers.access import shown_offer
from timebank.offers.queries import Offer
from timebank.offers.rules import Kind, OfferPlan, State, check_plan

router = resource(tag="offers")

Terms = Annotated[str, StringConstraints(max_length=2_000, strip_whitespace=True), Printable]
Percent = Annotated[int, Field(ge=1, le=100)]
Minutes = Annotated[int, Field(ge=1, le=24 * 60)]
Limiting = Annotated[int, Field(ge=1, le=1_000_000)]
VoucherDays = Annotated[int, Field(ge=1, le=3660)]


class OfferIn(BaseModel):
    """A share off takes `percent`, an amount off `amount_cents`, housekeeping `minutes`, and none of the others."""

    model_config = ConfigDict(extra="forbid")

    kind: Kind
    title: Name
    terms: Terms = ""
    price_fufen: Amount
    percent: Percent | None = None
    amount_cents: Amount | None = None
    minutes: Minutes | None = None
    starts_on: Day
    ends_on: Day
    member_limit: Limiting | None = None
    total_limit: Limiting | None = None
    voucher_days: VoucherDays = 90


class OfferEdit(BaseModel):
    """What of a draft is to change; null takes a limit away and leaves anything else as it is."""

    model_config = ConfigDict(extra="forbid")

    title: Name | None = None
    terms: Terms | None = None
    price_fufen: Amount | None = None
    percent: Percent | None = None
    amount_cents: Amount | None = None
    minutes: Minutes | None = None
    starts_on: Day | None = None
    ends_on: Day | None = None
    member_limit: Limiting | None = None
    total_limit: Limiting | None = None
    voucher_days: VoucherDays | None = None

    @model_validator(mode="after")
    def _changes_something(self) -> "OfferEdit":
        if not self.changes():
            raise ValueError("nothing to change")
        return self

    def changes(self) -> dict[str, Any]:
        """Return the new values by the plan's own names."""
        found = {name: getattr(self, name) for name in self.model_fields_set}
        removable = {"member_limit", "total_limit"}
        return {name: value for name, value in found.items() if value is not None or name in removable}


class OfferOut(BaseModel):
    """An offer; its limits are per member and altogether, `voucher_days` is how long a voucher of it is good."""

    id: int
    merchant_id: int
    merchant: str
    kind: Kind
    title: str
    terms: str
    price_fufen: int
    percent: int | None
    amount_cents: int | None
    minutes: int | None
    starts_on: date
    ends_on: date
    member_limit: int | None
    total_limit: int | None
    voucher_days: int
    state: State
    version: int


@router.get("/offers", operation_id="list_offers", responses=problems(401, 403))
async def list_offers(
    caller: CallerOf,
    *,
    merchant_id: Annotated[int | None, Query(ge=1, le=MAX_ID)] = None,
    kind: Kind | None = None,
    cursor: Cursor = None,
    limit: Limit = DEFAULT_LIMIT,
) -> Page[OfferOut]:
    """Return what active merchants offer today, by id."""
    after_id = after(cursor)

    async def work(tx: ReadTx, actor: Actor) -> list[Offer]:
        check(actor, READ)
        return await queries.shown_offers(
            tx, day=tx.day(caller.now), merchant_id=merchant_id, kind=kind, after=after_id, limit=limit + 1
        )

    return _page(await caller.read(work), limit)


@router.get(
    "/merchants/{merchant_id}/offers", operation_id="list_merchant_offers", responses=problems(401, 403, 404)
)
async def list_merchant_offers(
    caller: CallerOf, *, merchant_id: PathId, cursor: Cursor = None, limit: Limit = DEFAULT_LIMIT
) -> Page[OfferOut]:
    """Return a merchant's offers by id: of today, and to its staff and offices in reach those of every state."""
    after_id = after(cursor)

    async def work(tx: ReadTx, actor: Actor) -> list[Offer]:
        _, is_inside = await shown_merchant(tx, actor, merchant_id, now=caller.now)
        if is_inside:
            return await queries.offers_of(tx, merchant_id, after=after_id, limit=limit + 1)
        return await queries.shown_offers(
            tx, day=tx.day(caller.now), merchant_id=merchant_id, after=after_id, limit=limit + 1
        )

    return _page(await caller.read(work), limit)


@router.get("/offers/{offer_id}", operation_id="get_offer", responses=problems(401, 403, 404))
async def get_offer(caller: CallerOf, offer_id: PathId, response: Response) -> OfferOut:
    """Return an offer with its ETag; one that is not for everybody today only to its staff and offices in reach."""

    async def work(tx: ReadTx, actor: Actor) -> Offer:
        return await shown_offer(tx, actor, offer_id, now=caller.now)

    return _out(await caller.read(work), response)


@router.post(
    "/merchants/{merchant_id}/offers",
    operation_id="draft_offer",
    status_code=201,
    responses=problems(401, 403, 404),
)
async def create_offer(caller: CallerOf, merchant_id: PathId, body: OfferIn, response: Response) -> OfferOut:
    """Draft an offer of a merchant that one accepts for; members see it when it is published."""
    plan = OfferPlan(**body.model_dump())
    check_plan(plan)

    async def work(tx: WriteTx, actor: Actor) -> Offer:
        return await publishing.draft_offer(tx, actor, merchant_id=merchant_id, plan=plan, now=caller.now)

    return _out(await caller.write(work, action="offers.draft", subject=_named), response)


@router.patch("/offers/{offer_id}", operation_id="edit_offer", responses=problems(401, 403, 404, 412, 428))
async def edit_offer(
    caller: CallerOf, offer_id: PathId, body: OfferEdit, response: Response, if_match: IfMatch = None
) -> OfferOut:
    """Change a draft; what is published stays as it is."""
    version = expected_version(if_match)

    async def work(tx: WriteTx, actor: Actor) -> Offer:
        return await publishing.edit_offer(
            tx, actor, offer_id, changes=body.changes(), expected_version=version, now=caller.now
        )

    return _out(await caller.write(work, action="offers.edit", subject=_named), response)


@router.post(
    "/offers/{offer_id}/publish", operation_id="publish_offer", responses=problems(401, 403, 404, 412, 428)
)
async def publish_offer(
    caller: CallerOf, offer_id: PathId, response: Response, if_match: IfMatch = None
) -> OfferOut:
    """Publish a draft of an active merchant."""
    version = expected_version(if_match)

    async def work(tx: WriteTx, actor: Actor) -> Offer:
        return await publishing.publish_offer(tx, actor, offer_id, expected_version=version, now=caller.now)

    return _out(await caller.write(work, action="offers.publish", subject=_named), response)


@router.post(
    "/offers/{offer_id}/withdraw", operation_id="withdraw_offer", responses=problems(401, 403, 404, 412, 428)
)
async def withdraw_offer(
    caller: CallerOf, offer_id: PathId, response: Response, if_match: IfMatch = None
) -> OfferOut:
    """Withdraw an offer for good; nobody takes it any more."""
    version = expected_version(if_match)

    async def work(tx: WriteTx, actor: Actor) -> Offer:
        return await publishing.withdraw_offer(tx, actor, offer_id, expected_version=version, now=caller.now)

    return _out(await caller.write(work, action="offers.withdraw", subject=_named), response)


def offer_out(found: Offer) -> OfferOut:
    """Return an offer as it is answered."""
    plan = {name: getattr(found.plan, name) for name in OfferPlan.__slots__}
    return OfferOut(
        id=found.id,
        merchant_id=found.merchant_id,
        merchant=found.merchant,
        state=found.state,
        version=found.version,
        **plan,
    )


def _named(found: Offer) -> str:
    return str(found.id)


def _out(found: Offer, response: Response) -> OfferOut:
    response.headers["ETag"] = etag(found.version)
    return offer_out(found)


def _page(found: list[Offer], limit: int) -> Page[OfferOut]:
    items, following = page(found, limit, lambda one: (one.id,))
    return Page(items=[offer_out(one) for one in items], next_cursor=following)
