"""The station's screen: the rotating code for everybody's phone, and a box that a scanner gun types into.

It runs in the login of a steward or worker. With script the next codes are fetched ahead, so that a bad line does not
stop the screen; without it the page loads itself anew.
"""

import asyncio
import secrets
from dataclasses import asdict
from typing import Annotated, Literal

from fastapi import Query
from fastapi.exceptions import RequestValidationError
from pydantic import StringConstraints
from starlette.responses import Response

from api.addresses import public_url
from api.fields import PathId, Printable
from api.routers import bare
from api.v1.stations import station_in_reach
from api.web.arriving import VisitOf
from api.web.asking import Once
from api.web.forms import FormBody
from api.web.screen_codes import codes_answer, refused_answer
from api.web.station.loading import (
    NOBODY,
    NOTHING,
    SHOW,
    Counts,
    Desk,
    Screen,
    SessionId,
    counts_of,
    desk_of,
    names_of,
    screen_of,
)
from api.web.station.taking import Shown, take
from api.web.visit import Visit
from api.web.volunteer.scanning import words_of
from ledger.session import ReadTx
from timebank.access import Actor, reach
from timebank.codes.images import qr_svg
from timebank.codes.rules import link
from timebank.errors import RefusalError
from timebank.scans.queries import attendances_of, refusals_of
from timebank.scans.requests import ScanAnswer
from timebank.stations.codes import ShownCode, shown_codes
from timebank.stations.queries import Filter, Station, stations

router = bare()

LIST_LIMIT = 200


class ShownForm(FormBody):
    """What the scanner gun typed: a member's code, or the token of a card."""

    shown: Annotated[str, StringConstraints(min_length=1, max_length=300, strip_whitespace=True), Printable]
    kind: Literal["in", "out"]
    once: Once


@router.get("/stations")
async def list_stations(visit: VisitOf) -> Response:
    """Show the stations that the visitor runs."""

    async def work(tx: ReadTx, actor: Actor) -> list[Station]:
        wanted = Filter(tx.day(visit.now), await reach(tx, actor, SHOW))
        return await stations(tx, wanted, after=0, limit=LIST_LIMIT)

    return visit.page("station/stations.html", stations=await visit.read(work))


@router.get("/stations/{station_id}/screen")
async def show_screen(
    visit: VisitOf,
    station_id: PathId,
    session: SessionId = None,
    *,
    shell: Annotated[bool, Query(description="Without anybody's name: what the tablet keeps.")] = False,
) -> Response:
    """Show the code of a session; which one, if there are several."""
    return await _screen(visit, station_id, session, shell=shell)


@router.get("/stations/{station_id}/screen/codes")
async def read_codes(visit: VisitOf, station_id: PathId, session: SessionId = None) -> Response:
    """Return the code of now and those of the next two minutes, for the screen's script."""

    async def work(tx: ReadTx, actor: Actor) -> tuple[list[ShownCode], Counts]:
        await station_in_reach(tx, actor, SHOW, station_id)
        codes = await shown_codes(
            tx, visit.service.codes, station_id=station_id, session_id=session or 0, now=visit.now
        )
        refusals = await refusals_of(tx, session or 0)
        return codes, counts_of(await attendances_of(tx, session or 0), refusals)

    try:
        found, counts = await visit.read(work)
    except RefusalError as refusal:
        return refused_answer(visit, refusal)
    return await codes_answer(visit, found, asdict(counts))


@router.post("/stations/{station_id}/screen")
async def take_scan(visit: VisitOf, station_id: PathId, session: SessionId = None) -> Response:
    """Take what a member showed, and show what came of it."""
    try:
        form = await visit.form(ShownForm)
    except RequestValidationError:
        return await _screen(visit, station_id, session, refused="code_unreadable")
    if session is None:
        return await _screen(visit, station_id, session)
    answer = await take(visit, station_id, session, Shown(form.shown, form.kind, form.once))
    return await _screen(visit, station_id, session, answer=answer, kind=form.kind)


async def _screen(
    visit: Visit,
    station_id: int,
    session_id: int | None,
    *,
    answer: ScanAnswer | None = None,
    refused: str | None = None,
    kind: str = "in",
    shell: bool = False,
) -> Response:
    async def work(tx: ReadTx, actor: Actor) -> tuple[Desk, Screen, str | None]:
        desk = await desk_of(visit, tx, actor, station_id, session_id)
        if shell:
            return desk, NOTHING, None
        name = None
        if answer is not None and answer.is_good and answer.person_id is not None:
            who = answer.person_id
            name = (await names_of(visit, tx, [who])).get(who, NOBODY)
        return desk, await screen_of(visit, tx, desk), name

    desk, screen, name = await visit.read(work)
    if answer is not None and name is None:
        refused = words_of(answer.outcome)
    symbol = ""
    if screen.codes:
        address = link(await public_url(visit.request), screen.codes[0].text)
        symbol = await asyncio.to_thread(qr_svg, address)
    return visit.page(
        "station/screen.html",
        has_camera=True,
        desk=desk,
        screen=screen,
        answer=answer,
        name=name,
        refused_as=refused,
        kind=kind,
        once=secrets.token_hex(16),
        symbol=symbol,
    )
