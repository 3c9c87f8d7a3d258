"""Sessions of activities (场次): when and where people come, and how many places there are."""

from datetime import datetime, time
from typing import Annotated, Literal, TypeAlias

from fastapi import Query, Response
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from api.cursors import DEFAULT_LIMIT, Cursor, Limit, Page, instant_and_id, page
from api.edge import CallerOf
from api.etags import IfMatch, etag, expected_version
from api.fields import MAX_ID, Day, Id, Instant, Name, PathId
from api.problems import problems
from api.routers import resource
from api.v1.activities import Capacity, Minutes, changes_of
from ledger.session import ReadTx, WriteTx
from timebank.access import Actor, check
from timebank.activities import sessions as actions
from timebank.activities.seen import drafts_seen
from timebank.activities.session_queries import Counted, SessionFilter, seen_session, sessions
from timebank.activities.sessions import Recurrence, Terms

router = resource(tag="activity-sessions")
READ = "activities.read"

State: TypeAlias = Literal["planned", "closed", "cancelled"]
Stations = Annotated[list[Id], Field(max_length=50)]


def _clock(value: object) -> object:
    if not isinstance(value, str):
        raise ValueError("not a time of day")  # noqa: TRY004 -- pydantic takes only this for a refusal
    return value


def _plain(value: time) -> time:
    if value.tzinfo is not None or value.microsecond:
        raise ValueError("not a plain time of day")
    return value


TimeOfDay = Annotated[
    time,
    BeforeValidator(_clock),
    AfterValidator(_plain),
    Field(description="By the bank's clock.", examples=["08:30"]),
]


