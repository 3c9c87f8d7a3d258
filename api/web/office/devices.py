"""Tablets and tills at the office's desk, tills at a shop manager's: a code for a new one, stopping a lost one.

A code is shown in the answer to its form and nowhere else: no address names it, and nothing that could show it again
is kept. A form that is sent twice makes two codes, each good for one device and for minutes.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias
from uuid import UUID

from fastapi.exceptions import RequestValidationError
from starlette.responses import Response

from api.fields import Id, Name
from api.routers import bare
from api.v1 import devices as doors
from api.v1.devices import EnrolmentOut, EnrolmentRequest, Kind
from api.v1.stations import station_in_reach
from api.web.arriving import VisitOf
from api.web.asking import Problem, problem_of
from api.web.forms import FormBody, typed_of
from api.web.navigation import OFFICE_WORK
from api.web.office.places import reaches_row
from api.web.till.counters import shops_within
from api.web.visit import LOGIN_OVER, Visit
from ledger.session import ReadTx
from timebank.access import Actor, check, check_row, has, reach
from timebank.codes.images import qr_svg
from timebank.devices.queries import Device, device, devices_page
from timebank.errors import RefusalError
from timebank.organisations.queries import names_of
from timebank.shops.access import check_shop
from timebank.stations.queries import Filter, stations

router = bare()

READ, WRITE = "devices.read", "devices.write"
PAGE_DEVICES = 30
MOST_PLACES = 200
SHOP: Final = "/shop"
_ELSEWHERE = LOGIN_OVER | {"forbidden"}

Desk: TypeAlias = Literal["office", "shop"]


class NewForm(FormBody):
    """What a new device is, the station or the shop that it is for, and what it is to be called."""

    kind: Kind
    at: Id
    name: Name


@dataclass(frozen=True, slots=True)
class Listed:
    """A page of devices, the names of their places, and by id the stations or shops that may get another."""

    devices: list[Device]
    places: dict[int, str]
    following: UUID | None
    free: dict[int, str]


@router.get("/office/devices")
@router.get("/shop/devices")
async def show_devices(
    visit: VisitOf,
    kind: Kind = "station",
    at: int | None = None,
    after: UUID | None = None,
    *,
    revoked: bool = False,
) -> Response:
    """Show the devices in reach, those that were stopped on asking, and the form of a new one to who may add it."""
    return await _list(visit, kind, after=after, revoked=revoked, typed={"at": str(at or "")})


@router.post("/office/devices")
@router.post("/shop/devices")
async def prepare(visit: VisitOf) -> Response:
    """Make the code of a new device, shown this once."""
    try:
        form = await visit.form(NewForm)
    except RequestValidationError:
        typed = await typed_of(visit.request)
        kind: Kind = "till" if typed.get("kind") == "till" else "station"
        return await _list(visit, kind, typed=typed, refused=RefusalError("page.devices.wrong"))
    try:
        _check_kind(visit, form.kind)
        place = await visit.read(lambda tx, actor: _place_of(tx, actor, visit, form))
        wanted = EnrolmentRequest(kind=form.kind, name=form.name, organisation_id=place)
        made = await doors.prepare(wanted, visit.caller)
    except RefusalError as refusal:
        if refusal.code in _ELSEWHERE:
            raise
        return await _list(visit, form.kind, typed=await typed_of(visit.request), refused=refusal)
    return await _list(visit, form.kind, made=made)


@router.get("/office/devices/{device_id}")
@router.get("/shop/devices/{device_id}")
async def show_device(visit: VisitOf, device_id: UUID) -> Response:
    """Show one device, and what stopping it means before it is done."""
    return await _one(visit, device_id)


@router.post("/office/devices/{device_id}")
@router.post("/shop/devices/{device_id}")
async def revoke(visit: VisitOf, device_id: UUID) -> Response:
    """Stop a device: it is logged out at once, and for good."""
    try:
        await visit.form(FormBody)
        await doors.revoke(device_id, visit.caller)
    except RequestValidationError:
        return await _one(visit, device_id, RefusalError("page.form_invalid"))
    except RefusalError as refusal:
        if refusal.code != "already_revoked_device":
            raise
        return await _one(visit, device_id, refusal)
    return visit.go(f"/{_desk(visit)}/devices/{device_id}")


def _desk(visit: Visit) -> Desk:
    return "shop" if visit.request.url.path.startswith(SHOP) else "office"


def _check_kind(visit: Visit, kind: str) -> None:
    """Refuse at a shop manager's desk what is no till.

    Raises:
        RefusalError: `unknown_device`.
    """
    if _desk(visit) == "shop" and kind != "till":
        raise RefusalError("unknown_device")


def _check_desk(visit: Visit, actor: Actor) -> None:
    """Refuse who may see no device, and at the office's desk who does not work there.

    Raises:
        RefusalError: `forbidden`.
    """
    check(actor, READ)
    if _desk(visit) == "office":
        check(actor, OFFICE_WORK)


async def _place_of(tx: ReadTx, actor: Actor, visit: Visit, form: NewForm) -> int:
    """Return the organisation of the station or the shop that a device is for, if it is open and in reach."""
    _check_desk(visit, actor)
    today = tx.day(visit.now)
    if form.kind == "station":
        station = await station_in_reach(tx, actor, WRITE, form.at)
        if not station.is_open(today):
            raise RefusalError("station_closed")
        return station.plan.organisation_id
    shop = await check_shop(tx, actor, WRITE, form.at)
    if shop.organisation_id is None:
        raise RefusalError("unknown_shop")
    if not shop.is_open(today):
        raise RefusalError("shop_closed")
    return shop.organisation_id


async def _free(tx: ReadTx, actor: Actor, visit: Visit, kind: Kind) -> dict[int, str]:
    """Return the open stations, or shops, for which the actor may add a device."""
    if not has(actor, WRITE):
        return {}
    nodes = await reach(tx, actor, WRITE)
    if kind == "till":
        return {shop.id: shop.name or shop.code for shop in await shops_within(tx, visit, nodes)}
    found = await stations(tx, Filter(tx.day(visit.now), nodes), after=0, limit=MOST_PLACES)
    return {station.id: station.plan.name for station in found}


async def _list(
    visit: Visit,
    kind: Kind,
    *,
    after: UUID | None = None,
    revoked: bool = False,
    typed: Mapping[str, object] | None = None,
    made: EnrolmentOut | None = None,
    refused: RefusalError | None = None,
) -> Response:
    desk = _desk(visit)
    wanted: Kind = "till" if desk == "shop" else kind

    async def work(tx: ReadTx, actor: Actor) -> Listed:
        _check_desk(visit, actor)
        found = await devices_page(
            tx,
            organisations=await reach(tx, actor, READ),
            kind=wanted,
            with_revoked=revoked,
            after=after,
            limit=PAGE_DEVICES,
        )
        shown = found[:PAGE_DEVICES]
        return Listed(
            shown,
            await names_of(tx, [each.organisation_id for each in shown]),
            shown[-1].id if len(found) > PAGE_DEVICES else None,
            await _free(tx, actor, visit, wanted),
        )

    problem: Problem | None = problem_of(visit, refused) if refused else None
    return visit.page(
        f"{desk}/devices.html",
        status=problem.status if problem else 200,
        desk=desk,
        kind=wanted,
        revoked=revoked,
        listed=await visit.read(work),
        typed=typed or {},
        made=made,
        symbol=await asyncio.to_thread(qr_svg, made.qr) if made else "",
        problem=problem,
    )


async def _one(visit: Visit, device_id: UUID, refused: RefusalError | None = None) -> Response:
    async def work(tx: ReadTx, actor: Actor) -> tuple[Device, str, bool]:
        _check_desk(visit, actor)
        found = await device(tx, device_id)
        await check_row(tx, actor, READ, found.organisation_id, unknown="unknown_device")
        _check_kind(visit, found.kind)
        place = (await names_of(tx, [found.organisation_id])).get(found.organisation_id, "")
        return found, place, await reaches_row(tx, actor, WRITE, found.organisation_id)

    found, place, can_write = await visit.read(work)
    problem: Problem | None = problem_of(visit, refused) if refused else None
    return visit.page(
        f"{_desk(visit)}/device.html",
        status=problem.status if problem else 200,
        desk=_desk(visit),
        device=found,
        place=place,
        can_write=can_write,
        problem=problem,
    )
