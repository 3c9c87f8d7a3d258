"""The stations at the desk: which there are, finding one, and opening another."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated

from fastapi import Query
from fastapi.exceptions import RequestValidationError
from pydantic import StringConstraints, ValidationError
from starlette.responses import Response

from api.fields import MAX_ID, Printable
from api.routers import bare
from api.v1 import stations as doors
from api.v1.stations import WRITE, StationIn
from api.web.arriving import VisitOf
from api.web.asking import Problem, problem_of
from api.web.forms import typed_of
from api.web.navigation import OFFICE_WORK
from api.web.office.places import Place, places_of
from api.web.office.station_form import KINDS, StationForm, said_of
from api.web.visit import LOGIN_OVER, Visit
from ledger.session import ReadTx
from timebank.access import Actor, reach
from timebank.errors import RefusalError
from timebank.organisations.queries import names_of
from timebank.stations.queries import Filter, Station, stations

router = bare()

PAGE_STATIONS = 30
_ELSEWHERE = LOGIN_OVER | {"forbidden"}

Text = Annotated[str, Query(max_length=50), StringConstraints(strip_whitespace=True), Printable]
After = Annotated[int, Query(ge=0, le=MAX_ID)]


@dataclass(frozen=True, slots=True)
class Listed:
    """A page of stations, the names of their organisations, and from where the next page goes on."""

    stations: list[Station]
    places: dict[int, str]
    following: int | None


@router.get("/office/stations")
async def show_stations(
    visit: VisitOf, text: Text = "", after: After = 0, *, closed: bool = False
) -> Response:
    """Show the stations in reach, by a part of a code, a name or a place if so wished; closed ones on asking."""

    async def work(tx: ReadTx, actor: Actor) -> Listed:
        nodes = await reach(tx, actor, OFFICE_WORK)
        wanted = Filter(tx.day(visit.now), nodes, closed_too=closed, text=text or None)
        found = await stations(tx, wanted, after=after, limit=PAGE_STATIONS + 1)
        shown = found[:PAGE_STATIONS]
        places = await names_of(tx, [one.plan.organisation_id for one in shown])
        return Listed(shown, places, shown[-1].id if len(found) > PAGE_STATIONS else None)

    listed = await visit.read(work)
    return visit.page("office/stations.html", listed=listed, text=text, closed=closed, today=visit.today)


@router.get("/office/stations/new")
async def show_new(visit: VisitOf) -> Response:
    """Show the form of a new station."""
    return await _form(visit, {})


@router.post("/office/stations/new")
async def open_station(visit: VisitOf) -> Response:
    """Open a station; its code is the only one of the bank, so a form sent twice opens it once."""
    try:
        asked = StationIn.model_validate(said_of(await visit.form(StationForm)))
    except (RequestValidationError, ValidationError):
        wrong = problem_of(visit, RefusalError("page.office_stations.wrong"))
        return await _form(visit, await typed_of(visit.request), wrong)
    try:
        opened = await doors.open_station(visit.caller, asked, Response())
    except RefusalError as refusal:
        if refusal.code in _ELSEWHERE:
            raise
        return await _form(visit, await typed_of(visit.request), problem_of(visit, refusal))
    return visit.go(f"/office/stations/{opened.id}")


async def _form(visit: Visit, typed: Mapping[str, object], problem: Problem | None = None) -> Response:
    async def work(tx: ReadTx, actor: Actor) -> list[Place]:
        return await places_of(tx, actor, WRITE)

    places = await visit.read(work)
    return visit.page(
        "office/station_form.html",
        status=problem.status if problem else 200,
        station=None,
        nodes=places,
        stewards={},
        kinds=KINDS,
        typed=typed,
        problem=problem,
    )
