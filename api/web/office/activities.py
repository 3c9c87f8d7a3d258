"""Activities from the office's side: the list, planning a new one, planning one otherwise, its steps."""

import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Annotated, Literal, TypeAlias, get_args

from fastapi import Query
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel
from starlette.responses import Response

from api.cursors import Cursor
from api.fields import MAX_ID, PathId
from api.routers import bare
from api.web.arriving import VisitOf
from api.web.asking import Once, Problem, ask
from api.web.forms import FormBody, typed_of
from api.web.local import in_zone
from api.web.office.activity_pages import WRITE, activity_page, leader_of, show_form
from api.web.office.places import Place, places_of
from api.web.office.planning import EditForm, NewForm, plan_of, problem_in_words
from api.web.visit import Visit
from ledger.session import ReadTx, WriteTx
from timebank.access import Actor, check, check_row, reaches_all
from timebank.activities import actions, steps
from timebank.activities.queries import Activity, Labels, activity, labels, latest_activities
from timebank.activities.rules import Plan
from timebank.activities.seen import drafts_seen
from timebank.activities.sessions import Terms, add_session
from timebank.errors import RefusalError

router = bare()

PAGE_ACTIVITIES = 30
State: TypeAlias = Literal["draft", "published", "running", "closed", "cancelled"]
Before = Annotated[int, Query(ge=1, le=MAX_ID)]
Done: TypeAlias = Once | Literal[""]
Of = Annotated[int | None, Query(ge=1, le=MAX_ID)]


class StepForm(FormBody):
    """The next step of an activity."""

    do: Literal["publish", "start", "close", "cancel", "approve"]


class Made(BaseModel):
    """The activity that was made."""

    id: int


@dataclass(frozen=True, slots=True)
class Listed:
    """A page of activities, and the organisations to choose from."""

    lines: list[Activity]
    following: int | None
    places: list[Place]
    names: dict[int, str]
    labels: Labels
    organisation: int | None


@router.get("/office/activities")
async def show_activities(
    visit: VisitOf, organisation: Of = None, state: State | None = None, before: Before = MAX_ID
) -> Response:
    """Show activities, the one entered last first: of an organisation, and in a state, if so wished."""

    async def work(tx: ReadTx, actor: Actor) -> Listed:
        check(actor, WRITE)
        places = await places_of(tx, actor, WRITE)
        wanted = organisation
        if wanted is None and not reaches_all(actor, WRITE) and places:
            wanted = places[0].id
        found = await latest_activities(
            tx,
            organisation_id=wanted,
            state=state,
            drafts=await drafts_seen(tx, actor),
            before_id=before,
            limit=PAGE_ACTIVITIES + 1,
        )
        shown = found[:PAGE_ACTIVITIES]
        return Listed(
            shown,
            shown[-1].id if len(found) > PAGE_ACTIVITIES else None,
            places,
            {place.id: place.name for place in places},
            await labels(tx, tx.day(visit.now)),
            wanted,
        )

    return visit.page(
        "office/activities.html",
        listed=await visit.read(work),
        state=state,
        states=get_args(State),
        before=before if before < MAX_ID else None,
    )


@router.get("/office/activities/new")
async def show_new(visit: VisitOf) -> Response:
    """Show the form of a new activity."""
    return await show_form(visit, None, typed={"code": _new_code(visit)})


@router.post("/office/activities/new")
async def create(visit: VisitOf) -> Response:
    """Plan a new activity as a draft, with a session of its whole time if so wished; once for the form."""
    try:
        form = await visit.form(NewForm)
    except RequestValidationError as error:
        return await show_form(visit, None, typed=await _typed(visit), faults=_faults(error))

    async def work(tx: WriteTx, actor: Actor) -> Made:
        plan = plan_of(visit, form, await leader_of(tx, actor, form.leader, now=visit.now))
        made = await actions.create_activity(
            tx, actor, code=form.code, organisation_id=form.organisation, plan=plan, now=visit.now
        )
        if form.session == "yes":
            zone = visit.banks_own.zone
            await add_session(
                tx,
                actor,
                made.id,
                starts_at=in_zone(form.starts, zone),
                ends_at=in_zone(form.ends, zone),
                terms=Terms(station_ids=form.station),
                now=visit.now,
            )
        return Made(id=made.id)

    request = form.model_dump(mode="json", exclude={"once"})
    try:
        made = await ask(
            visit, visit.caller.write_once(form.once, request, work, action="activities.create"), Made
        )
    except RefusalError as refusal:
        made = problem_in_words(visit, refusal)
    if isinstance(made, Problem):
        return await show_form(visit, None, typed=await _typed(visit), problem=made)
    return visit.go(f"/office/activities/{made.id}")


