"""Quotes: who stands at a till, what is in their basket and what it costs. Confirming one is `confirmations`."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from fastapi import Response
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from api.edge import Caller, CallerOf
from api.etags import IfMatch, etag, expected_version
from api.fields import Id, PathId, Printable
from api.pin_tries import holder_by_pin
from api.problems import problems
from api.routers import resource
from ledger.session import ReadTx, WriteTx
from timebank.access import Actor
from timebank.people.queries import masked_names
from timebank.people.rules import NAME
from timebank.privacy.actions import record_look_up
from timebank.redemptions.rules import Finding
from timebank.tills import quotes
from timebank.tills.queries import selling_till
from timebank.tills.quotes import Quote
from timebank.tills.rules import MAX_LINES, MAX_QUANTITY
from timebank.tills.showing import Shown, shown_by_code, shown_by_pick_up
from timebank.words import words

router = resource(tag="quotes")

CodeText = Annotated[str, StringConstraints(pattern=r"^[\x21-\x7e]{1,400}$")]


class ShownIn(BaseModel):
    """What the member shows: the code of their phone, a card with its PIN, or the code of a reservation."""

    model_config = ConfigDict(extra="forbid")

    code: CodeText | None = None
    card: Annotated[str, StringConstraints(min_length=1, max_length=60), Printable] | None = None
    pin: Annotated[str, StringConstraints(pattern=r"^[0-9]{4,8}$")] | None = None
    pick_up: CodeText | None = None

    @model_validator(mode="after")
    def _one_of_them(self) -> "ShownIn":
        if [self.code, self.card, self.pick_up].count(None) != 2 or (self.card is None) != (self.pin is None):  # noqa: PLR2004 -- of three, one is given
            raise ValueError("a code, a card with its pin, or a pick_up code")
        return self


class BasketLine(BaseModel):
    """So many of an item, named by its id or by its barcode."""

    model_config = ConfigDict(extra="forbid")

    goods_id: Id | None = None
    barcode: Annotated[str, StringConstraints(pattern=r"^[\x21-\x7e]{1,64}$")] | None = None
    quantity: Annotated[int, Field(ge=1, le=MAX_QUANTITY)] = 1

    @model_validator(mode="after")
    def _one_of_them(self) -> "BasketLine":
        if (self.goods_id is None) == (self.barcode is None):
            raise ValueError("either goods_id or barcode")
        return self


class Basket(BaseModel):
    """What is in the basket; the same item may come several times."""

    model_config = ConfigDict(extra="forbid")

    lines: list[BasketLine] = Field(max_length=MAX_LINES)

    def wanted(self) -> list[tuple[int | str, int]]:
        """Return (id or barcode, quantity) of each line."""
        return [(line.goods_id or line.barcode or "", line.quantity) for line in self.lines]


class QuoteIn(Basket):
    """Who stands there and what is in their basket, which may be empty yet; what is picked up is in it already."""

    shown: ShownIn
    lines: list[BasketLine] = Field(default_factory=list, max_length=MAX_LINES)


class FindingOut(BaseModel):
    """What speaks against the basket, or comes near to it: a code, which limit, of which item, and the words."""

    code: str = Field(examples=["limit_reached", "limit_near", "out_of_stock", "insufficient_points"])
    limit: str | None
    goods_id: int | None
    detail: str
    detail_en: str


class QuoteLineOut(BaseModel):
    """So many of an item, what one and all cost, and how many are on the shelf."""

    goods_id: int
    sku: str
    name: str
    quantity: int
    price_points: int
    points: int
    stock: int


class QuoteOut(BaseModel):
    """All that a cashier sees of who stands there. With refusals it will not be confirmed as it is."""

    id: UUID
    till_id: int
    shown: Literal["code", "card", "pick_up"]
    masked_name: str | None
    balance_points: int
    lines: list[QuoteLineOut]
    points: int
    warnings: list[FindingOut]
    refusals: list[FindingOut]
    expires_at: datetime
    version: int


@router.post(
    "/tills/{till_id}/quotes",
    operation_id="make_quote",
    status_code=201,
    responses=problems(401, 403, 404, 409),
)
async def make_quote(caller: CallerOf, till_id: PathId, body: QuoteIn, response: Response) -> QuoteOut:
    """Quote a basket to who shows that they stand here; the code of a phone is good for one quote."""
    holder = None
    if body.shown.card is not None and body.shown.pin is not None:

        async def allow(tx: WriteTx, actor: Actor) -> None:
            await selling_till(tx, actor, till_id, now=caller.now)

        holder = await holder_by_pin(caller, allow, token=body.shown.card, pin=body.shown.pin)

    async def work(tx: WriteTx, actor: Actor) -> tuple[Quote, str | None]:
        till = await selling_till(tx, actor, till_id, now=caller.now)
        shown = await _shown(tx, caller, body.shown, holder, shop_id=till.shop.id)
        made = await quotes.make_quote(tx, till, shown, wanted=body.wanted(), now=caller.now)
        await record_look_up(tx, actor, made.person_id, purpose="quotes.make", fields=[NAME, "balances"])
        return made, await _name(tx, caller, made)

    made = await caller.write(work, action="quotes.make", subject=lambda found: str(found[0].id))
    return _out(*made, response)


@router.get("/quotes/{quote_id}", operation_id="get_quote", responses=problems(401, 403, 404))
async def get_quote(caller: CallerOf, quote_id: UUID, response: Response) -> QuoteOut:
    """Return a living quote of the till at which this session sells, as things stand now, with its ETag."""

    async def work(tx: ReadTx, actor: Actor) -> tuple[Quote, str | None]:
        found = await quotes.quote(tx, actor, quote_id, now=caller.now)
        return found, await _name(tx, caller, found)

    return _out(*await caller.read(work), response)


@router.put("/quotes/{quote_id}", operation_id="change_quote", responses=problems(401, 403, 404, 412, 428))
async def change_quote(
    caller: CallerOf, quote_id: UUID, body: Basket, response: Response, if_match: IfMatch = None
) -> QuoteOut:
    """Put another basket in the place of a quote's while it lives; it lives no longer for that."""
    version = expected_version(if_match)

    async def work(tx: WriteTx, actor: Actor) -> tuple[Quote, str | None]:
        changed = await quotes.change_quote(
            tx, actor, quote_id, wanted=body.wanted(), expected_version=version, now=caller.now
        )
        return changed, await _name(tx, caller, changed)

    changed = await caller.write(work, action="quotes.change", subject=str(quote_id))
    return _out(*changed, response)


