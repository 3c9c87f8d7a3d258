"""Stations: where people check in. Finding, opening, editing and closing them; their codes are `station_codes`."""

from datetime import date
from typing import Annotated, Literal, TypeAlias
from uuid import UUID

from fastapi import Query, Response
from pydantic import BaseModel, ConfigDict, Field, model_validator

from api.cursors import Cursor, Limit, Page, after, page
from api.edge import CallerOf
from api.etags import IfMatch, etag, expected_version
from api.fields import MAX_ID, Code, Id, Name, PathId
from api.problems import problems
from api.routers import resource
from ledger.session import ReadTx, WriteTx
from timebank.access import Actor, check, check_organisation, check_row
from timebank.stations import actions, queries
from timebank.stations.queries import Filter, Plan, Position, Station

router = resource("/stations", tag="stations")

READ, WRITE, POSTERS = "stations.read", "stations.write", "stations.posters"

Kind: TypeAlias = Literal["neighbourhood", "warm_stop", "elder_canteen", "party_centre", "health", "other"]

FULL_CIRCLE_E6 = 180_000_000


class PositionField(BaseModel):
    """Where a station is, in millionths of a degree, and how many metres around it count as there."""

    model_config = ConfigDict(extra="forbid", from_attributes=True)

    latitude_e6: int = Field(ge=-FULL_CIRCLE_E6 // 2, le=FULL_CIRCLE_E6 // 2, examples=[25_000_000])
    longitude_e6: int = Field(ge=-FULL_CIRCLE_E6, le=FULL_CIRCLE_E6, examples=[119_000_000])
    radius_metres: int = Field(default=queries.DEFAULT_RADIUS_METRES, ge=10, le=5_000)


class StationOut(BaseModel):
    """A station; posters of an earlier serial are refused, `closed_on` is the first day on which it is closed."""

    id: int
    code: str
    name: str
    kind: Kind
    place: str
    hours: str
    organisation_id: int
    steward_id: UUID | None
    position: PositionField | None
    poster_serial: int
    closed_on: date | None
    version: int


class StationIn(BaseModel):
    """A new station of an organisation in reach; the steward is somebody with that role there."""

    model_config = ConfigDict(extra="forbid")

    code: Code
    name: Name
    kind: Kind
    place: Name
    hours: Name = Field(examples=["08:30-18:00"])
    organisation_id: Id
    steward_id: UUID | None = None
    position: PositionField | None = None


class StationEdit(BaseModel):
    """What is to change; null takes a steward or a position away and leaves anything else as it is."""

    model_config = ConfigDict(extra="forbid")

    code: Code | None = None
    name: Name | None = None
    kind: Kind | None = None
    place: Name | None = None
    hours: Name | None = None
    organisation_id: Id | None = None
    steward_id: UUID | None = None
    position: PositionField | None = None

    @model_validator(mode="after")
    def _changes_something(self) -> "StationEdit":
        if not self.changes():
            raise ValueError("nothing to change")
        return self

    def changes(self) -> dict[str, object]:
        """Return the new values by the plan's own names."""
        found = {name: getattr(self, name) for name in self.model_fields_set}
        removable = {"steward_id", "position"}
        changes = {name: value for name, value in found.items() if value is not None or name in removable}
        if self.position is not None:
            changes["position"] = Position(**self.position.model_dump())
        return changes


@router.get("", operation_id="list_stations", responses=problems(401, 403))
async def list_stations(
    caller: CallerOf,
    *,
    organisation_id: Annotated[int | None, Query(ge=1, le=MAX_ID)] = None,
    kind: Kind | None = None,
    closed: Annotated[bool, Query(description="Those that are closed today too.")] = False,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[StationOut]:
    """Return the stations of the bank, or of one organisation, by id."""

    async def work(tx: ReadTx, actor: Actor) -> list[Station]:
        check(actor, READ)
        organisations = None if organisation_id is None else [organisation_id]
        wanted = Filter(tx.day(caller.now), organisations, kind, closed)
        return await queries.stations(tx, wanted, after=after(cursor), limit=limit + 1)

    items, following = page(await caller.read(work), limit, lambda found: (found.id,))
    return Page(items=[station_out(item) for item in items], next_cursor=following)


@router.get("/{station_id}", operation_id="get_station", responses=problems(401, 403, 404))
async def get_station(caller: CallerOf, station_id: PathId, response: Response) -> StationOut:
    """Return one station with its ETag."""

    async def work(tx: ReadTx, actor: Actor) -> Station:
        check(actor, READ)
        return await queries.station(tx, station_id)

    return _out(await caller.read(work), response)


@router.post("", operation_id="open_station", status_code=201, responses=problems(401, 403, 404, 409))
async def open_station(caller: CallerOf, body: StationIn, response: Response) -> StationOut:
    """Open a station; its code is the only one of the bank, so that a repetition is refused."""
    position = None if body.position is None else Position(**body.position.model_dump())
    plan = Plan(**{**body.model_dump(exclude={"position"}), "position": position})

    async def work(tx: WriteTx, actor: Actor) -> Station:
        await check_organisation(tx, actor, WRITE, body.organisation_id)
        return await actions.open_station(tx, plan, now=caller.now)

    return _out(await caller.write(work, action="stations.open", subject=_named), response)


@router.patch("/{station_id}", operation_id="edit_station", responses=problems(401, 403, 404, 409, 412, 428))
async def edit_station(
    caller: CallerOf, station_id: PathId, body: StationEdit, response: Response, if_match: IfMatch = None
) -> StationOut:
    """Change what is said of a station; to another organisation only if both are in reach."""
    version = expected_version(if_match)

    async def work(tx: WriteTx, actor: Actor) -> Station:
        await station_in_reach(tx, actor, WRITE, station_id)
        if body.organisation_id is not None:
            await check_organisation(tx, actor, WRITE, body.organisation_id)
        return await actions.edit_station(
            tx, station_id, changes=body.changes(), expected_version=version, now=caller.now
        )

    return _out(await caller.write(work, action="stations.edit", subject=_named), response)


@router.post(
    "/{station_id}/close", operation_id="close_station", responses=problems(401, 403, 404, 409, 412, 428)
)
async def close_station(
    caller: CallerOf, station_id: PathId, response: Response, if_match: IfMatch = None
) -> StationOut:
    """Close a station from today on: it shows no code any more, and its posters are refused."""
    version = expected_version(if_match)

    async def work(tx: WriteTx, actor: Actor) -> Station:
        await station_in_reach(tx, actor, WRITE, station_id)
        return await actions.close_station(tx, station_id, expected_version=version, now=caller.now)

    return _out(await caller.write(work, action="stations.close", subject=_named), response)


@router.post(
    "/{station_id}/poster/renew", operation_id="renew_poster", responses=problems(401, 403, 404, 412, 428)
)
async def renew_poster(
    caller: CallerOf, station_id: PathId, response: Response, if_match: IfMatch = None
) -> StationOut:
    """Give the poster another code: those that hang already, or were photographed, are refused from now on."""
    version = expected_version(if_match)

    async def work(tx: WriteTx, actor: Actor) -> Station:
        await station_in_reach(tx, actor, POSTERS, station_id)
        return await actions.renew_poster(tx, station_id, expected_version=version, now=caller.now)

    return _out(await caller.write(work, action="stations.renew_poster", subject=_named), response)


async def station_in_reach(tx: ReadTx, actor: Actor, permission: str, station_id: int) -> Station:
    """Return a station of an organisation in which the actor has a permission.

    Raises:
        RefusalError: `forbidden`; `unknown_station`, out of reach too.
    """
    check(actor, permission)
    found = await queries.station(tx, station_id)
    await check_row(tx, actor, permission, found.plan.organisation_id, unknown="unknown_station")
    return found


def station_out(found: Station) -> StationOut:
    """Return a station as it is answered."""
    plan = found.plan
    return StationOut.model_validate(
        {
            "id": found.id,
            "code": plan.code,
            "name": plan.name,
            "kind": plan.kind,
            "place": plan.place,
            "hours": plan.hours,
            "organisation_id": plan.organisation_id,
            "steward_id": plan.steward_id,
            "position": None if plan.position is None else PositionField.model_validate(plan.position),
            "poster_serial": found.poster_serial,
            "closed_on": found.closed_on,
            "version": found.version,
        }
    )


def _named(found: Station) -> str:
    return str(found.id)


def _out(found: Station, response: Response) -> StationOut:
    response.headers["ETag"] = etag(found.version)
    return station_out(found)
