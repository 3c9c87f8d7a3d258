"""The policy packs of the bank: which there are, what one says in words, and what it changed."""

from dataclasses import dataclass
from datetime import date
from typing import Annotated

from fastapi import Query
from starlette.responses import Response

from api.fields import MAX_ID, PathId
from api.routers import bare
from api.v1 import policy as policy_doors
from api.web.arriving import VisitOf
from api.web.office.policy_words import PackWords, changed_lines, unit_name
from api.web.visit import Visit
from ledger.session import ReadTx
from timebank.access import Actor, check, reaches_all
from timebank.policy.diff import Change, changes
from timebank.policy.queries import (
    Adoption,
    adopted_pack,
    adoptions,
    latest_pack,
    version_changes,
    version_on,
)
from timebank.policy.rules import PolicyPack

router = bare()

SIMULATE, WRITE = "policy.simulate", "policy.write"
MOST_VERSIONS = 200
"""A bank adopts a few a year."""

Against = Annotated[int | None, Query(ge=1, le=MAX_ID)]


@dataclass(frozen=True, slots=True)
class Shelf:
    """The versions of a bank, the newest first, and what prices today."""

    versions: list[Adoption]
    in_force: int | None
    pack: PolicyPack | None


@dataclass(frozen=True, slots=True)
class Version:
    """One version: its rules, and what it says otherwise than another."""

    adoption: Adoption
    pack: PolicyPack
    changes: list[Change]
    others: list[Adoption]
    is_in_force: bool


@dataclass(frozen=True, slots=True)
class Base:
    """What a draft begins with, and what its writer may do with it."""

    version: int | None
    pack: PolicyPack | None
    today: date
    can_simulate: bool
    can_adopt: bool
    can_see_people: bool


@router.get("/office/policy")
async def show_versions(visit: VisitOf) -> Response:
    """Show the versions there are, and the main figures of the one in force."""

    async def work(tx: ReadTx, actor: Actor) -> Shelf:
        check(actor, SIMULATE)
        versions = await adoptions(tx, after_version=0, limit=MOST_VERSIONS)
        found = await version_on(tx, tx.day(visit.now))
        return Shelf(versions[::-1], found.version if found else None, found.pack if found else None)

    shelf = await visit.read(work)
    today = visit.today
    return visit.page(
        "office/policy.html", shelf=shelf, today=today, unit=lambda code: unit_name(visit, code)
    )


@router.get("/office/policy/{version}")
async def show_version(visit: VisitOf, version: PathId, against: Against = None) -> Response:
    """Show a version in words, and what it changed; against another one, if asked."""

    async def work(tx: ReadTx, actor: Actor) -> Version:
        check(actor, SIMULATE)
        adoption, pack = await adopted_pack(tx, version)
        if against is None:
            changed = await version_changes(tx, version) if version > 1 else []
        else:
            changed = changes((await adopted_pack(tx, against))[1], pack)
        found = await version_on(tx, tx.day(visit.now))
        others = await adoptions(tx, after_version=0, limit=MOST_VERSIONS)
        return Version(adoption, pack, changed, others[::-1], found is not None and found.version == version)

    found = await visit.read(work)
    return visit.page(
        "office/policy_version.html",
        found=found,
        against=against or version - 1,
        lines=changed_lines(visit, found.changes),
        said=PackWords(visit, found.pack).groups(),
    )


@router.get("/office/policy/{version}/file")
async def fetch_version(visit: VisitOf, version: PathId) -> Response:
    """Return the rules of a version as a file."""
    return visit.finish(await policy_doors.export_policy_pack(visit.caller, version))


async def base_of(visit: Visit, version: int | None) -> Base:
    """Return what a draft begins with: a version, or the latest.

    Raises:
        RefusalError: `forbidden`, `unknown_policy_version`.
    """

    async def work(tx: ReadTx, actor: Actor) -> Base:
        check(actor, SIMULATE)
        if version is None:
            number, pack = await latest_pack(tx)
        else:
            number, pack = version, (await adopted_pack(tx, version))[1]
        return Base(
            number,
            pack,
            tx.day(visit.now),
            can_simulate=reaches_all(actor, SIMULATE),
            can_adopt=reaches_all(actor, WRITE),
            can_see_people=reaches_all(actor, "standing.read"),
        )

    return await visit.read(work)
