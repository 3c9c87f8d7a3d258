"""One station at the desk: what is said of it, changing and closing it, its poster, and its devices."""

from collections.abc import Awaitable, Mapping
from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from fastapi.exceptions import RequestValidationError
from pydantic import ValidationError
from starlette.responses import Response

from api.addresses import public_url
from api.etags import etag
from api.fields import Id, PathId
from api.routers import bare
from api.v1 import stations as doors
from api.v1.station_codes import get_poster_pdf
from api.v1.stations import POSTERS, WRITE, StationEdit, station_in_reach
from api.web.arriving import VisitOf
from api.web.asking import Problem, problem_of
from api.web.forms import FormBody, typed_of
from api.web.navigation import OFFICE_WORK
from api.web.office.devices import READ as READ_DEVICES
from api.web.office.devices import WRITE as WRITE_DEVICES
from api.web.office.places import Place, places_of, reaches_row
from api.web.office.station_form import KINDS, EditForm, degrees, said_of, typed_from
from api.web.visit import LOGIN_OVER, Visit
from ledger.session import ReadTx
from timebank.access import Actor
from timebank.devices.queries import Device, devices_page
from timebank.errors import RefusalError
from timebank.notices.rules import shown_name
from timebank.organisations.queries import names_of
from timebank.people.queries import masked_names
from timebank.permissions import Role
from timebank.roles.queries import who_reaches
from timebank.stations.queries import Station

router = bare()

MOST_DEVICES = 50
_ELSEWHERE = LOGIN_OVER | {"forbidden", "unknown_station"}


class StepForm(FormBody):
    """What is to become of the station, or of its poster."""

    do: Literal["close", "renew"]
    version: Id


@dataclass(frozen=True, slots=True)
class Inside:
    """A station as its office sees it; the devices are those of its organisation, None for who may not see them."""

    station: Station
    place: str
    steward: str
    devices: list[Device] | None
    can_write: bool
    can_print: bool
    can_enrol: bool


@dataclass(frozen=True, slots=True)
class Changing:
    """A station that is changed: the organisations it may belong to, and who may run it, by masked names."""

    station: Station
    places: list[Place]
    stewards: dict[UUID, str]


@router.get("/office/stations/{station_id}")
async def show_station(visit: VisitOf, station_id: PathId) -> Response:
    """Show a station in reach, and what may be done with it."""
    return await _page(visit, station_id)


@router.post("/office/stations/{station_id}")
async def take_step(visit: VisitOf, station_id: PathId) -> Response:
    """Close the station, or give its poster another code."""
    try:
        form = await visit.form(StepForm)
    except RequestValidationError:
        return await _page(visit, station_id, RefusalError("page.form_invalid"))
    door = doors.close_station if form.do == "close" else doors.renew_poster
    return await _answered(visit, station_id, door(visit.caller, station_id, Response(), etag(form.version)))


@router.get("/office/stations/{station_id}/poster.pdf")
async def read_poster(visit: VisitOf, station_id: PathId) -> Response:
    """Return the station's poster as a sheet of A4."""
    return await get_poster_pdf(visit.caller, station_id, await public_url(visit.request))


@router.get("/office/stations/{station_id}/edit")
async def show_edit(visit: VisitOf, station_id: PathId) -> Response:
    """Show the station as it is, to be changed."""
    return await _edit(visit, station_id)


@router.post("/office/stations/{station_id}/edit")
async def edit_station(visit: VisitOf, station_id: PathId) -> Response:
    """Change what is said of the station; who changed it meanwhile is not overruled unseen."""
    try:
        form = await visit.form(EditForm)
        asked = StationEdit.model_validate({**said_of(form), "steward_id": form.steward or None})
    except (RequestValidationError, ValidationError):
        wrong = problem_of(visit, RefusalError("page.office_stations.wrong"))
        return await _edit(visit, station_id, await typed_of(visit.request), wrong)
    try:
        await doors.edit_station(visit.caller, station_id, asked, Response(), etag(form.version))
    except RefusalError as refusal:
        if refusal.code in _ELSEWHERE:
            raise
        return await _edit(visit, station_id, await typed_of(visit.request), problem_of(visit, refusal))
    return visit.go(f"/office/stations/{station_id}")


async def _answered(visit: Visit, station_id: int, door: Awaitable[object]) -> Response:
    try:
        await door
    except RefusalError as refusal:
        if refusal.code in _ELSEWHERE:
            raise
        return await _page(visit, station_id, refusal)
    return visit.go(f"/office/stations/{station_id}")


async def _page(visit: Visit, station_id: int, refused: RefusalError | None = None) -> Response:
    async def work(tx: ReadTx, actor: Actor) -> Inside:
        found = await station_in_reach(tx, actor, OFFICE_WORK, station_id)
        place, steward = found.plan.organisation_id, found.plan.steward_id
        names = await masked_names(tx, visit.service.cipher, [steward] if steward else [], mask=shown_name)
        is_open = found.is_open(tx.day(visit.now))
        return Inside(
            found,
            (await names_of(tx, [place])).get(place, ""),
            (names.get(steward) or visit.say("page.merchant_desk.somebody")) if steward else "",
            await _devices(tx, place) if await reaches_row(tx, actor, READ_DEVICES, place) else None,
            can_write=is_open and await reaches_row(tx, actor, WRITE, place),
            can_print=is_open and await reaches_row(tx, actor, POSTERS, place),
            can_enrol=is_open and await reaches_row(tx, actor, WRITE_DEVICES, place),
        )

    problem: Problem | None = problem_of(visit, refused) if refused else None
    return visit.page(
        "office/station.html",
        status=problem.status if problem else 200,
        inside=await visit.read(work),
        problem=problem,
        today=visit.today,
        degrees=degrees,
    )


async def _edit(
    visit: Visit,
    station_id: int,
    typed: Mapping[str, object] | None = None,
    problem: Problem | None = None,
) -> Response:
    async def work(tx: ReadTx, actor: Actor) -> Changing:
        found = await station_in_reach(tx, actor, WRITE, station_id)
        if not found.is_open(tx.day(visit.now)):
            raise RefusalError("station_closed")
        able = await who_reaches(tx, Role.STEWARD, [found.plan.organisation_id], now=visit.now)
        who = [*able, *([found.plan.steward_id] if found.plan.steward_id else [])]
        names = await masked_names(tx, visit.service.cipher, who, mask=shown_name)
        nobody = visit.say("page.merchant_desk.somebody")
        return Changing(
            found, await places_of(tx, actor, WRITE), {each: names.get(each, nobody) for each in who}
        )

    changing = await visit.read(work)
    return visit.page(
        "office/station_form.html",
        status=problem.status if problem else 200,
        station=changing.station,
        nodes=changing.places,
        stewards=changing.stewards,
        kinds=KINDS,
        typed=typed_from(changing.station.plan) if typed is None else typed,
        problem=problem,
    )


async def _devices(tx: ReadTx, organisation_id: int) -> list[Device]:
    found = await devices_page(
        tx,
        organisations=[organisation_id],
        kind="station",
        with_revoked=False,
        after=None,
        limit=MOST_DEVICES,
    )
    return found[:MOST_DEVICES]
