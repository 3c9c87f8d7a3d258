"""The whitelist of merchants: who applied, who is on it, and entering another application."""

from dataclasses import dataclass
from typing import Annotated, get_args

from fastapi import Query
from fastapi.exceptions import RequestValidationError
from starlette.responses import Response

from api.fields import MAX_ID, Id, Name
from api.routers import bare
from api.v1 import merchants as merchant_doors
from api.v1.merchants import WRITE, MerchantIn
from api.web.arriving import VisitOf
from api.web.asking import Problem, problem_of
from api.web.forms import FormBody, typed_of
from api.web.visit import Visit
from ledger.session import ReadTx
from timebank.access import Actor, reach
from timebank.errors import RefusalError
from timebank.merchants.access import HISTORY
from timebank.merchants.queries import Filter, Merchant, merchant_counts, merchants
from timebank.merchants.rules import State
from timebank.organisations.queries import names_of

router = bare()

PAGE_MERCHANTS = 30
STATES: tuple[State, ...] = get_args(State)
WAITING: tuple[State, ...] = ("applied", "vetted")
_ELSEWHERE = frozenset({"forbidden"})

After = Annotated[int, Query(ge=0, le=MAX_ID)]


class ApplicationForm(FormBody):
    """What a merchant says of itself."""

    organisation: Id
    name: Name
    category: Name
    address: Name
    licence: Name


@dataclass(frozen=True, slots=True)
class Listed:
    """A page of the merchants in a state, how many there are in each, and where they belong."""

    state: State
    merchants: list[Merchant]
    following: int | None
    counts: dict[str, int]
    places: dict[int, str]


@router.get("/office/merchants")
async def show_merchants(visit: VisitOf, state: State | None = None, after: After = 0) -> Response:
    """Show the merchants in reach in a state; unless told which, those that wait for the office, or the active."""

    async def work(tx: ReadTx, actor: Actor) -> Listed:
        nodes = await reach(tx, actor, HISTORY)
        counts = await merchant_counts(tx, nodes)
        wanted = state or _first(counts)
        found = await merchants(tx, Filter(wanted, nodes), after=after, limit=PAGE_MERCHANTS + 1)
        shown = found[:PAGE_MERCHANTS]
        places = await names_of(tx, [one.organisation_id for one in shown])
        following = shown[-1].id if len(found) > PAGE_MERCHANTS else None
        return Listed(wanted, shown, following, counts, places)

    return visit.page("office/merchants.html", listed=await visit.read(work), states=STATES)


@router.get("/office/merchants/new")
async def show_application(visit: VisitOf) -> Response:
    """Show the form of an application."""
    return await _form(visit, {})


@router.post("/office/merchants/new")
async def enter_application(visit: VisitOf) -> Response:
    """Enter an application; its licence is the only one of the bank, so a form sent twice is entered once."""
    try:
        form = await visit.form(ApplicationForm)
    except RequestValidationError:
        return await _form(
            visit, await typed_of(visit.request), problem_of(visit, RefusalError("page.form_invalid"))
        )
    asked = MerchantIn(
        organisation_id=form.organisation,
        name=form.name,
        category=form.category,
        address=form.address,
        licence=form.licence,
    )
    try:
        entered = await merchant_doors.create_merchant(visit.caller, asked, Response())
    except RefusalError as refusal:
        if refusal.code in _ELSEWHERE:
            raise
        return await _form(visit, await typed_of(visit.request), problem_of(visit, refusal))
    return visit.go(f"/office/merchants/{entered.id}")


def _first(counts: dict[str, int]) -> State:
    """Return the state that somebody of the office looks at first: what waits, if anything does."""
    for waiting in WAITING:
        if counts.get(waiting):
            return waiting
    return "active"


async def _form(visit: Visit, typed: dict[str, str | list[str]], problem: Problem | None = None) -> Response:
    async def work(tx: ReadTx, actor: Actor) -> dict[int, str]:
        return await names_of(tx, await reach(tx, actor, WRITE))

    places = await visit.read(work)
    status = problem.status if problem else 200
    return visit.page("office/merchant_new.html", status=status, nodes=places, typed=typed, problem=problem)
