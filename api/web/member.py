"""What is a member's own: balances and last records, sessions to sign up for, the rotating code."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict
from starlette.responses import JSONResponse, Response

from api.fields import Id
from api.problems import status_of
from api.routers import bare
from api.web.arriving import VisitOf
from api.web.asking import person_of
from api.web.forms import FormBody
from api.web.visit import LOGIN_OVER, Visit
from ledger.session import ReadTx, WriteTx
from timebank.access import Actor, check_person
from timebank.activities.registers import SignUp, sign_ups_of_person
from timebank.activities.rules import PLANNED, WAITING
from timebank.activities.session_queries import (
    ActivitySession,
    Counted,
    SessionFilter,
    sessions,
    sessions_by_id,
)
from timebank.activities.sign_ups import sign_up, withdraw
from timebank.balances.queries import Standing, standing_of
from timebank.codes.rules import member_head
from timebank.errors import RefusalError
from timebank.passes.actions import IssuedPass, issue_pass
from timebank.passes.queries import passes_of
from timebank.people.queries import person
from timebank.records.queries import Record, last_records_of
from timebank.scans.queries import Times, times_of

router = bare()

PASSES = "passes.own"
LAST_RECORDS = 5
SHOWN_SESSIONS = 10
NEAR = timedelta(days=1)
LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)


class SignUpForm(FormBody):
    """A session to sign up for, or a sign-up to withdraw."""

    act: Literal["sign_up", "withdraw"]
    id: Id


@dataclass(frozen=True, slots=True)
class Coming:
    """A session, the member's sign-up for it, and when they came and left if it has begun."""

    session: ActivitySession
    sign_up: SignUp
    times: Times


@dataclass(frozen=True, slots=True)
class Own:
    """What the member's page shows."""

    standing: Standing
    records: list[Record]
    coming: list[Coming]
    open: list[Counted]


@router.get("/me")
async def show_own(visit: VisitOf) -> Response:
    """Show who is logged in what they have and did, and what comes next."""
    return await _own(visit)


@router.post("/me")
async def sign_up_or_withdraw(visit: VisitOf) -> Response:
    """Sign up for a session, or give the place back."""
    form = await visit.form(SignUpForm)

    async def work(tx: WriteTx, actor: Actor) -> str:
        if form.act == "withdraw":
            await withdraw(tx, actor, sign_up_id=form.id, now=visit.now)
            return "withdraw"
        person_id = person_of(actor, PASSES)
        answer = await sign_up(
            tx, actor, visit.service.cipher, session_id=form.id, person_id=person_id, now=visit.now
        )
        return "wait" if answer.outcome == WAITING else "sign_up"

    try:
        done = await visit.write(work, action=f"sign_ups.{form.act}", subject=str(form.id))
    except RefusalError as refusal:
        if refusal.code in LOGIN_OVER:
            raise
        return await _own(visit, refused=refusal)
    return await _own(visit, done=done)


async def _own(visit: Visit, *, done: str = "", refused: RefusalError | None = None) -> Response:
    async def work(tx: ReadTx, actor: Actor) -> Own:
        person_id = person_of(actor, PASSES)
        await check_person(tx, actor, "standing.read", person_id, now=visit.now)
        return Own(
            await standing_of(tx, person_id, now=visit.now),
            await last_records_of(tx, person_id, limit=LAST_RECORDS),
            coming := await _coming(tx, person_id, now=visit.now),
            await _open(tx, person_id, {each.session.id for each in coming}, now=visit.now),
        )

    own = await visit.read(work)
    return visit.page(
        "me.html",
        own=own,
        done=done,
        sentence=visit.say(refused.code, **refused.params) if refused else "",
        status=status_of(refused.code) if refused else 200,
    )


async def _coming(tx: ReadTx, person_id: UUID, *, now: datetime) -> list[Coming]:
    found = await sign_ups_of_person(tx, person_id, coming_at=now, after_id=0, limit=SHOWN_SESSIONS)
    sessions_of = await sessions_by_id(tx, [each.activity_session_id for each in found])
    return sorted(
        [
            Coming(session, each, await _times(tx, session, person_id, now=now))
            for each in found
            for session in (sessions_of[each.activity_session_id],)
        ],
        key=lambda each: each.session.starts_at,
    )


async def _times(tx: ReadTx, session: ActivitySession, person_id: UUID, *, now: datetime) -> Times:
    # Check-in opens before a session begins; of what is on another day there is nothing to ask.
    is_near = session.starts_at - now < NEAR
    return await times_of(tx, session.id, person_id) if is_near else Times(None, None)


async def _open(tx: ReadTx, person_id: UUID, signed_up: set[int], *, now: datetime) -> list[Counted]:
    """Return what the member can sign up for: of their own community first, or of everywhere if there is nothing."""
    volunteer = (await person(tx, person_id)).volunteer
    for organisation_id in (volunteer.organisation_id if volunteer else None, None):
        wanted = SessionFilter(organisation_id=organisation_id, from_at=now, state=PLANNED)
        found = await sessions(
            tx, wanted, drafts=[], after=(LONG_AGO, 0), limit=SHOWN_SESSIONS + len(signed_up)
        )
        fitting = [
            each for each in found if each.session.id not in signed_up and each.session.starts_at > now
        ]
        if fitting:
            return fitting[:SHOWN_SESSIONS]
    return []


class PassWanted(BaseModel):
    """The pass that the phone has, if it has one."""

    model_config = ConfigDict(extra="forbid")

    pass_id: Id | None = None


@router.get("/me/code")
async def show_code(visit: VisitOf) -> Response:
    """Show the page that makes the member's code; there is nothing of the member in it, so it may be kept offline."""

    async def work(tx: ReadTx, actor: Actor) -> None:
        await check_person(tx, actor, PASSES, person_of(actor, PASSES), now=visit.now)

    await visit.read(work)
    return visit.page("code.html")


@router.post("/me/code/pass")
async def give_pass(visit: VisitOf, wanted: PassWanted) -> Response:
    """Tell the page the time, and a new pass unless the one that the phone has is good still."""
    if visit.claims is None:
        return JSONResponse({}, status_code=401)
    visit.check_form()
    try:
        issued = await _issued(visit, wanted.pass_id)
    except RefusalError as refusal:
        if refusal.code != "session_over":
            raise
        return JSONResponse({}, status_code=401)
    said: dict[str, object] = {"now_milliseconds": int(visit.now.timestamp() * 1000), "seed": None}
    if issued is not None:
        head = member_head(visit.banks_own.id, issued.id)
        said |= {"seed": issued.seed.hex(), "head": head.hex(), "pass_id": issued.id}
    return visit.finish(JSONResponse(said))


async def _issued(visit: Visit, pass_id: int | None) -> IssuedPass | None:
    async def is_good(tx: ReadTx, actor: Actor) -> bool:
        person_id = person_of(actor, PASSES)
        await check_person(tx, actor, PASSES, person_id, now=visit.now)
        found = await passes_of(tx, visit.service.codes, person_id)
        return any(each.is_good and each.id == pass_id for each in found)

    async def issue(tx: WriteTx, actor: Actor) -> IssuedPass:
        return await issue_pass(tx, visit.service.codes, person_of(actor, PASSES), now=visit.now)

    if await visit.read(is_good):
        return None
    return await visit.write(issue, action="passes.issue", subject=lambda made: str(made.id))
