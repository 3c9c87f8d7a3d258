"""Merchants: finding, entering, vetting, suspending and closing them; their staff is `merchant_staff`."""

from datetime import datetime
from typing import Annotated

from fastapi import Query, Response
from pydantic import BaseModel, ConfigDict, Field, model_validator

from api.cursors import DEFAULT_LIMIT, Cursor, Limit, Page, after, page
from api.edge import CallerOf
from api.etags import IfMatch, etag, expected_version
from api.fields import Id, Name, PathId, Sentence
from api.problems import problems
from api.routers import resource
from ledger.session import ReadTx, WriteTx
from timebank.access import Actor, check, check_organisation, reach
from timebank.merchants import actions, queries
from timebank.merchants.access import HISTORY, READ, merchant_in_reach, shown_merchant
from timebank.merchants.queries import Entry, Filter, Merchant, Plan
from timebank.merchants.rules import State, Step

router = resource(tag="merchants")

WRITE, VET = "merchants.write", "merchants.vet"


class MerchantIn(BaseModel):
    """A merchant that applies, by what an organisation in reach was shown; the licence is the only one of the bank."""

    model_config = ConfigDict(extra="forbid")

    organisation_id: Id
    name: Name
    category: Name = Field(examples=["理发"])
    address: Name
    licence: Name


class MerchantEdit(BaseModel):
    """What is to change; the licence only before it was vetted."""

    model_config = ConfigDict(extra="forbid")

    name: Name | None = None
    category: Name | None = None
    address: Name | None = None
    licence: Name | None = None

    @model_validator(mode="after")
    def _changes_something(self) -> "MerchantEdit":
        if not self.changes():
            raise ValueError("nothing to change")
        return self

    def changes(self) -> dict[str, object]:
        """Return the new values by name."""
        return self.model_dump(exclude_none=True)


class MerchantOut(BaseModel):
    """A merchant; its licence is shown to its staff and to offices only."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    organisation_id: int
    name: str
    category: str
    address: str
    licence: str | None
    state: State
    version: int


class StepIn(BaseModel):
    """A step and why it is taken."""

    model_config = ConfigDict(extra="forbid")

    kind: Step
    reason: Sentence


class EntryOut(BaseModel):
    """A step that was taken: what, why, by whom and when."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    kind: str
    reason: str
    actor: str
    entered_at: datetime


@router.get("/merchants", operation_id="list_merchants", responses=problems(401, 403))
async def list_merchants(
    caller: CallerOf,
    *,
    state: Annotated[State, Query(description="Other than `active`: of an office in reach only.")] = "active",
    category: Annotated[str | None, Query(min_length=1, max_length=100, pattern=r"^[^\x00]*$")] = None,
    cursor: Cursor = None,
    limit: Limit = DEFAULT_LIMIT,
) -> Page[MerchantOut]:
    """Return merchants by id: to everybody those that are active, to an office in reach those of another state."""
    after_id = after(cursor)

    async def work(tx: ReadTx, actor: Actor) -> list[Merchant]:
        check(actor, READ)
        nodes = None if state == "active" else await reach(tx, actor, HISTORY)
        return await queries.merchants(tx, Filter(state, nodes, category), after=after_id, limit=limit + 1)

    items, following = page(await caller.read(work), limit, lambda found: (found.id,))
    is_inside = state != "active"
    return Page(items=[_shown(item, is_inside=is_inside) for item in items], next_cursor=following)


@router.get("/merchants/{merchant_id}", operation_id="get_merchant", responses=problems(401, 403, 404))
async def get_merchant(caller: CallerOf, merchant_id: PathId, response: Response) -> MerchantOut:
    """Return a merchant with its ETag; one that is not active only to its staff and to offices in reach."""

    async def work(tx: ReadTx, actor: Actor) -> tuple[Merchant, bool]:
        return await shown_merchant(tx, actor, merchant_id, now=caller.now)

    found, is_inside = await caller.read(work)
    response.headers["ETag"] = etag(found.version)
    return _shown(found, is_inside=is_inside)


@router.post(
    "/merchants", operation_id="enter_merchant", status_code=201, responses=problems(401, 403, 404, 409)
)
async def create_merchant(caller: CallerOf, body: MerchantIn, response: Response) -> MerchantOut:
    """Enter the application of a merchant; its licence is the only one of the bank, so a repetition is refused."""
    plan = Plan(**body.model_dump())

    async def work(tx: WriteTx, actor: Actor) -> Merchant:
        await check_organisation(tx, actor, WRITE, body.organisation_id)
        return await actions.enter_merchant(tx, actor, plan, now=caller.now)

    return _out(await caller.write(work, action="merchants.enter", subject=_named), response)


@router.patch(
    "/merchants/{merchant_id}", operation_id="edit_merchant", responses=problems(401, 403, 404, 409, 412, 428)
)
async def edit_merchant(
    caller: CallerOf, merchant_id: PathId, body: MerchantEdit, response: Response, if_match: IfMatch = None
) -> MerchantOut:
    """Change what is said of a merchant in reach."""
    version = expected_version(if_match)

    async def work(tx: WriteTx, actor: Actor) -> Merchant:
        await merchant_in_reach(tx, actor, WRITE, merchant_id)
        return await actions.edit_merchant(tx, merchant_id, changes=body.changes(), expected_version=version)

    return _out(await caller.write(work, action="merchants.edit", subject=_named), response)


@router.get(
    "/merchants/{merchant_id}/entries",
    operation_id="list_merchant_entries",
    responses=problems(401, 403, 404),
)
async def list_entries(
    caller: CallerOf, *, merchant_id: PathId, cursor: Cursor = None, limit: Limit = DEFAULT_LIMIT
) -> Page[EntryOut]:
    """Return what became of a merchant in reach, step by step."""
    after_id = after(cursor)

    async def work(tx: ReadTx, actor: Actor) -> list[Entry]:
        await merchant_in_reach(tx, actor, HISTORY, merchant_id)
        return await queries.entries_of(tx, merchant_id, after=after_id, limit=limit + 1)

    items, following = page(await caller.read(work), limit, lambda entry: (entry.id,))
    return Page(items=[EntryOut.model_validate(item) for item in items], next_cursor=following)


@router.post(
    "/merchants/{merchant_id}/entries",
    operation_id="take_merchant_step",
    status_code=201,
    responses=problems(401, 403, 404, 412, 428),
)
async def create_entry(
    caller: CallerOf, merchant_id: PathId, body: StepIn, response: Response, if_match: IfMatch = None
) -> MerchantOut:
    """Vet, activate, suspend, resume, reject or close a merchant in reach; whoever vetted it does not activate it."""
    version = expected_version(if_match)

    async def work(tx: WriteTx, actor: Actor) -> Merchant:
        await merchant_in_reach(tx, actor, VET, merchant_id)
        return await actions.take_step(
            tx,
            actor,
            merchant_id,
            step=body.kind,
            reason=body.reason,
            expected_version=version,
            now=caller.now,
        )

    return _out(await caller.write(work, action=f"merchants.{body.kind}", subject=_named), response)


def merchant_out(found: Merchant) -> MerchantOut:
    """Return a merchant as its staff and an office see it."""
    return MerchantOut.model_validate(found)


def _shown(found: Merchant, *, is_inside: bool) -> MerchantOut:
    whole = merchant_out(found)
    return whole if is_inside else whole.model_copy(update={"licence": None})


def _named(found: Merchant) -> str:
    return str(found.id)


def _out(found: Merchant, response: Response) -> MerchantOut:
    response.headers["ETag"] = etag(found.version)
    return merchant_out(found)
