"""Monthly settlements: drafted for all shops and merchants in reach, listed by where they stand."""

from dataclasses import dataclass
from datetime import date
from typing import Annotated, get_args

from fastapi import Query
from fastapi.exceptions import RequestValidationError
from starlette.responses import Response

from api.fields import MAX_ID
from api.routers import bare
from api.v1 import settlements as settlement_doors
from api.v1.settlements import DraftsIn, Month
from api.web.arriving import VisitOf
from api.web.asking import Problem, problem_of
from api.web.forms import FormBody
from api.web.money import shown_yuan
from api.web.office.policy_words import unit_name
from api.web.visit import Visit
from ledger.session import ReadTx
from timebank.access import Actor, reach
from timebank.errors import RefusalError
from timebank.settlements.queries import Filter, Settlement, State, cents_by_month, settlements, sums
from timebank.settlements.rules import month_before

router = bare()

READ = "settlements.read"
PAGE_STATEMENTS = 50
MONTHS = 12
STATES: tuple[State, ...] = get_args(State)

After = Annotated[int, Query(ge=0, le=MAX_ID)]
OfMerchant = Annotated[int | None, Query(ge=1, le=MAX_ID)]


class DraftForm(FormBody):
    """The month whose statements are to be drafted."""

    month: Month


@dataclass(frozen=True, slots=True)
class Board:
    """A page of statements, the sums of each state, and what the months come to."""

    state: State | None
    statements: list[Settlement]
    following: int | None
    sums: dict[str, tuple[int, int]]
    months: list[tuple[date, int]]


@router.get("/office/settlements")
async def show_settlements(
    visit: VisitOf, state: State | None = None, merchant: OfMerchant = None, after: After = 0
) -> Response:
    """Show the statements in reach: those that wait for something, unless told which, or all of a merchant."""
    return await _page(visit, state=state, merchant=merchant, after=after)


@router.post("/office/settlements")
async def draft_month(visit: VisitOf) -> Response:
    """Draft the statements of a month; again drafts what is missing, so a form sent twice does no harm."""
    try:
        form = await visit.form(DraftForm)
    except RequestValidationError:
        return await _page(visit, problem=problem_of(visit, RefusalError("page.form_invalid")))
    try:
        made = await settlement_doors.draft_settlements(visit.caller, DraftsIn(month=form.month))
    except RefusalError as refusal:
        if refusal.code == "forbidden":
            raise
        return await _page(visit, problem=problem_of(visit, refusal))
    return await _page(visit, state="drafted", done=_said(visit, len(made.drafted)))


async def _page(
    visit: Visit,
    *,
    state: State | None = None,
    merchant: int | None = None,
    after: int = 0,
    problem: Problem | None = None,
    done: str = "",
) -> Response:
    async def work(tx: ReadTx, actor: Actor) -> Board:
        nodes = await reach(tx, actor, READ)
        found = await sums(tx, nodes)
        wanted = state if state or merchant else _first(found)
        statements = await settlements(
            tx,
            Filter(state=wanted, merchant_id=merchant),
            organisations=nodes,
            after_id=after,
            limit=PAGE_STATEMENTS + 1,
        )
        shown = statements[:PAGE_STATEMENTS]
        following = shown[-1].id if len(statements) > PAGE_STATEMENTS else None
        return Board(wanted, shown, following, found, await cents_by_month(tx, nodes, limit=MONTHS))

    today = visit.today
    return visit.page(
        "office/settlements.html",
        status=problem.status if problem else 200,
        board=await visit.read(work),
        states=STATES,
        merchant=merchant,
        over=_months_over(today),
        problem=problem,
        done=done,
        yuan=shown_yuan,
        unit=lambda code: unit_name(visit, code),
    )


def _said(visit: Visit, count: int) -> str:
    return (
        visit.say("page.settlements.made", count=count) if count else visit.say("page.settlements.none_made")
    )


def _first(found: dict[str, tuple[int, int]]) -> State:
    """Return the state that somebody of the office looks at first: what waits, if anything does."""
    for each in STATES:
        if each in found:
            return each
    return STATES[0]


def _months_over(today: date) -> list[date]:
    """Return the first days of the last months that are over, the latest first."""
    months = [month_before(today)]
    while len(months) < MONTHS:
        months.append(month_before(months[-1]))
    return months
