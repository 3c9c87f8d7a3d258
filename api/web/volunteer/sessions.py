"""Sessions to sign up for: of the member's own community first, day by day, found by name or place; and one's own."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from typing import Annotated, Literal, TypeAlias
from uuid import UUID

from fastapi import Query
from pydantic import StringConstraints
from starlette.responses import Response

from api.fields import MAX_ID, Printable
from api.routers import bare
from api.web.arriving import VisitOf
from api.web.days import day_in_words
from api.web.visit import Visit
from api.web.volunteer.member import member_of
from ledger.session import ReadTx
from timebank.access import Actor, check
from timebank.activities.registers import SignUp, sign_ups_of_person
from timebank.activities.rules import PLANNED
from timebank.activities.session_queries import (
    ActivitySession,
    Counted,
    SessionFilter,
    activity_session,
    sessions,
    sessions_by_id,
)
from timebank.organisations.queries import ancestors, organisation
from timebank.organisations.rules import COMMUNITY
from timebank.people.queries import person

router = bare()

READ, OWN = "activities.read", "sign_ups.own"
SHOWN, SHOWN_OWN = 30, 100

Where: TypeAlias = Literal["near", "all", "mine"]
WHERE: tuple[Where, ...] = ("near", "all", "mine")

Text = Annotated[
    Annotated[str, StringConstraints(max_length=50, strip_whitespace=True), Printable],
    Query(),
]
After = Annotated[int, Query(ge=0, le=MAX_ID)]


@dataclass(frozen=True, slots=True)
class Line:
    """A session, how many places are left (None: no end of them, or not counted), and one's own sign-up for it."""

    session: ActivitySession
    counted: Counted | None
    own: SignUp | None


@dataclass(frozen=True, slots=True)
class Found:
    """A page of sessions, where the next begins, whether there is a community, and nothing in it."""

    lines: list[Line]
    following: int
    has_home: bool
    is_elsewhere: bool


@router.get("/sessions")
async def list_sessions(
    visit: VisitOf, where: Where | None = None, text: Text = "", after: After = 0
) -> Response:
    """Show what is to come: near home if nothing else was asked for, and elsewhere if there is nothing near."""

    async def work(tx: ReadTx, actor: Actor) -> Found:
        check(actor, READ)
        person_id = await member_of(visit, tx, actor, OWN)
        own = await _own(tx, person_id, visit)
        if where == "mine":
            return await _mine(tx, own)
        home = None if where == "all" else await _home(tx, person_id, tx.day(visit.now))
        found = await _page(tx, home, text, after, visit)
        is_elsewhere = not found and home is not None and where is None and not text and not after
        if is_elsewhere:
            found = await _page(tx, None, text, after, visit)
        lines = [Line(each.session, each, own.get(each.session.id)) for each in found[:SHOWN]]
        following = found[SHOWN - 1].session.id if len(found) > SHOWN else 0
        return Found(lines, following, where == "near" or home is not None, is_elsewhere)

    found = await visit.read(work)
    today = visit.today
    return visit.page(
        "volunteer/sessions.html",
        found=found,
        days=_by_day(visit, found.lines, today),
        where=where or ("near" if found.has_home and not found.is_elsewhere else "all"),
        asked=where,
        choices=WHERE,
        text=text,
        after=after,
    )


async def _home(tx: ReadTx, person_id: UUID, today: date) -> int | None:
    """Return the community that a member is of, or what they are of if it lies in none."""
    volunteer = (await person(tx, person_id)).volunteer
    home = None if volunteer is None else volunteer.organisation_id or volunteer.team_id
    if home is None:
        return None
    line = [*await ancestors(tx, home, on=today), await organisation(tx, home)]
    return next((each.id for each in reversed(line) if each.level == COMMUNITY), home)


async def _own(tx: ReadTx, person_id: UUID, visit: Visit) -> dict[int, SignUp]:
    found = await sign_ups_of_person(tx, person_id, coming_at=visit.now, after_id=0, limit=SHOWN_OWN)
    return {each.activity_session_id: each for each in found}


async def _mine(tx: ReadTx, own: dict[int, SignUp]) -> Found:
    found = await sessions_by_id(tx, list(own))
    lines = [Line(session, None, own[session.id]) for session in found.values()]
    lines.sort(key=lambda line: (line.session.starts_at, line.session.id))
    return Found(lines, 0, has_home=True, is_elsewhere=False)


async def _page(tx: ReadTx, home: int | None, text: str, after: int, visit: Visit) -> list[Counted]:
    """Return what has not begun yet, from after a session."""
    start = (await activity_session(tx, after)).starts_at if after else visit.now
    wanted = SessionFilter(organisation_id=home, state=PLANNED, text=text or None)
    return await sessions(tx, wanted, drafts=[], after=(max(start, visit.now), after), limit=SHOWN + 1)


def _by_day(visit: Visit, lines: Sequence[Line], today: date) -> list[tuple[str, list[Line]]]:
    """Return the lines under the words of their day."""
    zone = visit.banks_own.zone
    grouped = groupby(lines, key=lambda line: line.session.starts_at.astimezone(zone).date())
    return [(day_in_words(visit.language, on, today, zone), list(group)) for on, group in grouped]
