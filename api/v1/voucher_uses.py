"""Vouchers that merchants took: handing them in, with network or after it, and what came of them."""

import asyncio
from datetime import date, datetime, timedelta
from typing import Annotated

from fastapi import Query
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from api.cursors import DEFAULT_LIMIT, Cursor, Limit, Page, before, page
from api.edge import CallerOf
from api.fields import Id, Instant, PathId
from api.problems import problems
from api.routers import resource
from api.spans import FromDay, UntilDay
from ledger.session import ReadTx, WriteTx
from timebank.access import Actor
from timebank.merchants.access import HISTORY, check_staff, merchant_in_reach
from timebank.vouchers.keys import VoucherKeys
from timebank.vouchers.loading import prepared
from timebank.vouchers.queries import UseLine, use_counts, uses_at
from timebank.vouchers.using import MAX_USES, Answer, take_uses

router = resource(tag="vouchers")

DAYS_BACK = timedelta(days=30)

Shown = Annotated[str, StringConstraints(pattern=r"^[\x20-\x7e]{1,400}$")]
"""What was scanned."""

Outcome = Annotated[str, StringConstraints(pattern=r"^[a-z_]{1,40}$")]


class UseIn(BaseModel):
    """A voucher's text, and when it was used by the device's clock."""

    model_config = ConfigDict(extra="forbid")

    text: Shown
    used_at: Instant


class UsesIn(BaseModel):
    """What one merchant took."""

    model_config = ConfigDict(extra="forbid")

    merchant_id: Id
    uses: list[UseIn] = Field(min_length=1, max_length=MAX_USES)


class UseOut(BaseModel):
    """What became of a use; `docs/vouchers.md` lists the outcomes."""

    model_config = ConfigDict(from_attributes=True)

    outcome: str = Field(examples=["honoured"])
    voucher_id: int | None = Field(description="The voucher's number, if it is one of this merchant's.")
    fufen: int | None = Field(description="What the merchant is settled for, if it is honoured now.")


class UsesOut(BaseModel):
    """An answer to each use, in their order."""

    uses: list[UseOut]


class UseLineOut(BaseModel):
    """A use that a merchant handed in, and what came of it."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    voucher_id: int | None
    outcome: str
    used_at: datetime
    received_at: datetime
    is_offline: bool


class UseCountsOut(BaseModel):
    """How often which outcome came, in the days asked for."""

    first: date
    last: date
    counts: dict[str, int]


@router.post(
    "/vouchers/uses", operation_id="hand_in_vouchers", status_code=201, responses=problems(401, 403, 404)
)
async def hand_in(caller: CallerOf, body: UsesIn) -> UsesOut:
    """Take in what a merchant's own staff took, each use with its own answer; the same sent again is known."""

    async def may(tx: ReadTx, actor: Actor) -> None:
        await check_staff(tx, actor, body.merchant_id, now=caller.now)

    await caller.read(may)
    keys = VoucherKeys(caller.service.codes.ring, (await caller.bank()).id)
    uses = await asyncio.to_thread(prepared, keys, [(use.text, use.used_at) for use in body.uses])

    async def work(tx: WriteTx, actor: Actor) -> list[Answer]:
        # Again, and by now: they may have left since.
        await check_staff(tx, actor, body.merchant_id, now=caller.now)
        return await take_uses(tx, uses, merchant_id=body.merchant_id, by=actor.text, now=caller.now)

    answers = await caller.write(work, action="vouchers.hand_in", subject=str(body.merchant_id))
    return UsesOut(uses=[UseOut.model_validate(answer) for answer in answers])


@router.get(
    "/merchants/{merchant_id}/voucher-uses",
    operation_id="list_voucher_uses",
    responses=problems(401, 403, 404),
)
async def list_uses(
    caller: CallerOf,
    merchant_id: PathId,
    *,
    outcome: Annotated[Outcome | None, Query(description="Only those.")] = None,
    cursor: Cursor = None,
    limit: Limit = DEFAULT_LIMIT,
) -> Page[UseLineOut]:
    """Return what a merchant in reach handed in, newest first; whose vouchers they were is not told."""
    before_id = before(cursor)

    async def work(tx: ReadTx, actor: Actor) -> list[UseLine]:
        await merchant_in_reach(tx, actor, HISTORY, merchant_id)
        return await uses_at(tx, merchant_id, outcome=outcome, before_id=before_id, limit=limit + 1)

    items, following = page(await caller.read(work), limit, lambda line: (line.id,))
    return Page(items=[UseLineOut.model_validate(line) for line in items], next_cursor=following)


@router.get(
    "/merchants/{merchant_id}/voucher-uses/counts",
    operation_id="count_voucher_uses",
    responses=problems(401, 403, 404),
)
async def count_uses(
    caller: CallerOf, merchant_id: PathId, first: FromDay = None, last: UntilDay = None
) -> UseCountsOut:
    """Return how often which outcome came of what a merchant in reach handed in; by default in the last 31 days."""

    async def work(tx: ReadTx, actor: Actor) -> UseCountsOut:
        await merchant_in_reach(tx, actor, HISTORY, merchant_id)
        until = last or tx.day(caller.now)
        since = first or until - DAYS_BACK
        counts = await use_counts(tx, merchant_id, from_at=tx.start_of(since), until_at=tx.end_of(until))
        return UseCountsOut(first=since, last=until, counts=counts)

    return await caller.read(work)
