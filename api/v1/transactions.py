"""Transactions as an auditor sees them, and taking one back."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from fastapi import Query
from pydantic import BaseModel, ConfigDict, Field, JsonValue
from starlette.responses import Response

from api.cursors import DEFAULT_LIMIT, Cursor, Limit, Page, before, page
from api.edge import CallerOf, IdempotencyKey, Refusal
from api.fields import PathId
from api.ledger_refusals import refusal_of
from api.problems import problems
from api.routers import resource
from api.spans import FromDay, UntilDay, moments
from ledger.session import ReadTx, WriteTx
from ledger.values import Refused
from timebank.access import Actor, check_whole_bank
from timebank.books.actions import Reason, reverse
from timebank.books.queries import Posting, Transaction, transaction_with_postings, transactions

router = resource(tag="transactions")
READ = "transactions.read"

KindFilter = Annotated[str | None, Query(pattern=r"^[a-z][a-z_]{0,39}$", examples=["award"])]


class TransactionOut(BaseModel):
    """The head of a transaction; one with a `refusal` moved nothing."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    kind: str
    effective_at: datetime
    recorded_at: datetime
    actor: str
    memo: str
    metadata: dict[str, JsonValue]
    refusal: str | None
    reverses_id: int | None
    resolves_id: int | None
    hold_until: datetime | None
    reversed_by: int | None


class SideOut(BaseModel):
    """One account of a posting; the owner is a person, a shop, or the bank itself (all zeros)."""

    model_config = ConfigDict(from_attributes=True)

    kind: str
    owner: UUID
    expires_on: date | None


class PostingOut(BaseModel):
    """An amount of a unit from one account to another."""

    model_config = ConfigDict(from_attributes=True)

    line: int
    unit: str
    amount: int
    source: SideOut
    target: SideOut


class WholeTransaction(TransactionOut):
    """A transaction with its postings."""

    postings: list[PostingOut]


class ReversalIn(BaseModel):
    """Why it is taken back, in a word: the books cannot forget what is written into them."""

    model_config = ConfigDict(extra="forbid")

    reason: Reason


class ReversalOut(BaseModel):
    """The reversal, a transaction of its own."""

    transaction_id: int
    reverses_id: int
    reason: str = Field(examples=["mistake"])


@router.get("/transactions", operation_id="list_transactions", responses=problems(401, 403))
async def list_transactions(
    caller: CallerOf,
    *,
    kind: KindFilter = None,
    first: FromDay = None,
    last: UntilDay = None,
    cursor: Cursor = None,
    limit: Limit = DEFAULT_LIMIT,
) -> Page[TransactionOut]:
    """Return the bank's transactions by their day of effect, the last decided first."""
    before_id = before(cursor)

    async def work(tx: ReadTx, actor: Actor) -> list[Transaction]:
        check_whole_bank(actor, READ)
        from_at, until_at = moments(tx, first, last)
        return await transactions(
            tx, before_id=before_id, limit=limit + 1, kind=kind, from_at=from_at, until_at=until_at
        )

    items, following = page(await caller.read(work), limit, lambda found: (found.id,))
    return Page(items=[TransactionOut.model_validate(found) for found in items], next_cursor=following)


@router.get(
    "/transactions/{transaction_id}", operation_id="read_transaction", responses=problems(401, 403, 404)
)
async def read_transaction(caller: CallerOf, transaction_id: PathId) -> WholeTransaction:
    """Return one transaction with all that it moved."""

    async def work(tx: ReadTx, actor: Actor) -> tuple[Transaction, tuple[Posting, ...]]:
        check_whole_bank(actor, READ)
        return await transaction_with_postings(tx, transaction_id)

    found, postings = await caller.read(work)
    head = TransactionOut.model_validate(found)
    return WholeTransaction(
        **dict(head), postings=[PostingOut.model_validate(posting) for posting in postings]
    )


@router.post(
    "/transactions/{transaction_id}/reversal",
    operation_id="reverse_transaction",
    status_code=201,
    response_model=ReversalOut,
    responses=problems(401, 403, 404, 409),
)
async def create_reversal(
    caller: CallerOf, transaction_id: PathId, body: ReversalIn, key: IdempotencyKey
) -> Response:
    """Take a transaction of somebody else back, once for the Idempotency-Key; those it touched are told."""

    async def work(tx: WriteTx, actor: Actor) -> ReversalOut | Refusal:
        done = await reverse(
            tx, actor, key=key, transaction_id=transaction_id, reason=body.reason, now=caller.now
        )
        if isinstance(done, Refused):
            return refusal_of(done, day=tx.day(caller.now))
        return ReversalOut(transaction_id=done, reverses_id=transaction_id, reason=body.reason)

    request = {"transaction_id": transaction_id, **body.model_dump(mode="json")}
    return await caller.write_once(
        key, request, work, action="transaction.reverse", subject=str(transaction_id)
    )
