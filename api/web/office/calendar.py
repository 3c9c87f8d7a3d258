"""The calendar of sessions: a month on one page, with the days that are off and those worked on in their stead."""

import calendar
from collections import defaultdict
from dataclasses import dataclass
from datetime import date
from typing import Annotated

from fastapi import Query
from starlette.responses import Response

from api.cursors import EARLIEST
from api.fields import FIRST_YEAR, LAST_YEAR, MAX_ID
from api.routers import bare
from api.web.arriving import VisitOf
from api.web.office.activity_pages import WRITE
from api.web.office.places import Place, places_of
from ledger.session import ReadTx
from timebank.access import Actor, check, reaches_all
from timebank.activities.seen import drafts_seen
from timebank.activities.session_queries import Counted, SessionFilter, sessions
from timebank.errors import RefusalError
from timebank.solvency.rules import first_of_month
from timebank.workdays.queries import calendar_span
from timebank.workdays.rules import CalendarDay

router = bare()

MOST_SESSIONS = 600
ENGLISH_MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
)  # fmt: skip
WEEKEND = 6

MonthName = Annotated[str | None, Query(pattern=r"^[0-9]{4}-(0[1-9]|1[0-2])$")]
Of = Annotated[int | None, Query(ge=1, le=MAX_ID)]


@dataclass(frozen=True, slots=True)
class Day:
    """A day of the page: whether it lies in the month, what the calendar says of it, and its sessions."""

    on: date
    is_within: bool
    known: CalendarDay
    sessions: tuple[Counted, ...]

    @property
    def is_unusual(self) -> bool:
        """Tell whether it is another day than its weekday says: a holiday, or worked on in its stead."""
        return self.known.is_working == (self.on.isoweekday() >= WEEKEND)


@dataclass(frozen=True, slots=True)
class Month:
    """The weeks of a month."""

    weeks: list[list[Day]]
    count: int
    places: list[Place]
    organisation: int | None


@router.get("/office/activities/calendar")
async def show_month(visit: VisitOf, month: MonthName = None, organisation: Of = None) -> Response:
    """Show the sessions of a month, by day: of an organisation, if so wished."""
    today = visit.today
    first = today.replace(day=1)
    if month is not None:
        year, number = int(month[:4]), int(month[5:])
        if not FIRST_YEAR < year < LAST_YEAR:
            raise RefusalError("page.form_invalid")
        first = date(year, number, 1)

    async def work(tx: ReadTx, actor: Actor) -> Month:
        check(actor, WRITE)
        places = await places_of(tx, actor, WRITE)
        wanted = organisation
        if wanted is None and not reaches_all(actor, WRITE) and places:
            wanted = places[0].id
        days = list(calendar.Calendar().itermonthdates(first.year, first.month))
        span = SessionFilter(
            organisation_id=wanted, from_at=tx.start_of(days[0]), until_at=tx.end_of(days[-1])
        )
        drafts = await drafts_seen(tx, actor)
        found = await sessions(tx, span, drafts=drafts, after=EARLIEST, limit=MOST_SESSIONS)
        held: dict[date, list[Counted]] = defaultdict(list)
        for one in found:
            held[tx.day(one.session.starts_at)].append(one)
        known = await calendar_span(tx, days[0], days[-1])
        shown = [Day(each.day, each.day.month == first.month, each, tuple(held[each.day])) for each in known]
        return Month(
            [shown[start : start + 7] for start in range(0, len(shown), 7)], len(found), places, wanted
        )

    return visit.page(
        "office/calendar.html",
        month=await visit.read(work),
        first=first,
        previous=f"{first_of_month(first, -1):%Y-%m}",
        following=f"{first_of_month(first, 1):%Y-%m}",
        today=today,
        most=MOST_SESSIONS,
        month_name=first.month if visit.language == "zh" else ENGLISH_MONTHS[first.month - 1],
    )
