"""What moves stock besides the counter: receiving, transferring, counting, writing off; and the register of it."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from api.cursors import DEFAULT_LIMIT, Cursor, Limit, Page, before, page
from api.edge import CallerOf, IdempotencyKey
from api.fields import Id, PathId, Sentence
from api.problems import problems
from api.routers import resource
from ledger.session import ReadTx, WriteTx
from timebank.access import Actor
from timebank.books.actions import books_key
from timebank.errors import RefusalError
from timebank.shops.access import check_goods
from timebank.stock import actions, queries
from timebank.stock.queries import Entry

router = resource("/goods/{goods_id}", tag="stock")
READ, WRITE = "stock.read", "stock.write"

Quantity = Annotated[int, Field(ge=1, le=1_000_000)]
Counted = Annotated[
    int, Field(ge=0, le=1_000_000, description="What is in the shop, what is set aside for pick-up included.")
]
Reason = Annotated[Sentence, Field(description="No names: the register cannot forget.")]
Cents = Annotated[int, Field(ge=0, le=100_000_000)]


class EntryOut(BaseModel):
    """What moved on a shelf: what came (receive), left (transfer, write_off), was too much or too little (count).

    `transaction_id` is null where a count found what the books say.
    """

    model_config = ConfigDict(from_attributes=True)

    id: int
    goods_id: int
    kind: str
    quantity: int
    to_goods_id: int | None
    unit_cost_cents: int | None
    fund_id: int | None
    expected: int | None
    counted: int | None
    reason: str
    transaction_id: int | None
    till_id: int | None
    entered_at: datetime
    entered_by: UUID


class EntriesOut(BaseModel):
    """The entries of one act: of a transfer one for each cost, the oldest first."""

    items: list[EntryOut]


class ReceiptIn(BaseModel):
    """What came, what one of it cost, and the fund that paid; without one it was given or paid for otherwise."""

    model_config = ConfigDict(extra="forbid")

    quantity: Quantity
    unit_cost_cents: Cents
    fund_id: Id | None = None
    reason: Sentence = Field(default="", description="A delivery note's number; no names.")


class TransferIn(BaseModel):
    """So many to the same item of another shop in reach."""

    model_config = ConfigDict(extra="forbid")

    to_goods_id: Id
    quantity: Quantity
    reason: Reason


class CountIn(BaseModel):
    """What was counted; `till_id` names the closed till whose difference is settled by it."""

    model_config = ConfigDict(extra="forbid")

    counted: Counted
    reason: Reason
    till_id: Id | None = None


class WriteOffIn(BaseModel):
    """So many off the shelf, and why."""

    model_config = ConfigDict(extra="forbid")

    quantity: Quantity
    reason: Reason


@router.get("/stock-entries", operation_id="list_stock_entries", responses=problems(401, 403, 404))
async def list_stock_entries(
    caller: CallerOf, goods_id: PathId, cursor: Cursor = None, limit: Limit = DEFAULT_LIMIT
) -> Page[EntryOut]:
    """Return what moved on an item's shelf, and what came to it from another shop, newest first."""
    before_id = before(cursor)

    async def work(tx: ReadTx, actor: Actor) -> list[Entry]:
        await check_goods(tx, actor, READ, goods_id)
        return await queries.entries(tx, goods_id, before_id=before_id, limit=limit + 1)

    items, following = page(await caller.read(work), limit, lambda entry: (entry.id,))
    return Page(items=[EntryOut.model_validate(entry) for entry in items], next_cursor=following)


@router.post(
    "/receipts",
    operation_id="receive_stock",
    status_code=201,
    response_model=EntriesOut,
    responses=problems(401, 403, 404, 409),
)
async def receive_stock(caller: CallerOf, goods_id: PathId, body: ReceiptIn, key: IdempotencyKey) -> Response:
    """Put what came on the shelf, once for the Idempotency-Key."""

    async def work(tx: WriteTx, by: UUID, books: str) -> Sequence[Entry]:
        return [
            await actions.receive(
                tx, goods_id=goods_id, **body.model_dump(), key=books, by=by, now=caller.now
            )
        ]

    return await _enter(caller, key, [goods_id], body, work)


@router.post(
    "/transfers",
    operation_id="transfer_stock",
    status_code=201,
    response_model=EntriesOut,
    responses=problems(401, 403, 404, 409),
)
async def transfer_stock(
    caller: CallerOf, goods_id: PathId, body: TransferIn, key: IdempotencyKey
) -> Response:
    """Move so many to the same item of another shop, once for the Idempotency-Key."""

    async def work(tx: WriteTx, by: UUID, books: str) -> Sequence[Entry]:
        return await actions.transfer(
            tx, goods_id=goods_id, **body.model_dump(), key=books, by=by, now=caller.now
        )

    return await _enter(caller, key, [goods_id, body.to_goods_id], body, work)


@router.post(
    "/counts",
    operation_id="count_stock",
    status_code=201,
    response_model=EntriesOut,
    responses=problems(401, 403, 404, 409),
)
async def count_stock(caller: CallerOf, goods_id: PathId, body: CountIn, key: IdempotencyKey) -> Response:
    """Put the shelf right by what was counted, once for the Idempotency-Key."""

    async def work(tx: WriteTx, by: UUID, books: str) -> Sequence[Entry]:
        return [
            await actions.count(tx, goods_id=goods_id, **body.model_dump(), key=books, by=by, now=caller.now)
        ]

    return await _enter(caller, key, [goods_id], body, work)


@router.post(
    "/write-offs",
    operation_id="write_off_stock",
    status_code=201,
    response_model=EntriesOut,
    responses=problems(401, 403, 404, 409),
)
async def write_off_stock(
    caller: CallerOf, goods_id: PathId, body: WriteOffIn, key: IdempotencyKey
) -> Response:
    """Take what is spoilt off the shelf, once for the Idempotency-Key."""

    async def work(tx: WriteTx, by: UUID, books: str) -> Sequence[Entry]:
        return [
            await actions.write_off(
                tx, goods_id=goods_id, **body.model_dump(), key=books, by=by, now=caller.now
            )
        ]

    return await _enter(caller, key, [goods_id], body, work)


async def _enter(
    caller: CallerOf,
    key: str,
    goods_ids: Sequence[int],
    body: BaseModel,
    enter: Callable[[WriteTx, UUID, str], Awaitable[Sequence[Entry]]],
) -> Response:
    """Do what moves stock of items in reach, once, and answer with its entries."""

    async def work(tx: WriteTx, actor: Actor) -> EntriesOut:
        for goods_id in goods_ids:
            await check_goods(tx, actor, WRITE, goods_id)
        if actor.person_id is None:
            raise RefusalError("forbidden", permission=WRITE)
        entries = await enter(tx, actor.person_id, books_key("stock", actor, key))
        return EntriesOut(items=[EntryOut.model_validate(entry) for entry in entries])

    action = f"stock.{type(body).__name__.removesuffix('In').lower()}"
    request = [list(goods_ids), body.model_dump(mode="json")]
    return await caller.write_once(key, request, work, action=action, subject=str(goods_ids[0]))
