"""The station's screen: the rotating code for everybody's phone, and a box that a scanner gun types into.

It runs in the login of a steward or worker. With script the next codes are fetched ahead, so that a bad line does not
stop the screen; without it the page loads itself anew.
"""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from hashlib import sha256
from typing import Annotated, Literal
from uuid import UUID

from fastapi import Query
from fastapi.exceptions import RequestValidationError
from pydantic import StringConstraints
from starlette.responses import JSONResponse, Response

from api.fields import MAX_ID, PathId, Printable
from api.routers import bare
from api.v1.stations import station_in_reach
from api.web.arriving import VisitOf
from api.web.forms import FormBody
from api.web.scanning import words_of
from api.web.visit import LOGIN_OVER, Visit
from ledger.session import ReadTx
from timebank.access import Actor, check, reach
from timebank.activities.session_queries import ActivitySession
from timebank.codes.images import qr_svg
from timebank.codes.rules import link
from timebank.errors import RefusalError
from timebank.people.queries import masked_names
from timebank.scans.queries import SessionAttendance, attendances_of, refusals_of
from timebank.scans.requests import ScanAnswer, ScanRequest
from timebank.stations.codes import ShownCode, shown_codes
from timebank.stations.queries import Filter, Station, sessions_of_station, stations

router = bare()

SHOW, TAKE, READ = "stations.show", "scans.take", "scans.read"
LIST_LIMIT = 200
LAST_IN = 12
CARD = "TBC-"

SessionId = Annotated[int | None, Query(alias="session", ge=1, le=MAX_ID)]


class ShownForm(FormBody):
    """What the scanner gun typed: a member's code, or the token of a card."""

    shown: Annotated[str, StringConstraints(min_length=1, max_length=300, strip_whitespace=True), Printable]
    kind: Literal["in", "out"]
    once: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{32}$")]


@dataclass(frozen=True, slots=True)
class Here:
    """A member as the screen shows one: a masked name, and the times."""

    name: str
    check_in_at: datetime | None
    check_out_at: datetime | None


@dataclass(frozen=True, slots=True)
class Counts:
    """How many members checked in and out, and how many scans were refused."""

    checked_in: int
    checked_out: int
    refused: int


@dataclass(frozen=True, slots=True)
class Screen:
    """What the screen shows: the station, what it checks in to now, and of one session the code and who is in."""

    station: Station
    sessions: list[ActivitySession]
    session: ActivitySession | None
    codes: list[ShownCode]
    here: list[Here]
    counts: Counts
    refusals: Mapping[str, int]


@router.get("/stations")
async def list_stations(visit: VisitOf) -> Response:
    """Show the stations that the visitor runs."""

    async def work(tx: ReadTx, actor: Actor) -> list[Station]:
        wanted = Filter(tx.day(visit.now), await reach(tx, actor, SHOW))
        return await stations(tx, wanted, after=0, limit=LIST_LIMIT)

    return visit.page("stations.html", stations=await visit.read(work))


@router.get("/stations/{station_id}/screen")
async def show_screen(visit: VisitOf, station_id: PathId, session: SessionId = None) -> Response:
    """Show the code of a session; which one, if there are several."""
    return await _screen(visit, station_id, session)


@router.get("/stations/{station_id}/screen/codes")
async def read_codes(visit: VisitOf, station_id: PathId, session: SessionId = None) -> Response:
    """Return the code of now and those of the next two minutes, for the screen's script."""

    async def work(tx: ReadTx, actor: Actor) -> tuple[list[ShownCode], Counts]:
        await station_in_reach(tx, actor, SHOW, station_id)
        codes = await shown_codes(
            tx, visit.service.codes, station_id=station_id, session_id=session or 0, now=visit.now
        )
        refusals = await refusals_of(tx, session or 0)
        return codes, _counts(await attendances_of(tx, session or 0), refusals)

    try:
        found, counts = await visit.read(work)
    except RefusalError as refusal:
        status = 401 if refusal.code in LOGIN_OVER else 409
        return JSONResponse({"sentence": visit.say(refusal.code, **refusal.params)}, status_code=status)
    codes = [
        {
            "link": link(public_url(visit), code.text),
            "from": milliseconds(code.valid_from),
            "until": milliseconds(code.expires_at),
        }
        for code in found
    ]
    said = {"now": milliseconds(visit.now), "codes": codes, "counts": asdict(counts)}
    return visit.finish(JSONResponse(said))


