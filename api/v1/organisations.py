"""The tree of organisations: reading it as of any day, founding, renaming, moving, closing and reopening."""

from datetime import date, datetime
from typing import Annotated, Literal, TypeAlias

from fastapi import Query, Response
from pydantic import BaseModel, ConfigDict, model_validator

from api.cursors import Cursor, Limit, Page, after, page
from api.edge import CallerOf
from api.etags import IfMatch, etag, expected_version
from api.fields import MAX_ID, Code, Day, Id, Name, PathId
from api.problems import problems
from api.routers import resource
from ledger.session import ReadTx, WriteTx
from timebank.access import Actor, check, check_organisation, check_whole_bank
from timebank.organisations import actions, queries
from timebank.organisations.queries import Filter, Organisation

router = resource("/organisations", tag="organisations")

READ, WRITE = "organisations.read", "organisations.write"

Level: TypeAlias = Literal[
    "district", "street", "community", "grid", "building", "team", "work_unit", "partner_unit", "other"
]
On = Annotated[Day | None, Query(description="As it was on that day; today if left out.")]


class OrganisationOut(BaseModel):
    """A node of the tree; `closed_on` is the first day on which it is closed."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    code: str
    name: str
    level: Level
    parent_id: int | None
    opened_on: date | None
    closed_on: date | None
    version: int


class PlacedOut(OrganisationOut):
    """A node of a subtree; its top has depth 0."""

    depth: int


class MoveOut(BaseModel):
    """A change of parent, the day from which it holds, and when it was recorded."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    from_parent_id: int | None
    to_parent_id: int | None
    moved_on: date
    recorded_at: datetime


class OrganisationIn(BaseModel):
    """A new organisation; without a parent it is a top of its own, for whom the whole bank is in reach."""

    model_config = ConfigDict(extra="forbid")

    code: Code
    name: Name
    level: Level
    parent_id: Id | None = None
    opened_on: Day | None = None


class OrganisationEdit(BaseModel):
    """Another code, another name, or both."""

    model_config = ConfigDict(extra="forbid")

    code: Code | None = None
    name: Name | None = None

    @model_validator(mode="after")
    def _changes_something(self) -> "OrganisationEdit":
        if self.code is None and self.name is None:
            raise ValueError("nothing to change")
        return self


class MoveIn(BaseModel):
    """The new parent, and the first day under it."""

    model_config = ConfigDict(extra="forbid")

    parent_id: Id
    moved_on: Day


class ClosingIn(BaseModel):
    """The first day on which it is closed."""

    model_config = ConfigDict(extra="forbid")

    closed_on: Day


