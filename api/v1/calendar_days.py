"""Working days: a span of the bank's calendar, and where the bank departs from the published one."""

from datetime import date, timedelta
from typing import Annotated

from fastapi import Path, Query
from pydantic import BaseModel, ConfigDict, Field

from api.edge import CallerOf
from api.fields import Day, Name
from api.problems import problems
from api.routers import resource
from ledger.session import ReadTx, WriteTx
from timebank.access import Actor, check, check_whole_bank
from timebank.errors import RefusalError
from timebank.workdays.actions import remove_calendar_day, set_calendar_day
from timebank.workdays.queries import calendar_span
from timebank.workdays.rules import CalendarDay, Source

router = resource("/calendar-days", tag="calendar")

READ, WRITE = "calendar.read", "calendar.write"
MAX_DAYS = 400
"""A year and a bit."""

PathDay = Annotated[Day, Path(description="YYYY-MM-DD.")]


class CalendarDayOut(BaseModel):
    """A day; of a make-up day (调休) the name is the holiday's that it makes up for.

    `source`: the bank's own word, the published calendar, or, where none is published yet, only the day of the week.
    """

    model_config = ConfigDict(from_attributes=True)

    day: date
    is_working: bool
    name: str | None = Field(examples=["国庆节"])
    source: Source


class CalendarDayIn(BaseModel):
    """Whether the bank works on that day, and why."""

    model_config = ConfigDict(extra="forbid")

    is_working: bool
    name: Name


@router.get("", operation_id="list_calendar_days", responses=problems(401, 403))
async def list_calendar_days(
    caller: CallerOf,
    first: Annotated[Day, Query(alias="from", description="The first day.")],
    last: Annotated[Day, Query(alias="until", description="The last day, included; 400 days at most.")],
) -> list[CalendarDayOut]:
    """Return each day of a span: whether it is worked on, its name, and who says so."""

    async def work(tx: ReadTx, actor: Actor) -> list[CalendarDay]:
        check(actor, READ)
        if last < first:
            raise RefusalError("span_backwards")
        if last - first >= timedelta(days=MAX_DAYS):
            raise RefusalError("calendar_span_too_long", limit=MAX_DAYS)
        return await calendar_span(tx, first, last)

    return [CalendarDayOut.model_validate(day) for day in await caller.read(work)]


@router.put("/{day}", operation_id="set_calendar_day", responses=problems(401, 403))
async def put_calendar_day(caller: CallerOf, day: PathDay, body: CalendarDayIn) -> CalendarDayOut:
    """Say of a day whether the bank works on it; notices that are open keep the last day they have."""

    async def work(tx: WriteTx, actor: Actor) -> CalendarDay:
        check_whole_bank(actor, WRITE)
        return await set_calendar_day(
            tx, day=day, is_working=body.is_working, name=body.name, actor=actor.text, now=caller.now
        )

    found = await caller.write(work, action="calendar_days.set", subject=day.isoformat())
    return CalendarDayOut.model_validate(found)


@router.delete("/{day}", operation_id="remove_calendar_day", responses=problems(401, 403, 404))
async def delete_calendar_day(caller: CallerOf, day: PathDay) -> CalendarDayOut:
    """Go back to the published calendar on a day, and return what that says."""

    async def work(tx: WriteTx, actor: Actor) -> CalendarDay:
        check_whole_bank(actor, WRITE)
        return await remove_calendar_day(tx, day=day)

    found = await caller.write(work, action="calendar_days.remove", subject=day.isoformat())
    return CalendarDayOut.model_validate(found)
