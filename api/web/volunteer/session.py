"""One session: what is done there, its places, and the member's own: signing up, waiting, giving the place back."""

from dataclasses import dataclass
from typing import Literal

from starlette.responses import Response

from api.fields import PathId
from api.problems import status_of
from api.routers import bare
from api.web.arriving import VisitOf
from api.web.asking import person_of
from api.web.days import day_in_words
from api.web.forms import FormBody
from api.web.visit import LOGIN_OVER, Visit
from api.web.volunteer.member import member_of
from ledger.session import ReadTx, WriteTx
from timebank.access import Actor, check
from timebank.activities.queries import Activity, labels, seen_activity
from timebank.activities.registers import SignUp, sign_ups_by_person
from timebank.activities.rules import OPEN, PLANNED, WITHDRAWN
from timebank.activities.session_queries import (
    ActivitySession,
    Counted,
    SessionFilter,
    seen_session,
    sessions,
)
from timebank.activities.sign_ups import sign_up, withdraw
from timebank.errors import RefusalError
from timebank.organisations.queries import organisation
from timebank.policy.parts import Words
from timebank.scans.queries import Times, times_of
from timebank.stations.queries import Station, station

router = bare()

READ, OWN = "activities.read", "sign_ups.own"
OTHERS = 5


class SignUpForm(FormBody):
    """That the member wants a place, or gives theirs back."""

    act: Literal["sign_up", "withdraw"]


@dataclass(frozen=True, slots=True)
class Shown:
    """What a session's page shows."""

    counted: Counted
    activity: Activity
    category: Words | None
    organiser: str
    stations: list[Station]
    own: SignUp | None
    times: Times
    others: list[ActivitySession]

    @property
    def takes_sign_ups(self) -> bool:
        """Whether it is one that people sign up for; that it has begun is another matter."""
        return self.counted.session.state == PLANNED and self.activity.state in OPEN


@router.get("/sessions/{session_id}")
async def show_session(visit: VisitOf, session_id: PathId) -> Response:
    """Show a session."""
    return await _shown(visit, session_id)


@router.post("/sessions/{session_id}")
async def sign_up_or_withdraw(visit: VisitOf, session_id: PathId) -> Response:
    """Sign up, or give the place back: pressed twice it is done once."""
    form = await visit.form(SignUpForm)

    async def work(tx: WriteTx, actor: Actor) -> None:
        person_id = person_of(actor, OWN)
        if form.act == "sign_up":
            cipher = visit.service.cipher
            await sign_up(tx, actor, cipher, session_id=session_id, person_id=person_id, now=visit.now)
            return
        own = (await sign_ups_by_person(tx, session_id, [person_id])).get(person_id)
        if own is None:
            raise RefusalError("unknown_sign_up")
        await withdraw(tx, actor, sign_up_id=own.id, now=visit.now)

    try:
        await visit.write(work, action=f"sign_ups.{form.act}", subject=str(session_id))
    except RefusalError as refusal:
        if refusal.code in LOGIN_OVER:
            raise
        return await _shown(visit, session_id, refused=refusal)
    return visit.go(f"/sessions/{session_id}")


async def _shown(visit: Visit, session_id: int, *, refused: RefusalError | None = None) -> Response:
    shown = await visit.read(lambda tx, actor: _found(tx, actor, session_id, visit))
    zone = visit.banks_own.zone
    session, today = shown.counted.session, visit.today
    return visit.page(
        "volunteer/session.html",
        shown=shown,
        session=session,
        days={
            each.id: day_in_words(visit.language, each.starts_at.astimezone(zone).date(), today, zone)
            for each in (session, *shown.others)
        },
        problem=visit.say(refused.code, **refused.params) if refused else "",
        status=status_of(refused.code) if refused else 200,
    )


async def _found(tx: ReadTx, actor: Actor, session_id: int, visit: Visit) -> Shown:
    check(actor, READ)
    person_id = await member_of(visit, tx, actor, OWN)
    counted = await seen_session(tx, actor, session_id)
    session = counted.session
    activity = await seen_activity(tx, actor, session.activity_id)
    own = (await sign_ups_by_person(tx, session_id, [person_id])).get(person_id)
    named = (await labels(tx, tx.day(visit.now))).categories
    wanted = SessionFilter(activity_id=activity.id, state=PLANNED)
    others = await sessions(tx, wanted, drafts=[], after=(visit.now, 0), limit=OTHERS + 1)
    home = activity.team_id or activity.organisation_id
    return Shown(
        counted,
        activity,
        named.get(activity.category),
        (await organisation(tx, home)).name if home is not None else "",
        [await station(tx, each) for each in session.stations],
        own if own is not None and own.state != WITHDRAWN else None,
        await times_of(tx, session_id, person_id),
        [each.session for each in others if each.session.id != session_id][:OTHERS],
    )