async def _shown(tx: ReadTx, caller: Caller, shown: ShownIn, holder: UUID | None, *, shop_id: int) -> Shown:
    keys = caller.service.codes
    if shown.code is not None:
        return await shown_by_code(tx, keys, shown.code, now=caller.now)
    if shown.pick_up is not None:
        return await shown_by_pick_up(tx, keys, shown.pick_up, shop_id=shop_id, now=caller.now)
    assert holder is not None  # noqa: S101 -- there is a card, whose PIN was right
    return Shown(holder, "card")


async def _name(tx: ReadTx, caller: Caller, found: Quote) -> str | None:
    return (await masked_names(tx, caller.service.cipher, [found.person_id])).get(found.person_id)


def _findings(found: Sequence[Finding]) -> list[FindingOut]:
    out = []
    for finding in found:
        code = finding.code if finding.limit is None else f"{finding.code}_{finding.limit}"
        chinese, english = words(code, **finding.params)
        out.append(
            FindingOut.model_validate(
                {
                    "code": finding.code,
                    "limit": finding.limit,
                    "goods_id": finding.params.get("goods_id"),
                    "detail": chinese,
                    "detail_en": english,
                }
            )
        )
    return out


def _out(found: Quote, name: str | None, response: Response) -> QuoteOut:
    response.headers["ETag"] = etag(found.version)
    return QuoteOut(
        id=found.id,
        till_id=found.till_id,
        shown=found.shown,
        masked_name=name,
        balance_points=found.balance_points,
        lines=[
            QuoteLineOut(
                goods_id=line.item.id,
                sku=line.item.sku,
                name=line.item.name,
                quantity=line.quantity,
                price_points=line.item.price_points,
                points=line.points,
                stock=line.item.stock,
            )
            for line in found.lines
        ],
        points=found.points,
        warnings=_findings(found.warnings),
        refusals=_findings(found.refusals),
        expires_at=found.expires_at,
        version=found.version,
    )