class SessionOut(BaseModel):
    """A session, with what of its activity matters to who comes."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    activity_id: int
    activity_code: str
    activity_name: str
    activity_state: Literal["draft", "published", "running", "closed", "cancelled"]
    kind: Literal["ordinary", "emergency"]
    category: str
    is_volunteer_service: bool
    organisation_id: int | None
    team_id: int | None
    starts_at: datetime
    ends_at: datetime
    place: str
    rest_minutes: int
    capacity: int | None
    skills: list[str]
    min_age: int | None
    is_dangerous: bool
    state: State
    closed_at: datetime | None
    version: int
    stations: list[int]


class CountedOut(SessionOut):
    """A session with its places: `free` is null if there is no end of them."""

    signed_up: int
    waiting: int
    free: int | None


class TermsIn(BaseModel):
    """What a session has besides its time; left out as the activity has it."""

    model_config = ConfigDict(extra="forbid")

    place: Name | None = None
    rest_minutes: Minutes | None = None
    capacity: Capacity | None = None
    station_ids: Stations = []

    @property
    def terms(self) -> Terms:
        """The same for the domain."""
        return Terms(self.place, self.rest_minutes, self.capacity, tuple(self.station_ids))


class SessionIn(TermsIn):
    """One session."""

    starts_at: Instant
    ends_at: Instant


class SeriesIn(TermsIn):
    """A session on each of the weekdays between two days; one that ends no later than it begins ends the day after."""

    weekdays: Annotated[list[Annotated[int, Field(ge=1, le=7)]], Field(min_length=1, max_length=7)] = Field(
        description="1 is Monday."
    )
    first: Day
    last: Day
    begins: TimeOfDay
    ends: TimeOfDay


class SessionEdit(BaseModel):
    """What is to be different. Left out stays; a capacity of null is no end of places."""

    model_config = ConfigDict(extra="forbid")

    starts_at: Instant | None = None
    ends_at: Instant | None = None
    place: Name | None = None
    rest_minutes: Minutes | None = None
    capacity: Capacity | None = None
    station_ids: Stations | None = None

    @model_validator(mode="after")
    def _changes_something(self) -> "SessionEdit":
        changes_of(self, frozenset({"capacity"}))
        return self


class SeriesOut(BaseModel):
    """The sessions that were planned, the first one first."""

    items: list[SessionOut]


@router.get("/activity-sessions", operation_id="list_activity_sessions", responses=problems(401, 403))
async def list_activity_sessions(  # noqa: PLR0913 -- one for each filter
    caller: CallerOf,
    *,
    organisation_id: Annotated[
        int | None, Query(ge=1, le=MAX_ID, description="Of this organisation and all below it.")
    ] = None,
    activity_id: Annotated[int | None, Query(ge=1, le=MAX_ID)] = None,
    from_at: Annotated[Instant | None, Query(description="Those that are not over by then.")] = None,
    until_at: Annotated[Instant | None, Query(description="Those that begin before then.")] = None,
    state: State | None = None,
    free: Annotated[bool, Query(description="Planned ones with a place only.")] = False,
    cursor: Cursor = None,
    limit: Limit = DEFAULT_LIMIT,
) -> Page[CountedOut]:
    """Return sessions by their start, with their places."""
    came_to = instant_and_id(cursor)

    async def work(tx: ReadTx, actor: Actor) -> list[Counted]:
        check(actor, READ)
        wanted = SessionFilter(organisation_id, activity_id, from_at, until_at, state, free)
        return await sessions(tx, wanted, drafts=await drafts_seen(tx, actor), after=came_to, limit=limit + 1)

    items, following = page(
        await caller.read(work), limit, lambda one: (one.session.starts_at.isoformat(), one.session.id)
    )
    return Page(items=[_counted(one) for one in items], next_cursor=following)


@router.get(
    "/activity-sessions/{activity_session_id}",
    operation_id="read_activity_session",
    responses=problems(401, 403, 404),
)
async def read_activity_session(
    caller: CallerOf, activity_session_id: PathId, response: Response
) -> CountedOut:
    """Return one session with its places, and its ETag."""

    async def work(tx: ReadTx, actor: Actor) -> Counted:
        check(actor, READ)
        return await seen_session(tx, actor, activity_session_id)

    found = await caller.read(work)
    response.headers["ETag"] = etag(found.session.version)
    return _counted(found)


@router.post(
    "/activities/{activity_id}/sessions",
    operation_id="add_activity_session",
    status_code=201,
    responses=problems(401, 403, 404, 409),
)
async def add_activity_session(
    caller: CallerOf, activity_id: PathId, body: SessionIn, response: Response
) -> SessionOut:
    """Plan one session of an activity in reach."""

    async def work(tx: WriteTx, actor: Actor) -> SessionOut:
        planned = await actions.add_session(
            tx,
            actor,
            activity_id,
            starts_at=body.starts_at,
            ends_at=body.ends_at,
            terms=body.terms,
            now=caller.now,
        )
        return SessionOut.model_validate(planned)

    return _out(await caller.write(work, action="activity_sessions.add", subject=_named), response)


@router.post(
    "/activities/{activity_id}/session-series",
    operation_id="add_activity_session_series",
    status_code=201,
    responses=problems(401, 403, 404, 409),
)
async def add_activity_session_series(caller: CallerOf, activity_id: PathId, body: SeriesIn) -> SeriesOut:
    """Plan a recurring series of sessions, all of them or none, 100 at most."""

    async def work(tx: WriteTx, actor: Actor) -> SeriesOut:
        recurrence = Recurrence(tuple(body.weekdays), body.first, body.last, body.begins, body.ends)
        planned = await actions.add_series(
            tx, actor, activity_id, recurrence=recurrence, terms=body.terms, now=caller.now
        )
        return SeriesOut(items=[SessionOut.model_validate(one) for one in planned])

    return await caller.write(work, action="activity_sessions.add_series", subject=str(activity_id))


@router.patch(
    "/activity-sessions/{activity_session_id}",
    operation_id="edit_activity_session",
    responses=problems(401, 403, 404, 409, 412, 428),
)
async def edit_activity_session(
    caller: CallerOf,
    activity_session_id: PathId,
    body: SessionEdit,
    response: Response,
    if_match: IfMatch = None,
) -> SessionOut:
    """Plan a session otherwise; who signed up is told of another time or place, and who waits gets new places."""
    version = expected_version(if_match)
    changes = changes_of(body, frozenset({"capacity"}))
    changes.pop("station_ids", None)

    async def work(tx: WriteTx, actor: Actor) -> SessionOut:
        edited = await actions.edit_session(
            tx,
            actor,
            activity_session_id,
            changes=changes,
            station_ids=body.station_ids,
            expected_version=version,
            now=caller.now,
        )
        return SessionOut.model_validate(edited)

    return _out(await caller.write(work, action="activity_sessions.edit", subject=_named), response)


@router.post(
    "/activity-sessions/{activity_session_id}/cancel",
    operation_id="cancel_activity_session",
    responses=problems(401, 403, 404),
)
async def cancel_activity_session(
    caller: CallerOf, activity_session_id: PathId, response: Response
) -> SessionOut:
    """Cancel a session to which nobody was checked in; who signed up is told."""

    async def work(tx: WriteTx, actor: Actor) -> SessionOut:
        return SessionOut.model_validate(await actions.cancel_session(tx, actor, activity_session_id))

    return _out(await caller.write(work, action="activity_sessions.cancel", subject=_named), response)


def _named(found: SessionOut) -> str:
    return str(found.id)


def _out(found: SessionOut, response: Response) -> SessionOut:
    response.headers["ETag"] = etag(found.version)
    return found


def _counted(found: Counted) -> CountedOut:
    session = SessionOut.model_validate(found.session)
    return CountedOut(
        **session.model_dump(), signed_up=found.signed_up, waiting=found.waiting, free=found.free
    )
