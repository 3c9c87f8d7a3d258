"""A member's first page: what they have, what of it ends next, today's service, what is new, and the ways on."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID

from starlette.responses import Response

from api.routers import bare
from api.web.arriving import VisitOf
from api.web.days import day_in_words
from api.web.visit import Visit
from api.web.volunteer.member import member_of
from api.web.volunteer.records import END_OF_TIME
from api.web.volunteer.spending import Purse, purses_of
from ledger.session import ReadTx
from timebank.access import Actor
from timebank.activities.registers import SignUp, sign_ups_of_person
from timebank.activities.rules import PLANNED
from timebank.activities.session_queries import (
    ActivitySession,
    Counted,
    SessionFilter,
    sessions,
    sessions_by_id,
)
from timebank.balances.queries import Standing, standing_of
from timebank.messages.rendering import rendered
from timebank.notifications.queries import Notification, notifications_of, unread_of
from timebank.people.queries import person
from timebank.people.rules import NAME
from timebank.records.own import newest_records_of
from timebank.records.queries import Record
from timebank.scans.queries import Times, times_of
from timebank.vault.actions import take_fields

router = bare()

PERMISSION: Final = "standing.read"
LAST_RECORDS: Final = 3
SHOWN_SESSIONS: Final = 3
MOST_COMING: Final = 20
MOST_UNREAD: Final = 99
NEAR: Final = timedelta(days=1)
SOON_DAYS: Final = 60
"""What ends within so many days is said so that nobody misses it."""
LONG_AGO: Final = datetime(2000, 1, 1, tzinfo=UTC)
NEWEST: Final = 2**62


@dataclass(frozen=True, slots=True)
class Coming:
    """A session, its day in words, the member's sign-up for it, and when they came and left if it has begun."""

    session: ActivitySession
    day: str
    is_today: bool
    sign_up: SignUp
    times: Times


@dataclass(frozen=True, slots=True)
class Home:
    """What the first page shows."""

    name: str
    standing: Standing
    purses: list[Purse]
    coming: list[Coming]
    open: list[Counted]
    unread: int
    newest: Notification | None
    records: list[Record]


@router.get("/me")
async def show_home(visit: VisitOf) -> Response:
    """Show who is logged in what they have and did, and what comes next."""
    home = await visit.read(lambda tx, actor: _home(tx, actor, visit))
    zone = visit.banks_own.zone
    today = visit.today
    newest = home.newest
    return visit.page(
        "volunteer/me.html",
        own=home,
        today=[each for each in home.coming if each.is_today],
        later=[each for each in home.coming if not each.is_today][:SHOWN_SESSIONS],
        open=[
            (each, day_in_words(visit.language, each.session.starts_at.astimezone(zone).date(), today, zone))
            for each in home.open
        ],
        ends=[
            (each, (each.ends_on - today).days)
            for each in home.purses
            if each.ends_on is not None and each.ending
        ],
        soon=SOON_DAYS,
        newest=None if newest is None else rendered(newest.kind, newest.params, visit.language),
    )


async def _home(tx: ReadTx, actor: Actor, visit: Visit) -> Home:
    person_id = await member_of(visit, tx, actor, PERMISSION)
    coming = await _coming(tx, person_id, visit)
    told = await notifications_of(tx, person_id, before_id=NEWEST, limit=1, unread_only=True)
    return Home(
        (await take_fields(tx, visit.service.cipher, person_id)).get(NAME, ""),
        await standing_of(tx, person_id, now=visit.now),
        await purses_of(tx, person_id, now=visit.now),
        coming,
        await _open(tx, person_id, {each.session.id for each in coming}, now=visit.now),
        await unread_of(tx, person_id, most=MOST_UNREAD),
        told[0] if told else None,
        await newest_records_of(tx, person_id, before=END_OF_TIME, limit=LAST_RECORDS),
    )


async def _coming(tx: ReadTx, person_id: UUID, visit: Visit) -> list[Coming]:
    now, today = visit.now, tx.day(visit.now)
    found = await sign_ups_of_person(tx, person_id, coming_at=now, after_id=0, limit=MOST_COMING)
    sessions_of = await sessions_by_id(tx, [each.activity_session_id for each in found])
    coming = []
    for each in found:
        session = sessions_of[each.activity_session_id]
        # One that began yesterday and goes on is today's, too. Check-in opens before a session begins.
        on = max(tx.day(session.starts_at), today)
        is_near = session.starts_at - now < NEAR
        times = await times_of(tx, session.id, person_id) if is_near else Times(None, None)
        coming.append(
            Coming(session, day_in_words(visit.language, on, today, tx.zone), on == today, each, times)
        )
    return sorted(coming, key=lambda each: each.session.starts_at)


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
