"""What a station scanned without network: making a tablet a station device, and taking in its queue.

The tablet's browser makes the key pair itself and keeps the private half where no script reads it; `static/queue.js`
signs with it. docs/offline.md has the protocol.
"""

import base64
from typing import Annotated, Final

from fastapi.exceptions import RequestValidationError
from pydantic import StringConstraints, ValidationError
from starlette.responses import JSONResponse, Response

from api.enrolling import enrolled_by
from api.fields import Id, Name
from api.problems import status_of
from api.routers import bare
from api.v1.devices import EnrolmentOut, EnrolmentRequest, prepare
from api.v1.scan_batches import UPLOAD, BatchIn, upload
from api.v1.stations import station_in_reach
from api.web.arriving import VisitOf
from api.web.forms import FormBody
from api.web.static import ASK_AGAIN, assets
from api.web.station.loading import SHOW
from api.web.visit import LOGIN_OVER, Visit
from api.web.volunteer.scanning import words_of
from ledger.session import ReadTx
from timebank.access import Actor, check, has, reach
from timebank.codes.images import qr_svg
from timebank.errors import RefusalError
from timebank.scans.rules import GOOD
from timebank.stations.queries import Filter, Station, stations

router = bare()

WRITE = "devices.write"
KIND: Final = "station"
LIST_LIMIT = 200
WORKER = "station-worker.js"


class EnrolForm(FormBody):
    """The office's code for a new device, and the public half of the key that the browser made."""

    token: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9:-]{1,160}$", strip_whitespace=True)]
    key: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9+/]{43}=$")]


class PrepareForm(FormBody):
    """The station that a new tablet is for, and what it is to be called."""

    station: Id
    name: Name


@router.get("/stations/offline")
async def show_queue(visit: VisitOf) -> Response:
    """Show whether this tablet keeps a queue, what waits in it, and the way to make it a station device."""
    return await _page(visit)


@router.post("/stations/offline")
async def prepare_tablet(visit: VisitOf) -> Response:
    """Make a code for a new tablet, shown this once."""
    try:
        form = await visit.form(PrepareForm)
    except RequestValidationError:
        return await _page(visit, problem=visit.say("page.form_invalid"))
    found = await visit.read(lambda tx, actor: station_in_reach(tx, actor, WRITE, form.station))
    wanted = EnrolmentRequest(kind=KIND, name=form.name, organisation_id=found.plan.organisation_id)
    return await _page(visit, made=await prepare(wanted, visit.caller))


@router.post("/stations/enrol")
async def enrol_tablet(visit: VisitOf) -> Response:
    """Make this browser the station device that an office prepared, with the key that it made for itself, once."""
    try:
        form = await visit.form(EnrolForm)
        await visit.read(_may_upload)
        enrolled, _ = await enrolled_by(
            visit.service,
            visit.banks_own,
            visit.request,
            token=form.token.rsplit(":", 1)[-1],
            public_key=base64.b64decode(form.key),
            kind=KIND,
        )
    except RequestValidationError:
        return _refused(visit, RefusalError("enrolment_refused"))
    except RefusalError as refusal:
        return _refused(visit, refusal)
    visit.keep_tablet()
    return visit.finish(JSONResponse({"device_id": str(enrolled.id), "name": enrolled.name}))


@router.post("/stations/queue")
async def take_queue(visit: VisitOf) -> Response:
    """Take a part of the queue that this tablet kept, and answer each of its entries."""
    try:
        visit.check_form()
        body = BatchIn.model_validate_json(await visit.request.body())
        answered = await upload(body, visit.caller)
    except ValidationError:
        return _refused(visit, RefusalError("request_invalid"))
    except RefusalError as refusal:
        return _refused(visit, refusal)
    visit.keep_tablet()
    entries = [
        {
            "seq": each.seq,
            "outcome": each.outcome,
            "sentence": "" if each.outcome in GOOD else visit.say(words_of(each.outcome)),
        }
        for each in answered.entries
    ]
    return visit.finish(JSONResponse({"entries": entries}))


@router.get("/stations/worker.js")
async def read_worker() -> Response:
    """Return the service worker of the station's screen, from the folder that it may answer for."""
    headers = {
        "Cache-Control": ASK_AGAIN,
        "Content-Security-Policy": "default-src 'none'; connect-src 'self'",
    }
    return Response(assets()[WORKER].body, media_type=assets()[WORKER].media_type, headers=headers)


async def _may_upload(tx: ReadTx, actor: Actor) -> None:
    del tx
    check(actor, UPLOAD)


def _refused(visit: Visit, refusal: RefusalError) -> Response:
    status = 401 if refusal.code in LOGIN_OVER else status_of(refusal.code)
    return JSONResponse({"sentence": visit.say(refusal.code, **refusal.params)}, status_code=status)


async def _page(visit: Visit, *, made: EnrolmentOut | None = None, problem: str = "") -> Response:
    async def work(tx: ReadTx, actor: Actor) -> list[Station]:
        check(actor, SHOW)
        check(actor, UPLOAD)
        if not has(actor, WRITE):
            return []
        wanted = Filter(tx.day(visit.now), await reach(tx, actor, WRITE))
        return await stations(tx, wanted, after=0, limit=LIST_LIMIT)

    found = await visit.read(work)
    return visit.page(
        "station/offline.html",
        stations=found,
        made=made,
        symbol=qr_svg(made.qr) if made else "",
        problem=problem,
        has_camera=True,
    )
