"""Service records: one's own, those in reach by their volunteer or their activity, and what is late."""

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Literal
from uuid import UUID

from fastapi import Query
from pydantic import BaseModel, ConfigDict, Field, JsonValue, computed_field

from api.cursors import DEFAULT_LIMIT, Cursor, Limit, Page, after, instant_and_id, page
from api.edge import CallerOf
from api.fields import MAX_ID, PathId
from api.problems import problems
from api.routers import resource
from api.spans import FromDay, UntilDay, moments
from ledger.session import ReadTx
from timebank.access import Actor, check_person, reach
from timebank.policy.parts import Grade
from timebank.records.entries import Entry, State, entries_of
from timebank.records.overdue import LateSession, late_sessions
from timebank.records.queries import Record, record_in_reach, records, records_of_person

router = resource(tag="records")
PERMISSION = "records.read"

Outcome = Literal[
    "accepted",
    "needs_review",
    "not_volunteer_service",
    "too_short",
    "overlap",
    "day_full",
    "impossible_travel",
]
IdFilter = Annotated[int | None, Query(ge=1, le=MAX_ID)]


class RecordOut(BaseModel):
    """A service record with the fields of 民政部令第67号 Art 7: `minutes` and `points` are what it earned, or would."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    person_id: UUID
    activity_id: int
    session_id: int | None = Field(description="None: an imported activity, which is its own only session.")
    activity_code: str
    activity_name: str
    category: str
    starts_at: datetime = Field(
        description="When the session began by plan; its day is the day of the service."
    )
    ends_at: datetime
    place: str
    content: str
    organisation_id: int | None
    organisation: str | None
    team: str | None
    leader_id: UUID | None
    leader_code: str = Field(description="Of an imported activity: the leader's volunteer code.")
    check_in_at: datetime
    check_out_at: datetime
    served_from: datetime | None
    served_until: datetime | None
    minutes: int
    points: int
    policy_version: int
    outcome: Outcome = Field(description="What the rules say of it.")
    state: State
    grade: Grade | None = Field(description="How good its evidence is, A to E; None of an import.")
    origin: str
    evaluation: str | None
    corrects_id: int | None = Field(description="The record that this one stands in for.")
    credited_transaction_id: int | None
    recorded_at: datetime
    version: int

    @computed_field  # type: ignore[prop-decorator]  # as its documentation has it
    @property
    def hours(self) -> Decimal:
        """The time served, in hours to the hundredth."""
        return (Decimal(self.minutes) / 60).quantize(Decimal("0.01"))


class EntryOut(BaseModel):
    """What happened to a record; `detail` holds words and figures."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    kind: str
    actor: str
    detail: dict[str, JsonValue]
    entered_at: datetime


class LateSessionOut(BaseModel):
    """A session whose records were due: it is not closed, or records of it wait for approval."""

    model_config = ConfigDict(from_attributes=True)

    session_id: int
    activity_id: int
    activity_code: str
    activity_name: str
    organisation_id: int | None
    team_id: int | None
    starts_at: datetime
    ends_at: datetime
    state: str
    signed_up: int
    attended: int
    waiting_records: int
    due_on: date = Field(description="The last day on which they were in time.")


@router.get("/records", operation_id="list_records", responses=problems(401, 403))
async def list_records(  # noqa: PLR0913 -- one for each filter
    caller: CallerOf,
    *,
    activity_id: IdFilter = None,
    session_id: IdFilter = None,
    outcome: Outcome | None = None,
    state: State | None = None,
    first: FromDay = None,
    last: UntilDay = None,
    cursor: Cursor = None,
    limit: Limit = DEFAULT_LIMIT,
) -> Page[RecordOut]:
    """Return the records in reach, by the day their session began on."""
    after_id = after(cursor)

    async def work(tx: ReadTx, actor: Actor) -> list[Record]:
        nodes = await reach(tx, actor, PERMISSION)
        from_at, until_at = moments(tx, first, last)
        return await records(
            tx,
            after_id=after_id,
            limit=limit + 1,
            reach=nodes,
            activity_id=activity_id,
            session_id=session_id,
            outcome=outcome,
            state=state,
            from_at=from_at,
            until_at=until_at,
        )

    return _page(await caller.read(work), limit)


@router.get("/people/{person_id}/records", operation_id="list_records_of", responses=problems(401, 403, 404))
async def list_records_of(  # noqa: PLR0913 -- one for each filter
    caller: CallerOf,
    *,
    person_id: UUID,
    outcome: Outcome | None = None,
    state: State | None = None,
    first: FromDay = None,
    last: UntilDay = None,
    cursor: Cursor = None,
    limit: Limit = DEFAULT_LIMIT,
) -> Page[RecordOut]:
    """Return a person's records."""
    after_id = after(cursor)

    async def work(tx: ReadTx, actor: Actor) -> list[Record]:
        await check_person(tx, actor, PERMISSION, person_id, now=caller.now)
        from_at, until_at = moments(tx, first, last)
        return await records_of_person(
            tx,
            person_id,
            after_id=after_id,
            limit=limit + 1,
            outcome=outcome,
            state=state,
            from_at=from_at,
            until_at=until_at,
        )

    return _page(await caller.read_of(person_id, "records", PERMISSION, work), limit)


@router.get("/records/overdue", operation_id="list_overdue_records", responses=problems(401, 403))
async def list_overdue(
    caller: CallerOf, cursor: Cursor = None, limit: Limit = DEFAULT_LIMIT
) -> Page[LateSessionOut]:
    """Return the sessions in reach whose records were due before today, those that ended first first."""
    after_end = instant_and_id(cursor)

    async def work(tx: ReadTx, actor: Actor) -> list[LateSession]:
        nodes = await reach(tx, actor, PERMISSION)
        today = tx.day(caller.now)
        return await late_sessions(tx, today=today, after=after_end, limit=limit + 1, reach=nodes)

    items, following = page(
        await caller.read(work), limit, lambda late: (late.ends_at.isoformat(), late.session_id)
    )
    return Page(items=[LateSessionOut.model_validate(late) for late in items], next_cursor=following)


@router.get("/records/{record_id}", operation_id="read_record", responses=problems(401, 403, 404))
async def read_record(caller: CallerOf, record_id: PathId) -> RecordOut:
    """Return one record, one's own or in reach."""

    async def work(tx: ReadTx, actor: Actor) -> Record:
        return await record_in_reach(tx, actor, PERMISSION, record_id, now=caller.now)

    return RecordOut.model_validate(await caller.read(work))


@router.get(
    "/records/{record_id}/entries", operation_id="list_record_entries", responses=problems(401, 403, 404)
)
async def list_entries(
    caller: CallerOf, record_id: PathId, cursor: Cursor = None, limit: Limit = DEFAULT_LIMIT
) -> Page[EntryOut]:
    """Return what happened to a record, one's own or in reach, the first thing first."""
    after_id = after(cursor)

    async def work(tx: ReadTx, actor: Actor) -> list[Entry]:
        await record_in_reach(tx, actor, PERMISSION, record_id, now=caller.now)
        return await entries_of(tx, record_id, after_id=after_id, limit=limit + 1)

    items, following = page(await caller.read(work), limit, lambda entry: (entry.id,))
    return Page(items=[EntryOut.model_validate(entry) for entry in items], next_cursor=following)


def _page(found: list[Record], limit: int) -> Page[RecordOut]:
    items, following = page(found, limit, lambda record: (record.id,))
    return Page(items=[RecordOut.model_validate(record) for record in items], next_cursor=following)
