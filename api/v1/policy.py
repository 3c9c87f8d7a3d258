"""Policy packs: the versions a bank adopted, and the rules of each."""

from datetime import date, datetime
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict

from api.cursors import DEFAULT_LIMIT, Cursor, Limit, Page, after, page
from api.edge import CallerOf
from api.fields import Day, PathId
from api.problems import problems
from ledger.session import ReadTx
from timebank.access import Actor, check
from timebank.errors import RefusalError
from timebank.policy.queries import Adoption, adopted_pack, adoptions, version_on
from timebank.policy.rules import PolicyPack

router = APIRouter(tags=["policy"])
PERMISSION = "policy.read"


class AdoptionOut(BaseModel):
    """A version: the first day it prices, and who adopted it when."""

    model_config = ConfigDict(from_attributes=True)

    version: int
    effective_from: date
    name: str
    adopted_by: str
    adopted_at: datetime


class AdoptedPack(AdoptionOut):
    """A version with its rules."""

    pack: PolicyPack


@router.get("/policy-packs", operation_id="list_policy_packs", responses=problems(401, 403))
async def list_policy_packs(
    caller: CallerOf, cursor: Cursor = None, limit: Limit = DEFAULT_LIMIT
) -> Page[AdoptionOut]:
    """Return the versions of the policy pack, oldest first."""
    after_version = after(cursor)

    async def work(tx: ReadTx, actor: Actor) -> list[Adoption]:
        check(actor, PERMISSION)
        return await adoptions(tx, after_version=after_version, limit=limit + 1)

    items, following = page(await caller.read(work), limit, lambda adoption: (adoption.version,))
    return Page(items=[AdoptionOut.model_validate(adoption) for adoption in items], next_cursor=following)


@router.get("/policy-packs/in-force", operation_id="read_policy_in_force", responses=problems(401, 403))
async def read_policy_in_force(
    caller: CallerOf,
    on: Annotated[Day | None, Query(description="Today by the bank's calendar, if not given.")] = None,
) -> AdoptedPack:
    """Return the version in force on a day."""

    async def work(tx: ReadTx, actor: Actor) -> tuple[Adoption, PolicyPack]:
        check(actor, PERMISSION)
        day = on or tx.day(caller.now)
        found = await version_on(tx, day)
        if found is None:
            raise RefusalError("policy_missing", day=day.isoformat())
        return await adopted_pack(tx, found.version)

    return _adopted(*await caller.read(work))


@router.get("/policy-packs/{version}", operation_id="read_policy_pack", responses=problems(401, 403, 404))
async def read_policy_pack(caller: CallerOf, version: PathId) -> AdoptedPack:
    """Return one version with its rules."""

    async def work(tx: ReadTx, actor: Actor) -> tuple[Adoption, PolicyPack]:
        check(actor, PERMISSION)
        return await adopted_pack(tx, version)

    return _adopted(*await caller.read(work))


def _adopted(adoption: Adoption, pack: PolicyPack) -> AdoptedPack:
    return AdoptedPack(**dict(AdoptionOut.model_validate(adoption)), pack=pack)
