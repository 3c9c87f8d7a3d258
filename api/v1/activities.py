"""Activities: what is done, where and when."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field

from api.cursors import DEFAULT_LIMIT, Cursor, Limit, Page, after, page
from api.edge import CallerOf
from api.fields import MAX_ID, PathId
from api.problems import problems
from api.spans import FromDay, UntilDay, moments
from ledger.session import ReadTx
from timebank.access import Actor, check
from timebank.records.queries import Activity, activities, activity

router = APIRouter(tags=["activities"])
PERMISSION = "activities.read"


class ActivityOut(BaseModel):
    """An activity as planned."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    code: str
    name: str
    category: str
    is_volunteer_service: bool = Field(description="Hours are credited only for volunteer service.")
    organisation_id: int | None
    team_id: int | None
    place: str
    starts_at: datetime
    ends_at: datetime
    rest_minutes: int
    difficulty_permille: int
    capacity: int | None


@router.get("/activities", operation_id="list_activities", responses=problems(401, 403))
async def list_activities(
    caller: CallerOf,
    *,
    organisation_id: Annotated[
        int | None, Query(ge=1, le=MAX_ID, description="Of this organisation and all below it.")
    ] = None,
    first: FromDay = None,
    last: UntilDay = None,
    cursor: Cursor = None,
    limit: Limit = DEFAULT_LIMIT,
) -> Page[ActivityOut]:
    """Return activities by the day they begin on."""
    after_id = after(cursor)

    async def work(tx: ReadTx, actor: Actor) -> list[Activity]:
        check(actor, PERMISSION)
        from_at, until_at = moments(tx, first, last)
        return await activities(
            tx,
            after_id=after_id,
            limit=limit + 1,
            organisation_id=organisation_id,
            from_at=from_at,
            until_at=until_at,
        )

    items, following = page(await caller.read(work), limit, lambda found: (found.id,))
    return Page(items=[ActivityOut.model_validate(found) for found in items], next_cursor=following)


@router.get("/activities/{activity_id}", operation_id="read_activity", responses=problems(401, 403, 404))
async def read_activity(caller: CallerOf, activity_id: PathId) -> ActivityOut:
    """Return one activity."""

    async def work(tx: ReadTx, actor: Actor) -> Activity:
        check(actor, PERMISSION)
        return await activity(tx, activity_id)

    return ActivityOut.model_validate(await caller.read(work))
