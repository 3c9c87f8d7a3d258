"""What stations show: the rotating code of a session, and the printed poster with its static one."""

import asyncio
from datetime import datetime
from typing import Annotated

from fastapi import Query, Response
from pydantic import BaseModel, ConfigDict, Field

from api.addresses import PublicUrl
from api.edge import Caller, CallerOf
from api.fields import MAX_ID, PathId
from api.problems import problems
from api.routers import resource
from api.v1.stations import POSTERS, station_in_reach
from ledger.session import ReadTx
from timebank.access import Actor
from timebank.codes.images import qr_png, qr_svg
from timebank.codes.rules import STATION_WINDOW_SECONDS, link, poster_code
from timebank.codes.sheets import SheetFormat
from timebank.errors import RefusalError
from timebank.organisations.queries import organisation
from timebank.stations.codes import ShownCode, shown_codes
from timebank.stations.posters import Poster, render_poster

router = resource("/stations", tag="stations")

SHOW = "stations.show"
SVG, PNG, PDF = "image/svg+xml", "image/png", "application/pdf"

SessionId = Annotated[int, Query(alias="activity_session_id", ge=1, le=MAX_ID)]


class ShownCodeOut(BaseModel):
    """A code, the link in its symbol, and from when until when it is shown; it is taken 15 seconds longer."""

    model_config = ConfigDict(from_attributes=True)

    text: str = Field(examples=["AEAQCAIHBNEPBEOWWWDEHWNIUFNKY"])
    link: str = Field(examples=["HTTPS://TIME.EXAMPLE.CN/Q/AEAQCAIHBNEPBEOWWWDEHWNIUFNKY"])
    valid_from: datetime
    expires_at: datetime


class StationCodeOut(ShownCodeOut):
    """The code of now, the server's time to set a clock by, and the codes of the next two minutes.

    A screen that gets no answer goes on with `following`, each from its `valid_from`.
    """

    station_id: int
    activity_session_id: int
    window_seconds: int
    server_time: datetime
    following: list[ShownCodeOut]


def _file(*media_types: str) -> dict[int | str, dict[str, object]]:
    content = {media_type: {"schema": {"type": "string", "format": "binary"}} for media_type in media_types}
    return {200: {"description": "The picture.", "content": content}}


@router.get("/{station_id}/code", operation_id="get_station_code", responses=problems(401, 403, 404))
async def get_station_code(
    caller: CallerOf, station_id: PathId, session_id: SessionId, public_url: PublicUrl
) -> StationCodeOut:
    """Return the code that a station in reach shows now, for a session that it checks people in to."""
    current, *following = [
        ShownCodeOut(
            text=shown.text,
            link=link(public_url, shown.text),
            valid_from=shown.valid_from,
            expires_at=shown.expires_at,
        )
        for shown in await _shown(caller, station_id, session_id)
    ]
    return StationCodeOut(
        **current.model_dump(),
        station_id=station_id,
        activity_session_id=session_id,
        window_seconds=STATION_WINDOW_SECONDS,
        server_time=caller.now,
        following=following,
    )


@router.get(
    "/{station_id}/code.svg",
    operation_id="get_station_code_svg",
    response_class=Response,
    responses=problems(401, 403, 404) | _file(SVG),
)
async def get_station_code_svg(
    caller: CallerOf, station_id: PathId, session_id: SessionId, public_url: PublicUrl
) -> Response:
    """Return the symbol of a station's code of now as SVG."""
    shown = await _shown(caller, station_id, session_id)
    return Response(await asyncio.to_thread(qr_svg, link(public_url, shown[0].text)), media_type=SVG)


@router.get(
    "/{station_id}/code.png",
    operation_id="get_station_code_png",
    response_class=Response,
    responses=problems(401, 403, 404) | _file(PNG),
)
async def get_station_code_png(
    caller: CallerOf, station_id: PathId, session_id: SessionId, public_url: PublicUrl
) -> Response:
    """Return the symbol of a station's code of now as PNG."""
    shown = await _shown(caller, station_id, session_id)
    return Response(await asyncio.to_thread(qr_png, link(public_url, shown[0].text)), media_type=PNG)


@router.get(
    "/{station_id}/poster.svg",
    operation_id="get_poster_svg",
    response_class=Response,
    responses=problems(401, 403, 404) | _file(SVG),
)
async def get_poster_svg(caller: CallerOf, station_id: PathId, public_url: PublicUrl) -> Response:
    """Return a station's poster as SVG."""
    return await _poster(caller, station_id, public_url, "svg", SVG)


@router.get(
    "/{station_id}/poster.png",
    operation_id="get_poster_png",
    response_class=Response,
    responses=problems(401, 403, 404) | _file(PNG),
)
async def get_poster_png(caller: CallerOf, station_id: PathId, public_url: PublicUrl) -> Response:
    """Return a station's poster as PNG."""
    return await _poster(caller, station_id, public_url, "png", PNG)


@router.get(
    "/{station_id}/poster.pdf",
    operation_id="get_poster_pdf",
    response_class=Response,
    responses=problems(401, 403, 404) | _file(PDF),
)
async def get_poster_pdf(caller: CallerOf, station_id: PathId, public_url: PublicUrl) -> Response:
    """Return a station's poster as a sheet of A4."""
    return await _poster(caller, station_id, public_url, "pdf", PDF)


async def _shown(caller: Caller, station_id: int, session_id: int) -> list[ShownCode]:
    async def work(tx: ReadTx, actor: Actor) -> list[ShownCode]:
        await station_in_reach(tx, actor, SHOW, station_id)
        return await shown_codes(
            tx, caller.service.codes, station_id=station_id, session_id=session_id, now=caller.now
        )

    return await caller.read(work)


async def _poster(
    caller: Caller, station_id: int, public_url: str, form: SheetFormat, media_type: str
) -> Response:
    async def work(tx: ReadTx, actor: Actor) -> Poster:
        found = await station_in_reach(tx, actor, POSTERS, station_id)
        if not found.is_open(tx.day(caller.now)):
            raise RefusalError("station_closed")
        code = poster_code(
            caller.service.codes, bank_id=tx.bank_id, station_id=station_id, serial=found.poster_serial
        )
        return Poster(
            organisation=(await organisation(tx, found.plan.organisation_id)).name,
            name=found.plan.name,
            place=found.plan.place,
            number=f"{found.plan.code} · {found.poster_serial}",
            link=link(public_url, code),
        )

    poster = await caller.read(work)
    return Response(await asyncio.to_thread(render_poster, poster, form), media_type=media_type)
