"""What the office sees first: what waits for the reader, and by month the service, who was active, what ends."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Annotated

from fastapi import Query
from starlette.responses import Response

from api.routers import bare
from api.web.arriving import VisitOf
from api.web.navigation import OFFICE_WORK
from api.web.rendering import CHINESE, count, hours
from api.web.visit import Visit
from ledger.session import ReadTx
from timebank.access import Actor, check, has, reach
from timebank.policy.rules import POINT
from timebank.solvency.queries import out_by_place, out_of_bank, value_units
from timebank.solvency.rules import first_of_month
from timebank.totals.months import Service, service_by_month
from timebank.totals.waiting import Duties, duties

router = bare()

READ = "reports.read"
MONTHS = 12
PLACES = 8
YEARS = 3
"""So many calendar years can be looked at besides the last twelve months."""
ENGLISH_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")

Year = Annotated[int | None, Query(ge=1900, le=2999)]


@dataclass(frozen=True, slots=True)
class Report:
    """A year's service by month and by place, and the points that end in each of the months to come."""

    service: Service
    expiring: tuple[tuple[date, int], ...]


@dataclass(frozen=True, slots=True)
class Desk:
    """What waits for the reader, and the report for who may read it."""

    duties: Duties
    report: Report | None


@router.get("/office")
async def show_desk(visit: VisitOf, year: Year = None) -> Response:
    """Show what waits, and a report of a calendar year or of the last twelve months."""

    async def work(tx: ReadTx, actor: Actor) -> Desk:
        check(actor, OFFICE_WORK)
        report = await _report(tx, actor, year, tx.day(visit.now)) if has(actor, READ) else None
        return Desk(await duties(tx, actor, now=visit.now), report)

    desk = await visit.read(work)
    today = visit.today
    months = [month.month_on for month in desk.report.service.months] if desk.report else []
    ending = [month for month, _ in desk.report.expiring] if desk.report else []
    return visit.page(
        "office/dashboard.html",
        desk=desk,
        today=today,
        year=year,
        years=[today.year - back for back in range(YEARS)],
        labels=[_month(visit, month) for month in months],
        ends=[_month(visit, month) for month in ending],
        hours=hours,
        counted=count,
    )


async def _report(tx: ReadTx, actor: Actor, year: int | None, today: date) -> Report:
    nodes = await reach(tx, actor, READ)
    first = date(year, 1, 1) if year else first_of_month(today, 1 - MONTHS)
    return Report(
        await service_by_month(tx, first=first, months=MONTHS, reach=nodes, places=PLACES),
        await _expiring(tx, nodes, today),
    )


async def _expiring(tx: ReadTx, nodes: Sequence[int] | None, today: date) -> tuple[tuple[date, int], ...]:
    """Return the points that end in this month and in those that follow; nothing if none do."""
    unit = (await value_units(tx)).get(POINT)
    if unit is None:
        return ()
    if nodes is None:
        found = await out_of_bank(tx, [unit])
    else:
        found = [out for _, out in await out_by_place(tx, nodes, [unit])]
    ending: Counter[date | None] = Counter()
    for out in found:
        ending[out.month_on] += out.amount
    months = [(month, ending[month]) for month in (first_of_month(today, step) for step in range(MONTHS))]
    return tuple(months) if any(amount for _, amount in months) else ()


def _month(visit: Visit, day: date) -> str:
    return f"{day.month}月" if visit.language == CHINESE else ENGLISH_MONTHS[day.month - 1]
