"""The register of who looked at whom. The person sees what the viewer was and where, not who."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import Query
from pydantic import BaseModel, ConfigDict, StringConstraints

from api.cursors import Cursor, Limit, Page, after, page
from api.edge import CallerOf
from api.fields import MAX_ID, Instant
from api.problems import problems
from api.routers import resource
from ledger.session import ReadTx
from timebank.access import Actor, check_person, check_whole_bank
from timebank.privacy.queries import LookUp, LookUpFilter, check_person_known, look_ups, look_ups_of

router = resource(tag="privacy")

READ = "look_ups.read"

Purpose = Annotated[str, StringConstraints(pattern=r"^[a-z_.]{1,40}$")]


class ViewerRoleOut(BaseModel):
    """What the viewer was when they looked, and where."""

    model_config = ConfigDict(from_attributes=True)

    role: str
    organisation_id: int
    organisation: str


class LookUpOut(BaseModel):
    """A look as the person sees it. Without roles it was somebody who acts for them, if it was not themselves."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    looked_at: datetime
    purpose: str
    fields: list[str]
    is_own: bool
    roles: list[ViewerRoleOut]


class AuditedLookUpOut(LookUpOut):
    """A look as the auditor sees it."""

    subject_id: UUID
    viewer_id: UUID | None
    device_id: UUID | None


@router.get(
    "/people/{person_id}/look-ups", operation_id="list_look_ups_of", responses=problems(401, 403, 404)
)
async def list_look_ups_of(
    caller: CallerOf, person_id: UUID, limit: Limit = 50, cursor: Cursor = None
) -> Page[LookUpOut]:
    """Return who looked at a person, newest first."""
    before = _before(cursor)

    async def work(tx: ReadTx, actor: Actor) -> list[LookUp]:
        await check_person(tx, actor, READ, person_id, now=caller.now)
        await check_person_known(tx, person_id)
        return await look_ups_of(tx, person_id, before=before, limit=limit + 1)

    rows, following = page(await caller.read(work), limit, lambda row: (row.id,))
    return Page(items=[LookUpOut.model_validate(row) for row in rows], next_cursor=following)


@router.get("/look-ups", operation_id="list_look_ups", responses=problems(401, 403))
async def list_look_ups(  # noqa: PLR0913, PLR0917 -- one for each filter
    caller: CallerOf,
    subject_id: UUID | None = None,
    viewer_id: UUID | None = None,
    purpose: Purpose | None = None,
    since: Instant | None = None,
    before: Annotated[Instant | None, Query(description="Looks earlier than this.")] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[AuditedLookUpOut]:
    """Return the looks of the whole bank, newest first, to who audits or administers it."""
    wanted = LookUpFilter(subject_id, viewer_id, purpose, since, before)
    start = _before(cursor)

    async def work(tx: ReadTx, actor: Actor) -> list[LookUp]:
        check_whole_bank(actor, READ)
        return await look_ups(tx, wanted, before=start, limit=limit + 1)

    rows, following = page(await caller.read(work), limit, lambda row: (row.id,))
    return Page(items=[AuditedLookUpOut.model_validate(row) for row in rows], next_cursor=following)


def _before(cursor: str | None) -> int:
    return MAX_ID if cursor is None else after(cursor)
