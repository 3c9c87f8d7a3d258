"""Service records: one's own, and those in reach by their volunteer or their activity."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field

from api.cursors import DEFAULT_LIMIT, Cursor, Limit, Page, after, page
from api.edge import CallerOf
from api.fields import MAX_ID, PathId
from api.problems import problems
from api.spans import FromDay, UntilDay, moments
from ledger.session import ReadTx
from timebank.access import Actor, check_person, reach
from timebank.records.queries import Record, record_in_reach, records, records_of_person

router = APIRouter(tags=["records"])
PERMISSION = "records.read"

Outcome = Literal["accepted", "needs_review", "not_volunteer_service", "too_short", "overlap"]


class RecordOut(BaseModel):
    """A service record; `minutes` and `points` are what it earned or, in review, would earn."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    person_id: UUID
    activity_id: int
    activity_code: str
    activity_name: str
    starts_at: datetime = Field(description="When the activity began by plan.")
    check_in_at: datetime
    check_out_at: datetime
    served_from: datetime | None
    served_until: datetime | None
    minutes: int
    points: int
    policy_version: int
    outcome: str
    recorded_at: datetime


@router.get("/records", operation_id="list_records", responses=problems(401, 403))
async def list_records(
    caller: CallerOf,
    *,
    activity_id: Annotated[int | None, Query(ge=1, le=MAX_ID)] = None,
    outcome: Outcome | None = None,
    first: FromDay = None,
    last: UntilDay = None,
    cursor: Cursor = None,
    limit: Limit = DEFAULT_LIMIT,
) -> Page[RecordOut]:
    """Return the records in reach, by the day their activity began on."""
    after_id = after(cursor)

    async def work(tx: ReadTx, actor: Actor) -> list[Record]:
        nodes = await reach(tx, actor, PERMISSION)
        from_at, until_at = moments(tx, first, last)
        return await records(
            tx,
            after_id=after_id,
            limit=limit + 1,
            reach=nodes,
            activity_id=activity_id,
            outcome=outcome,
            from_at=from_at,
            until_at=until_at,
        )

    return _page(await caller.read(work), limit)


@router.get("/people/{person_id}/records", operation_id="list_records_of", responses=problems(401, 403, 404))
async def list_records_of(
    caller: CallerOf,
    *,
    person_id: UUID,
    outcome: Outcome | None = None,
    first: FromDay = None,
    last: UntilDay = None,
    cursor: Cursor = None,
    limit: Limit = DEFAULT_LIMIT,
) -> Page[RecordOut]:
    """Return a person's records."""
    after_id = after(cursor)

    async def work(tx: ReadTx, actor: Actor) -> list[Record]:
        await check_person(tx, actor, PERMISSION, person_id, now=caller.now)
        from_at, until_at = moments(tx, first, last)
        return await records_of_person(
            tx,
            person_id,
            after_id=after_id,
            limit=limit + 1,
            outcome=outcome,
            from_at=from_at,
            until_at=until_at,
        )

    return _page(await caller.read_of(person_id, "records", PERMISSION, work), limit)


@router.get("/records/{record_id}", operation_id="read_record", responses=problems(401, 403, 404))
async def read_record(caller: CallerOf, record_id: PathId) -> RecordOut:
    """Return one record, one's own or in reach."""

    async def work(tx: ReadTx, actor: Actor) -> Record:
        return await record_in_reach(tx, actor, PERMISSION, record_id, now=caller.now)

    return RecordOut.model_validate(await caller.read(work))


def _page(found: list[Record], limit: int) -> Page[RecordOut]:
    items, following = page(found, limit, lambda record: (record.id,))
    return Page(items=[RecordOut.model_validate(record) for record in items], next_cursor=following)
