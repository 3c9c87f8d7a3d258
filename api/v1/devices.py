"""Stations and tills: enrolled by a QR that is good once, listed, revoked."""

import base64
from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from fastapi import Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from api.cursors import Cursor, Limit, Page, decode, page
from api.edge import CallerOf, ServiceOf
from api.enrolling import enrolled_by
from api.entrances import LoginBody, Tokens, tokens_of
from api.fields import Id, Name
from api.problems import problems
from api.routers import resource
from ledger.session import ReadTx, WriteTx
from timebank.access import Actor, check, check_organisation, reach
from timebank.devices.actions import make_enrolment, place_of, revoke_device
from timebank.devices.queries import devices_page
from timebank.errors import RefusalError

router = resource(tag="devices")

Kind = Literal["station", "till"]


class EnrolmentRequest(BaseModel):
    """A place for one device."""

    model_config = ConfigDict(extra="forbid")

    kind: Kind
    name: Name
    organisation_id: Id


class EnrolmentOut(BaseModel):
    """What the device scans, shown this once: `TBD:<BANK>:<token>`, good for one device until it expires."""

    qr: str
    token: str
    expires_at: datetime


class Enrolling(LoginBody):
    """A device that scanned the QR, with the public half of a key it made for itself."""

    token: Annotated[str, StringConstraints(pattern=r"^[A-Za-z2-7]{1,100}$")]
    public_key: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9+/]{43}=$")] = Field(
        description="Ed25519, 32 bytes, base64."
    )


class DeviceEnrolled(BaseModel):
    """The device as the bank knows it, and its first tokens."""

    device_id: UUID
    kind: Kind
    name: str
    organisation_id: int
    tokens: Tokens


class DeviceOut(BaseModel):
    """A station or a till; `seen_at` is when it last refreshed its session."""

    id: UUID
    kind: Kind
    name: str
    organisation_id: int
    enrolled_at: datetime
    revoked_at: datetime | None
    seen_at: datetime | None


@router.post(
    "/devices/enrolments",
    operation_id="make_enrolment",
    status_code=201,
    responses=problems(401, 403, 404),
)
async def prepare(body: EnrolmentRequest, caller: CallerOf) -> EnrolmentOut:
    """Return what a new device of an organisation in reach scans to enrol."""

    async def work(tx: WriteTx, actor: Actor) -> EnrolmentOut:
        await check_organisation(tx, actor, "devices.write", body.organisation_id)
        made = await make_enrolment(
            tx,
            kind=body.kind,
            name=body.name,
            organisation_id=body.organisation_id,
            actor=actor.text,
            now=caller.now,
        )
        return EnrolmentOut(qr=made.qr, token=made.token, expires_at=made.expires_at)

    return await caller.write(work, action="devices.prepare", subject=str(body.organisation_id))


@router.post("/devices/enrol", operation_id="enrol_device", status_code=201, responses=problems(404))
async def enrol_device(body: Enrolling, service: ServiceOf, request: Request) -> DeviceEnrolled:
    """Enrol the device that scanned a QR; a second one with the same QR gets nowhere."""
    bank = await service.bank(body.bank)
    enrolled, begun = await enrolled_by(
        service, bank, request, token=body.token, public_key=base64.b64decode(body.public_key)
    )
    return DeviceEnrolled.model_validate(
        {
            "device_id": enrolled.id,
            "kind": enrolled.kind,
            "name": enrolled.name,
            "organisation_id": enrolled.organisation_id,
            "tokens": tokens_of(service, bank, begun),
        }
    )


@router.get("/devices", operation_id="list_devices", responses=problems(401, 403))
async def list_devices(
    caller: CallerOf,
    *,
    kind: Kind | None = None,
    with_revoked: Annotated[bool, Query(description="Those that were revoked, too.")] = False,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[DeviceOut]:
    """Return the devices of organisations in reach, by id."""
    after = _after(cursor)

    async def work(tx: ReadTx, actor: Actor) -> Page[DeviceOut]:
        found = await devices_page(
            tx,
            organisations=await reach(tx, actor, "devices.read"),
            kind=kind,
            with_revoked=with_revoked,
            after=after,
            limit=limit,
        )
        lines, next_cursor = page(found, limit, lambda device: (str(device.id),))
        return Page(
            items=[DeviceOut.model_validate(line, from_attributes=True) for line in lines],
            next_cursor=next_cursor,
        )

    return await caller.read(work)


@router.post(
    "/devices/{device_id}/revoke",
    operation_id="revoke_device",
    status_code=204,
    responses=problems(401, 403, 404, 409),
)
async def revoke(device_id: UUID, caller: CallerOf) -> Response:
    """Revoke a device in reach; its tokens are good for nothing from now on."""

    async def work(tx: WriteTx, actor: Actor) -> None:
        check(actor, "devices.write")
        try:
            await check_organisation(tx, actor, "devices.write", await place_of(tx, device_id))
        except RefusalError as refused:
            # What is out of reach answers like what is not there.
            raise RefusalError(
                "unknown_device" if refused.code == "unknown_organisation" else refused.code
            ) from None
        await revoke_device(tx, device_id=device_id, actor=actor.text, now=caller.now)

    await caller.write(work, action="devices.revoke", subject=str(device_id))
    return Response(status_code=204)


def _after(cursor: str | None) -> UUID | None:
    if cursor is None:
        return None
    try:
        return UUID(str(decode(cursor, str)[0]))
    except ValueError:
        raise RefusalError("cursor_invalid") from None
