"""Activities: what is done, where and when, from draft to closed."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from typing import Annotated, Literal, TypeAlias
from uuid import UUID

from fastapi import Query, Response
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from api.cursors import DEFAULT_LIMIT, Cursor, Limit, Page, after, page
from api.edge import Caller, CallerOf
from api.etags import IfMatch, etag, expected_version
from api.fields import MAX_ID, Code, Id, Instant, Name, PathId, Printable, Sentence
from api.problems import problems
from api.routers import resource
from api.spans import FromDay, UntilDay, moments
from ledger.session import ReadTx, WriteTx
from timebank.access import Actor, check
from timebank.activities import actions, steps
from timebank.activities.queries import Activity, Filter, Labels, activities, labels, seen_activity
from timebank.activities.rules import Plan
from timebank.activities.seen import drafts_seen
from timebank.policy.parts import Words

router = resource("/activities", tag="activities")
READ = "activities.read"

State: TypeAlias = Literal["draft", "published", "running", "closed", "cancelled"]
Kind: TypeAlias = Literal["ordinary", "emergency"]
Category = Annotated[str, StringConstraints(min_length=1, max_length=40, strip_whitespace=True), Printable]
Content = Annotated[str, StringConstraints(max_length=2000, strip_whitespace=True), Printable]
Minutes = Annotated[int, Field(ge=0, le=1440)]
Permille = Annotated[
    int,
    Field(
        ge=0,
        le=3_000,
        description="In thousandths. Who plans an activity says what its hours are worth: not any.",
    ),
]
Capacity = Annotated[int, Field(ge=1, le=100_000)]
Age = Annotated[int, Field(ge=0, le=120)]
Skills = Annotated[list[Name], Field(max_length=20)]


class WordsOut(BaseModel):
    """What the bank calls something."""

    model_config = ConfigDict(from_attributes=True)

    zh: str
    en: str


class ActivityOut(BaseModel):
    """An activity as planned."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    code: str
    name: str
    category: str
    category_label: WordsOut | None = Field(default=None, description="As the policy pack of today says.")
    is_volunteer_service: bool = Field(description="Hours are credited only for volunteer service.")
    organisation_id: int | None
    team_id: int | None
    place: str
    starts_at: datetime
    ends_at: datetime
    rest_minutes: int
    difficulty_permille: int
    capacity: int | None = Field(description="Of each of its sessions, unless that says otherwise.")
    state: State
    state_label: WordsOut | None = Field(default=None, description="As the policy pack of today says.")
    kind: Kind
    content: str
    leader_id: UUID | None
    skills: list[str]
    min_age: int | None
    is_dangerous: bool
    insurance: str | None
    created_by: UUID | None
    approved_by: UUID | None = Field(description="Who approved an emergency afterwards.")
    version: int


class ActivityIn(BaseModel):
    """A new activity, a draft at first."""

    model_config = ConfigDict(extra="forbid")

    code: Code
    organisation_id: Id
    name: Name
    category: Category
    is_volunteer_service: bool = Field(
        default=True, description="Only where the policy pack lists no categories."
    )
    team_id: Id | None = None
    place: Name
    starts_at: Instant
    ends_at: Instant
    rest_minutes: Minutes = 0
    difficulty_permille: Permille = 1000
    capacity: Capacity | None = None
    kind: Kind = "ordinary"
    content: Content = ""
    leader_id: UUID | None = None
    skills: Skills = []
    min_age: Age | None = None
    is_dangerous: bool = False
    insurance: Sentence | None = None


NULLABLE = frozenset({"team_id", "capacity", "leader_id", "min_age", "insurance"})


