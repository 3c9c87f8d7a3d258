"""Policy packs: the versions a bank adopted, what changed with each, and adopting the next."""

from datetime import date, datetime
from typing import Annotated

from fastapi import Query
from pydantic import BaseModel, ConfigDict, Field, StringConstraints
from starlette.responses import Response

from api.cursors import DEFAULT_LIMIT, Cursor, Limit, Page, after, page
from api.edge import CallerOf, IdempotencyKey
from api.fields import Day, PathId, Printable
from api.problems import problems
from api.routers import resource
from ledger.session import ReadTx, WriteTx
from timebank.access import Actor, check, check_whole_bank
from timebank.errors import RefusalError
from timebank.policy.actions import adopt
from timebank.policy.diff import Change
from timebank.policy.queries import Adoption, adopted_pack, adoptions, version_changes, version_on
from timebank.policy.rules import PolicyPack, written

router = resource(tag="policy")
PERMISSION = "policy.read"


class AdoptionOut(BaseModel):
    """A version: the first day it prices, and who adopted it when and why."""

    model_config = ConfigDict(from_attributes=True)

    version: int
    effective_from: date
    name: str
    adopted_by: str
    adopted_at: datetime
    note: str


class AdoptedPack(AdoptionOut):
    """A version with its rules."""

    pack: PolicyPack


class ChangeOut(BaseModel):
    """What a pack says at one place before and after; null where it says nothing."""

    model_config = ConfigDict(from_attributes=True)

    path: str = Field(examples=["crediting.points_per_hour"])
    before: str | int | bool | tuple[int, ...] | tuple[str, ...] | None
    after: str | int | bool | tuple[int, ...] | tuple[str, ...] | None


class VersionIn(BaseModel):
    """A pack to adopt, and from which day on."""

    model_config = ConfigDict(extra="forbid")

    pack: PolicyPack
    effective_from: Day = Field(description="Later than today, by the bank's calendar.")
    note: Annotated[str, StringConstraints(max_length=500, strip_whitespace=True), Printable] = Field(
        default="", description="Why it is adopted; no names."
    )


class VersionOut(BaseModel):
    """A version that was adopted."""

    version: int
    effective_from: date
    changes: list[ChangeOut] = Field(description="From the version before it.")


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


@router.get(
    "/policy-packs/{version}/changes",
    operation_id="read_policy_changes",
    responses=problems(401, 403, 404),
)
async def read_policy_changes(caller: CallerOf, version: PathId) -> list[ChangeOut]:
    """Return what a version says otherwise than the one before it; of the first, all of it."""

    async def work(tx: ReadTx, actor: Actor) -> list[Change]:
        check(actor, PERMISSION)
        return await version_changes(tx, version)

    return [ChangeOut.model_validate(change) for change in await caller.read(work)]


@router.get(
    "/policy-packs/{version}/export",
    operation_id="export_policy_pack",
    response_class=Response,
    responses={
        **problems(401, 403, 404),
        200: {
            "description": "The pack as a file, to be changed and handed in again.",
            "content": {"application/json": {"schema": {"$ref": "#/components/schemas/PolicyPack"}}},
        },
    },
)
async def export_policy_pack(caller: CallerOf, version: PathId) -> Response:
    """Return the rules of a version as a JSON file."""

    async def work(tx: ReadTx, actor: Actor) -> PolicyPack:
        check(actor, PERMISSION)
        return (await adopted_pack(tx, version))[1]

    pack = await caller.read(work)
    headers = {"Content-Disposition": f'attachment; filename="policy-{version}.json"'}
    return Response(written(pack), media_type="application/json", headers=headers)


@router.post(
    "/policy/versions",
    operation_id="adopt_policy_pack",
    status_code=201,
    response_model=VersionOut,
    responses=problems(401, 403, 409),
)
async def create_policy_version(caller: CallerOf, body: VersionIn, key: IdempotencyKey) -> Response:
    """Adopt a pack from a later day on, once for the Idempotency-Key; what is priced already stays as it is."""

    async def work(tx: WriteTx, actor: Actor) -> VersionOut:
        check_whole_bank(actor, "policy.write")
        version = await adopt(
            tx,
            body.pack,
            effective_from=body.effective_from,
            actor=actor.text,
            note=body.note,
            today=tx.day(caller.now),
        )
        said = await version_changes(tx, version.version)
        return VersionOut(
            version=version.version,
            effective_from=version.effective_from,
            changes=[ChangeOut.model_validate(change) for change in said],
        )

    return await caller.write_once(
        key,
        body.model_dump(mode="json", by_alias=True),
        work,
        action="policy.adopt",
        subject=body.effective_from.isoformat(),
    )


def _adopted(adoption: Adoption, pack: PolicyPack) -> AdoptedPack:
    return AdoptedPack(**dict(AdoptionOut.model_validate(adoption)), pack=pack)
