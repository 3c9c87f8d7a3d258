"""Shops: finding, opening, editing and closing them. What they offer is `goods`, what stands there `stock`."""

from datetime import date
from typing import Annotated

from fastapi import Query, Response
from pydantic import BaseModel, ConfigDict, model_validator

from api.cursors import DEFAULT_LIMIT, Cursor, Limit, Page, after, page
from api.edge import CallerOf
from api.etags import IfMatch, etag, expected_version
from api.fields import MAX_ID, Code, Id, Name, PathId
from api.problems import problems
from api.routers import resource
from ledger.session import ReadTx, WriteTx
from timebank.access import Actor, check, check_organisation
from timebank.shops import actions, queries
from timebank.shops.access import check_shop
from timebank.shops.queries import Shop

router = resource("/shops", tag="shops")
READ, WRITE = "shops.read", "shops.write"


class ShopOut(BaseModel):
    """A points supermarket; `closed_on` is the first day on which it is closed.

    One of an imported workbook has neither name nor organisation until it is edited.
    """

    model_config = ConfigDict(from_attributes=True)

    id: int
    code: str
    name: str | None
    organisation_id: int | None
    closed_on: date | None
    version: int


class ShopIn(BaseModel):
    """A new shop of an organisation in reach; its code stays."""

    model_config = ConfigDict(extra="forbid")

    code: Code
    name: Name
    organisation_id: Id


class ShopEdit(BaseModel):
    """Another name, another organisation in reach, or both."""

    model_config = ConfigDict(extra="forbid")

    name: Name | None = None
    organisation_id: Id | None = None

    @model_validator(mode="after")
    def _changes_something(self) -> "ShopEdit":
        if self.name is None and self.organisation_id is None:
            raise ValueError("nothing to change")
        return self


@router.get("", operation_id="list_shops", responses=problems(401, 403))
async def list_shops(
    caller: CallerOf,
    *,
    organisation_id: Annotated[int | None, Query(ge=1, le=MAX_ID)] = None,
    closed: Annotated[bool, Query(description="Those that are closed today too.")] = False,
    cursor: Cursor = None,
    limit: Limit = DEFAULT_LIMIT,
) -> Page[ShopOut]:
    """Return the bank's shops, or those of one organisation, by id."""
    after_id = after(cursor)

    async def work(tx: ReadTx, actor: Actor) -> list[Shop]:
        check(actor, READ)
        return await queries.shops(
            tx,
            on=tx.day(caller.now),
            organisation_id=organisation_id,
            closed_too=closed,
            after_id=after_id,
            limit=limit + 1,
        )

    items, following = page(await caller.read(work), limit, lambda shop: (shop.id,))
    return Page(items=[ShopOut.model_validate(shop) for shop in items], next_cursor=following)


@router.get("/{shop_id}", operation_id="get_shop", responses=problems(401, 403, 404))
async def get_shop(caller: CallerOf, shop_id: PathId, response: Response) -> ShopOut:
    """Return one shop with its ETag."""

    async def work(tx: ReadTx, actor: Actor) -> Shop:
        check(actor, READ)
        return await queries.shop(tx, shop_id)

    return _out(await caller.read(work), response)


@router.post("", operation_id="open_shop", status_code=201, responses=problems(401, 403, 404, 409))
async def open_shop(caller: CallerOf, body: ShopIn, response: Response) -> ShopOut:
    """Open a shop; its code is the only one of the bank, so that a repetition is refused."""

    async def work(tx: WriteTx, actor: Actor) -> Shop:
        await check_organisation(tx, actor, WRITE, body.organisation_id)
        new = await actions.open_shop(
            tx, code=body.code, name=body.name, organisation_id=body.organisation_id, now=caller.now
        )
        return await queries.shop(tx, new)

    return _out(await caller.write(work, action="shops.open", subject=_named), response)


@router.patch("/{shop_id}", operation_id="edit_shop", responses=problems(401, 403, 404, 412, 428))
async def edit_shop(
    caller: CallerOf, shop_id: PathId, body: ShopEdit, response: Response, if_match: IfMatch = None
) -> ShopOut:
    """Give a shop another name or organisation; one of a workbook is edited by who reaches the whole bank."""
    version = expected_version(if_match)

    async def work(tx: WriteTx, actor: Actor) -> Shop:
        await check_shop(tx, actor, WRITE, shop_id)
        if body.organisation_id is not None:
            await check_organisation(tx, actor, WRITE, body.organisation_id)
        return await actions.edit_shop(
            tx,
            shop_id,
            name=body.name,
            organisation_id=body.organisation_id,
            expected_version=version,
            now=caller.now,
        )

    return _out(await caller.write(work, action="shops.edit", subject=_named), response)


@router.post("/{shop_id}/close", operation_id="close_shop", responses=problems(401, 403, 404, 409, 412, 428))
async def close_shop(
    caller: CallerOf, shop_id: PathId, response: Response, if_match: IfMatch = None
) -> ShopOut:
    """Close a shop from today on, when no till is open and nothing waits for pick-up."""
    version = expected_version(if_match)

    async def work(tx: WriteTx, actor: Actor) -> Shop:
        await check_shop(tx, actor, WRITE, shop_id)
        return await actions.close_shop(tx, shop_id, expected_version=version, now=caller.now)

    return _out(await caller.write(work, action="shops.close", subject=_named), response)


def _named(found: Shop) -> str:
    return str(found.id)


def _out(found: Shop, response: Response) -> ShopOut:
    response.headers["ETag"] = etag(found.version)
    return ShopOut.model_validate(found)
