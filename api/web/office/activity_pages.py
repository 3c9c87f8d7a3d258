"""The pages of one activity: what it is with its sessions, and the form that plans it."""

import secrets
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from pydantic import BaseModel, ValidationError
from starlette.responses import Response

from api.cursors import instant_and_id, page
from api.web.asking import Problem
from api.web.local import field_of
from api.web.office.places import Place, places_of, reaches_row
from api.web.office.planning import Leader, typed_of
from api.web.visit import Visit
from ledger.session import ReadTx
from timebank.access import Actor, check, check_person, check_row
from timebank.activities.queries import Activity, Labels, labels, seen_activity
from timebank.activities.seen import drafts_seen
from timebank.activities.session_queries import Counted, SessionFilter, sessions
from timebank.acts.actions import find_reply
from timebank.errors import RefusalError
from timebank.organisations.queries import organisation
from timebank.organisations.rules import TEAM
from timebank.people.queries import masked_names
from timebank.policy.queries import version_on
from timebank.policy.rules import CategoryRule
from timebank.stations.queries import Filter, Station, stations
from timebank.volunteers.queries import codes_of, owner_of

READ, WRITE, APPROVE = "activities.read", "activities.write", "activities.approve"
PAGE_SESSIONS, MOST_STATIONS = 50, 100
MORNING = timedelta(days=1, hours=9)
"""A new activity begins tomorrow at nine, unless something else is typed."""
LASTS = timedelta(hours=2)
FORMS = ("sessions", "series")
"""The forms of an activity's sessions, as their addresses end: one, and one on each of some weekdays."""
SESSION_FIELDS = ("starts", "ends", "first", "last", "begins", "finishes", "place", "capacity")
NOTHING_TYPED: Mapping[str, object] = {**dict.fromkeys(SESSION_FIELDS, ""), "station": [], "weekday": []}


class Planned(BaseModel):
    """How many sessions of which activity a form planned."""

    activity_id: int
    count: int


@dataclass(frozen=True, slots=True)
class One:
    """An activity as its page shows it: `may_write` if it lies in the reader's reach.

    `sessions` are a page of its sessions, `following` where the next begins; `planned` is how many a form just planned.
    """

    activity: Activity
    organisation: str
    team: str
    leader: Leader | None
    sessions: list[Counted]
    following: str | None
    planned: int
    stations: list[Station]
    labels: Labels
    may_write: bool
    may_approve: bool


@dataclass(frozen=True, slots=True)
class Choices:
    """What an activity can be planned with, and the activity that is planned otherwise, if it is there already."""

    activity: Activity | None
    leader: Leader | None
    places: list[Place]
    categories: tuple[CategoryRule, ...]
    stations: list[Station]


async def leader_of(tx: ReadTx, actor: Actor, code: str, *, now: datetime) -> UUID | None:
    """Return who has a volunteer's code and is in reach; nobody named is the actor.

    Raises:
        RefusalError: `page.activities.leader_unknown`.
    """
    if not code:
        return actor.person_id
    try:
        person_id = await owner_of(tx, code)
        if person_id != actor.person_id:
            await check_person(tx, actor, "people.list", person_id, now=now)
    except RefusalError:
        raise RefusalError("page.activities.leader_unknown", volunteer=code) from None
    return person_id


