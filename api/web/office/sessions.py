"""Sessions from the office's side: planning one or a series, another time or place, none after all."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Annotated, Literal, Self
from uuid import UUID

from fastapi.exceptions import RequestValidationError
from pydantic import Field, model_validator
from starlette.responses import Response

from api.cursors import EARLIEST
from api.fields import Day, Id, Name, PathId
from api.routers import bare
from api.v1.activities import Capacity
from api.web.arriving import VisitOf
from api.web.asking import Once, Problem, ask, problem_of
from api.web.forms import FormBody, typed_of
from api.web.local import LocalClock, LocalMoment, field_of, in_zone
from api.web.office.activity_pages import WRITE, Planned, activity_page
from api.web.office.places import reaches_row
from api.web.office.planning import problem_in_words
from api.web.visit import Visit
from ledger.session import ReadTx, WriteTx
from timebank.access import Actor, check
from timebank.activities import sessions as actions
from timebank.activities.registers import SignUp, sign_ups_of_session
from timebank.activities.session_queries import Counted, seen_session
from timebank.activities.sessions import Recurrence, Terms
from timebank.errors import RefusalError
from timebank.people.queries import masked_names

router = bare()

MOST_SIGN_UPS = 500
Stations = Annotated[tuple[Id, ...], Field(max_length=50)]


class TermsForm(FormBody):
    """What a session has besides its time; nothing typed is as the activity has it."""

    place: Name | Literal[""] = ""
    capacity: Capacity | Literal[""] = ""
    station: Stations = ()
    once: Once


class OneForm(TermsForm):
    """One session."""

    starts: LocalMoment
    ends: LocalMoment


class SeriesForm(TermsForm):
    """A session on each of the weekdays between two days."""

    weekday: Annotated[tuple[Annotated[int, Field(ge=1, le=7)], ...], Field(min_length=1, max_length=7)]
    first: Day
    last: Day
    begins: LocalClock
    finishes: LocalClock


class ChangeForm(FormBody):
    """A session planned otherwise than in the version that was seen, or cancelled."""

    do: Literal["edit", "cancel"]
    starts: LocalMoment | Literal[""] = ""
    ends: LocalMoment | Literal[""] = ""
    place: Name | Literal[""] = ""
    capacity: Capacity | Literal[""] = ""
    version: Id

    @model_validator(mode="after")
    def _is_planned(self) -> Self:
        if self.do == "edit" and "" in {self.starts, self.ends, self.place}:
            raise ValueError("no time or no place")
        return self


@dataclass(frozen=True, slots=True)
class One:
    """A session with who signed up, as far as the reader may see them."""

    counted: Counted
    sign_ups: list[SignUp] | None
    names: dict[UUID, str]
    may_write: bool


@router.post("/office/activities/{activity_id}/sessions")
async def add_one(visit: VisitOf, activity_id: PathId) -> Response:
    """Plan one session; once for the form."""
    try:
        form = await visit.form(OneForm)
    except RequestValidationError:
        return await _again(visit, activity_id, _invalid(visit))
    zone = visit.banks_own.zone

    async def work(tx: WriteTx, actor: Actor) -> Planned:
        await actions.add_session(
            tx,
            actor,
            activity_id,
            starts_at=in_zone(form.starts, zone),
            ends_at=in_zone(form.ends, zone),
            terms=_terms(form),
            now=visit.now,
        )
        return Planned(activity_id=activity_id, count=1)

    return await _plan(visit, activity_id, form, work, action="activity_sessions.add")


@router.post("/office/activities/{activity_id}/series")
async def add_series(visit: VisitOf, activity_id: PathId) -> Response:
    """Plan a recurring series, all of it or nothing; once for the form."""
    try:
        form = await visit.form(SeriesForm)
    except RequestValidationError:
        return await _again(visit, activity_id, _invalid(visit))
    recurrence = Recurrence(form.weekday, form.first, form.last, form.begins, form.finishes)

    async def work(tx: WriteTx, actor: Actor) -> Planned:
        planned = await actions.add_series(
            tx, actor, activity_id, recurrence=recurrence, terms=_terms(form), now=visit.now
        )
        return Planned(activity_id=activity_id, count=len(planned))

    return await _plan(visit, activity_id, form, work, action="activity_sessions.add_series")


@router.get("/office/sessions/{session_id}")
async def show_session(visit: VisitOf, session_id: PathId) -> Response:
    """Show one session, who signed up for it, and the form that plans it otherwise."""
    return await _session_page(visit, session_id)


@router.post("/office/sessions/{session_id}")
async def change(visit: VisitOf, session_id: PathId) -> Response:
    """Plan a session otherwise, or cancel it; who signed up is told."""
    try:
        form = await visit.form(ChangeForm)
    except RequestValidationError:
        return await _session_page(visit, session_id, problem=_invalid(visit))

    async def work(tx: WriteTx, actor: Actor) -> None:
        if form.do == "cancel":
            await actions.cancel_session(tx, actor, session_id)
            return
        zone = visit.banks_own.zone
        assert not isinstance(form.starts, str)  # noqa: S101 -- of a form that edits it is a moment
        assert not isinstance(form.ends, str)  # noqa: S101 -- this, too
        changes = {
            "starts_at": in_zone(form.starts, zone),
            "ends_at": in_zone(form.ends, zone),
            "place": form.place,
            "capacity": form.capacity or None,
        }
        await actions.edit_session(
            tx,
            actor,
            session_id,
            changes=changes,
            station_ids=None,
            expected_version=form.version,
            now=visit.now,
        )

    try:
        await visit.write(work, action=f"activity_sessions.{form.do}", subject=str(session_id))
    except RefusalError as refusal:
        return await _session_page(visit, session_id, problem=problem_in_words(visit, refusal))
    return visit.go(f"/office/sessions/{session_id}")


async def _plan(
    visit: Visit,
    activity_id: int,
    form: TermsForm,
    work: Callable[[WriteTx, Actor], Awaitable[Planned]],
    *,
    action: str,
) -> Response:
    request = {"activity": activity_id, **form.model_dump(mode="json", exclude={"once"})}
    door = visit.caller.write_once(form.once, request, work, action=action, subject=str(activity_id))
    planned: Planned | Problem
    try:
        planned = await ask(visit, door, Planned)
    except RefusalError as refusal:
        planned = problem_in_words(visit, refusal)
    if isinstance(planned, Problem):
        return await _again(visit, activity_id, planned)
    return visit.go(f"/office/activities/{activity_id}?done={form.once}#sessions")


async def _again(visit: Visit, activity_id: int, problem: Problem) -> Response:
    """Show the activity with what was refused, and the form with what was typed."""
    which = visit.request.url.path.rpartition("/")[2]
    typed = await typed_of(visit.request)
    return await activity_page(visit, activity_id, problem=problem, sent=which, typed=typed)


async def _session_page(visit: Visit, session_id: int, *, problem: Problem | None = None) -> Response:
    async def work(tx: ReadTx, actor: Actor) -> One:
        check(actor, WRITE)
        counted = await seen_session(tx, actor, session_id)
        if not await reaches_row(tx, actor, "sign_ups.read", counted.session.organisation_id):
            return One(counted, None, {}, may_write=False)
        signed = await sign_ups_of_session(tx, session_id, state=None, after=EARLIEST, limit=MOST_SIGN_UPS)
        may_write = await reaches_row(tx, actor, WRITE, counted.session.organisation_id)
        who = [each.person_id for each in signed]
        names = await masked_names(tx, visit.service.cipher, who)
        return One(counted, signed, names, may_write=may_write)

    one = await visit.read(work)
    zone = visit.banks_own.zone
    session = one.counted.session
    return visit.page(
        "office/session.html",
        status=problem.status if problem else 200,
        one=one,
        session=session,
        problem=problem,
        starts=field_of(session.starts_at, zone),
        ends=field_of(session.ends_at, zone),
    )


def _terms(form: TermsForm) -> Terms:
    return Terms(form.place or None, None, form.capacity or None, form.station)


def _invalid(visit: Visit) -> Problem:
    return problem_of(visit, RefusalError("page.activities.session_invalid"))
