"""Enrolling the device that brings an enrolment's token, by the API or by a page: counted, and on record."""

from fastapi import Request

from api.guessing import limits_at, refuse_if
from api.service import Service
from ledger.session import WriteTx
from timebank.access import Actor
from timebank.acts.actions import Act, record_act
from timebank.database import Bank
from timebank.devices.actions import Enrolled, enrol
from timebank.errors import RefusalError
from timebank.login.rules import client_family
from timebank.login.sessions import Begun, begin_device_session
from timebank.throttles.actions import give_back, take


async def enrolled_by(
    service: Service, bank: Bank, request: Request, *, token: str, public_key: bytes, kind: str | None = None
) -> tuple[Enrolled, Begun]:
    """Enrol a device, of that kind if one is said, and begin its first session.

    Raises:
        RefusalError: `enrolment_refused` if the token is unknown, used, late, or another kind's; `throttled`,
            `device_key_invalid`.
    """
    limits = limits_at(service, bank, request)

    async def work(tx: WriteTx) -> tuple[Enrolled, Begun] | int | None:
        now = service.now()
        if wait := await take(tx, limits, now=now):
            return wait
        enrolled = await enrol(tx, token=token, public_key=public_key, now=now)
        if enrolled is None:
            return None
        if kind not in {None, enrolled.kind}:
            raise RefusalError("enrolment_refused")
        await give_back(tx, limits, now=now)
        client = client_family(request.headers.get("user-agent", ""))
        begun = await begin_device_session(tx, device_id=enrolled.id, client=client, now=now)
        actor = Actor(session_id=begun.session_id, person_id=None, device_id=enrolled.id)
        await record_act(tx, actor, Act("devices.enrol", str(enrolled.id), request.state.request_id))
        return enrolled, begun

    found = await service.database.write(bank, work)
    if isinstance(found, int):
        refuse_if(found)
    if not isinstance(found, tuple):
        raise RefusalError("enrolment_refused")
    return found