class ActivityEdit(BaseModel):
    """What is to be different. Left out stays; null removes what an activity need not have."""

    model_config = ConfigDict(extra="forbid")

    name: Name | None = None
    category: Category | None = None
    is_volunteer_service: bool | None = None
    team_id: Id | None = None
    place: Name | None = None
    starts_at: Instant | None = None
    ends_at: Instant | None = None
    rest_minutes: Minutes | None = None
    difficulty_permille: Permille | None = None
    capacity: Capacity | None = None
    kind: Kind | None = None
    content: Content | None = None
    leader_id: UUID | None = None
    skills: Skills | None = None
    min_age: Age | None = None
    is_dangerous: bool | None = None
    insurance: Sentence | None = None

    @model_validator(mode="after")
    def _changes_something(self) -> "ActivityEdit":
        changes_of(self, NULLABLE)
        return self


def changes_of(edit: BaseModel, nullable: frozenset[str]) -> dict[str, object]:
    """Return what an edit names, lists as tuples; refuse one that names nothing, or takes away what must stay."""
    changes = {field: getattr(edit, field) for field in edit.model_fields_set}
    if not changes:
        raise ValueError("nothing to change")
    if any(value is None and field not in nullable for field, value in changes.items()):
        raise ValueError("this stays")
    return {field: tuple(value) if isinstance(value, list) else value for field, value in changes.items()}


@router.get("", operation_id="list_activities", responses=problems(401, 403))
async def list_activities(  # noqa: PLR0913 -- one for each filter
    caller: CallerOf,
    *,
    organisation_id: Annotated[
        int | None, Query(ge=1, le=MAX_ID, description="Of this organisation and all below it.")
    ] = None,
    first: FromDay = None,
    last: UntilDay = None,
    state: State | None = None,
    kind: Kind | None = None,
    category: Annotated[Category | None, Query()] = None,
    is_open: Annotated[bool, Query(alias="open", description="Those that take sign-ups now.")] = False,
    cursor: Cursor = None,
    limit: Limit = DEFAULT_LIMIT,
) -> Page[ActivityOut]:
    """Return activities by the day they begin on; drafts only those that the caller may write."""
    after_id = after(cursor)

    async def work(tx: ReadTx, actor: Actor) -> tuple[list[Activity], Labels]:
        check(actor, READ)
        from_at, until_at = moments(tx, first, last)
        open_at = caller.now if is_open else None
        wanted = Filter(organisation_id, from_at, until_at, state, kind, category, open_at)
        drafts = await drafts_seen(tx, actor)
        found = await activities(tx, wanted, drafts=drafts, after_id=after_id, limit=limit + 1)
        return found, await labels(tx, tx.day(caller.now))

    found, words = await caller.read(work)
    items, following = page(found, limit, lambda one: (one.id,))
    return Page(items=[_labelled(one, words) for one in items], next_cursor=following)


@router.get("/{activity_id}", operation_id="read_activity", responses=problems(401, 403, 404))
async def read_activity(caller: CallerOf, activity_id: PathId, response: Response) -> ActivityOut:
    """Return one activity, with its ETag."""

    async def work(tx: ReadTx, actor: Actor) -> tuple[Activity, Labels]:
        check(actor, READ)
        return await seen_activity(tx, actor, activity_id), await labels(tx, tx.day(caller.now))

    return _out(*await caller.read(work), response)


@router.post("", operation_id="create_activity", status_code=201, responses=problems(401, 403, 404, 409))
async def create_activity(caller: CallerOf, body: ActivityIn, response: Response) -> ActivityOut:
    """Plan an activity of an organisation in reach, as a draft."""
    fields: dict[str, object] = {field: getattr(body, field) for field in Plan.__dataclass_fields__}
    fields["skills"] = tuple(body.skills)

    async def work(tx: WriteTx, actor: Actor) -> Activity:
        plan = Plan(**fields)  # type: ignore[arg-type]  # the model has a field of its type for each
        return await actions.create_activity(
            tx, actor, code=body.code, organisation_id=body.organisation_id, plan=plan, now=caller.now
        )

    return await _written(caller, work, "activities.create", response)