@router.post("/stations/{station_id}/screen")
async def take_scan(visit: VisitOf, station_id: PathId, session: SessionId = None) -> Response:
    """Take what a member showed, and show what came of it."""
    try:
        form = await visit.form(ShownForm)
    except RequestValidationError:
        return await _screen(visit, station_id, session, refused="code_unreadable")
    if session is None:
        return await _screen(visit, station_id, session)

    async def work(tx: ReadTx, actor: Actor) -> ScanRequest:
        await station_in_reach(tx, actor, SHOW, station_id)
        nodes = await reach(tx, actor, TAKE)
        assert visit.claims is not None  # noqa: S101 -- who reads is logged in
        said = f"screen\0{visit.claims.session_id}\0{session}\0{station_id}\0{form.kind}\0{form.once}"
        is_card = form.shown.upper().startswith(CARD)
        return ScanRequest(
            digest=sha256(said.encode()).digest(),
            kind=form.kind,
            received_at=visit.now,
            actor=actor.text,
            session_id=session,
            station_id=station_id,
            card=form.shown if is_card else None,
            member_code=None if is_card else form.shown,
            within=None if nodes is None else frozenset(nodes),
        )

    request = await visit.read(work)
    answer = await visit.service.scan_queue(visit.banks_own).submit(request)
    return await _screen(visit, station_id, session, answer=answer, kind=form.kind)


async def _screen(
    visit: Visit,
    station_id: int,
    session_id: int | None,
    *,
    answer: ScanAnswer | None = None,
    refused: str | None = None,
    kind: str = "in",
) -> Response:
    screen = await visit.read(lambda tx, actor: _loaded(visit, tx, actor, station_id, session_id))
    name = None
    if answer is not None and answer.is_good and answer.person_id is not None:
        who = answer.person_id
        name = (await visit.read(lambda tx, _: _names(visit, tx, [who]))).get(who, "*")
    elif answer is not None:
        refused = words_of(answer.outcome)
    code = screen.codes[0] if screen.codes else None
    return visit.page(
        "screen.html",
        screen=screen,
        answer=answer,
        name=name,
        refused_as=refused,
        kind=kind,
        once=secrets.token_hex(16),
        symbol=qr_svg(link(public_url(visit), code.text)) if code else "",
    )


async def _loaded(visit: Visit, tx: ReadTx, actor: Actor, station_id: int, session_id: int | None) -> Screen:
    found = await station_in_reach(tx, actor, SHOW, station_id)
    check(actor, READ)
    sessions = await sessions_of_station(tx, station_id, now=visit.now)
    chosen = next((each for each in sessions if each.id == session_id), None)
    if session_id is None and len(sessions) == 1:
        chosen = sessions[0]
    if chosen is None:
        return Screen(found, sessions, None, [], [], Counts(0, 0, 0), {})
    codes = await shown_codes(
        tx, visit.service.codes, station_id=station_id, session_id=chosen.id, now=visit.now
    )
    attendances = await attendances_of(tx, chosen.id)
    last = sorted(attendances, key=_last_seen, reverse=True)[:LAST_IN]
    names = await _names(visit, tx, [each.owner for each in last])
    refusals = {words_of(code): times for code, times in (await refusals_of(tx, chosen.id)).items()}
    return Screen(
        station=found,
        sessions=sessions,
        session=chosen,
        codes=codes,
        here=[Here(names.get(each.owner, "*"), each.check_in_at, each.check_out_at) for each in last],
        counts=_counts(attendances, refusals),
        refusals=refusals,
    )


def _counts(attendances: Sequence[SessionAttendance], refusals: Mapping[str, int]) -> Counts:
    return Counts(
        sum(each.check_in_at is not None for each in attendances),
        sum(each.check_out_at is not None for each in attendances),
        sum(refusals.values()),
    )


async def _names(visit: Visit, tx: ReadTx, ids: Sequence[UUID]) -> dict[UUID, str]:
    return await masked_names(tx, visit.service.cipher, ids)


def _last_seen(attendance: SessionAttendance) -> datetime:
    found = attendance.check_out_at or attendance.check_in_at
    assert found is not None  # noqa: S101 -- it comes of a scan at least
    return found


def public_url(visit: Visit) -> str:
    """Return where phones reach the pages: as it is set, or as the screen itself was asked for."""
    url = visit.request.url
    return visit.service.settings.public_url or f"{url.scheme}://{url.netloc}"


def milliseconds(at: datetime) -> int:
    """Return a moment as scripts count it."""
    return int(at.timestamp() * 1000)