async def activity_page(
    visit: Visit,
    activity_id: int,
    *,
    problem: Problem | None = None,
    sent: str = "",
    typed: Mapping[str, object] | None = None,
    after: str | None = None,
    done: str = "",
) -> Response:
    """Return the page of one activity, its sessions from a cursor.

    `sent` is which of its forms of sessions was refused, `typed` what was in it; `done` the mark of one that was not.
    """

    async def work(tx: ReadTx, actor: Actor) -> One:
        check(actor, WRITE)
        found = await seen_activity(tx, actor, activity_id)
        names = [
            (await organisation(tx, id_)).name if id_ else ""
            for id_ in (found.organisation_id, found.team_id)
        ]
        lines = await sessions(
            tx,
            SessionFilter(activity_id=activity_id),
            drafts=await drafts_seen(tx, actor),
            after=instant_and_id(after),
            limit=PAGE_SESSIONS + 1,
        )
        shown, following = page(lines, PAGE_SESSIONS, _place_of)
        may_write = await reaches_row(tx, actor, WRITE, found.organisation_id)
        return One(
            found,
            names[0],
            names[1],
            await _leader(tx, visit, found),
            shown,
            following,
            await _planned(tx, actor, activity_id, done),
            await _stations(tx, actor, visit) if may_write else [],
            await labels(tx, tx.day(visit.now)),
            may_write,
            await reaches_row(tx, actor, APPROVE, found.organisation_id),
        )

    one = await visit.read(work)
    zone = visit.banks_own.zone
    return visit.page(
        "office/activity.html",
        status=problem.status if problem else 200,
        one=one,
        problem=problem,
        sent=sent,
        typed=dict.fromkeys(FORMS, NOTHING_TYPED) | {sent: {**NOTHING_TYPED, **(typed or {})}},
        after=after,
        done=done,
        once=secrets.token_hex(16),
        starts=field_of(one.activity.starts_at, zone),
        ends=field_of(one.activity.ends_at, zone),
        now=visit.now,
    )


async def show_form(
    visit: Visit,
    activity_id: int | None,
    *,
    typed: Mapping[str, object] | None = None,
    faults: Collection[str] = (),
    problem: Problem | None = None,
) -> Response:
    """Return the form of a new activity, or of one that is there, with what was typed."""

    async def work(tx: ReadTx, actor: Actor) -> Choices:
        check(actor, WRITE)
        found = None if activity_id is None else await seen_activity(tx, actor, activity_id)
        if found is not None:
            await check_row(tx, actor, WRITE, found.organisation_id, unknown="unknown_activity")
        version = await version_on(tx, tx.day(visit.now))
        return Choices(
            found,
            await _leader(tx, visit, found) if found else None,
            await places_of(tx, actor, WRITE),
            version.pack.categories if version else (),
            await _stations(tx, actor, visit),
        )

    choices = await visit.read(work)
    known = _empty(visit) if choices.activity is None else typed_of(visit, choices.activity, choices.leader)
    return visit.page(
        "office/activity_form.html",
        status=problem.status if problem else 422 if faults else 200,
        choices=choices,
        typed=known | dict(typed or {}),
        faults=faults,
        problem=problem,
        teams=[place for place in choices.places if place.level == TEAM],
        organisations=[place for place in choices.places if place.level != TEAM],
        once=secrets.token_hex(16),
    )


def _empty(visit: Visit) -> dict[str, object]:
    zone = visit.banks_own.zone
    day = visit.now.astimezone(zone).replace(hour=0, minute=0, second=0, microsecond=0)
    return {
        **dict.fromkeys(
            ("name", "category", "team", "place", "capacity", "content", "leader", "skills", "min_age"), ""
        ),
        "is_service": "yes",
        "starts": field_of(day + MORNING, zone),
        "ends": field_of(day + MORNING + LASTS, zone),
        "rest": 0,
        "factor": "1",
        "kind": "ordinary",
        "is_dangerous": "no",
        "insurance": "",
        "code": "",
        "organisation": "",
        "session": "yes",
        "station": [],
    }


def _place_of(line: Counted) -> tuple[str, int]:
    return line.session.starts_at.isoformat(), line.session.id


async def _planned(tx: ReadTx, actor: Actor, activity_id: int, once: str) -> int:
    """Return how many sessions of an activity the actor's form of that mark planned, as its answer says."""
    reply = await find_reply(tx, actor.text, once) if once else None
    try:
        planned = None if reply is None else Planned.model_validate_json(reply.body)
    except ValidationError:  # the answer of another form
        return 0
    return planned.count if planned and planned.activity_id == activity_id else 0


async def _leader(tx: ReadTx, visit: Visit, found: Activity) -> Leader | None:
    if found.leader_id is None:
        return None
    names = await masked_names(tx, visit.service.cipher, [found.leader_id])
    codes = await codes_of(tx, [found.leader_id])
    return Leader(found.leader_id, codes.get(found.leader_id, ""), names.get(found.leader_id, "*"))


async def _stations(tx: ReadTx, actor: Actor, visit: Visit) -> list[Station]:
    nodes = [place.id for place in await places_of(tx, actor, WRITE)]
    return await stations(tx, Filter(tx.day(visit.now), nodes), after=0, limit=MOST_STATIONS)