@router.get("/office/activities/{activity_id}")
async def show_activity(
    visit: VisitOf, activity_id: PathId, after: Cursor = None, done: Done = ""
) -> Response:
    """Show one activity with its sessions and what can be done with it; `done` is the form that just planned some."""
    return await activity_page(visit, activity_id, after=after, done=done)


@router.post("/office/activities/{activity_id}")
async def take_step(visit: VisitOf, activity_id: PathId) -> Response:
    """Publish, start, close or cancel an activity, or approve an emergency afterwards."""
    form = await visit.form(StepForm)

    async def work(tx: WriteTx, actor: Actor) -> Activity:
        if form.do == "approve":
            return await steps.approve_emergency(tx, actor, activity_id)
        return await _STEPS[form.do](tx, actor, activity_id, now=visit.now)

    try:
        await visit.write(work, action=f"activities.{form.do}", subject=str(activity_id))
    except RefusalError as refusal:
        return await activity_page(visit, activity_id, problem=problem_in_words(visit, refusal))
    return visit.go(f"/office/activities/{activity_id}")


@router.get("/office/activities/{activity_id}/edit")
async def show_edit(visit: VisitOf, activity_id: PathId) -> Response:
    """Show the form that plans an activity otherwise."""
    return await show_form(visit, activity_id)


@router.post("/office/activities/{activity_id}/edit")
async def edit(visit: VisitOf, activity_id: PathId) -> Response:
    """Plan an activity otherwise: only what is different is changed."""
    try:
        form = await visit.form(EditForm)
    except RequestValidationError as error:
        return await show_form(visit, activity_id, typed=await _typed(visit), faults=_faults(error))

    async def work(tx: WriteTx, actor: Actor) -> None:
        found = await activity(tx, activity_id)
        await check_row(tx, actor, WRITE, found.organisation_id, unknown="unknown_activity")
        before = found.plan
        # Who leads may be no volunteer and have no code: nobody named is who it was.
        leader = before.leader_id
        if form.leader:
            leader = await leader_of(tx, actor, form.leader, now=visit.now)
        plan = plan_of(visit, form, leader)
        changes = {
            field: getattr(plan, field)
            for field in Plan.__dataclass_fields__
            if getattr(plan, field) != getattr(before, field)
        }
        if changes:
            await actions.edit_activity(
                tx, actor, activity_id, changes=changes, expected_version=form.version
            )

    try:
        await visit.write(work, action="activities.edit", subject=str(activity_id))
    except RefusalError as refusal:
        problem = problem_in_words(visit, refusal)
        return await show_form(visit, activity_id, typed=await _typed(visit), problem=problem)
    return visit.go(f"/office/activities/{activity_id}")


_STEPS: dict[str, Callable[..., Awaitable[Activity]]] = {
    "publish": steps.publish_activity,
    "start": steps.start_activity,
    "close": steps.close_activity,
    "cancel": steps.cancel_activity,
}


def _new_code(visit: Visit) -> str:
    """Return a code that nobody else will think of; the office may write its own."""
    return f"H{visit.now.astimezone(visit.banks_own.zone):%Y%m%d}-{secrets.token_hex(2).upper()}"


def _faults(error: RequestValidationError) -> set[str]:
    """Return the fields of a form that do not fit."""
    return {str(each["loc"][0]) for each in error.errors() if each["loc"]}


async def _typed(visit: Visit) -> dict[str, object]:
    """Return what was typed; a box that is not ticked is not sent."""
    unticked: dict[str, object] = {"session": "no", "station": []}
    return unticked | await typed_of(visit.request)
