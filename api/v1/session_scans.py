"""Checking members in at a session by what they show to a steward or a station; and what was scanned there."""

import secrets
from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from fastapi import Query
from pydantic import BaseModel, ConfigDict, StringConstraints, model_validator

from api.cursors import Cursor, Limit, Page, after, page
from api.edge import CallerOf
from api.fields import Id, PathId
from api.problems import problems
from api.routers import resource
from api.v1.scans import CodeText, Kind, ScanOut, shown_scan
from ledger.session import ReadTx, WriteTx
from timebank.access import Actor, reach
from timebank.errors import RefusalError
from timebank.people.queries import masked_names
from timebank.people.rules import NAME
from timebank.privacy.actions import record_look_up
from timebank.scans import queries
from timebank.scans.actions import ScanAnswer, ScanRequest, record_scans

router = resource("/activity-sessions/{activity_session_id}", tag="scans")

TAKE, READ = "scans.take", "scans.read"

CardText = Annotated[str, StringConstraints(pattern=r"^[\x20-\x7e]{1,60}$")]


class StewardScan(BaseModel):
    """What a member showed: the code on their phone, or a card, whose holder was confirmed by photo or PIN."""

    model_config = ConfigDict(extra="forbid")

    kind: Kind
    member_code: CodeText | None = None
    card: CardText | None = None
    confirmed_by: Literal["photo", "pin"] | None = None
    station_id: Id | None = None

    @model_validator(mode="after")
    def _one_of_them(self) -> "StewardScan":
        if (self.member_code is None) == (self.card is None):
            raise ValueError("either a member's code or a card")
        if (self.card is None) != (self.confirmed_by is None):
            raise ValueError("a card's holder is confirmed")
        return self


class StewardScanOut(ScanOut):
    """A member is checked in, or out: the masked name and the times, nothing else."""

    masked_name: str | None


class SessionScanOut(BaseModel):
    """A scan of a session, refused ones too; without a person where nobody could be made out."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    person_id: UUID | None
    kind: Kind
    mode: str
    outcome: str
    happened_at: datetime
    received_at: datetime
    station_id: int | None
    device_id: UUID | None
    is_doubtful: bool
    nearness: str | None
    evidence: str | None


class RefusalCount(BaseModel):
    """How often scans were refused for one reason."""

    code: str
    times: int


class RefusalsOut(BaseModel):
    """What was refused at a session, by code."""

    refusals: list[RefusalCount]


@router.post("/scans", operation_id="take_scan", status_code=201, responses=problems(401, 403, 404))
async def take_scan(body: StewardScan, activity_session_id: PathId, caller: CallerOf) -> StewardScanOut:
    """Check a member in or out by what they show, as steward or station; a repeat is a success."""

    async def work(tx: WriteTx, actor: Actor) -> tuple[ScanAnswer, str | None]:
        (answer,) = await record_scans(
            tx,
            [
                ScanRequest(
                    digest=secrets.token_bytes(32),
                    kind=body.kind,
                    received_at=caller.now,
                    actor=actor.text,
                    session_id=activity_session_id,
                    station_id=body.station_id,
                    member_code=body.member_code,
                    card=body.card,
                    evidence=body.confirmed_by,
                    within=await within_of(tx, actor, TAKE),
                    device_id=actor.device_id,
                )
            ],
            codes=caller.service.codes,
        )
        if not answer.is_good or answer.person_id is None:
            return answer, None
        await record_look_up(tx, actor, answer.person_id, purpose="scan", fields=[NAME])
        names = await masked_names(tx, caller.service.cipher, [answer.person_id])
        return answer, names.get(answer.person_id)

    answer, name = await caller.write(work, action="scans.take", subject=str(activity_session_id))
    return StewardScanOut.model_validate({**shown_scan(answer), "masked_name": name})


@router.get("/scans", operation_id="list_session_scans", responses=problems(401, 403, 404))
async def list_scans(
    activity_session_id: PathId,
    caller: CallerOf,
    *,
    outcome: Annotated[str | None, Query(pattern=r"^[a-z_]{1,40}$")] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[SessionScanOut]:
    """Return the scans of a session in reach, refused ones too, in the order in which they arrived."""

    async def work(tx: ReadTx, actor: Actor) -> list[queries.SessionScan]:
        await check_session(tx, activity_session_id, await within_of(tx, actor, READ))
        return await queries.scans_of_session(
            tx, activity_session_id, after=after(cursor), limit=limit + 1, outcome=outcome
        )

    items, following = page(await caller.read(work), limit, lambda found: (found.id,))
    return Page(items=[SessionScanOut.model_validate(item) for item in items], next_cursor=following)


@router.get("/scan-refusals", operation_id="count_scan_refusals", responses=problems(401, 403, 404))
async def count_refusals(activity_session_id: PathId, caller: CallerOf) -> RefusalsOut:
    """Return how often scans of a session in reach were refused, by code."""

    async def work(tx: ReadTx, actor: Actor) -> RefusalsOut:
        await check_session(tx, activity_session_id, await within_of(tx, actor, READ))
        found = await queries.refusals_of(tx, activity_session_id)
        return RefusalsOut(refusals=[RefusalCount(code=code, times=times) for code, times in found.items()])

    return await caller.read(work)


async def within_of(tx: ReadTx, actor: Actor, permission: str) -> frozenset[int] | None:
    """Return the organisations in whose sessions the actor may do that; None for all.

    Raises:
        RefusalError: `forbidden`.
    """
    found = await reach(tx, actor, permission)
    return None if found is None else frozenset(found)


async def check_session(tx: ReadTx, session_id: int, within: frozenset[int] | None) -> None:
    """Refuse a session that is neither of an organisation in reach nor held at a station there.

    Raises:
        RefusalError: `unknown_activity_session`.
    """
    found = await queries.organisations_of(tx, session_id)
    if found is None or (within is not None and not within & found):
        raise RefusalError("unknown_activity_session")
