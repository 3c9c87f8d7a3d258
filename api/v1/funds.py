"""Funds: what pays for goods and settles merchants, and where donated time-coins are kept for elders."""

from datetime import date
from typing import Annotated

from fastapi import Response as Answer
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator
from starlette.responses import Response

from api.cursors import DEFAULT_LIMIT, Cursor, Limit, Page, after, page
from api.edge import CallerOf, IdempotencyKey
from api.etags import IfMatch, etag, expected_version
from api.fields import Code, Id, Name, PathId
from api.problems import problems
from api.routers import resource
from ledger.session import ReadTx, WriteTx
from timebank.access import Actor, check_organisation, reach
from timebank.books.actions import books_key
from timebank.funds import actions, queries
from timebank.funds.access import check_fund
from timebank.funds.queries import Fund, Kind

router = resource("/funds", tag="funds")
READ, WRITE = "funds.read", "funds.write"

Reference = Annotated[
    str,
    StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9./-]{0,59}$"),
    Field(examples=["2026-05/17"], description="The number of the bank statement or receipt; never a name."),
]


class FundOut(BaseModel):
    """A fund and what is in it now: cents of `cny`, or time-coins."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    code: str
    name: str
    kind: Kind
    organisation_id: int
    unit: str
    balance: int
    closed_on: date | None
    version: int


class FundIn(BaseModel):
    """A new fund of an organisation in reach."""

    model_config = ConfigDict(extra="forbid")

    code: Code
    name: Name
    kind: Kind
    organisation_id: Id


class FundEdit(BaseModel):
    """Another name, another organisation in reach, or both."""

    model_config = ConfigDict(extra="forbid")

    name: Name | None = None
    organisation_id: Id | None = None

    @model_validator(mode="after")
    def _changes_something(self) -> "FundEdit":
        if self.name is None and self.organisation_id is None:
            raise ValueError("nothing to change")
        return self


class DepositIn(BaseModel):
    """Money that came into a fund."""

    model_config = ConfigDict(extra="forbid")

    amount_cents: Annotated[int, Field(ge=1, le=100_000_000_000)]
    reference: Reference


class DepositOut(BaseModel):
    """A deposit in the books, and what is in the fund with it."""

    transaction_id: int
    fund_id: int
    amount_cents: int
    balance: int


@router.get("", operation_id="list_funds", responses=problems(401, 403))
async def list_funds(
    caller: CallerOf,
    *,
    kind: Kind | None = None,
    cursor: Cursor = None,
    limit: Limit = DEFAULT_LIMIT,
) -> Page[FundOut]:
    """Return the funds in reach, by id."""
    after_id = after(cursor)

    async def work(tx: ReadTx, actor: Actor) -> list[Fund]:
        nodes = await reach(tx, actor, READ)
        return await queries.funds(tx, organisations=nodes, kind=kind, after_id=after_id, limit=limit + 1)

    items, following = page(await caller.read(work), limit, lambda fund: (fund.id,))
    return Page(items=[FundOut.model_validate(fund) for fund in items], next_cursor=following)


@router.get("/{fund_id}", operation_id="get_fund", responses=problems(401, 403, 404))
async def get_fund(caller: CallerOf, fund_id: PathId, response: Answer) -> FundOut:
    """Return one fund with its ETag, which its balance does not change."""

    async def work(tx: ReadTx, actor: Actor) -> Fund:
        return await check_fund(tx, actor, READ, fund_id)

    return _out(await caller.read(work), response)


@router.post("", operation_id="open_fund", status_code=201, responses=problems(401, 403, 404, 409))
async def open_fund(caller: CallerOf, body: FundIn, response: Answer) -> FundOut:
    """Open a fund; its code is the only one of the bank, so that a repetition is refused."""

    async def work(tx: WriteTx, actor: Actor) -> Fund:
        await check_organisation(tx, actor, WRITE, body.organisation_id)
        new = await actions.open_fund(
            tx,
            code=body.code,
            name=body.name,
            kind=body.kind,
            organisation_id=body.organisation_id,
            now=caller.now,
        )
        return await queries.fund(tx, new)

    return _out(await caller.write(work, action="funds.open", subject=_named), response)


@router.patch("/{fund_id}", operation_id="edit_fund", responses=problems(401, 403, 404, 412, 428))
async def edit_fund(
    caller: CallerOf, fund_id: PathId, body: FundEdit, response: Answer, if_match: IfMatch = None
) -> FundOut:
    """Give a fund another name or organisation; to another organisation only if both are in reach."""
    version = expected_version(if_match)

    async def work(tx: WriteTx, actor: Actor) -> Fund:
        await check_fund(tx, actor, WRITE, fund_id)
        if body.organisation_id is not None:
            await check_organisation(tx, actor, WRITE, body.organisation_id)
        return await actions.edit_fund(
            tx,
            fund_id,
            name=body.name,
            organisation_id=body.organisation_id,
            expected_version=version,
            now=caller.now,
        )

    return _out(await caller.write(work, action="funds.edit", subject=_named), response)


@router.post("/{fund_id}/close", operation_id="close_fund", responses=problems(401, 403, 404, 409, 412, 428))
async def close_fund(
    caller: CallerOf, fund_id: PathId, response: Answer, if_match: IfMatch = None
) -> FundOut:
    """Close an empty fund for good."""
    version = expected_version(if_match)

    async def work(tx: WriteTx, actor: Actor) -> Fund:
        await check_fund(tx, actor, WRITE, fund_id)
        return await actions.close_fund(tx, fund_id, expected_version=version, now=caller.now)

    return _out(await caller.write(work, action="funds.close", subject=_named), response)


@router.post(
    "/{fund_id}/deposits",
    operation_id="deposit",
    status_code=201,
    response_model=DepositOut,
    responses=problems(401, 403, 404, 409),
)
async def create_deposit(caller: CallerOf, fund_id: PathId, body: DepositIn, key: IdempotencyKey) -> Response:
    """Book money that came into a fund of money, once for the Idempotency-Key."""

    async def work(tx: WriteTx, actor: Actor) -> DepositOut:
        await check_fund(tx, actor, WRITE, fund_id)
        transaction_id = await actions.deposit(
            tx,
            fund_id=fund_id,
            amount_cents=body.amount_cents,
            reference=body.reference,
            key=books_key("deposit", actor, key),
            actor=actor.text,
            now=caller.now,
        )
        return DepositOut(
            transaction_id=transaction_id,
            fund_id=fund_id,
            amount_cents=body.amount_cents,
            balance=(await queries.fund(tx, fund_id)).balance,
        )

    request = [fund_id, body.model_dump(mode="json")]
    return await caller.write_once(key, request, work, action="funds.deposit", subject=str(fund_id))


def _named(found: Fund) -> str:
    return str(found.id)


def _out(found: Fund, response: Answer) -> FundOut:
    response.headers["ETag"] = etag(found.version)
    return FundOut.model_validate(found)
