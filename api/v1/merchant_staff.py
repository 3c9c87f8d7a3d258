"""Who accepts for a merchant: added and removed by an office; and which merchants one accepts for oneself."""

from datetime import datetime
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from api.cursors import DEFAULT_LIMIT, Cursor, Limit, Page, after, page
from api.edge import CallerOf
from api.fields import PathId
from api.problems import problems
from api.routers import resource
from api.v1.merchants import WRITE, MerchantOut, merchant_out
from ledger.session import ReadTx, WriteTx
from timebank.access import Actor, check
from timebank.merchants import queries, staff
from timebank.merchants.access import HISTORY, OWN, merchant_in_reach
from timebank.merchants.queries import Merchant, StaffMember

router = resource(tag="merchants")


class StaffIn(BaseModel):
    """Somebody who has the role of a merchant there."""

    model_config = ConfigDict(extra="forbid")

    person_id: UUID


class StaffOut(BaseModel):
    """Somebody who accepts for a merchant, or did until a moment."""

    model_config = ConfigDict(from_attributes=True)

    person_id: UUID
    since_at: datetime
    until_at: datetime | None
    added_by: str


class StaffList(BaseModel):
    """All of a merchant's staff, those of before included."""

    items: list[StaffOut]


@router.get(
    "/merchants/{merchant_id}/staff", operation_id="list_merchant_staff", responses=problems(401, 403, 404)
)
async def list_staff(caller: CallerOf, merchant_id: PathId) -> StaffList:
    """Return who accepts, and who accepted, for a merchant in reach."""

    async def work(tx: ReadTx, actor: Actor) -> list[StaffMember]:
        await merchant_in_reach(tx, actor, HISTORY, merchant_id)
        return await queries.staff_of(tx, merchant_id)

    return StaffList(items=[StaffOut.model_validate(item) for item in await caller.read(work)])


@router.post(
    "/merchants/{merchant_id}/staff",
    operation_id="add_merchant_staff",
    status_code=204,
    responses=problems(401, 403, 404, 409),
)
async def add_staff(caller: CallerOf, merchant_id: PathId, body: StaffIn) -> None:
    """Let somebody who has the role there accept for a merchant in reach."""

    async def work(tx: WriteTx, actor: Actor) -> None:
        await merchant_in_reach(tx, actor, WRITE, merchant_id)
        await staff.add_staff(tx, actor, merchant_id=merchant_id, person_id=body.person_id, now=caller.now)

    await caller.write(work, action="merchants.add_staff", subject=str(merchant_id))


@router.post(
    "/merchants/{merchant_id}/staff/{person_id}/end",
    operation_id="remove_merchant_staff",
    status_code=204,
    responses=problems(401, 403, 404),
)
async def remove_staff(caller: CallerOf, merchant_id: PathId, person_id: UUID) -> None:
    """Let somebody accept for a merchant in reach no longer."""

    async def work(tx: WriteTx, actor: Actor) -> None:
        await merchant_in_reach(tx, actor, WRITE, merchant_id)
        await staff.remove_staff(tx, merchant_id=merchant_id, person_id=person_id, now=caller.now)

    await caller.write(work, action="merchants.remove_staff", subject=str(merchant_id))


@router.get("/me/merchants", operation_id="list_my_merchants", responses=problems(401, 403))
async def list_my_merchants(
    caller: CallerOf, *, cursor: Cursor = None, limit: Limit = DEFAULT_LIMIT
) -> Page[MerchantOut]:
    """Return the merchants that one accepts for, by id."""
    after_id = after(cursor)

    async def work(tx: ReadTx, actor: Actor) -> list[Merchant]:
        check(actor, OWN)
        if actor.person_id is None:
            return []
        return await queries.merchants_of_staff(
            tx, actor.person_id, now=caller.now, after=after_id, limit=limit + 1
        )

    items, following = page(await caller.read(work), limit, lambda one: (one.id,))
    return Page(items=[merchant_out(one) for one in items], next_cursor=following)
