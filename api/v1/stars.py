"""Stars: what somebody has and how it came, who has more than their hours make, and taking one away."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from api.cursors import DEFAULT_LIMIT, Cursor, Limit, Page, after, before, page
from api.edge import CallerOf, IdempotencyKey
from api.problems import problems
from api.routers import resource
from ledger.session import ReadTx, WriteTx
from timebank.access import Actor, check_person, reach
from timebank.policy.queries import version_on
from timebank.stars.actions import PERMISSION, lower_star
from timebank.stars.queries import (
    StarChange,
    StarReview,
    StarStanding,
    changes_of,
    star_reviews,
    star_standing,
)
from timebank.stars.rules import LoweredFor

router = resource(tag="stars")
READ = "standing.read"
REVIEW = "recognitions.read"

MAX_STAR = 1000
"""More steps than any policy has."""

StarNumber = Annotated[int, Field(ge=0, le=MAX_STAR, examples=[2])]


class StarChangeOut(BaseModel):
    """A star that came or went, and why: so many minutes counted up to a day, of so many that the policy asked for."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    from_star: int
    to_star: int
    minutes: int = Field(description="That counted for stars before `as_of`.")
    needed_minutes: int = Field(description="At which `to_star` stood.")
    as_of: date
    policy_version: int
    reason: LoweredFor | None = Field(description="Why it was lowered; null: it rose by the hours.")
    changed_at: datetime


class NextStar(BaseModel):
    """The star after the one that a person has."""

    model_config = ConfigDict(from_attributes=True)

    star: int
    minutes: int = Field(description="Where it stands.")
    missing_minutes: int = Field(description="0: it comes with the next daily count.")


class StarsOut(Page[StarChangeOut]):
    """A person's star, the way to the next, and a page of how it came, newest first."""

    person_id: UUID
    star: int
    minutes: int | None = Field(
        description="That count for stars today; null while no policy pack is in force."
    )
    next_star: NextStar | None = Field(description="Null at the highest.")


class StarReviewOut(BaseModel):
    """Somebody whose star is higher than their hours made it on the newest day that was counted."""

    model_config = ConfigDict(from_attributes=True)

    person_id: UUID
    star: int
    by_hours: int
    minutes: int
    as_of: date
    policy_version: int


class LoweringIn(BaseModel):
    """A lower star, and why; not lower than the hours make it."""

    model_config = ConfigDict(extra="forbid")

    to_star: StarNumber
    reason: LoweredFor


@router.get("/people/{person_id}/stars", operation_id="read_stars", responses=problems(401, 403, 404))
async def read_stars(
    caller: CallerOf, person_id: UUID, cursor: Cursor = None, limit: Limit = DEFAULT_LIMIT
) -> StarsOut:
    """Return a person's star, the way to the next, and how stars came and went."""
    before_id = before(cursor)

    async def work(tx: ReadTx, actor: Actor) -> tuple[StarStanding | None, list[StarChange]]:
        await check_person(tx, actor, READ, person_id, now=caller.now)
        version = await version_on(tx, tx.day(caller.now))
        standing = None if version is None else await star_standing(tx, person_id, version)
        return standing, await changes_of(tx, person_id, before_id=before_id, limit=limit + 1)

    standing, changes = await caller.read_of(person_id, "stars", READ, work)
    items, following = page(changes, limit, lambda change: (change.id,))
    return StarsOut(
        person_id=person_id,
        star=standing.star if standing else 0,
        minutes=standing.minutes if standing else None,
        next_star=NextStar.model_validate(standing.way) if standing and standing.way else None,
        items=[StarChangeOut.model_validate(change) for change in items],
        next_cursor=following,
    )


@router.post(
    "/people/{person_id}/stars",
    operation_id="lower_star",
    status_code=201,
    response_model=StarChangeOut,
    responses=problems(401, 403, 404, 409),
)
async def post_lowering(caller: CallerOf, person_id: UUID, body: LoweringIn, key: IdempotencyKey) -> Response:
    """Lower the star of a person in reach, once for the Idempotency-Key; the person is told."""

    async def work(tx: WriteTx, actor: Actor) -> StarChangeOut:
        done = await lower_star(
            tx, actor, person_id=person_id, to_star=body.to_star, reason=body.reason, now=caller.now
        )
        return StarChangeOut.model_validate(done)

    return await caller.write_once(
        key,
        {"person": str(person_id), **body.model_dump(mode="json")},
        work,
        action=PERMISSION,
        subject=str(person_id),
    )


@router.get("/star-reviews", operation_id="list_star_reviews", responses=problems(401, 403))
async def list_star_reviews(
    caller: CallerOf, cursor: Cursor = None, limit: Limit = DEFAULT_LIMIT
) -> Page[StarReviewOut]:
    """Return who in reach has more stars than their hours made on the newest day that was counted."""
    after_id = after(cursor)

    async def work(tx: ReadTx, actor: Actor) -> list[StarReview]:
        nodes = await reach(tx, actor, REVIEW)
        return await star_reviews(tx, reach=nodes, after_id=after_id, limit=limit + 1)

    items, following = page(await caller.read(work), limit, lambda review: (review.volunteer_id,))
    return Page(items=[StarReviewOut.model_validate(review) for review in items], next_cursor=following)
