"""Checking in and out by one's own phone: the receipt of a first touch, and the scan."""

import re
import secrets
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Annotated, Literal, TypeAlias
from uuid import UUID

from fastapi import Header, Request
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator
from pydantic_core import to_json
from starlette.responses import Response

from api.direct import direct
from api.edge import Caller, CallerOf, ServiceOf, caller
from api.entrances import LoginBody
from api.fields import Id
from api.guessing import limits_at, refuse_if
from api.problems import problems
from api.routers import resource
from ledger.session import WriteTx
from timebank.access import Actor, check_person
from timebank.errors import RefusalError
from timebank.scans.actions import ScanAnswer, ScanRequest, record_scans
from timebank.scans.receipts import phone_digest, touch
from timebank.throttles.actions import limits_of, take
from timebank.throttles.rules import ADDRESS_SCANS, KEPT_REFUSALS

router = resource("/scans", tag="scans")

OWN = "scans.own"

Kind: TypeAlias = Literal["in", "out"]
CodeText = Annotated[str, StringConstraints(pattern=r"^[\x21-\x7e]{1,400}$")]
"""A code as it was scanned: bare, or the link that it is in."""

_PHONE = re.compile(r"^[0-9a-f]{32}$")
PhoneHeader = Annotated[
    str,
    Header(
        alias="X-Phone",
        pattern=_PHONE.pattern,
        description="16 random bytes that this browser made once for itself. One phone checks in one member a session.",
    ),
]


class Touch(LoginBody):
    """A station's code, the moment that a phone opened it."""

    code: CodeText
    kind: Kind = "in"


class ReceiptOut(BaseModel):
    """A receipt: good once, on the phone that asked for it, until it expires. Logging in may take so long."""

    receipt: str
    activity_session_id: int
    station_id: int
    expires_at: datetime


class Location(BaseModel):
    """Where the phone is. Only whether that is at the station is kept, and only with the consent to it."""

    model_config = ConfigDict(extra="forbid")

    latitude: float = Field(ge=-90, le=90, allow_inf_nan=False)
    longitude: float = Field(ge=-180, le=180, allow_inf_nan=False)


class OwnScan(BaseModel):
    """A code that one's phone scanned, or the receipt of it. `activity_session_id`: the session that is meant."""

    model_config = ConfigDict(extra="forbid")

    kind: Kind
    code: CodeText | None = None
    receipt: CodeText | None = None
    activity_session_id: Id | None = None
    person_id: UUID | None = Field(default=None, description="For whom the caller acts; oneself by default.")
    location: Location | None = None

    @model_validator(mode="after")
    def _one_of_them(self) -> "OwnScan":
        if (self.code is None) == (self.receipt is None):
            raise ValueError("either a code or a receipt")
        return self


class ScanOut(BaseModel):
    """A member is checked in, or out; `repeat` if that was so already. The times are the first accepted ones."""

    outcome: Literal["accepted", "repeat"]
    kind: Kind
    activity_session_id: int
    happened_at: datetime
    check_in_at: datetime | None
    check_out_at: datetime | None


@router.post("/receipts", operation_id="make_scan_receipt", status_code=201, responses=problems(404))
async def touch_code(body: Touch, phone: PhoneHeader, service: ServiceOf, request: Request) -> ReceiptOut:
    """Verify a station's code at first touch and return a receipt for it; nobody needs to be logged in."""
    bank = await service.bank(body.bank)
    now = service.now()
    digest = phone_digest(service.blind, bank.id, phone)
    try:
        touched = touch(service.codes, body.code, bank_id=bank.id, phone=digest, now=now)
    except RefusalError as refused:
        # What is right costs no statement: in a rush a whole town comes from one address. What is wrong is counted,
        # against the address and for the steward, up to what a bank keeps of strangers; a code of 80 bits is not found
        # by trying.
        limits = limits_at(service, bank, request, ADDRESS_SCANS)
        kept = limits_of(service.blind, bank.id, (KEPT_REFUSALS,), "bank")
        wrong = ScanRequest(
            digest=secrets.token_bytes(32),
            kind=body.kind,
            received_at=now,
            actor="phone",
            code=body.code,
            phone=digest,
            fault=refused.code,
        )

        async def work(tx: WriteTx) -> int:
            wait = await take(tx, limits, now=now)
            if not wait and not await take(tx, kept, now=now):
                await record_scans(tx, [wrong], codes=service.codes)
            return wait

        refuse_if(await service.database.write(bank, work))
        raise
    return ReceiptOut(
        receipt=touched.receipt,
        activity_session_id=touched.session_id,
        station_id=touched.station_id,
        expires_at=touched.expires_at,
    )


async def _read(request: Request) -> Mapping[str, object] | None:
    """Return what `scan` is called with; None for whatever the framework may yet find wrong, or right."""
    phone = request.headers.get("x-phone", "")
    if request.headers.get("content-type") != "application/json" or _PHONE.fullmatch(phone) is None:
        return None
    try:
        body = OwnScan.model_validate(await request.json())
    except (ValueError, RecursionError):
        return None
    return {"body": body, "phone": phone, "caller": await caller(request)}


async def scan(body: OwnScan, phone: PhoneHeader, caller: CallerOf) -> Response:
    """Check in or out by a station's code, for oneself or for whom one acts; a repeat is a success."""
    bank = await caller.bank()
    caller.service.slow_scans(caller.claims.session_id)
    place = None if body.location is None else (body.location.latitude, body.location.longitude)
    asked = ScanRequest(
        digest=secrets.token_bytes(32),
        kind=body.kind,
        received_at=caller.now,
        login_id=caller.claims.session_id,
        session_id=body.activity_session_id,
        code=body.code,
        receipt=body.receipt,
        phone=phone_digest(caller.service.blind, bank.id, phone),
        location=place,
    )
    if body.person_id is None:
        answer = await caller.service.scan_queue(bank).submit(asked)
    else:
        answer = await _scan_for(caller, asked, body.person_id)
    return Response(to_json(shown_scan(answer)), status_code=201, media_type="application/json")


router.add_api_route(
    "",
    scan,
    methods=["POST"],
    operation_id="scan",
    status_code=201,
    response_model=ScanOut,
    responses=problems(401, 403, 404),
    route_class_override=direct(_read),
)


async def _scan_for(caller: Caller, asked: ScanRequest, person_id: UUID) -> ScanAnswer:
    """Record a scan for somebody, who is told of it if it is not the caller."""

    async def work(tx: WriteTx, actor: Actor) -> ScanAnswer:
        await check_person(tx, actor, OWN, person_id, now=caller.now)
        named = replace(asked, login_id=None, person_id=person_id, actor=actor.text)
        return (await record_scans(tx, [named], codes=caller.service.codes))[0]

    return await caller.write(work, action="scans.scan", subject=lambda answer: str(answer.session_id or ""))


def shown_scan(answer: ScanAnswer) -> dict[str, object]:
    """Return a success as `ScanOut` shows it; what was refused is on record by now.

    Raises:
        RefusalError: the scan's refusal.
    """
    if not answer.is_good:
        raise refusal_of(answer)
    return {
        "outcome": answer.outcome,
        "kind": answer.kind,
        "activity_session_id": answer.session_id,
        "happened_at": answer.happened_at,
        "check_in_at": answer.check_in_at,
        "check_out_at": answer.check_out_at,
    }


def refusal_of(answer: ScanAnswer) -> RefusalError:
    """Return a scan's refusal as the problem that it is."""
    return RefusalError(answer.outcome, permission=OWN)