@router.patch("/{activity_id}", operation_id="edit_activity", responses=problems(401, 403, 404, 412, 428))
async def edit_activity(
    caller: CallerOf, activity_id: PathId, body: ActivityEdit, response: Response, if_match: IfMatch = None
) -> ActivityOut:
    """Plan an activity otherwise; who signed up is told if its time, place or age change."""
    version = expected_version(if_match)
    changes: Mapping[str, object] = changes_of(body, NULLABLE)

    async def work(tx: WriteTx, actor: Actor) -> Activity:
        return await actions.edit_activity(tx, actor, activity_id, changes=changes, expected_version=version)

    return await _written(caller, work, "activities.edit", response)


@router.post("/{activity_id}/publish", operation_id="publish_activity", responses=problems(401, 403, 404))
async def publish_activity(caller: CallerOf, activity_id: PathId, response: Response) -> ActivityOut:
    """Show a draft to everybody and open it for sign-up; an emergency at once, whatever is missing yet."""

    async def work(tx: WriteTx, actor: Actor) -> Activity:
        return await steps.publish_activity(tx, actor, activity_id, now=caller.now)

    return await _written(caller, work, "activities.publish", response)


@router.post("/{activity_id}/start", operation_id="start_activity", responses=problems(401, 403, 404))
async def start_activity(caller: CallerOf, activity_id: PathId, response: Response) -> ActivityOut:
    """Let a published activity run by hand; the first scan does so too."""

    async def work(tx: WriteTx, actor: Actor) -> Activity:
        return await steps.start_activity(tx, actor, activity_id, now=caller.now)

    return await _written(caller, work, "activities.start", response)


@router.post("/{activity_id}/close", operation_id="close_activity", responses=problems(401, 403, 404))
async def close_activity(caller: CallerOf, activity_id: PathId, response: Response) -> ActivityOut:
    """Close a running activity none of whose sessions is still to be closed."""

    async def work(tx: WriteTx, actor: Actor) -> Activity:
        return await steps.close_activity(tx, actor, activity_id, now=caller.now)

    return await _written(caller, work, "activities.close", response)


@router.post("/{activity_id}/cancel", operation_id="cancel_activity", responses=problems(401, 403, 404))
async def cancel_activity(caller: CallerOf, activity_id: PathId, response: Response) -> ActivityOut:
    """Cancel an activity and its planned sessions; who signed up is told."""

    async def work(tx: WriteTx, actor: Actor) -> Activity:
        return await steps.cancel_activity(tx, actor, activity_id, now=caller.now)

    return await _written(caller, work, "activities.cancel", response)


@router.post(
    "/{activity_id}/approval", operation_id="approve_emergency", responses=problems(401, 403, 404, 409)
)
async def approve_emergency(caller: CallerOf, activity_id: PathId, response: Response) -> ActivityOut:
    """Approve an emergency afterwards, as somebody of the office who did not make it."""

    async def work(tx: WriteTx, actor: Actor) -> Activity:
        return await steps.approve_emergency(tx, actor, activity_id)

    return await _written(caller, work, "activities.approve", response)


async def _written(
    caller: Caller,
    work: Callable[[WriteTx, Actor], Awaitable[Activity]],
    action: str,
    response: Response,
) -> ActivityOut:
    async def labelled(tx: WriteTx, actor: Actor) -> tuple[Activity, Labels]:
        return await work(tx, actor), await labels(tx, tx.day(caller.now))

    written = await caller.write(labelled, action=action, subject=lambda found: str(found[0].id))
    return _out(*written, response)


def _out(found: Activity, words: Labels, response: Response) -> ActivityOut:
    response.headers["ETag"] = etag(found.version)
    return _labelled(found, words)


def _labelled(found: Activity, words: Labels) -> ActivityOut:
    out = ActivityOut.model_validate(found)
    out.category_label = _words(words.categories.get(found.category))
    out.state_label = _words(words.states.get(found.state))
    return out


def _words(words: Words | None) -> WordsOut | None:
    return None if words is None else WordsOut.model_validate(words)
