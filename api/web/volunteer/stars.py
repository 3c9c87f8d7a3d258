"""A member's stars: the one they have, the way to the next, the hours of the last months, how stars came and went."""

from dataclasses import dataclass
from datetime import date
from typing import Final

from starlette.responses import Response

from api.cursors import Cursor, before, page
from api.routers import bare
from api.web.arriving import VisitOf
from api.web.rendering import CHINESE, hours
from api.web.volunteer.member import member_of
from ledger.session import ReadTx
from timebank.access import Actor
from timebank.policy.queries import version_on
from timebank.records.own import Month, months_of
from timebank.stars.queries import StarChange, StarStanding, changes_of, star_standing

router = bare()

PERMISSION: Final = "standing.read"
PAGE_LINES: Final = 20
SHOWN_MONTHS: Final = 12


@dataclass(frozen=True, slots=True)
class Shown:
    """What the page shows; without a policy pack in force there are no stars and no steps."""

    standing: StarStanding | None
    step_hours: tuple[int, ...]
    months: list[Month]
    changes: list[StarChange]


@router.get("/me/stars")
async def show_stars(visit: VisitOf, cursor: Cursor = None) -> Response:
    """Show a member their star, and what it takes to the next."""
    before_id = before(cursor)

    async def work(tx: ReadTx, actor: Actor) -> Shown:
        person_id = await member_of(visit, tx, actor, PERMISSION)
        today = tx.day(visit.now)
        version = await version_on(tx, today)
        return Shown(
            None if version is None else await star_standing(tx, person_id, version),
            () if version is None else tuple(version.pack.star_hours),
            await months_of(tx, person_id, first=a_year_before(today), last=today.replace(day=1)),
            await changes_of(tx, person_id, before_id=before_id, limit=PAGE_LINES + 1),
        )

    shown = await visit.read(work)
    changes, following = page(shown.changes, PAGE_LINES, lambda change: (change.id,))
    return visit.page(
        "volunteer/stars.html",
        shown=shown,
        changes=changes,
        following=following,
        is_first=cursor is None,
        month_names=[month_name(visit.language, month.begins_on) for month in shown.months],
        hours_of=lambda minutes: visit.say("page.statement.hours", hours=hours(minutes)),
    )


def a_year_before(today: date) -> date:
    """Return the first day of the month eleven months before: with this one they are twelve."""
    months = today.year * 12 + today.month - SHOWN_MONTHS
    return date(months // 12, months % 12 + 1, 1)


def month_name(language: str, on: date) -> str:
    """Return a month as it stands below a chart."""
    return f"{on.month}月" if language == CHINESE else f"{on:%b}"
