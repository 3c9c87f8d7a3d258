"""Uploading what a station scanned without network, refused scans too: signed, numbered, in any order, even twice."""

import asyncio
from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

from api.edge import CallerOf
from api.fields import FIRST_YEAR, LAST_YEAR, Id
from api.problems import problems
from api.routers import resource
from ledger.session import ReadTx, WriteTx
from timebank.access import Actor, check, check_row, reach
from timebank.errors import RefusalError
from timebank.scans.actions import ScanAnswer, record_scans
from timebank.scans.batch import MAX_ENTRIES, Device, Entry, requests_of, station_device, verified
from timebank.scans.rules import ACCEPTED, REFUSALS, REPEAT

router = resource("/scans", tag="scans")

UPLOAD, TAKE = "scans.upload", "scans.take"
MAX_OFFSET_MS = 10**12


def _moment(text: str) -> str:
    if not FIRST_YEAR <= datetime.fromisoformat(text).year <= LAST_YEAR:
        raise ValueError("out of our time")
    return text


Moment = Annotated[
    str,
    StringConstraints(
        pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,6})?(Z|[+-][0-9]{2}:[0-9]{2})$"
    ),
    AfterValidator(_moment),
]
"""An instant by the device's clock, kept as it was written: it was signed so."""

Shown = Annotated[str, StringConstraints(pattern=r"^[\x20-\x7e]{1,200}$")]
"""What was scanned."""


Told = Annotated[str, StringConstraints(pattern=f"^({'|'.join((ACCEPTED, REPEAT, *REFUSALS))})$")]
"""What the station told the member."""


class EntryIn(BaseModel):
    """An entry of a station's queue; docs/offline.md says what is signed and how."""

    model_config = ConfigDict(extra="forbid")

    seq: Id
    prior: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
    at: Moment
    latest: Moment
    offset_ms: Annotated[int, Field(ge=-MAX_OFFSET_MS, le=MAX_OFFSET_MS)] | None
    kind: Literal["in", "out"]
    activity_session_id: Id
    station_id: Id | None = None
    member_code: Shown | None = None
    card: Shown | None = None
    outcome: Told
    signature: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9+/]{86}==$")]


class BatchIn(BaseModel):
    """Entries of one device's queue."""

    model_config = ConfigDict(extra="forbid")

    device_id: UUID
    entries: list[EntryIn] = Field(min_length=1, max_length=MAX_ENTRIES)


class EntryOut(BaseModel):
    """What became of an entry: the same whenever it is sent again."""

    seq: int
    outcome: str


class BatchOut(BaseModel):
    """An answer to each entry, in the order of their numbers."""

    entries: list[EntryOut]


@router.post("/batch", operation_id="upload_scans", status_code=201, responses=problems(401, 403, 404))
async def upload(body: BatchIn, caller: CallerOf) -> BatchOut:
    """Take a station's entries from the station itself, or from a steward who brings them; each has its own answer."""

    async def find(tx: ReadTx, actor: Actor) -> Device:
        return await _device(tx, actor, body.device_id)

    device = await caller.read(find)
    entries = sorted((Entry(**entry.model_dump()) for entry in body.entries), key=lambda entry: entry.seq)
    signed = await asyncio.to_thread(verified, device, entries)

    async def work(tx: WriteTx, actor: Actor) -> list[ScanAnswer]:
        # Again, and by now: it may have been revoked since.
        found = await _device(tx, actor, body.device_id)
        station = Actor(None, None, found.id, "station", found.organisation_id)
        within = frozenset(await reach(tx, station, TAKE) or ())
        requests = requests_of(entries, signed, device=found, actor=actor.text, within=within, now=caller.now)
        return await record_scans(tx, requests, codes=caller.service.codes)

    answers = await caller.write(work, action="scans.upload", subject=str(body.device_id))
    return BatchOut(
        entries=[
            EntryOut(seq=entry.seq, outcome=answer.outcome)
            for entry, answer in zip(entries, answers, strict=True)
        ]
    )


async def _device(tx: ReadTx, actor: Actor, device_id: UUID) -> Device:
    """Return the device if the actor is it, or has it in reach.

    Raises:
        RefusalError: `forbidden`, `unknown_device`.
    """
    check(actor, UPLOAD)
    device = await station_device(tx, device_id)
    if actor.device_id not in {None, device_id}:
        raise RefusalError("unknown_device")
    await check_row(tx, actor, UPLOAD, device.organisation_id, unknown="unknown_device")
    return device