@router.get("", operation_id="list_organisations", responses=problems(401, 403))
async def list_organisations(  # noqa: PLR0917 -- one for each filter
    caller: CallerOf,
    level: Level | None = None,
    parent_id: Annotated[int | None, Query(ge=1, le=MAX_ID)] = None,
    on: On = None,
    closed: Annotated[bool, Query(description="Those that are not open on that day too.")] = False,  # noqa: FBT002 -- a query parameter
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[OrganisationOut]:
    """Return the organisations of the bank that are open on a day, with the parents they have on it."""

    async def work(tx: ReadTx, actor: Actor) -> list[Organisation]:
        check(actor, READ)
        wanted = Filter(on or tx.day(caller.now), level, parent_id, closed)
        return await queries.organisations(tx, wanted, after=after(cursor), limit=limit + 1)

    items, following = page(await caller.read(work), limit, lambda found: (found.id,))
    return Page(items=[OrganisationOut.model_validate(item) for item in items], next_cursor=following)


@router.get("/{organisation_id}", operation_id="get_organisation", responses=problems(401, 403, 404))
async def get_organisation(caller: CallerOf, organisation_id: PathId, response: Response) -> OrganisationOut:
    """Return one organisation as it is now, with its ETag."""

    async def work(tx: ReadTx, actor: Actor) -> Organisation:
        await check_organisation(tx, actor, READ, organisation_id)
        return await queries.organisation(tx, organisation_id)

    return _out(await caller.read(work), response)


@router.get("/{organisation_id}/subtree", operation_id="list_subtree", responses=problems(401, 403, 404))
async def list_subtree(
    caller: CallerOf, organisation_id: PathId, on: On = None, limit: Limit = 50, cursor: Cursor = None
) -> Page[PlacedOut]:
    """Return an organisation and all below it that are open on a day; empty if it is not open itself."""

    async def work(tx: ReadTx, actor: Actor) -> list[queries.Placed]:
        await check_organisation(tx, actor, READ, organisation_id)
        await queries.organisation(tx, organisation_id)
        day = on or tx.day(caller.now)
        return await queries.subtree(tx, organisation_id, on=day, after=after(cursor), limit=limit + 1)

    items, following = page(await caller.read(work), limit, lambda found: (found.organisation.id,))
    placed = [
        PlacedOut(**OrganisationOut.model_validate(item.organisation).model_dump(), depth=item.depth)
        for item in items
    ]
    return Page(items=placed, next_cursor=following)


@router.get("/{organisation_id}/ancestors", operation_id="list_ancestors", responses=problems(401, 403, 404))
async def list_ancestors(caller: CallerOf, organisation_id: PathId, on: On = None) -> list[OrganisationOut]:
    """Return what an organisation stands below on a day, from the top down."""

    async def work(tx: ReadTx, actor: Actor) -> list[Organisation]:
        await check_organisation(tx, actor, READ, organisation_id)
        await queries.organisation(tx, organisation_id)
        return await queries.ancestors(tx, organisation_id, on=on or tx.day(caller.now))

    return [OrganisationOut.model_validate(found) for found in await caller.read(work)]


@router.get(
    "/{organisation_id}/moves", operation_id="list_organisation_moves", responses=problems(401, 403, 404)
)
async def list_moves(
    caller: CallerOf, organisation_id: PathId, limit: Limit = 50, cursor: Cursor = None
) -> Page[MoveOut]:
    """Return the moves of an organisation, the first one first."""

    async def work(tx: ReadTx, actor: Actor) -> list[queries.Move]:
        await check_organisation(tx, actor, READ, organisation_id)
        await queries.organisation(tx, organisation_id)
        return await queries.moves(tx, organisation_id, after=after(cursor), limit=limit + 1)

    items, following = page(await caller.read(work), limit, lambda found: (found.id,))
    return Page(items=[MoveOut.model_validate(item) for item in items], next_cursor=following)


@router.post("", operation_id="found_organisation", status_code=201, responses=problems(401, 403, 404, 409))
async def found_organisation(caller: CallerOf, body: OrganisationIn, response: Response) -> OrganisationOut:
    """Found an organisation below one in reach; its code is the only one of its level."""

    async def work(tx: WriteTx, actor: Actor) -> Organisation:
        if body.parent_id is None:
            check_whole_bank(actor, WRITE)
        else:
            await check_organisation(tx, actor, WRITE, body.parent_id)
        today = tx.day(caller.now)
        return await actions.found_organisation(
            tx,
            code=body.code,
            name=body.name,
            level=body.level,
            parent_id=body.parent_id,
            opened_on=body.opened_on or today,
            today=today,
        )

    return _out(await caller.write(work, action="organisations.found", subject=_named), response)


@router.patch(
    "/{organisation_id}", operation_id="edit_organisation", responses=problems(401, 403, 404, 409, 412, 428)
)
async def edit_organisation(
    caller: CallerOf,
    organisation_id: PathId,
    body: OrganisationEdit,
    response: Response,
    if_match: IfMatch = None,
) -> OrganisationOut:
    """Give an organisation another code or name."""
    version = expected_version(if_match)

    async def work(tx: WriteTx, actor: Actor) -> Organisation:
        await check_organisation(tx, actor, WRITE, organisation_id)
        return await actions.edit_organisation(
            tx, organisation_id, code=body.code, name=body.name, expected_version=version
        )

    return _out(await caller.write(work, action="organisations.edit", subject=_named), response)


@router.post(
    "/{organisation_id}/move", operation_id="move_organisation", responses=problems(401, 403, 404, 409)
)
async def move_organisation(
    caller: CallerOf, organisation_id: PathId, body: MoveIn, response: Response
) -> OrganisationOut:
    """Put an organisation and all below it under another parent, both in reach."""

    async def work(tx: WriteTx, actor: Actor) -> Organisation:
        await check_organisation(tx, actor, WRITE, organisation_id)
        await check_organisation(tx, actor, WRITE, body.parent_id)
        return await actions.move_organisation(
            tx,
            organisation_id,
            parent_id=body.parent_id,
            moved_on=body.moved_on,
            today=tx.day(caller.now),
            actor=actor.text,
        )

    return _out(await caller.write(work, action="organisations.move", subject=_named), response)


@router.post(
    "/{organisation_id}/close", operation_id="close_organisation", responses=problems(401, 403, 404, 409)
)
async def close_organisation(
    caller: CallerOf, organisation_id: PathId, body: ClosingIn, response: Response
) -> OrganisationOut:
    """Close an organisation that has no open one below it and no members."""

    async def work(tx: WriteTx, actor: Actor) -> Organisation:
        await check_organisation(tx, actor, WRITE, organisation_id)
        return await actions.close_organisation(
            tx, organisation_id, closed_on=body.closed_on, today=tx.day(caller.now)
        )

    return _out(await caller.write(work, action="organisations.close", subject=_named), response)


@router.post(
    "/{organisation_id}/reopen", operation_id="reopen_organisation", responses=problems(401, 403, 404, 409)
)
async def reopen_organisation(
    caller: CallerOf, organisation_id: PathId, response: Response
) -> OrganisationOut:
    """Take a closing back."""

    async def work(tx: WriteTx, actor: Actor) -> Organisation:
        await check_organisation(tx, actor, WRITE, organisation_id)
        return await actions.reopen_organisation(tx, organisation_id)

    return _out(await caller.write(work, action="organisations.reopen", subject=_named), response)


def _named(found: Organisation) -> str:
    return str(found.id)


def _out(found: Organisation, response: Response) -> OrganisationOut:
    response.headers["ETag"] = etag(found.version)
    return OrganisationOut.model_validate(found)
